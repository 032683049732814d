"""What the doctor takes from a node: `make bench-footprint`, or `footprint.py --short` for the tests.

Everything is measured on real processes: the probe and the uplink as `ascend-doctor agent` starts them, and a collector
behind mutual TLS on loopback, on a simulated server with 8 NPUs. The names are those of the project's goals.

    rounds   A6, A9   rounds without a pause over tools that take no time: CPU for each run of a tool, growth of memory
    spawn    A10      starting a tool from a process with 512 MiB of ballast, and without
    fault    D1       from a fault of the simulated machine to the collector's report
    steady   A7, A8   some minutes as in production: share of a core, memory
    soak              long at a multiple of the speed (`--soak 1800 --speed 10`): memory and CPU stay flat

The tools' own time is not the doctor's: CPU is that of the processes themselves, without their children. It is the main
figure, since it resists noise; pieces of a measurement during which others used more than an eighth of the machine are
left out where there are quiet ones, and what is printed says so.

Each gate is a line `name: figure, limit, holds|falls short`, and so is the last line; the exit code is 1 when one falls
short.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import AsyncIterator, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import attrs
import slow_tools
from gates import Gate, finish
from node_processes import PROBE, UPLINK, Node, Use, machine_busy_s

from ascend_doctor.checks import catalogue
from ascend_doctor.cli.errors import UserError
from ascend_doctor.facts.source import Medium
from ascend_doctor.probe import child, plan
from ascend_doctor.simulator import install, scenario
from ascend_doctor.simulator.clock import RealClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.faults.alarms import NpuAlarm
from ascend_doctor.simulator.faults.ports import CablePulled
from ascend_doctor.simulator.server import SimulatorServer

HALVES = (PROBE, UPLINK)
NODE = "node-1"
MACHINE = f"name: footprint\nnodes:\n  - {{name: {NODE}, product: atlas-800i-a2}}\n"
FOREIGN = 0.12
"""The part of the machine that others may use while something is measured."""
MIB = 1024
SOAK_PIECES = 20
PATIENCE_S = 180.0
PROMISED_TOOLS = 120
"""How many runs of tools the round has that the goals speak of."""
SOURCES = plan.sources_for(catalogue.load())
DRILLS = (CablePulled(node=NODE, npu=3), NpuAlarm(node=NODE, npu=5), CablePulled(node=NODE, npu=0))


@attrs.frozen
class Size:
    """How much is measured, and how tight the limits are."""

    rounds: int
    piece: int
    spawns: int
    ballast_mib: int
    drills: int
    steady_s: float
    own_ms: float = 250.0
    ratio: float = 6.0
    share_pct: float = 0.4
    both_mib: float = 80.0
    one_mib: float = 64.0
    growth_mib: float = 2.0
    ballast: float = 2.0
    late_s: float = 3.0


WHOLE = Size(rounds=1000, piece=50, spawns=300, ballast_mib=512, drills=3, steady_s=900.0)
# The limits of the short form only tell a broken agent from a working one, on a machine that does other things, too.
SHORT = Size(
    rounds=12,
    piece=4,
    spawns=20,
    ballast_mib=64,
    drills=1,
    steady_s=4.0,
    own_ms=2000,
    ratio=60,
    share_pct=60,
    both_mib=120,
    one_mib=80,
    growth_mib=16,
    ballast=10,
    late_s=60,
)


@attrs.frozen
class Piece:
    """A piece of a measurement: what both halves used in it, and what part of the machine others used meanwhile."""

    seconds: float
    rounds: int
    cpu_s: Mapping[str, float]
    foreign: float
    rss_kib: Mapping[str, int]

    @property
    def own_cpu_s(self) -> float:
        """The CPU time of both halves together."""
        return sum(self.cpu_s.values())


class Watch:
    """Cuts the life of a node into pieces."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._mark = self._now()

    def cut(self) -> Piece:
        """Return what was used since the last cut."""
        before, self._mark = self._mark, self._now()
        at, rounds, busy_s, ours_s, uses = self._mark
        seconds = at - before[0]
        foreign_s = (busy_s - before[2]) - (ours_s - before[3])
        return Piece(
            seconds,
            rounds - before[1],
            {half: uses[half].own_s - before[4][half].own_s for half in HALVES},
            max(0.0, foreign_s / seconds / (os.cpu_count() or 1)),
            {half: uses[half].rss_kib for half in HALVES},
        )

    def _now(self) -> Tuple[float, int, float, float, Dict[str, Use]]:
        every = self._node.uses()
        ours_s = sum(use.own_s + use.children_s for use in every.values()) + _own_cpu_s()
        return time.monotonic(), self._node.rounds(), machine_busy_s(), ours_s, every


