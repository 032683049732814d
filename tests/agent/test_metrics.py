"""What a node exports: what the probe wrote down last, without what is too old, and the way to the collector."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Dict, List, Tuple

import attrs
import pytest

import simulated
from ascend_doctor.agent import metrics_file, uplink_process
from ascend_doctor.agent.metrics import NodeMetrics
from ascend_doctor.agent.uplink import Uplink, UplinkSettings
from ascend_doctor.checks import catalogue
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.report import Report
from ascend_doctor.probe import verdict_file
from ascend_doctor.report import node_page
from ascend_doctor.wire.credentials import Address
from waiting import PATIENCE_S

ENTRIES = catalogue.load()
AT = 1_767_225_660.0
NODE = "node-1"


def _judged(fault: str = "") -> Tuple[Report, NodeView]:
    text = f"nodes: [{{name: {NODE}}}]\nfaults: [{fault}]\n"
    cluster = simulated.make(text)
    answers: Dict[str, Evidence] = {key: _at(evidence) for (_, key), evidence in simulated.answers(cluster).items()}
    view = NodeView(NODE, answers, AT)
    return make_report([view], judge_and_fold([view], ENTRIES, now=AT), AT), view


def _at(evidence: Evidence) -> Evidence:
    return attrs.evolve(evidence, started_at=AT)


def _write(state_dir: Path, fault: str = "") -> None:
    """Write what a probe writes after a round, as far as the page needs it."""
    report, view = _judged(fault)
    verdict_file.write(state_dir, verdict_file.of_report(report, NODE, 210.0))
    metrics_file.write(state_dir, node_page.render(report, view))


def _text(state_dir: Path, now: float) -> str:
    """Return the page as it is at a moment."""
    uplink = Uplink(UplinkSettings(NODE, state_dir))
    uplink.look()
    return NodeMetrics(state_dir, version="1.0", clock=lambda: now).page(uplink).body.decode()


def test_a_healthy_node(tmp_path: Path):
    """Hardware, verdict, checks and the uplink are there, each family once, and nothing names the node."""
    _write(tmp_path)
    text = _text(tmp_path, AT + 1)
    assert 'ascend_doctor_node_verdict{state="ready"} 1\n' in text
    assert 'ascend_npu_link_up{npu="3"} 1\n' in text
    assert "ascend_doctor_uplink_up 0\n" in text
    assert "ascend_doctor_uplink_unacknowledged_changes 0\n" in text
    assert "ascend_doctor_uplink_waiting_bytes 0\n" in text
    assert "ascend_doctor_uplink_lost_transitions_total 0\n" in text
    assert NODE not in text
    families = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert sorted(set(families)) == sorted(families)


def test_a_broken_node(tmp_path: Path):
    """A fault shows in the hardware's numbers, in the check and in the verdict."""
    _write(tmp_path, f"{{fault: cable-pulled, node: {NODE}, npu: 3}}")
    text = _text(tmp_path, AT + 1)
    assert 'ascend_doctor_node_verdict{state="not_ready"} 1\n' in text
    assert 'ascend_npu_link_up{npu="3"} 0\n' in text
    assert 'ascend_doctor_check_failed{check="roce.link",severity="blocking"} 1\n' in text


def test_old_values_are_left_out(tmp_path: Path):
    """When the probe is gone, its numbers vanish and the verdict is incomplete; nothing freezes at its last value."""
    _write(tmp_path)
    text = _text(tmp_path, AT + 86_400)
    assert 'ascend_doctor_node_verdict{state="incomplete"} 1\n' in text
    assert f"ascend_doctor_report_timestamp_seconds {AT:.0f}\n" in text
    assert "ascend_npu" not in text


def test_a_verdict_of_an_earlier_boot_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """After a reboot the node is incomplete until the probe has looked again."""
    _write(tmp_path)
    monkeypatch.setattr(verdict_file, "boot_id", lambda: "another")
    text = _text(tmp_path, AT + 1)
    assert 'ascend_doctor_node_verdict{state="incomplete"} 1\n' in text
    assert "ascend_npu" not in text


def test_before_the_first_round(tmp_path: Path):
    """A node that was never looked at has a verdict, incomplete, and no numbers."""
    text = _text(tmp_path, AT)
    assert 'ascend_doctor_node_verdict{state="incomplete"} 1\n' in text
    assert "ascend_npu" not in text


def test_a_page_that_cannot_be_written_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """On a full disk the page of before goes: what it says would pass for new. The verdict still stands."""
    _write(tmp_path)
    monkeypatch.setattr("tempfile.mkstemp", _full_disk)
    metrics_file.write(tmp_path, "ascend_npu_link_up 1\n")
    metrics_file.write(tmp_path, "ascend_npu_link_up 1\n")
    text = _text(tmp_path, AT + 1)
    assert 'ascend_doctor_node_verdict{state="ready"} 1\n' in text
    assert "ascend_npu" not in text


def _full_disk(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


async def test_the_process_serves_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The uplink's process answers scrapes, tells systemd that it is ready, and stops when told."""
    _write(tmp_path)
    told: List[str] = []
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr("ascend_doctor.agent.notify.notify", lambda *lines, **_: told.extend(lines))
    monkeypatch.setattr(uplink_process.logger, "info", lambda _text, _host, port: listening.set_result(port))
    stop = asyncio.Event()
    settings = UplinkSettings(NODE, tmp_path)
    task = asyncio.create_task(uplink_process.serve(settings, Address("127.0.0.1", 0), stop))
    reader, writer_ = await asyncio.open_connection("127.0.0.1", await listening)
    writer_.write(b"GET /metrics HTTP/1.1\r\n\r\n")
    assert b"ascend_doctor_node_verdict" in await reader.read()
    writer_.close()
    stop.set()
    await asyncio.wait_for(task, PATIENCE_S)
    assert "READY=1" in told


def test_progress_is_a_look_at_the_spool(tmp_path: Path):
    """An uplink that has not looked at the spool for a minute is stuck."""
    found = Uplink(UplinkSettings(NODE, tmp_path), monotonic=lambda: 100.0)
    assert uplink_process.in_time(found, lambda: 101.0)
    assert not uplink_process.in_time(found, lambda: 100.0 + uplink_process.LOOK_LIMIT_S)
