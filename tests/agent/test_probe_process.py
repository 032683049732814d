"""The process of the probe: it tells systemd how it fares, and never meets gRPC."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Set, Tuple

import attrs
import pytest

import simulated
from ascend_doctor.agent import metrics_file, probe_process
from ascend_doctor.agent.rechecks import Outcome, RecheckDesk
from ascend_doctor.checks import catalogue
from ascend_doctor.facts.source import Query
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.probe import plan, verdict_file
from ascend_doctor.probe.loop import Probe, ProbeSettings
from ascend_doctor.probe.spool import SpoolReader
from ascend_doctor.wire.frames import Recheck
from waiting import PATIENCE_S

NODE = "node-1"


class Machine:
    """A simulated node as a runner, without any delay."""

    def __init__(self) -> None:
        cluster = simulated.make(f"nodes: [{{name: {NODE}}}]\n")
        self.asked: Set[str] = set()
        self._answers: Dict[str, Evidence] = {key: item for (_, key), item in simulated.answers(cluster).items()}

    async def run(self, query: Query[Any]) -> Evidence:
        """Answer with the time of now."""
        self.asked.add(query.source.name)
        found = self._answers.get(query.key, Evidence(query.key, query.argv, Ending.SKIPPED))
        return attrs.evolve(found, started_at=time.time())


def _own_a_process(state_dir: Path) -> None:
    """Be the probe of a simulated node: what the process of the test below does."""
    settings = ProbeSettings(NODE, state_dir, intervals_s={"npu-smi/info": 1.1}, lock_folder=str(state_dir / "locks"))
    probe_process.run(lambda told: Probe(Machine(), catalogue.load(), settings, on_report=told), state_dir)


def test_the_first_report_makes_it_ready(tmp_path: Path):
    """READY=1 comes with the first report, later ones only renew the status; the signal ends it."""
    path = str(tmp_path / "notify")
    code = f"import sys; sys.path[:0] = {sys.path!r}; import test_probe_process as t; from pathlib import Path;"
    code += f"t._own_a_process(Path({str(tmp_path / 'state')!r}))"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(PATIENCE_S)
        environment = {**os.environ, "NOTIFY_SOCKET": path, "PYTHONPATH": str(Path(__file__).parent)}
        with subprocess.Popen([sys.executable, "-c", code], env=environment) as process:
            told = [manager.recv(1000), manager.recv(1000)]
            process.terminate()
            while told[-1] != b"STOPPING=1":
                told.append(manager.recv(1000))
        assert process.returncode == 0
    assert b"READY=1\nSTATUS=READY, 0 problems" == told[0]
    assert {b"STATUS=READY, 0 problems"} == set(told[1:-1])
    verdict = verdict_file.read(tmp_path / "state")
    assert verdict is not None
    assert verdict.verdict.value == "ready"
    assert SpoolReader(tmp_path / "state").snapshot() is not None
    assert b'ascend_npu_link_up{npu="3"} 1\n' in metrics_file.read(tmp_path / "state")


def test_a_round_without_an_end_is_no_progress(tmp_path: Path):
    """The watchdog lets a probe wait and look for long, and not for ever."""
    probe = Probe(Machine(), catalogue.load(), ProbeSettings(NODE, tmp_path, lock_folder=str(tmp_path / "locks")))
    assert probe_process.in_time(probe, lambda: 1e9)
    probe.round_began_at = 100.0
    assert probe_process.in_time(probe, lambda: 101.0)
    assert not probe_process.in_time(probe, lambda: 100.0 + probe_process.ROUND_LIMIT_S)


@pytest.mark.parametrize(
    ("checks", "asked"),
    [
        (("roce.tls", "no.such-check"), {"hccn_tool/tls"}),
        ((), {item.name for item in plan.sources_for(catalogue.load(), {}) if Generation.A2 in item.generations}),
        (("no.such-check",), set()),
    ],
)
async def test_a_request_makes_its_checks_due(tmp_path: Path, checks: Tuple[str, ...], asked: Set[str]):
    """The probe looks again at what the collector asks about, and nothing else; then the request is over."""
    machine = Machine()
    settings = ProbeSettings(NODE, tmp_path, lock_folder=str(tmp_path / "locks"))
    probe = Probe(machine, catalogue.load(), settings)
    desk = RecheckDesk(tmp_path)
    await probe.step()
    assert desk.ask(Recheck("r1", checks), 0.0) is None
    assert desk.poll(1.0) is None
    machine.asked.clear()
    await probe.step()
    probe.close()
    assert asked == machine.asked
    assert Outcome("r1") == desk.poll(2.0)


def test_nothing_of_the_probe_loads_grpc():
    """GRPC's fork handlers break the tools that a process starts: the probe's process never has them."""
    code = """
import importlib, pkgutil, sys
import ascend_doctor.probe, ascend_doctor.agent.probe_process, ascend_doctor.agent.supervisor
import ascend_doctor.cli.agent
for module in pkgutil.iter_modules(ascend_doctor.probe.__path__, "ascend_doctor.probe."):
    importlib.import_module(module.name)
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("grpc", "google")))
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"[]\n"
