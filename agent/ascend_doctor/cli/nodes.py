"""`ascend-doctor nodes`: every node that the collector knows, a line each."""

from __future__ import annotations

import json
import sys
import time
from typing import List, Optional, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ascend_doctor.cli import interrupts
from ascend_doctor.cli.asking import whom_to_ask
from ascend_doctor.cli.errors import READY
from ascend_doctor.cli.judging import set_up
from ascend_doctor.cli.output import collector_options, config_option
from ascend_doctor.model.report import Liveness, NodeSummary
from ascend_doctor.report.json_report import FORMAT_VERSION, node_document
from ascend_doctor.report.overview import VERDICT_WORDS, VERSION_COLUMNS
from ascend_doctor.report.printable import printable, span

WIDTH_OFF_TERMINAL = 160


@click.command("nodes")
@collector_options
@config_option
@click.option("--format", "format_", type=click.Choice(["terminal", "json"]), default="terminal", help="What to print.")
def command(*, config: Optional[str], format_: str, collector: Optional[str], tls_folder: Optional[str]) -> int:
    """List the nodes that the collector knows: verdict, whether they still send, and versions.

    What is broken on them `ascend-doctor report` says; this exits with 0 whenever the collector answers.
    """
    asked = whom_to_ask(set_up(config).configuration, collector, tls_folder)
    found = interrupts.run(asked.nodes())
    if format_ == "json":
        document = {"format_version": FORMAT_VERSION, "nodes": [node_document(node) for node in found]}
        click.echo(json.dumps(document, indent=1))
    elif found:
        _print(found, time.time())
    else:
        click.echo("no node has reported yet, and none is expected")
    return READY


def _print(nodes: Sequence[NodeSummary], now: float) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDTH_OFF_TERMINAL, highlight=False, soft_wrap=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("NODE", "VERDICT", "SENDS", "SEEN", *map(str.upper, VERSION_COLUMNS)):
        table.add_column(heading, no_wrap=True, overflow="ellipsis")
    for node in nodes:
        table.add_row(*map(Text, _cells(node, now)))
    console.print(table)


def _cells(node: NodeSummary, now: float) -> List[str]:
    return [
        printable(node.name),
        VERDICT_WORDS[node.verdict],
        "yes" if node.liveness is Liveness.LIVE else node.liveness.value.replace("-", " "),
        "-" if node.seen_at is None else f"{span(max(0.0, now - node.seen_at))} ago",
        *(printable(node.facts.get(column, "-")) for column in VERSION_COLUMNS),
    ]
