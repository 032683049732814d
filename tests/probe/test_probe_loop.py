"""The probe as a whole: rounds on schedule over a simulated node, judged, and their changes spooled."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time

import pytest

from ascend_doctor.checks import catalogue, judging
from ascend_doctor.checks.topics import TOPICS
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import mapping
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.probe import loop, plan, requests, verdict_file
from ascend_doctor.probe import round as rounds
from ascend_doctor.probe.files import read_capped, rooted
from ascend_doctor.probe.loop import Probe, ProbeSettings
from ascend_doctor.probe.recording import Recording
from ascend_doctor.probe.redact import Redactor
from ascend_doctor.probe.spool import SpoolReader, SpoolTakenError, SpoolWriter
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.execution import Execution
from ascend_doctor.simulator.faults.chips import NpuDropped
from ascend_doctor.simulator.faults.ports import CablePulled
from ascend_doctor.simulator.runner import SimulatedRunner
from scripted_runner import ScriptedRunner, map_answer
from waiting import PATIENCE_S, until

ENTRIES = catalogue.load()


class Stage:
    """A simulated node, its probe and a clock that the test moves."""

    def __init__(self, folder) -> None:
        self.clock = VirtualClock()
        self.cluster = SimulatedCluster(scenario.find("demo"), self.clock)
        self.node = self.cluster.nodes[0]
        self.jumped = 0.0
        self.folder = folder / "state"
        self.runner = SimulatedRunner(self.cluster, self.node, Execution(self.cluster))
        self.reports = []
        self.probe = self.make()

    def make(self, runner=None, **more):
        """Make a probe over the simulated node, or over another runner."""
        settings = ProbeSettings(
            self.node, self.folder, lock_folder=str(self.folder.parent / "locks"), doctor_version="0.1.0", **more
        )
        return Probe(
            runner or self.runner,
            ENTRIES,
            settings,
            wall=self.clock.now,
            monotonic=lambda: self.clock.now() - self.jumped,
            on_report=lambda report, _: self.reports.append(report),
        )

    async def step(self, seconds=0.0):
        """Let time pass, then let the probe do what is due."""
        self.clock.advance(seconds)
        return await self.probe.step()


@pytest.fixture
def stage(tmp_path):
    """A simulated node with its probe."""
    found = Stage(tmp_path)
    yield found
    found.probe.close()


async def test_first_round(stage):
    """The first round asks everything; report and verdict say the same, and the spool what the node can say alone."""
    began = stage.clock.now()
    report = await stage.step()

    assert Verdict.READY is report.verdict
    assert [report] == stage.reports
    written = verdict_file.read(stage.folder)
    assert (Verdict.READY, stage.node, "0.1.0", ()) == (
        written.verdict,
        written.node,
        written.doctor_version,
        written.remarks,
    )
    found = SpoolReader(stage.folder).snapshot()
    assert 1 == found.sequence
    own = {item.key for item in report.findings if not ENTRIES[item.check].fleet}
    assert own == set(found.state.findings)
    assert own < {item.key for item in report.findings}
    assert {topic.name for topic in TOPICS} == set(found.state.topics)
    assert began == found.state.topics["ports"].collected_at


async def test_nothing_due(stage):
    """Between two rounds there is nothing to do."""
    await stage.step()

    assert None is await stage.step(1.0)


async def test_fault_becomes_a_change(stage):
    """A fault shows in the next round: one problem, and in the spool nothing but what changed and the new times."""
    await stage.step()
    epoch = SpoolReader(stage.folder).snapshot().epoch
    stage.cluster.inject(CablePulled(node=stage.node, npu=3))
    report = await stage.step(60.0)

    assert Verdict.NOT_READY is report.verdict
    assert [f"{stage.node} NPU 3 port"] == [str(item.subject) for item in report.problems]
    (entry,) = SpoolReader(stage.folder).changes(epoch, 1)
    assert ["ports"] == list(entry.change.topics)
    assert f"roce.link|port:{stage.node}:3" in entry.change.findings
    assert f"roce.link|port:{stage.node}:2" not in entry.change.findings
    assert f"roce.link|port:{stage.node}:2" in entry.change.judged_at
    assert 1 == verdict_file.read(stage.folder).problem_count


async def test_dropped_npu_is_one_problem(stage):
    """An NPU whose tools hang is one problem in two rounds running; what hung is named, the other NPUs are judged."""
    await stage.step(3600.0)
    stage.cluster.inject(NpuDropped(node=stage.node, npu=3))
    for _ in range(2):
        report = await stage.step(60.0)

        assert [("tool.timeout", f"{stage.node} NPU 3")] == [
            (item.check, str(item.subject)) for item in report.problems
        ]
    about_others = [item for item in report.findings if item.subject.name in set("0124567")]
    assert {Status.PASS, Status.SKIP} >= {item.status for item in about_others}


async def test_clock_jump_asks_everything_anew(stage, caplog):
    """When the node's clock jumps, no result goes stale for it: everything is asked again."""
    await stage.step()
    stage.jumped = 86_400.0
    stage.clock.advance(stage.jumped)
    with caplog.at_level(logging.WARNING):
        report = await stage.step(60.0)

    assert "the clock jumped by 86400 s" in caplog.text
    assert Verdict.READY is report.verdict
    assert () == report.blind_spots


