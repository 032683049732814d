"""`ascend-doctor gate`: the line in a launch script that lets only ready nodes through."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import attrs
import click

from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.cli.errors import NO_VERDICT, NOT_READY, READY, UserError
from ascend_doctor.cli.judging import Bench, set_up
from ascend_doctor.cli.output import Style, collector_options, config_option, doctor_version, report_options, show
from ascend_doctor.cli.progress import ProgressLine
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.model.verdict import Verdict

POLL_S = 2.0
MAX_HOSTFILE = 4 << 20
"""Bytes; far more than the names of any cluster."""
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_SPAN = re.compile(r"([0-9]{1,6})([smh]?)\Z")


def span(text: str) -> float:
    """Return a span of time in seconds: `90`, `90s`, `10m` or `1h`."""
    match = _SPAN.match(text)
    if match is None:
        raise UserError(f"{text!r} is no span of time; write 90s, 10m or 1h")
    return int(match.group(1)) * _UNITS[match.group(2)]


@attrs.frozen
class Demand:
    """What has to hold for the gate to open. `need` is None when every node has to be ready."""

    need: Optional[int] = None
    strict: bool = False
    max_age_s: float = 120.0


@attrs.frozen
class Decision:
    """Whether the gate opens: the exit code, whether waiting may change it, and one line that says why."""

    code: int
    final: bool
    text: str
    ready: Tuple[str, ...] = ()


def decide(report: Report, demand: Demand) -> Decision:
    """Decide over a report. What is unknown, stale, lost or was never seen does not pass.

    Nodes that are not ready are final; a missing verdict is not: something may still come. How old a node's evidence is
    counts from when the report was made.
    """
    ready = tuple(node.name for node in report.nodes if _is_ready(node, demand, report.made_at))
    wanted = len(report.nodes) if demand.need is None else demand.need
    counted = f"{len(ready)} of {len(report.nodes)} nodes ready, {wanted} needed"
    if not report.nodes:
        return Decision(NO_VERDICT, final=False, text="no node is known to the collector")
    passes = (
        demand.need is not None
        or report.verdict is Verdict.READY
        or (report.verdict is Verdict.DEGRADED and not demand.strict)
    )
    if len(ready) >= wanted and passes:
        which = "" if demand.need is None else f": {', '.join(ready)}"
        return Decision(READY, final=True, text=counted + which, ready=ready)
    broken = [node.name for node in report.nodes if _is_broken(node, demand)]
    if (broken and len(report.nodes) - len(broken) < wanted) or (
        report.verdict is Verdict.NOT_READY and demand.need is None
    ):
        return Decision(
            NOT_READY, final=True, text=f"{counted}; not ready: {', '.join(broken) or 'the cluster'}", ready=ready
        )
    if demand.strict and report.verdict is Verdict.DEGRADED:
        return Decision(NOT_READY, final=True, text=f"{counted}; degraded, and --strict asks for more", ready=ready)
    blind = [node.name for node in report.nodes if node.name not in ready and node.name not in broken]
    unknown = ", ".join(blind) or ("the cluster" if demand.need is None else "any other node")
    return Decision(NO_VERDICT, final=False, text=f"{counted}; no verdict on: {unknown}", ready=ready)


def _is_ready(node: NodeSummary, demand: Demand, now: float) -> bool:
    good = node.verdict is Verdict.READY or (node.verdict is Verdict.DEGRADED and not demand.strict)
    fresh = node.seen_at is not None and now - node.seen_at <= demand.max_age_s
    return good and fresh and node.liveness is Liveness.LIVE


def _is_broken(node: NodeSummary, demand: Demand) -> bool:
    if node.liveness is not Liveness.LIVE:
        return False
    return node.verdict is Verdict.NOT_READY or (demand.strict and node.verdict is Verdict.DEGRADED)


@click.command("gate")
@click.option("--hosts", metavar="A,B,...", help="The nodes of the job.")
@click.option("--hostfile", metavar="FILE", help="A file with one node a line; what follows the name is ignored.")
@click.option("--all", "everybody", is_flag=True, help="Every node that the collector knows or expects.")
@click.option("--local", is_flag=True, help="This node alone, looked at now, without a collector.")
@click.option("--need", type=click.IntRange(1), help="So many of them are enough.")
@click.option("--wait", "wait", default="0s", show_default=True, help="How long to wait for a verdict, such as 10m.")
@click.option("--max-age", "max_age", default="5m", show_default=True, help="Results older than this do not count.")
@collector_options
@config_option
@report_options
def command(
    *,
    style: Style,
    config: Optional[str],
    hosts: Optional[str],
    hostfile: Optional[str],
    everybody: bool,
    local: bool,
    need: Optional[int],
    wait: str,
    max_age: str,
    collector: Optional[str],
    tls_folder: Optional[str],
) -> int:
    """Let only ready nodes through: exit with 0 when they are, 1 when not, 2 when there is no verdict.

    Name the nodes with exactly one of --hosts, --hostfile, --all or --local. What is unknown, stale or was never seen
    does not pass. With --wait a missing verdict is waited for; a node that is not ready ends the waiting at once.
    """
    if sum((hosts is not None, hostfile is not None, everybody, local)) != 1:
        raise UserError("name the nodes with exactly one of --hosts, --hostfile, --all and --local")
    demand = Demand(need, style.strict, span(max_age))
    patience_s = span(wait)
    bench = set_up(config)
    if local:
        report = _look_here(bench)
        return _tell(report, decide(report, attrs.evolve(demand, need=None)), style)
    names = _names(hosts, hostfile)
    if need is not None and names and need > len(names):
        raise UserError(f"--need {need}: {len(names)} named; name more, or need fewer")
    from ascend_doctor.cli.asking import NoAnswerError, whom_to_ask  # noqa: PLC0415 - `--local` does without grpc

    asked = whom_to_ask(bench.configuration, collector, tls_folder)
    line = ProgressLine(sys.stderr)
    started = time.monotonic()
    try:
        while True:
            waited_s = time.monotonic() - started
            try:
                report = asked.report(names)
                decision = decide(report, demand)
            except NoAnswerError as error:
                if waited_s >= patience_s:
                    raise
                said = str(error)
            else:
                if decision.final or waited_s >= patience_s:
                    break
                said = decision.text
            line.update(int(waited_s), int(patience_s), f"seconds; {said}")
            time.sleep(min(POLL_S, max(0.05, patience_s - waited_s)))
    finally:
        line.clear()
    return _tell(report, decision, style)


def _look_here(bench: Bench) -> Report:
    from ascend_doctor.cli.looking import look  # noqa: PLC0415 - tools are needed for this node only
    from ascend_doctor.probe.plan import sources_for  # noqa: PLC0415

    found = look(bench.configuration, sources_for(bench.entries, bench.settings))
    view = NodeView(bench.configuration.node_name(), found.evidence, readings=found.readings)
    findings = judge_and_fold([view], bench.entries, bench.settings)
    return make_report([view], findings, time.time(), origin="this node", doctor_version=doctor_version())


def _tell(report: Report, decision: Decision, style: Style) -> int:
    if style.format != "terminal" or decision.code != READY:
        show(report, style)
    if style.format == "terminal":
        word = {READY: "open", NOT_READY: "closed", NO_VERDICT: "closed, no verdict"}[decision.code]
        click.echo(f"gate {word}: {decision.text}")
    return decision.code


def _names(hosts: Optional[str], hostfile: Optional[str]) -> Sequence[str]:
    if hosts is not None:
        return _checked(hosts.split(","), "--hosts")
    if hostfile is None:
        return ()
    try:
        with Path(hostfile).open("rb") as file:
            content = file.read(MAX_HOSTFILE + 1)
        if len(content) > MAX_HOSTFILE:
            raise UserError(f"{hostfile}: is longer than {MAX_HOSTFILE} bytes; give a file with one node a line")
        text = content.decode("utf-8")
    except OSError as error:
        raise UserError(f"{hostfile}: {error.strerror}; give a file with one node a line") from None
    except UnicodeDecodeError:
        raise UserError(f"{hostfile}: is no text in UTF-8; give a file with one node a line") from None
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    return _checked([words[0].partition(":")[0] for words in lines if words], hostfile)


def _checked(names: Sequence[str], where: str) -> List[str]:
    found = [name.strip() for name in names]
    for name in found:
        if not is_node_name(name):
            raise UserError(f"{where}: {name!r} is no name of a node; write names parted by commas, or one a line")
    if not found:
        raise UserError(f"{where}: names no node")
    return list(dict.fromkeys(found))
