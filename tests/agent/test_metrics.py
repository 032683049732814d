"""What a node exports: from the newest state alone, without what is too old."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Dict, List, Tuple

import attrs
import pytest

import simulated
from ascend_doctor.agent import uplink_process
from ascend_doctor.agent.metrics import NodeMetrics
from ascend_doctor.agent.uplink import Uplink, UplinkSettings
from ascend_doctor.checks import catalogue
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts import catalogue as facts_catalogue
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.state import NodeState, difference
from ascend_doctor.probe import verdict_file
from ascend_doctor.probe.spool import SpoolWriter
from ascend_doctor.wire.credentials import Address

ENTRIES = catalogue.load()
AT = 1_767_225_660.0
NODE = "node-1"


def _judged(fault: str = "") -> Tuple[NodeState, verdict_file.LocalVerdict]:
    text = f"nodes: [{{name: {NODE}}}]\nfaults: [{fault}]\n"
    cluster = simulated.make(text)
    answers: Dict[str, Evidence] = {key: _at(evidence) for (_, key), evidence in simulated.answers(cluster).items()}
    view = NodeView(NODE, answers, AT)
    findings = judge_and_fold([view], ENTRIES, now=AT)
    report = make_report([view], findings, AT)
    return NodeState.of(findings, answers.values()), verdict_file.of_report(report, NODE, 210.0)


def _at(evidence: Evidence) -> Evidence:
    return attrs.evolve(evidence, started_at=AT)


def _text(state_dir: Path, state: NodeState, now: float) -> str:
    """Return the page as it is at a moment, after a probe has written the state."""
    writer = SpoolWriter(state_dir)
    writer.append(difference(writer.state, state))
    writer.close()
    uplink = Uplink(UplinkSettings(NODE, state_dir), ENTRIES)
    uplink.look()
    return NodeMetrics(state_dir, ENTRIES, version="1.0", clock=lambda: now).page(uplink).body.decode()


def test_a_healthy_node(tmp_path: Path):
    """Hardware, verdict, checks and the uplink are there, each family once, and nothing names the node."""
    state, verdict = _judged()
    verdict_file.write(tmp_path, verdict)
    text = _text(tmp_path, state, AT + 1)
    assert 'ascend_doctor_node_verdict{state="ready"} 1\n' in text
    assert 'ascend_npu_link_up{npu="3"} 1\n' in text
    assert "ascend_doctor_uplink_up 0\n" in text
    assert "ascend_doctor_uplink_unacknowledged_changes 1\n" in text
    assert "ascend_doctor_uplink_waiting_bytes 0\n" in text
    assert "ascend_doctor_uplink_lost_transitions_total 0\n" in text
    assert NODE not in text
    families = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert sorted(set(families)) == sorted(families)


def test_a_broken_node(tmp_path: Path):
    """A fault shows in the hardware's numbers, in the check and in the verdict."""
    state, verdict = _judged(f"{{fault: cable-pulled, node: {NODE}, npu: 3}}")
    verdict_file.write(tmp_path, verdict)
    text = _text(tmp_path, state, AT + 1)
    assert 'ascend_doctor_node_verdict{state="not_ready"} 1\n' in text
    assert 'ascend_npu_link_up{npu="3"} 0\n' in text
    assert 'ascend_doctor_check_failed{check="roce.link",severity="blocking"} 1\n' in text


def test_old_values_are_left_out(tmp_path: Path):
    """When the probe is gone, its numbers vanish and the verdict is incomplete; nothing freezes at its last value."""
    state, verdict = _judged()
    verdict_file.write(tmp_path, verdict)
    text = _text(tmp_path, state, AT + 86_400)
    assert 'ascend_doctor_node_verdict{state="incomplete"} 1\n' in text
    assert "ascend_npu_link_up" not in text
    assert "ascend_npu_temperature_celsius" not in text


def test_a_verdict_of_an_earlier_boot_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """After a reboot the node is incomplete until the probe has looked again."""
    state, verdict = _judged()
    verdict_file.write(tmp_path, verdict)
    monkeypatch.setattr(verdict_file, "boot_id", lambda: "another")
    assert 'ascend_doctor_node_verdict{state="incomplete"} 1\n' in _text(tmp_path, state, AT + 1)


def test_before_the_first_round(tmp_path: Path):
    """A node that was never looked at has a verdict, incomplete, and no numbers."""
    uplink = Uplink(UplinkSettings(NODE, tmp_path), ENTRIES)
    uplink.look()
    text = NodeMetrics(tmp_path, ENTRIES, clock=lambda: AT).page(uplink).body.decode()
    assert 'ascend_doctor_node_verdict{state="incomplete"} 1\n' in text
    assert "ascend_npu" not in text


def test_answers_are_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A second scrape of the same state parses nothing."""
    state, verdict = _judged()
    verdict_file.write(tmp_path, verdict)
    metrics = NodeMetrics(tmp_path, ENTRIES, clock=lambda: AT)
    view = NodeView(NODE, state.evidence)
    first = metrics.families(state, view)

    def read(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr("ascend_doctor.facts.source.Source.read", read)
    assert first == metrics.families(state, view)


async def test_the_process_serves_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The uplink's process answers scrapes, tells systemd that it is ready, and stops when told."""
    state, verdict = _judged()
    verdict_file.write(tmp_path, verdict)
    writer = SpoolWriter(tmp_path)
    writer.append(difference(writer.state, state))
    writer.close()
    told: List[str] = []
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr("ascend_doctor.agent.notify.notify", lambda *lines, **_: told.extend(lines))
    monkeypatch.setattr(uplink_process.logger, "info", lambda _text, _host, port: listening.set_result(port))
    stop = asyncio.Event()
    settings = UplinkSettings(NODE, tmp_path)
    task = asyncio.create_task(uplink_process.serve(settings, ENTRIES, Address("127.0.0.1", 0), stop))
    reader, writer_ = await asyncio.open_connection("127.0.0.1", await listening)
    writer_.write(b"GET /metrics HTTP/1.1\r\n\r\n")
    assert b"ascend_doctor_node_verdict" in await reader.read()
    writer_.close()
    stop.set()
    await asyncio.wait_for(task, 5)
    assert "READY=1" in told


def test_progress_is_a_look_at_the_spool(tmp_path: Path):
    """An uplink that has not looked at the spool for a minute is stuck."""
    found = Uplink(UplinkSettings(NODE, tmp_path), ENTRIES, monotonic=lambda: 100.0)
    assert uplink_process.in_time(found, lambda: 101.0)
    assert not uplink_process.in_time(found, lambda: 100.0 + uplink_process.LOOK_LIMIT_S)


def test_values_of_sources_that_are_asked_seldom_count_for_longer(tmp_path: Path):
    """The intervals in force decide what is too old, not those that the sources have by themselves."""
    state, verdict = _judged()
    verdict_file.write(tmp_path, verdict)
    seldom = {source.name: 3600.0 for source in facts_catalogue.SOURCES}
    for intervals_s, is_shown in ((seldom, True), ({}, False)):
        metrics = NodeMetrics(tmp_path, ENTRIES, clock=lambda: AT + 7200.0)
        view = NodeView(NODE, state.evidence, intervals_s=intervals_s)
        families = {family.name: family for family in metrics.families(state, view)}
        assert is_shown == ("ascend_npu_link_up" in families)
