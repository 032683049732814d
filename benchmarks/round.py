"""How long a round of checks takes, and what it costs: `make bench-round`, or `round.py --short` for the tests.

Every figure is measured against something else that is measured in the same run: the tools' own time, the shell loop
that the doctor replaces, the bare interpreter. Each gate is a line `name: figure, limit, holds|falls short`, and so is
the last line; the exit code is 1 when one falls short. The names are those of the project's goals: A rounds, C command
line.

A later round, as the agent makes it, knows the map of the NPUs and is compared with its longest lane. A first round, as
`check` makes it, has to wait for the map before any NPU can be asked: it is compared with the map and the longest lane.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Optional, Sequence

import attrs
import slow_tools
from gates import Gate, finish
from slow_tools import ALL, FEW, Bench, elapsed_s, make

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Reading
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.probe import round as rounds
from ascend_doctor.probe.plan import Lane, Lanes
from ascend_doctor.probe.round import RoundSettings

_LOCKS: Mapping[str, Lanes] = {
    "device": {},
    "node": dict.fromkeys(("hccn_tool/optical", "hccn_tool/tls", "hccn_tool/lldp"), Lane.NODE),
}
"""Which lock the tools take; the rest of them that of their device."""


_PROGRAM = "from ascend_doctor.cli.main import main; main()"


@attrs.frozen
class Measured:
    """One round with everything that belongs to it: running, parsing and judging."""

    wall_s: float
    judge_s: float
    own_cpu_s: float
    evidence: Mapping[str, Evidence]
    verdict: Verdict


def measure(
    bench: Bench,
    *,
    devices: Reading[DeviceMap] = NOT_REPORTED,
    settings: Optional[RoundSettings] = None,
    timeout_s: Optional[float] = None,
) -> Measured:
    """Make one round and judge it."""
    work = rounds.take(bench.runner(timeout_s), bench.sources, devices=devices, settings=settings or RoundSettings())
    cpu = _own_cpu_s()
    began = time.monotonic()
    taken = asyncio.run(work)
    ran = elapsed_s(began)
    view = NodeView(bench.node, taken.evidence)
    report = make_report([view], judge_and_fold([view], bench.entries), time.time())
    return Measured(elapsed_s(began), elapsed_s(began) - ran, _own_cpu_s() - cpu, taken.evidence, report.verdict)


def _own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def best(times: int, work: Callable[[], Measured]) -> Measured:
    """Return the fastest of some rounds: what the machine does beside cannot make one faster."""
    return min((work() for _ in range(times)), key=lambda measured: measured.wall_s)


def shell_loop(bench: Bench) -> float:
    """Run the shell loop once and return how long it took."""
    began = time.monotonic()
    environment = {"PATH": f"{bench.folder}/bin:/usr/bin:/bin"}
    subprocess.run(["/bin/sh", "-c", bench.shell_loop()], env=environment, stdout=subprocess.DEVNULL, check=True)
    return elapsed_s(began)


def rows_a1_to_a3(folder: Path, size: Size) -> Iterator[Gate]:
    """Measure rounds against their longest lane, and against the shell loop."""
    bench = make(folder / "eight", size.tool_s, entries=size.entries)
    loop_s = shell_loop(bench)
    tool_s = loop_s / bench.runs
    print(f"8 NPUs, {bench.longest_lane} commands each, {bench.runs} runs of {tool_s * 1000:.1f} ms (by the loop)")
    print(f"  {'shell loop, one after the other':<36} {loop_s:8.3f} s")
    first = best(size.times, lambda: measure(bench))
    _show("first round, with the map", first)
    later = best(size.times, lambda: measure(bench, devices=bench.devices))
    _show("later round, map known", later)
    lane_s = bench.longest_lane * tool_s
    print(f"  {'longest lane':<36} {lane_s:8.3f} s; first round / longest lane {first.wall_s / lane_s:.3f}")
    yield Gate("A1 round of 8 NPUs / longest lane", later.wall_s / lane_s, size.a1)
    yield Gate("A1 first round of 8 NPUs / map and longest lane", first.wall_s / (lane_s + tool_s), size.a1)
    yield Gate("A3 shell loop / first round", loop_s / first.wall_s, size.a3, at_least=True)
    bare_s = _bare_cpu_s(bench)
    own_s = later.own_cpu_s / bench.runs
    print(f"  own CPU per run {own_s * 1000:.2f} ms, a bare subprocess.run {bare_s * 1000:.2f} ms")
    yield Gate("A6 own CPU per run / bare subprocess.run", own_s / bare_s, 6)

    modules = make(folder / "sixteen", size.tool_s, entries=size.entries, machine=slow_tools.MODULES)
    wide = best(size.times, lambda: measure(modules, devices=modules.devices))
    print(f"16 NPUs in 8 modules, {modules.runs} runs, {modules.longest_lane} in the longest lane")
    _show("later round, map known", wide)
    yield Gate("A1 round of 16 NPUs / longest lane", wide.wall_s / (modules.longest_lane * tool_s), size.wide)

    quick = make(folder / "quick", size.quick_s, entries=size.entries)
    quick_tool_s = shell_loop(quick) / quick.runs
    later = best(size.times, lambda: measure(quick, devices=quick.devices))
    print(f"8 NPUs, tools of {quick_tool_s * 1000:.1f} ms (by the loop)")
    _show("later round, map known", later)
    yield Gate("A2 round of quick tools / longest lane", later.wall_s / (quick.longest_lane * quick_tool_s), size.a2)


def rows_a4(folder: Path, size: Size) -> Iterator[Gate]:
    """Measure rounds over tools that fail at once when another one holds their lock."""
    for lock, lanes in _LOCKS.items():
        bench = make(folder / f"locks-{lock}", size.lock_s, entries=size.entries, lanes=lanes, locks=True)
        tool_s = shell_loop(bench) / bench.runs
        found = [measure(bench, devices=bench.devices, settings=RoundSettings(lanes=lanes)) for _ in range(size.times)]
        fastest = min(found, key=lambda measured: measured.wall_s)
        print(f"8 NPUs, locks per {lock}, {bench.longest_lane} runs in the longest lane")
        _show("later round, map known", fastest)
        ratio = fastest.wall_s / (bench.longest_lane * tool_s)
        yield Gate(f"A4 round with locks per {lock} / longest lane", ratio, size.a4)
        again = sum(item.attempts - 1 for measured in found for item in measured.evidence.values())
        yield Gate(f"A4 busy answers with locks per {lock}", max(bench.busy_answers, again), 0)


def row_a5(folder: Path, size: Size) -> Iterator[Gate]:
    """Measure a round with one NPU whose tools hang and ignore SIGTERM."""
    bench = make(folder / "hung", size.quick_s, entries=size.entries, hanging=3)
    found = measure(bench, timeout_s=size.timeout_s)
    hung = {query.key for query in bench.lanes[3]}
    others = [item for key, item in found.evidence.items() if key not in hung]
    whole = [item for item in others if item.ending is Ending.EXITED]
    began = min(item.started_at for item in others)
    ended_s = max(item.started_at + item.duration_s for item in others) - began
    about = [item.ending.value for key, item in found.evidence.items() if key in hung]
    print(f"8 NPUs, every tool about NPU 3 hangs, deadline {size.timeout_s:g} s")
    print(f"  NPU 3: {about.count('timed-out')} timed out, {about.count('skipped')} not asked any more")
    print(f"  other NPUs: {len(whole)} of {len(others)} answers whole, the last after {ended_s:.3f} s")
    _show("round", found)
    yield Gate("A5 round beyond the deadline of the hung tool", found.wall_s - size.timeout_s, 1.5, " s")
    yield Gate("A5 answers of the other NPUs that are not whole", len(others) - len(whole), 0)
    yield Gate("A5 last answer of the other NPUs / deadline", ended_s / size.timeout_s, 1)


def rows_c(folder: Path, size: Size) -> Iterator[Gate]:
    """Measure what the command line costs to start, and what a check adds to its tools."""
    bare_s = _fastest(size.starts, ["-I", "-c", "pass"])
    help_s = _fastest(size.starts, ["-I", "-c", _PROGRAM, "--help"])
    print(f"`python -I -c pass` {bare_s * 1000:.1f} ms, `ascend-doctor --help` {help_s * 1000:.1f} ms")
    yield Gate("C1 --help / bare interpreter", help_s / bare_s, size.c1)
    heavy = _imported_by_help()
    print(f"  heavy modules that --help imports: {slow_tools.shown(heavy) or 'none'}")
    yield Gate("C1 heavy modules imported", len(heavy), 0)

    bench = make(folder / "check", size.quick_s, entries=size.entries)
    tools_s = _tools_alone_s(bench)
    check_s = _fastest(max(2, size.starts // 2), ["-I", "-c", _PROGRAM, *_check_words(bench)])
    print(f"`ascend-doctor check` {check_s * 1000:.0f} ms, the tools of its longest chain {tools_s * 1000:.0f} ms")
    yield Gate("C2 check, its own time besides the tools", (check_s - tools_s) * 1000, size.c2, " ms")


def _tools_alone_s(bench: Bench) -> float:
    """Return how long the longest chain of tools takes by itself: the map, and then the longest lane."""
    tool_s = shell_loop(bench) / bench.runs
    return (1 + bench.longest_lane) * tool_s


def _check_words(bench: Bench) -> List[str]:
    config = bench.folder / "config.yaml"
    config.write_text(
        f"tools:\n  npu-smi: [{bench.folder}/bin/npu-smi]\n  hccn_tool: [{bench.folder}/bin/hccn_tool]\n"
        f"  trusted_folders: [{bench.folder}]\n  lock_folder: {bench.folder}/locks\n"
        f"  root: {bench.folder}/{bench.node}/root\n"
    )
    chosen = [] if bench.entries is ALL else [word for check in bench.entries for word in ("--check", check)]
    return ["check", "--config", str(config), "--format", "json", *chosen]


def _fastest(times: int, words: Sequence[str]) -> float:
    found: List[float] = []
    for _ in range(times):
        began = time.monotonic()
        done = subprocess.run([sys.executable, *words], capture_output=True, check=False)
        found.append(elapsed_s(began))
        if done.returncode != 0 or (len(words) > 3 and not done.stdout):
            raise RuntimeError(f"{words}: exit code {done.returncode}: {done.stdout[-500:]!r} {done.stderr[-500:]!r}")
    return min(found)


def _imported_by_help() -> List[str]:
    """Return which of the modules that have no business there a `--help` imports."""
    code = (
        "import sys\nfrom ascend_doctor.cli.main import main\nsys.argv = ['ascend-doctor', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('grpc', 'rich', 'prometheus_client', 'yaml', 'pydantic')\n"
        "print(*(name for name in heavy if name in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    return done.stderr.split()


def _bare_cpu_s(bench: Bench) -> float:
    """Return what it costs to start one of the tools with nothing but the standard library."""
    program = f"{bench.folder}/bin/hccn_tool"
    count = 20
    cpu = _own_cpu_s()
    for _ in range(count):
        subprocess.run([program, "-i", "0", "-link", "-g"], capture_output=True, check=True)
    return (_own_cpu_s() - cpu) / count


def _show(what: str, found: Measured) -> None:
    judged = f"of which judging {found.judge_s * 1000:.0f} ms, own CPU {found.own_cpu_s * 1000:.0f} ms"
    print(f"  {what:<36} {found.wall_s:8.3f} s, {judged}, {found.verdict.value}")


@attrs.frozen
class Size:
    """How much is measured, and how tight the limits are."""

    tool_s: float
    quick_s: float
    lock_s: float
    timeout_s: float
    times: int
    starts: int
    entries: Mapping[str, Entry] = ALL
    a1: float = 1.15
    wide: float = 1.2
    a2: float = 1.35
    a3: float = 6.5
    a4: float = 1.15
    c1: float = 8.0
    c2: float = 500.0


WHOLE = Size(tool_s=0.1, quick_s=0.02, lock_s=0.1, timeout_s=2.0, times=3, starts=10)
# With tools of 20 ms what the doctor adds weighs five times as much; the limits of the short form only tell a broken
# scheduler from a working one, on a machine that does other things meanwhile.
SHORT = Size(
    tool_s=0.02,
    quick_s=0.01,
    lock_s=0.02,
    timeout_s=0.6,
    times=1,
    starts=3,
    entries=FEW,
    a1=3,
    wide=3,
    a2=6,
    a3=2,
    a4=4,
    c1=20,
    c2=3000,
)

ROWS: Dict[str, Callable[[Path, Size], Iterator[Gate]]] = {
    "A1-A3": rows_a1_to_a3,
    "A4": rows_a4,
    "A5": row_a5,
    "C": rows_c,
}


def main(words: Optional[Sequence[str]] = None) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a form of a few seconds with loose limits, for the tests")
    size = SHORT if parser.parse_args(words).short else WHOLE
    gates: List[Gate] = []
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-bench-") as folder:
        for rows in ROWS.values():
            for gate in rows(Path(folder), size):
                gates.append(gate)
                print(gate, flush=True)
            print()
    return finish("bench-round", gates)


if __name__ == "__main__":
    sys.exit(main())
