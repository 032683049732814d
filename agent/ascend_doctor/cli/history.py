"""`ascend-doctor history`: which results changed, from what to what, and when."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from typing import Iterable, Optional, Sequence, Set, Tuple

import attrs
import click

from ascend_doctor.cli import interrupts
from ascend_doctor.cli.asking import Collector, HistoryWish, NoAnswerError, whom_to_ask
from ascend_doctor.cli.errors import READY, UserError
from ascend_doctor.cli.judging import set_up
from ascend_doctor.cli.output import COLOURS, collector_options, judging_options, wants_colour
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import is_node_name, subject_from_key
from ascend_doctor.model.transition import Recorded
from ascend_doctor.report.json_history import FORMAT_VERSION, transition_document
from ascend_doctor.report.moments import ADVICE, read_moment
from ascend_doctor.report.printable import moment_of, printable, span

POLL_S = 2.0
REMEMBERED = 20_000
"""Transitions that were printed are remembered, so that none is printed twice; so many at most."""
LATE_S = 60.0
"""A node that tells something so much later was away, or its clock is wrong: then both times are printed."""

_COLOURS = {
    Status.FAIL: "red",
    Status.WARN: "yellow",
    Status.UNKNOWN: "magenta",
    Status.STALE: "magenta",
    Status.PASS: "green",
}


@click.command("history")
@collector_options
@click.option("--node", "nodes", multiple=True, metavar="NAME", help="Only this node; may be given again.")
@judging_options
@click.option("--since", metavar="SPAN|TIME", help="Nothing older, such as 2h, 3d or 2026-03-01T08:00 (local time).")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="So many at most.")
@click.option("--follow", "-f", is_flag=True, help="Go on, and print what comes, until it is interrupted.")
@click.option("--utc", "in_utc", is_flag=True, help="Print times in UTC, not in the zone of this machine.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["terminal", "json", "jsonl"]),
    default="terminal",
    help="What to print; jsonl has a line for each change.",
)
@click.option("--color", "--colour", "colour", type=click.Choice(COLOURS), default="auto", help="Colours.")
def command(
    *,
    config: Optional[str],
    checks: Tuple[str, ...],
    nodes: Tuple[str, ...],
    since: Optional[str],
    limit: int,
    follow: bool,
    in_utc: bool,
    format_: str,
    colour: str,
    collector: Optional[str],
    tls_folder: Optional[str],
) -> int:
    """Say which results changed, from what to what, and when: the newest last.

    Times are those of the evidence, by the clock of the node.
    """
    if follow and format_ == "json":
        raise UserError("--format json is one document and has an end; --follow goes with terminal and jsonl")
    wrong = next((name for name in nodes if not is_node_name(name)), None)
    if wrong is not None:
        raise UserError(f"--node: {wrong!r} is no name of a node")
    bench = set_up(config, checks)
    wish = HistoryWish(nodes, checks, _moment(since), limit)
    asked = whom_to_ask(bench.configuration, collector, tls_folder)
    look = _Look(format_, in_utc=in_utc, colour=wants_colour(colour))
    if follow:
        interrupts.run(_follow(asked, wish, look))
        return READY
    found = interrupts.run(asked.history(wish))
    if format_ == "json":
        documents = [transition_document(item) for item in found]
        click.echo(json.dumps({"format_version": FORMAT_VERSION, "transitions": documents, "next": None}, indent=1))
    else:
        look.show(found)
        if not found and format_ == "terminal":
            click.echo("nothing has changed, as far as the collector remembers")
    return READY


def _moment(text: Optional[str]) -> float:
    found = 0.0 if text is None else read_moment(text, time.time(), local=True)
    if found is None:
        raise UserError(f"--since: {text!r} is no time; {ADVICE}")
    return found


class _Printed:
    """The ids of the transitions that were printed, and of all that came before the first of them."""

    def __init__(self) -> None:
        self._ids: Set[int] = set()
        self._before = 0
        self.is_empty = True

    def __contains__(self, number: object) -> bool:
        return number in self._ids or (isinstance(number, int) and number < self._before)

    def add(self, numbers: Sequence[int]) -> None:
        """Add some. Those that came long ago are forgotten: nothing as old as they are is printed any more."""
        if self.is_empty:
            self._before = min(numbers, default=0)
        self.is_empty = False
        self._ids.update(numbers)
        if len(self._ids) > 2 * REMEMBERED:
            kept = sorted(self._ids)[-REMEMBERED:]
            self._ids, self._before = set(kept), kept[0]


async def _follow(asked: Collector, wish: HistoryWish, look: _Look) -> None:
    """Print what there is, and then what comes. A collector that is away for a while is waited for."""
    printed = _Printed()
    told = ""
    while True:
        try:
            found = await asked.history(wish, printed)
        except NoAnswerError as error:
            if printed.is_empty:
                raise
            if str(error) != told:
                told = str(error)
                click.echo(f"ascend-doctor: {printable(told)}; trying again", err=True)
        else:
            told = ""
            look.show(found)
            printed.add([item.id for item in found])
            wish = attrs.evolve(wish, limit=REMEMBERED)
        await asyncio.sleep(POLL_S)


@attrs.frozen
class _Look:
    """How transitions are printed."""

    format: str
    in_utc: bool
    colour: bool

    def show(self, found: Iterable[Recorded]) -> None:
        """Print transitions that come newest first, the newest last."""
        for item in reversed(tuple(found)):
            if self.format == "jsonl":
                click.echo(json.dumps(transition_document(item)))
            else:
                click.echo(self._line(item), color=self.colour)

    def _line(self, item: Recorded) -> str:
        change = item.transition
        subject = subject_from_key(change.subject)
        about = str(subject) if subject.node == item.node else f"{item.node}: {subject}"
        words = [
            self._time(change.at or item.received_at),
            printable(about),
            printable(change.check),
            f"{self._word(change.before, 'new')} > {self._word(change.after, 'gone')}",
            printable(change.summary),
        ]
        late_s = item.received_at - change.at
        if change.at and abs(late_s) > LATE_S:
            when = f"{span(late_s)} later" if late_s > 0 else f"{span(-late_s)} earlier, by another clock"
            words.append(f"(learnt {when})")
        return "  ".join(word for word in words if word)

    def _word(self, status: Optional[Status], without: str) -> str:
        if status is None:
            return without
        return click.style(status.value, fg=_COLOURS.get(status)) if self.colour else status.value

    def _time(self, seconds: float) -> str:
        moment = moment_of(seconds)
        if moment is None:
            return f"{seconds:.0f} s"
        shown: dt.datetime = moment if self.in_utc else moment.astimezone()
        return f"{shown:%Y-%m-%d %H:%M:%S} UTC" if self.in_utc else f"{shown:%Y-%m-%d %H:%M:%S %z}"
