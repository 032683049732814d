"""Fake tools for the benchmarks: real executables that take a fixed time and print what the simulator would print.

A tool is a small shell script that prints an answer rendered beforehand and turns into `sleep`: starting it costs about
as much as starting a real tool does, and its answer parses as a real one does.
"""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.facts import devices as device_maps
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import Medium, Query, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.probe import plan
from ascend_doctor.probe.local import LocalRunner, LocalSettings
from ascend_doctor.probe.plan import Lanes
from ascend_doctor.probe.tools import ToolPaths
from ascend_doctor.simulator import install, scenario
from ascend_doctor.simulator.clock import RealClock
from ascend_doctor.simulator.cluster import SimulatedCluster

ALL: Mapping[str, Entry] = catalogue.load()
FEW: Mapping[str, Entry] = {
    check: ALL[check]
    for check in ("npu.health", "npu.present", "roce.link", "roce.optical.power", "roce.lldp", "roce.tls")
}
"""A round of a few commands for each NPU, for the short form."""
ANSWERED_BY = {"{npu}": '"$i"', "{phy_id}": '"$i"', "{chip}": "0"}
"""What stands in the shell loop for each placeholder of a command line."""
SWITCHED = "demo"
MODULES = "a3"

# One tool after the other holds the lock of its device, or of the node; whoever comes second is told so, with the words
# and the exit code of the vendor's tool, and counted.
_LOCKED = """\
exec 9>"{folder}/lock-{lock}"
flock -n 9 || {{ echo "$*" >>"{folder}/busy"; echo 'hccn_tool is busy, please try again.'; exit 11; }}
"""
_HANGS = 'if [ "$2" = {npu} ] || [ "$5" = {npu} ]; then trap \'\' TERM; while :; do sleep 0.1; done; fi\n'


@attrs.frozen
class Bench:
    """A folder of fake tools that take `tool_s` each, and what a round over them consists of."""

    folder: Path
    node: str
    tool_s: float
    devices: DeviceMap
    lanes: Mapping[Optional[int], Tuple[Query[Any], ...]]
    entries: Mapping[str, Entry]
    sources: Tuple[Source[Any], ...]

    def runner(self, timeout_s: Optional[float] = None) -> LocalRunner:
        """Return the doctor's own runner for these tools; all deadlines may be set to one."""
        deadlines = {} if timeout_s is None else {source.name: timeout_s for source in self.sources}
        folder = str(self.folder)
        tools = ToolPaths(folders=(f"{folder}/bin",), trusted=(folder,))
        root = str(install.root_folder(self.folder, self.node))
        return LocalRunner(LocalSettings(tools=tools, root=root, timeouts_s=deadlines))

    @property
    def longest_lane(self) -> int:
        """How many runs the longest lane has: the one that bounds a round. The node's has the aggregates, too."""
        aggregates = len(plan.for_node(self.sources).tools)
        return max(len(queries) + (aggregates if lane is None else 0) for lane, queries in self.lanes.items())

    @property
    def runs(self) -> int:
        """How many tools a whole round runs."""
        return sum(map(len, self.lanes.values())) + len(plan.for_node(self.sources).tools)

    def shell_loop(self) -> str:
        """Return the page of shell loops that a round replaces: command by command, NPU by NPU, one after the other."""
        lines = [shlex.join(("npu-smi", *query.argv[1:])) for query in plan.for_node(self.sources).tools]
        for source in self.sources:
            if source.scope is not Scope.NODE and self.devices.targets(source):
                ids = [
                    str(target.npu if target.phy_id is None else target.phy_id)
                    for target in self.devices.targets(source)
                ]
                words = " ".join(ANSWERED_BY.get(word, word) for word in source.argv)
                lines.append(f"for i in {' '.join(ids)}; do {words}; done")
        return "\n".join(lines)

    @property
    def busy_answers(self) -> int:
        """How many tools met another one on their lock."""
        found = self.folder / "busy"
        return len(found.read_text().splitlines()) if found.exists() else 0


def make(
    folder: Path,
    tool_s: float,
    *,
    machine: str = SWITCHED,
    lanes: Optional[Lanes] = None,
    locks: bool = False,
    hanging: Optional[int] = None,
    entries: Mapping[str, Entry] = ALL,
) -> Bench:
    """Write the tools of one simulated machine.

    The round is that of the checks in `entries`. With `locks`, a tool takes the lock of its device, or that of the node
    for a source whose lane is the node's, and fails at once when it is taken. Every tool about the NPU `hanging`
    ignores SIGTERM and never ends.
    """
    cluster = SimulatedCluster(scenario.find(machine), RealClock())
    node = cluster.nodes[0]
    devices = _devices(cluster, node)
    exceptions = lanes or {}
    install.write_files(folder, node, {**cluster.files(node), **cluster.system_files(node)}, cluster.file_times(node))
    (folder / "bin").mkdir()
    for tool in ("npu-smi", "hccn_tool"):
        hang = "" if hanging is None else _HANGS.format(npu=hanging)
        body = f'#!/bin/sh\n{hang}. "$0.answers/$*"\nexec sleep {tool_s}\n'
        path = folder / "bin" / tool
        path.write_text(body)
        path.chmod(0o755)
        (folder / "bin" / f"{tool}.answers").mkdir()
    sources = plan.sources_for(entries)
    for source, query in _questions(sources, devices):
        answer = cluster.answer(node, query.argv)
        lock = ""
        if locks and source.scope is not Scope.NODE:
            device = plan.device_of(query, devices)
            name = "node" if exceptions.get(source.name) is plan.Lane.NODE else f"npu-{device}"
            lock = _LOCKED.format(folder=folder, lock=name)
        script = f"{lock}printf %s {shlex.quote(answer.stdout.decode())}\n"
        (folder / "bin" / f"{query.argv[0]}.answers" / " ".join(query.argv[1:])).write_text(script)
    found = plan.for_devices(sources, devices, exceptions)
    return Bench(folder, node, tool_s, devices, found, entries, sources)


def _questions(sources: Sequence[Source[Any]], devices: DeviceMap) -> List[Tuple[Source[Any], Query[Any]]]:
    return [
        (source, source.about(target))
        for source in sources
        if source.medium is Medium.TOOL
        for target in devices.targets(source)
    ]


def _devices(cluster: SimulatedCluster, node: str) -> DeviceMap:
    readings: Dict[str, Any] = {}
    for source in (mapping.SOURCE, info.SOURCE):
        answer = cluster.answer(node, source.argv)
        evidence = Evidence(source.name, source.argv, exit_code=answer.exit_code, stdout=answer.stdout)
        readings[source.name] = source.read(evidence)
    found = device_maps.build(readings[mapping.SOURCE.name], readings[info.SOURCE.name])
    if not isinstance(found, DeviceMap):
        raise TypeError(f"the simulated machine has no map: {found}")
    return found


def elapsed_s(began: float) -> float:
    """Return the seconds since a reading of the monotonic clock."""
    return time.monotonic() - began


def shown(words: Sequence[str]) -> str:
    """Return words as a sentence part."""
    return ", ".join(words)
