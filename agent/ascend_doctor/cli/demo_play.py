"""The demo as a play in steps, each of which has to come out as it should: it is a self-test too."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import attrs
import click

from ascend_doctor.cli import interrupts
from ascend_doctor.cli.demo_cluster import READER, STORY, DemoCluster
from ascend_doctor.cli.errors import NOT_READY, READY, UserError
from ascend_doctor.cli.output import Style, show
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import Liveness, Report
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.model.wording import counted
from ascend_doctor.report.printable import printable
from ascend_doctor.simulator import install
from ascend_doctor.simulator.server import FolderError
from ascend_doctor.wire.credentials import CredentialError

PATIENCE_S = 60.0
"""How long a step may take before it counts as failed."""
POLL_S = 0.25
_ERASE = "\r\x1b[K"


@attrs.frozen
class Drill:
    """A fault of the demo, and what happens in words."""

    fault: Dict[str, Any]
    words: str


DRILLS = (
    Drill({"fault": "cable-pulled", "node": "node-1", "npu": 3}, "somebody pulls the cable of NPU 3 on node-1"),
    Drill({"fault": "tls-odd", "node": "node-2", "npu": 5}, "the TLS switch of NPU 5 on node-2 is turned"),
    Drill({"fault": "firmware-mismatch", "node": "node-2"}, "node-2 gets a firmware that its driver does not accept"),
)


@attrs.frozen
class Culprit:
    """What the report should name: one of these checks, on this node and, where it is one NPU's fault, this NPU."""

    checks: Tuple[str, ...]
    node: str
    npu: Optional[int]

    def is_named_by(self, finding: Finding) -> bool:
        """Tell whether a finding names it."""
        subject = finding.subject
        return (
            finding.check in self.checks
            and subject.node == self.node
            and (self.npu is None or subject.name == str(self.npu))
        )


class StepFailedError(Exception):
    """A step did not come out as it should."""


@attrs.define
class Narrator:
    """Tells what happens: a line for each step with the time, and on a terminal one that follows the waiting."""

    out: Any = attrs.field(factory=lambda: sys.stdout)
    _began: float = attrs.field(factory=time.monotonic, init=False)

    def step(self, text: str) -> None:
        """Begin a step."""
        self.still()
        click.echo(f"[{time.monotonic() - self._began:5.1f} s] {text}", file=self.out)

    def live(self, text: str) -> None:
        """Show what is waited for, in one line that is written over; nothing off a terminal."""
        if self.out.isatty():
            width = (shutil.get_terminal_size((80, 24)).columns or 80) - 1  # 0 on a terminal without a size
            self.out.write(_ERASE + f"          {printable(text)}"[:width])
            self.out.flush()

    def still(self) -> None:
        """Take the line away."""
        if self.out.isatty():
            self.out.write(_ERASE)
            self.out.flush()

    def report(self, report: Report) -> None:
        """Show a report as `ascend-doctor report` does."""
        self.still()
        click.echo(file=self.out)
        show(report, Style())
        click.echo(file=self.out)


def play(*, keep: bool) -> int:
    """Play it, and return the exit code: 0 when every step came out as it should, 1 when one did not."""
    folder = Path(tempfile.mkdtemp(prefix="ascend-doctor-demo-")).resolve()
    failed = False
    try:
        interrupts.run(_play(folder, Narrator(), keep=keep), signals=(signal.SIGINT, signal.SIGTERM))
    except StepFailedError as failure:
        failed = True
        click.echo(f"the demo FAILED: {failure}", err=True)
        click.echo(f"the logs of its processes are kept: {folder}/*.log", err=True)
        return NOT_READY
    except (OSError, FolderError, CredentialError) as error:
        raise UserError(f"the demo cannot run in {folder} ({error}): set TMPDIR to another folder") from None
    finally:
        if not failed:
            shutil.rmtree(folder, ignore_errors=True)
    return READY


