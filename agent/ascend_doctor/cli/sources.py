"""`ascend-doctor sources`: what this node is asked, how often, and what came of it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.cli.errors import READY
from ascend_doctor.cli.judging import set_up
from ascend_doctor.cli.output import config_option
from ascend_doctor.facts.source import Medium, Source
from ascend_doctor.probe import activity, plan
from ascend_doctor.probe.activity import OK, SourceActivity
from ascend_doctor.report.printable import printable, span

FORMAT_VERSION = "1.0"
WIDTH_OFF_TERMINAL = 160


@click.command("sources")
@config_option
@click.option("--state-dir", metavar="DIR", help="The agent's state directory; by default that of the configuration.")
@click.option("--format", "format_", type=click.Choice(["terminal", "json"]), default="terminal", help="What to print.")
def command(*, config: Optional[str], state_dir: Optional[str], format_: str) -> int:
    """Show what this node is asked, how often and at what cost, and what came of it when the agent asked last.

    The plan follows from the checks that are enabled. Cheap questions come first in a round; those that read over I2C
    or from flash come seldom and last.
    """
    bench = set_up(config)
    sources = plan.sources_for(bench.entries, bench.settings)
    intervals = bench.configuration.intervals_s()
    seen = {item.name: item for item in activity.read(Path(state_dir or bench.configuration.agent.state_dir)) or ()}
    rows = [
        (source, seen.get(source.name) or SourceActivity(source.name, intervals.get(source.name, source.interval_s)))
        for source in sources
    ]
    if format_ == "json":
        click.echo(json.dumps(_document(rows, bench.entries), indent=1))
    else:
        _print(rows, time.time())
        if not seen:
            click.echo("\nNothing has been asked yet: `ascend-doctor agent` asks, or its state directory is another.")
    return READY


Row = Tuple[Source[Any], SourceActivity]


def _document(rows: Sequence[Row], entries: Mapping[str, Entry]) -> Dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "sources": [
            {
                "name": source.name,
                "command": _command(source),
                "scope": source.scope.value,
                "cost": source.cost.value,
                "interval_s": done.interval_s,
                "timeout_s": source.timeout_s,
                "checks": [name for name, entry in entries.items() if source in entry.check.reads],
                "last_at": done.last_at,
                "longest_s": done.longest_s,
                "results": dict(done.results),
                "retries": done.retries,
                "due_at": done.due_at,
            }
            for source, done in rows
        ],
    }


def _print(rows: Sequence[Row], now: float) -> None:
    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else WIDTH_OFF_TERMINAL, highlight=False, soft_wrap=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("SOURCE", "ASKS", "OF", "COST", "EVERY", "LAST", "TOOK", "RESULT", "NEXT"):
        table.add_column(heading, no_wrap=heading != "ASKS", overflow="fold")
    for source, done in rows:
        table.add_row(*map(Text, _cells(source, done, now)))
    console.print(table)


def _cells(source: Source[Any], done: SourceActivity, now: float) -> List[str]:
    ran = done.last_at is not None
    return [
        source.name,
        printable(_command(source)),
        source.scope.value,
        source.cost.value,
        span(done.interval_s),
        f"{span(max(0.0, now - (done.last_at or now)))} ago" if ran else "-",
        f"{done.longest_s:.2f} s" if ran else "-",
        _result(done) if ran else "-",
        "-" if done.due_at is None else "now" if done.due_at <= now else f"in {span(done.due_at - now)}",
    ]


def _result(done: SourceActivity) -> str:
    words = [f"{count} {result}" for result, count in sorted(done.results.items(), key=lambda item: item[0] != OK)]
    if done.retries:
        words.append(f"asked {done.retries} times again")
    return ", ".join(words)


def _command(source: Source[Any]) -> str:
    if source.medium is Medium.FILE:
        return source.argv[-1]
    return "the operating system" if source.medium is Medium.HOST else " ".join(source.argv)