def quiet(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return the pieces in which the machine did nothing much beside; all where there is no such piece, and say so."""
    found = [piece for piece in pieces if piece.foreign <= FOREIGN]
    print(f"  {len(found)} of {len(pieces)} pieces quiet, others used {_mean(item.foreign for item in pieces):.0%}")
    return found or pieces


def _mean(figures: Iterable[float]) -> float:
    return statistics.fmean(figures)


def _own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _until(holds: Callable[[], bool]) -> None:
    """Wait until something is so. Raises RuntimeError when it does not come about."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing came about within {PATIENCE_S:.0f} s")
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def _simulated(folder: Path, speed: float) -> AsyncIterator[Tuple[Node, SimulatedCluster]]:
    """Run a node over the simulator's tools, all questions so many times as often as in production."""
    cluster = SimulatedCluster(scenario.load(MACHINE, "footprint"), RealClock())
    often = {} if speed == 1 else {source.name: source.interval_s / speed for source in SOURCES}
    tools, root = install.bin_folder(folder / "sim", NODE), install.root_folder(folder / "sim", NODE)
    node = Node(folder / "node", NODE, tools=tools, root=root, intervals_s=often)
    async with SimulatorServer(cluster, folder / "sim"), node:
        await _until(node.is_up)
        await _until_reported(node, broken=False)
        yield node, cluster