async def test_unwritable_state_is_the_doctors_own_trouble(stage, tmp_path, caplog):
    """Without a state directory the doctor looks all the same, says so once, and writes as soon as it can."""
    stage.folder.write_text("not a directory")
    with caplog.at_level(logging.ERROR):
        first = await stage.step()
        await stage.step(60.0)

    assert Verdict.READY is first.verdict
    assert 1 == caplog.text.count("the state directory")
    stage.folder.unlink()
    await stage.step(60.0)
    found = SpoolReader(stage.folder).snapshot()
    assert {topic.name for topic in TOPICS} == set(found.state.topics)


async def test_full_disk_stands_in_the_verdict(stage, monkeypatch):
    """Trouble with the spool alone is a remark in the verdict, until the next change gets through."""
    await stage.step()
    genuine = SpoolWriter.append

    def full(self, change):
        raise loop.SpoolError("the state directory cannot be written: No space left on device")

    monkeypatch.setattr(SpoolWriter, "append", full)
    await stage.step(60.0)
    assert ("the state directory cannot be written: No space left on device",) == verdict_file.read(
        stage.folder
    ).remarks
    monkeypatch.setattr(SpoolWriter, "append", genuine)
    await stage.step(60.0)

    assert () == verdict_file.read(stage.folder).remarks


async def test_second_probe_gives_up(stage):
    """Another probe on the same state directory ends at once."""
    await stage.step()
    with pytest.raises(SpoolTakenError):
        await stage.make().run(asyncio.Event())


async def test_requests_of_the_agent(stage):
    """A request makes the sources of the named checks due, is gone then, and unknown words do nothing."""
    await stage.step()
    requests = stage.folder / "requests"
    requests.mkdir()
    (requests / "recheck").write_text("roce.tls no.such.check ../../etc/passwd\n")
    stage.clock.advance(5.0)
    before = dict(stage.probe._view.evidence)
    assert None is not await stage.probe.step()
    fresh = {key.partition("@")[0] for key, item in stage.probe._view.evidence.items() if item is not before.get(key)}

    assert {source.name for source in ENTRIES["roce.tls"].check.reads} == fresh
    assert [] == list(requests.iterdir())
    (requests / "recheck").write_text("")
    assert None is await stage.step(1.0)
    await stage.step(10.0)
    assert {stage.clock.now() - 12.0 < item.started_at for item in stage.probe._view.evidence.values()} == {True}
    assert [] == list(requests.iterdir())


async def test_no_map_yet(tmp_path):
    """While the driver is not up the map is asked for with every round; NPUs are asked as soon as it is there."""
    stage = Stage(tmp_path)
    answers = {"npu-smi/mapping": "dcmi module initialize failed. ret is -8005\n"}
    runner = ScriptedRunner(answers)
    stage.probe = stage.make(runner)
    report = await stage.step()
    await stage.step(60.0)

    assert Verdict.READY is not report.verdict
    assert 2 == runner.asked.count("npu-smi/mapping")
    answers["npu-smi/mapping"] = map_answer(2)
    await stage.step(60.0)
    assert "hccn_tool/link@1" in runner.asked
    stage.probe.close()


async def test_npus_that_are_gone_are_forgotten(tmp_path):
    """Answers about an NPU that the map no longer holds are dropped; a change of the devices asks for a new map."""
    stage = Stage(tmp_path)
    davinci = [0, 1]
    answers = {
        "npu-smi/mapping": lambda: map_answer(len(davinci)),
        "host/facts": lambda: f'{{"davinci": {davinci}, "file_times": {{}}}}\n',
    }
    stage.probe = stage.make(ScriptedRunner(answers))
    await stage.step()
    assert "hccn_tool/link@1" in stage.probe._view.evidence
    davinci.pop()
    await stage.step(60.0)
    await stage.step(60.0)

    assert "hccn_tool/link@1" not in stage.probe._view.evidence
    assert "hccn_tool/link@0" in stage.probe._view.evidence
    stage.probe.close()


