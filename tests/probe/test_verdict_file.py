"""`verdict.json`: what a gate on the node reads."""

from __future__ import annotations

import json

import attrs
import pytest

from ascend_doctor.model import subject
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import Report
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.probe import verdict_file


def report(*findings, verdict=Verdict.NOT_READY):
    """Return a report."""
    return Report(1000.0, verdict, (), findings, "this node", "0.1.0")


def finding(number, status=Status.FAIL):
    """Return a finding about a port."""
    return Finding("roce.link", subject.port("n1", number), status, f"link {number} is down")


def test_round_trip(tmp_path):
    """What is written is read back the same."""
    written = verdict_file.of_report(report(finding(1), finding(2, Status.UNKNOWN)), "n1", 210.0, ("a remark",))
    verdict_file.write(tmp_path, written)

    assert written == verdict_file.read(tmp_path)
    assert (1, 1, "n1 NPU 1 port") == (written.problem_count, written.blind_count, written.problems[0].subject)
    assert 0o644 == (tmp_path / "verdict.json").stat().st_mode & 0o777
    assert ["verdict.json"] == [path.name for path in tmp_path.iterdir()]


def test_many_problems_are_counted():
    """The file stays small: the first problems in full, the others in the count."""
    found = verdict_file.of_report(report(*map(finding, range(30))), "n1", 210.0)

    assert (30, verdict_file.MAX_PROBLEMS) == (found.problem_count, len(found.problems))


@pytest.mark.parametrize(
    ("now", "boot", "expected"),
    [
        (1000.0, "b1", Verdict.READY),
        (1210.0, "b1", Verdict.READY),
        (1211.0, "b1", Verdict.INCOMPLETE),
        (1000.0, "b2", Verdict.INCOMPLETE),
        (939.0, "b1", Verdict.INCOMPLETE),
    ],
)
def test_verdict_counts_for_its_time_and_boot(now, boot, expected):
    """After its deadline, after a reboot, or before it was made, a verdict says nothing."""
    made = verdict_file.of_report(report(verdict=Verdict.READY), "n1", 210.0)

    assert expected is attrs.evolve(made, boot_id="b1").at(now, boot)


def test_newer_file_is_read(tmp_path):
    """A file of a later minor version is read; what this doctor does not know is passed over."""
    verdict_file.write(tmp_path, verdict_file.of_report(report(), "n1", 210.0))
    path = tmp_path / "verdict.json"
    document = {**json.loads(path.read_text()), "format_version": "1.7", "new": 1}
    path.write_text(json.dumps(document))

    assert Verdict.NOT_READY is verdict_file.read(tmp_path).verdict


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format_version": "2.0"}', '{"format_version": "1.0", "verdict": "fine"}', "\\"]
)
def test_unreadable_file_is_no_verdict(tmp_path, text):
    """Anything but a verdict is none."""
    (tmp_path / "verdict.json").write_text(text)

    assert None is verdict_file.read(tmp_path)


def test_no_file_is_no_verdict(tmp_path, monkeypatch):
    """Without a file there is no verdict, and without the kernel's word no boot."""
    monkeypatch.setattr(verdict_file, "_BOOT_ID", tmp_path / "none")

    assert (None, "") == (verdict_file.read(tmp_path), verdict_file.boot_id())
