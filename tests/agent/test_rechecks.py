"""Requests of the collector: ids of checks, one request at a time, and never too often."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascend_doctor.agent import rechecks
from ascend_doctor.agent.rechecks import Outcome, RecheckDesk
from ascend_doctor.probe.requests import MAX_REQUEST, PAUSE_S, RECHECK, RECHECK_TAKEN, REQUESTS
from ascend_doctor.wire.frames import Recheck

FIRST = Recheck("r1", ("roce.link", "npu.ecc"))


def test_the_probe_finds_the_ids_in_a_file(tmp_path: Path):
    """A request becomes a file with the ids of the checks and nothing else."""
    assert RecheckDesk(tmp_path).ask(FIRST, 0.0) is None
    assert (tmp_path / REQUESTS / RECHECK).read_bytes() == b"roce.link npu.ecc"


def test_only_ids_get_through(tmp_path: Path):
    """What is no id of a check never reaches the probe, and does not turn into a request for all checks."""
    RecheckDesk(tmp_path).ask(Recheck("r1", ("$(reboot)", "../../etc/passwd", "A B")), 0.0)
    assert (tmp_path / REQUESTS / RECHECK).read_bytes() == b"none"


@pytest.mark.parametrize("checks", [(), tuple(f"some.check-{number:03}" for number in range(MAX_REQUEST // 8))])
def test_no_ids_or_too_many_mean_all(tmp_path: Path, checks: tuple[str, ...]):
    """An empty file asks for everything: as the collector did, or because its list is longer than the probe reads."""
    RecheckDesk(tmp_path).ask(Recheck("r1", checks), 0.0)
    assert (tmp_path / REQUESTS / RECHECK).read_bytes() == b""


def test_a_request_is_over_when_the_probe_has_put_its_results_into_the_spool(tmp_path: Path):
    """Neither waiting nor taken: then the results are there."""
    desk = RecheckDesk(tmp_path)
    desk.ask(FIRST, 0.0)
    folder = tmp_path / REQUESTS
    assert desk.poll(1.0) is None
    (folder / RECHECK).rename(folder / RECHECK_TAKEN)
    assert desk.poll(2.0) is None
    (folder / RECHECK_TAKEN).unlink()
    assert Outcome("r1") == desk.poll(3.0)
    assert desk.poll(4.0) is None


def test_a_probe_that_does_not_look_is_told_of(tmp_path: Path):
    """A request that nobody takes is withdrawn, and the collector learns why."""
    desk = RecheckDesk(tmp_path)
    desk.ask(FIRST, 0.0)
    found = desk.poll(rechecks.PATIENCE_S)
    assert found is not None
    assert "is it running?" in found.problem
    assert not (tmp_path / REQUESTS / RECHECK).exists()


def test_one_request_at_a_time_and_not_too_often(tmp_path: Path):
    """A collector cannot keep a node busy."""
    desk = RecheckDesk(tmp_path)
    desk.ask(FIRST, 0.0)
    second = desk.ask(Recheck("r2"), 1.0)
    assert second is not None
    assert "another request" in second.problem
    (tmp_path / REQUESTS / RECHECK).unlink()
    desk.poll(2.0)
    third = desk.ask(Recheck("r3"), 3.0)
    assert third is not None
    assert "ask again later" in third.problem
    assert desk.ask(Recheck("r4"), PAUSE_S) is None


def test_a_node_may_take_no_requests(tmp_path: Path):
    """Switched off means off."""
    found = RecheckDesk(tmp_path, accept=False).ask(FIRST, 0.0)
    assert found is not None
    assert "accept_rechecks" in found.problem
    assert not (tmp_path / REQUESTS).exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    """The collector learns that the request did not get through."""
    (tmp_path / REQUESTS).write_text("in the way")
    found = RecheckDesk(tmp_path).ask(FIRST, 0.0)
    assert found is not None
    assert "cannot be written" in found.problem