async def test_run_until_stopped(stage):
    """Told to stop in the middle of a round, the probe breaks it off, writes nothing false, and lets go."""

    class Slow(ScriptedRunner):
        async def run(self, query):
            self.delay_s = 3600.0
            return await super().run(query)

    runner = Slow()
    stage.probe = stage.make(runner)
    stop = asyncio.Event()
    task = asyncio.ensure_future(stage.probe.run(stop))
    await until(lambda: runner.running)
    stop.set()
    await asyncio.wait_for(task, PATIENCE_S)

    assert 0 == runner.running
    assert [] == stage.reports


async def test_run_makes_rounds(tmp_path):
    """The probe waits for the next source that is due, looks for requests meanwhile, and goes on."""
    stage = Stage(tmp_path)
    settings = ProbeSettings(
        stage.node, stage.folder, intervals_s={source.name: 1.2 for source in plan.sources_for(ENTRIES)}
    )
    stop = asyncio.Event()
    reports = []

    def told(report, _view):
        reports.append(report)
        if len(reports) == 2:
            stop.set()

    runner = ScriptedRunner({"npu-smi/mapping": map_answer(1)})
    began = time.monotonic()
    await asyncio.wait_for(Probe(runner, ENTRIES, settings, on_report=told).run(stop), PATIENCE_S)

    assert 2 == runner.asked.count("npu-smi/mapping")
    assert 0.1 < time.monotonic() - began


def test_signal_ends_the_process(tmp_path):
    """SIGTERM ends a probe cleanly: exit code 0, a snapshot on the disk, nothing on standard error."""
    script = f"""
import sys
sys.path[:0] = {[*sys.path]!r}
from pathlib import Path
from scripted_runner import ScriptedRunner, map_answer
from ascend_doctor.checks import catalogue
from ascend_doctor.probe.loop import Probe, ProbeSettings, main
settings = ProbeSettings("n1", Path({str(tmp_path / "state")!r}), lock_folder={str(tmp_path / "locks")!r})
runner = ScriptedRunner({{"npu-smi/mapping": map_answer(1)}})
main(lambda: Probe(runner, catalogue.load(), settings, on_report=lambda *_: print("looked", flush=True)))
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert b"looked\n" == process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)

    assert (0, b"", b"") == (process.returncode, out, err)
    assert SpoolReader(tmp_path / "state").snapshot().sequence == 1


async def test_redacted_recording_gets_the_same_verdict(stage):
    """Masking changes no outcome: the same checks fail on the same parts, and nothing of the site is left."""
    stage.cluster.inject(CablePulled(node=stage.node, npu=3))
    taken = await rounds.take(stage.runner, plan.sources_for(ENTRIES))
    plain = Recording(stage.node, taken.evidence)
    masked = Redactor([stage.node]).recording(plain)

    def outcomes(recording):
        findings = judging.judge_and_fold([NodeView(recording.node, recording.evidence)], ENTRIES)
        return {(item.check, item.subject.kind, item.subject.name, item.status, bool(item.cause)) for item in findings}

    assert outcomes(plain) == outcomes(masked)
    address = stage.cluster.machine(stage.node).ports[0].address.encode()
    assert any(address in item.stdout for item in plain.evidence.values())
    assert not any(address in item.stdout for item in masked.evidence.values())
    kinds = {kind for item in masked.evidence.values() for kind in item.redactions}
    assert {"ipv4", "mac", "host-name", "serial"} <= kinds


def test_paths_below_a_root():
    """A path of the node is found below its root."""
    assert "/r/etc/x" == os.fspath(rooted("/etc/x", "/r"))
    assert "/etc/x" == os.fspath(rooted("/etc/x", "/"))
    assert mapping.SOURCE in plan.ALWAYS


async def test_a_request_that_cannot_be_taken_does_not_keep_the_probe_busy(stage, monkeypatch):
    """Where a directory stands in place of the request the probe tries again after the pause, not all the time."""
    await stage.step()
    (stage.folder / "requests" / "recheck").mkdir(parents=True)
    looks = []
    monkeypatch.setattr(requests, "read_capped", lambda path, limit: looks.append(path) or read_capped(path, limit))
    for _ in range(5):
        await stage.step(1.0)
    assert 1 == len(looks)
    await stage.step(requests.PAUSE_S)
    assert 2 == len(looks)


async def test_results_are_current_for_as_long_as_the_intervals_in_force_say(tmp_path):
    """A source that is asked seldom by configuration does not make its results stale before it is due again."""
    stage = Stage(tmp_path)
    slow = {source.name: 3600.0 for source in plan.sources_for(ENTRIES) if source is not identity.SOURCE}
    stage.probe = stage.make(intervals_s=slow)
    await stage.step()
    report = await stage.step(1800.0)
    assert [] == [item.check for item in report.findings if item.status is Status.STALE]
    assert Verdict.READY is report.verdict
    stage.probe.close()