async def rounds(folder: Path, size: Size) -> AsyncIterator[Gate]:
    """Measure rounds without a pause, of what is asked every minute."""
    bench = slow_tools.make(folder / "rounds", 0.0)
    asked = [source for source in bench.sources if source.interval_s <= 60]
    often = {source.name: 0.001 if source in asked else 1e5 for source in bench.sources}
    tools = sum(len(bench.devices.targets(source)) for source in asked if source.medium is Medium.TOOL)
    root = install.root_folder(bench.folder, bench.node)
    async with Node(
        folder / "rounds-node", bench.node, tools=bench.folder / "bin", root=root, intervals_s=often
    ) as node:
        await _until(node.is_up)
        await _until(_more_rounds(node, size.piece))
        watch = Watch(node)
        pieces: List[Piece] = []
        while sum(piece.rounds for piece in pieces) < size.rounds:
            await _until(_more_rounds(node, size.piece))
            pieces.append(watch.cut())
    done = sum(piece.rounds for piece in pieces)
    print(f"{done} rounds without a pause, {tools} runs of tools each")
    best = quiet(pieces)
    cpu_s = {half: statistics.median(piece.cpu_s[half] / piece.rounds for piece in best) for half in HALVES}
    own_s = sum(cpu_s.values()) / tools
    bare_s = _bare_cpu_s(bench.folder / "bin" / "hccn_tool", size.spawns // 5)
    print(f"  CPU of a round: probe {cpu_s[PROBE] * 1000:.0f} ms, uplink {cpu_s[UPLINK] * 1000:.1f} ms")
    print(f"  for each run of a tool {own_s * 1000:.2f} ms (target 0.8), a bare subprocess.run {bare_s * 1000:.2f} ms")
    yield Gate("A6 own CPU for a run of a tool / bare subprocess.run", own_s / bare_s, size.ratio)
    name = f"A7 own CPU of a round of {PROMISED_TOOLS} tools"
    yield Gate(name, own_s * PROMISED_TOOLS * 1000, size.own_ms, " ms")
    for half in HALVES:
        grown = (pieces[-1].rss_kib[half] - pieces[0].rss_kib[half]) / MIB
        yield Gate(f"A9 growth of the {half} over {done - pieces[0].rounds} rounds", grown, size.growth_mib, " MiB")


def _more_rounds(node: Node, count: int) -> Callable[[], bool]:
    wanted = node.rounds() + count
    return lambda: node.rounds() >= wanted


def _bare_cpu_s(program: Path, count: int) -> float:
    """Return what it costs to start one of the tools with nothing but the standard library."""
    cpu = _own_cpu_s()
    for _ in range(count):
        subprocess.run([str(program), "-i", "0", "-link", "-g"], capture_output=True, check=True)
    return (_own_cpu_s() - cpu) / count


async def spawn(folder: Path, size: Size) -> AsyncIterator[Gate]:
    """Measure whether the size of the process that starts a tool makes a difference."""
    tool = folder / "tool"
    tool.write_text("#!/bin/sh\nexec echo said\n")
    tool.chmod(0o755)
    without_s = await _spawn_cpu_s(tool, size.spawns)
    ballast = bytearray(os.urandom(1 << 20)) * size.ballast_mib
    with_s = await _spawn_cpu_s(tool, size.spawns)
    print(f"a run of a tool takes {without_s * 1000:.2f} ms, with {len(ballast) >> 20} MiB more {with_s * 1000:.2f} ms")
    yield Gate("A10 CPU of a run with ballast / without", with_s / without_s, size.ballast)


async def _spawn_cpu_s(tool: Path, count: int) -> float:
    """Return the CPU time of one run; the best of some, because there is no run that takes too little."""
    left = child.Abandoned()
    best_s = []
    for _ in range(5):
        cpu = _own_cpu_s()
        for _ in range(count // 5):
            await child.run(str(tool), [tool.name], environment={}, timeout_s=30, abandoned=left)
        best_s.append((_own_cpu_s() - cpu) / (count // 5))
    return min(best_s)


async def fault(folder: Path, size: Size) -> AsyncIterator[Gate]:
    """Measure how long a fault takes from the machine to the collector's report, at ten times the usual speed."""
    speed = 10.0
    async with _simulated(folder / "fault", speed) as (node, cluster):
        late_s, round_s = 0.0, 0.0
        for drill in DRILLS[: size.drills]:
            await _until_reported(node, broken=False)
            began = time.monotonic()
            cluster.inject(drill)
            await _until_reported(node, broken=True)
            took_s = time.monotonic() - began
            round_s = max(round_s, node.round_s())
            print(
                f"{drill.fault}: reported after {took_s:.1f} s, asked every {60 / speed:g} s, a round {round_s:.1f} s"
            )
            late_s = max(late_s, took_s - 60 / speed - round_s)
            cluster.repair()
    yield Gate("D1 fault to report, beyond the interval and a round", late_s, size.late_s, " s")


async def _until_reported(node: Node, *, broken: bool) -> None:
    """Wait until the collector reports the node, with a problem or without. Raises RuntimeError when it does not."""
    deadline = time.monotonic() + PATIENCE_S
    while not await _is_reported(node, broken=broken):
        if time.monotonic() > deadline:
            raise RuntimeError(f"no report of a {'fault' if broken else 'repair'} within {PATIENCE_S:.0f} s")
        await asyncio.sleep(0.1)


async def _is_reported(node: Node, *, broken: bool) -> bool:
    try:
        report = await node.report()
    except UserError:  # the collector is still starting
        return False
    return bool(report.nodes) and bool(report.problems) is broken


async def steady(folder: Path, size: Size) -> AsyncIterator[Gate]:
    """Measure a node as it is in production, for some minutes after its first round."""
    async with _simulated(folder / "steady", 1.0) as (node, _):
        watch, pieces = Watch(node), []
        for _ in range(max(1, round(size.steady_s / 60))):
            await asyncio.sleep(min(60.0, size.steady_s))
            pieces.append(watch.cut())
        private = {half: use.private_kib / MIB for half, use in node.uses().items()}
    print(f"{size.steady_s:.0f} s as in production, {sum(piece.rounds for piece in pieces)} rounds")
    best = quiet(pieces)
    seconds = sum(piece.seconds for piece in best)
    rss = {half: max(piece.rss_kib[half] for piece in pieces) / MIB for half in HALVES}
    for half in HALVES:
        share = sum(piece.cpu_s[half] for piece in best) / seconds
        print(f"  {half}: {share:.3%} of a core, {rss[half]:.1f} MiB, {private[half]:.1f} of them its own alone")
    share = sum(piece.own_cpu_s for piece in best) / seconds
    yield Gate("A7 share of a core of both halves (target 0.3)", share * 100, size.share_pct, " %")
    for half in HALVES:
        yield Gate(f"A8 memory of the {half} (target 48)", rss[half], size.one_mib, " MiB")
    yield Gate("A8 memory of both halves", sum(rss.values()), size.both_mib, " MiB")


async def soak(folder: Path, seconds: float, speed: float) -> AsyncIterator[Gate]:
    """Watch a node for long, at a multiple of its speed.

    The first fifth is for warming up. The rest is cut into pieces. A leak rises in both halves of them, while a process
    that reaches a new high-water mark once has a flat half: see `growth`. The CPU of a round is compared between the
    first third of the pieces and the last.
    """
    async with _simulated(folder / "soak", speed) as (node, _):
        await asyncio.sleep(seconds / 5)
        watch, pieces = Watch(node), []
        for number in range(SOAK_PIECES):
            await asyncio.sleep(seconds * 0.8 / SOAK_PIECES)
            pieces.append(watch.cut())
            print(f"  {number + 1:2d}: {_shown(pieces[-1])}", flush=True)
    print(f"{seconds:.0f} s at {speed:g} times the speed, {sum(piece.rounds for piece in pieces)} rounds")
    for half in HALVES:
        found = [piece.rss_kib[half] / MIB for piece in pieces]
        print(f"  {half}: from {found[0]:.1f} to {found[-1]:.1f} MiB, at most {max(found):.1f}")
        yield Gate(f"soak: growth of the {half}", growth(found), 1.0, " MiB")
    each = [piece.own_cpu_s / max(1, piece.rounds) for piece in pieces]
    third = SOAK_PIECES // 3
    yield Gate("soak: CPU of a round, last third / first third", sum(each[-third:]) / sum(each[:third]), 1.25)


def growth(figures: Sequence[float]) -> float:
    """Return by how much something grows for certain, 0 where it may be flat.

    A line is laid through each half of the figures. It rises for certain when its t statistic is above 3.36, which one
    in two hundred flat series of ten exceeds. Where both lines do, the flatter one counts, for the whole length.
    """
    middle = len(figures) // 2
    lines = [slope(figures[:middle]), slope(figures[middle:])]
    return 2 * min(rise for rise, _ in lines) if all(certainty > 3.36 for _, certainty in lines) else 0.0


def slope(figures: Sequence[float]) -> Tuple[float, float]:
    """Return by how much a line through the figures rises from the first to the last, and its t statistic."""
    count = len(figures)
    middle, mean = (count - 1) / 2, statistics.fmean(figures)
    spread = sum((place - middle) ** 2 for place in range(count))
    rise = sum((place - middle) * (figure - mean) for place, figure in enumerate(figures)) / spread
    rest = sum((figure - mean - rise * (place - middle)) ** 2 for place, figure in enumerate(figures))
    error = (rest / (count - 2) / spread) ** 0.5
    return rise * (count - 1), rise / error if error else 0.0


def _shown(piece: Piece) -> str:
    halves = ", ".join(f"{half} {piece.rss_kib[half] / MIB:.1f} MiB" for half in HALVES)
    cpu_ms = piece.own_cpu_s / max(1, piece.rounds) * 1000
    return f"{halves}, {piece.rounds} rounds of {cpu_ms:.0f} ms, others {piece.foreign:.0%}"


ROWS: Mapping[str, Callable[[Path, Size], AsyncIterator[Gate]]] = {
    "rounds": rounds,
    "spawn": spawn,
    "fault": fault,
    "steady": steady,
}


async def _measure(size: Size, rows: Sequence[str], soak_s: Optional[float], speed: float) -> List[Gate]:
    gates: List[Gate] = []
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-bench-") as name:
        work = [ROWS[row](Path(name), size) for row in rows]
        if soak_s:
            work.append(soak(Path(name), soak_s, speed))
        for each in work:
            async for gate in each:
                gates.append(gate)
                print(gate, flush=True)
            print()
    return gates


def main(words: Optional[Sequence[str]] = None) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a form of a minute with loose limits, for the tests")
    parser.add_argument("--only", choices=(*ROWS, "soak"), action="append", help="this part only; may be given again")
    parser.add_argument("--steady", type=float, metavar="SECONDS", help="how long production is watched")
    parser.add_argument("--soak", type=float, metavar="SECONDS", help="soak for so long")
    parser.add_argument("--speed", type=float, default=10.0, help="how many times as fast as production the soak is")
    chosen = parser.parse_args(words)
    size = SHORT if chosen.short else WHOLE
    if chosen.steady:
        size = attrs.evolve(size, steady_s=chosen.steady)
    rows = [row for row in ROWS if not chosen.only or row in chosen.only]
    return finish("bench-footprint", asyncio.run(_measure(size, rows, chosen.soak, chosen.speed)))


if __name__ == "__main__":
    sys.exit(main())