async def _play(folder: Path, narrator: Narrator, *, keep: bool) -> None:
    narrator.step("a throw-away CA, a collector, and two simulated Atlas 800I A2 with an agent each")
    async with DemoCluster(folder) as cluster:
        narrator.report(await _until_ready(cluster, narrator))
        narrator.step(f"all {cluster.npus} NPUs are healthy")
        culprits: List[Culprit] = []
        for number, drill in enumerate(DRILLS, 1):
            narrator.step(f"fault {number} of {len(DRILLS)}: {drill.words}")
            report = await _until_named(cluster, narrator, drill, culprits)
            finding = next(item for item in report.problems if culprits[-1].is_named_by(item))
            narrator.step(f"named: {printable(str(finding.subject))}: {printable(finding.summary)} [{finding.check}]")
        narrator.step(f"the report over {len(culprits)} faults")
        narrator.report(report)
        narrator.step("all three are mended")
        await cluster.repair()
        narrator.report(await _until_ready(cluster, narrator))
        narrator.step("READY again: every step came out as it should")
        if keep:
            for line in _guide(cluster):
                click.echo(line)
            with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C is how this is meant to end.
                await asyncio.Event().wait()
        narrator.step("the demo's processes end")


async def _until_ready(cluster: DemoCluster, narrator: Narrator) -> Report:
    since = time.time()

    def lacks(report: Report) -> str:
        if [node.name for node in report.nodes if node.liveness is Liveness.LIVE] != list(cluster.nodes):
            return "not every node has sent its results"
        if report.verdict is not Verdict.READY or report.problems:
            return f"the verdict is {report.verdict.value}: {_listed(report.problems)}"
        return "" if _is_fresh(report, since) else "not everything has been looked at again"

    return await _until(cluster, narrator, lacks)


async def _until_named(cluster: DemoCluster, narrator: Narrator, drill: Drill, culprits: List[Culprit]) -> Report:
    """Let a fault begin, and wait until the report names it and those before, and nothing else."""
    since = time.time()
    found_by = await cluster.inject(drill.fault)
    culprits.append(Culprit(found_by, drill.fault["node"], drill.fault.get("npu")))

    def lacks(report: Report) -> str:
        missing = [item for item in culprits if not any(item.is_named_by(problem) for problem in report.problems)]
        if missing or len(report.problems) != len(culprits) or report.verdict is not Verdict.NOT_READY:
            return f"{counted(len(culprits), 'culprit')} to be named, the report has: {_listed(report.problems)}"
        return "" if _is_fresh(report, since) else "not everything has been looked at again"

    return await _until(cluster, narrator, lacks)


async def _until(cluster: DemoCluster, narrator: Narrator, lacks: Callable[[Report], str]) -> Report:
    """Ask the collector until nothing is lacking."""
    began = time.monotonic()
    said = "the collector has not answered yet"
    while time.monotonic() - began < PATIENCE_S:
        try:
            report = await cluster.report()
        except UserError as error:
            said = str(error)
        else:
            said = lacks(report)
            if not said:
                return report
        narrator.live(f"{time.monotonic() - began:4.1f} s: {said}")
        await asyncio.sleep(POLL_S)
    raise StepFailedError(f"after {PATIENCE_S:.0f} s {said}")


def _is_fresh(report: Report, since: float) -> bool:
    """Tell whether the story's results rest on what the tools said after a moment; both clocks are this machine's."""
    told = (finding for finding in report.findings if finding.check in STORY and finding.judged_at)
    return all(finding.judged_at >= since for finding in told)


def _listed(problems: Sequence[Finding]) -> str:
    return ", ".join(f"{problem.check} at {problem.subject}" for problem in problems) or "no problem"


def _guide(cluster: DemoCluster) -> List[str]:
    """Return what to look at while the cluster runs."""
    places, addresses = cluster.places, cluster.addresses
    reader = f"--collector {addresses.collector} --tls {shlex.quote(str(places.tls(READER)))}"
    machines = shlex.quote(str(places.machines))
    lines = [
        "",
        "It keeps running until Ctrl-C.",
        f"  the report      ascend-doctor report {reader}",
        f"  the gate        ascend-doctor gate --all {reader}",
        f"  collector       grpc {addresses.collector}, http://{addresses.web}/ and http://{addresses.web}/metrics",
    ]
    for node in cluster.nodes:
        state = shlex.quote(str(places.state(node)))
        lines += [
            f"  {node}          http://{addresses.metrics[node]}/metrics, state in {state}",
            f"                  ascend-doctor status --state-dir {state}",
            f"  its tools       export PATH={shlex.quote(str(install.bin_folder(places.machines, node)))}:$PATH",
        ]
    lines += [
        f"  break it        ascend-doctor simulate inject --dir {machines} cable-pulled node-1/3",
        f"  mend it         ascend-doctor simulate repair --dir {machines}",
        f"  logs            {shlex.quote(str(places.folder))}/*.log",
        "",
    ]
    return lines
