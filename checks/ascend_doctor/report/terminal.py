"""A report as a page for a terminal or an incident channel: the reason first, then the evidence, then the rest."""

from __future__ import annotations

import io
import textwrap
from typing import Iterator, List, Mapping, Optional, Sequence

import attrs
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ascend_doctor.model.evidence import Ending, Quote
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.report import Liveness, Report
from ascend_doctor.model.status import Disruption, Severity, Status
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.model.wording import counted
from ascend_doctor.report.overview import (
    CONFIDENCE_WORDS,
    DISRUPTION_WORDS,
    VERSION_COLUMNS,
    BlindSpot,
    Overview,
    Problem,
    VersionRow,
    folded_checks,
    folded_names,
    folded_subjects,
    overview,
)
from ascend_doctor.report.printable import printable, span, utc

MIN_WIDTH = 60
FULL_BLOCKS = 30
"""So many problems are shown whole; the rest get one line each."""
MAX_LINES = 200
"""So many further problems, or blind spots, get a line; the rest are counted. JSON holds them all."""
MAX_CELL = 28

NO_NODES = (
    "No node has reported yet. Run `ascend-doctor agent` on every node, with the address of this collector as "
    "`agent.collectors` in its configuration."
)

_LABEL = 10
_INDENT = 5
_LEAST_NAMES = 16


@attrs.frozen
class Symbols:
    """The signs of the page."""

    fail: str
    warn: str
    blind: str
    good: str
    odd: str


UNICODE = Symbols(fail="\u2717", warn="!", blind="?", good="\u2713", odd="\u2260")
ASCII = Symbols(fail="x", warn="!", blind="?", good="+", odd="!=")

_STYLES: Mapping[Verdict, str] = {
    Verdict.READY: "bold green",
    Verdict.DEGRADED: "bold yellow",
    Verdict.INCOMPLETE: "bold magenta",
    Verdict.NOT_READY: "bold red",
}


def render(report: Report, *, width: int = 80, ascii_symbols: bool = False, colour: bool = False) -> str:
    """Return the page. Prose is wrapped to the width; commands and evidence stay whole, so that they can be copied.

    Every string of the report is treated as hostile. Without `colour` the text holds no escape sequence at all.
    """
    page = _Page(report, overview(report), max(width, MIN_WIDTH), ASCII if ascii_symbols else UNICODE)
    out = io.StringIO()
    console = Console(
        file=out,
        width=page.width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
        _environ={},
    )
    for line in page.lines():
        console.print(line, soft_wrap=True)
    return out.getvalue()


@attrs.frozen
class _Page:
    """Lays one report out, line by line."""

    report: Report
    seen: Overview
    width: int
    symbols: Symbols

    def lines(self) -> Iterator[Text]:
        yield from self._head()
        yield from self._problems()
        yield from self._advice()
        yield from self._blind_spots()
        yield from self._nodes()
        yield from self._versions()
        yield from self._tail()

    def _head(self) -> Iterator[Text]:
        report = self.report
        yield from self._wrapped(self.seen.headline, 0, style=_STYLES[report.verdict])
        size = []
        if len(report.nodes) == 1:
            size.append(printable(report.nodes[0].name))
        else:
            able = sum(
                node.verdict in (Verdict.READY, Verdict.DEGRADED) and node.liveness is Liveness.LIVE
                for node in report.nodes
            )
            size.append(f"{able} of {counted(len(report.nodes), 'node')} ready")
        if self.seen.npu_count is not None:
            size.append(counted(self.seen.npu_count, "NPU"))
        doctor = f"ascend-doctor {report.doctor_version}".strip()
        origin = f" from {report.origin}" if report.origin else ""
        yield from self._wrapped(f"{', '.join(size)}; judged {utc(report.made_at)} by {doctor}{origin}", 0)

    def _problems(self) -> Iterator[Text]:
        problems = self.seen.problems
        for problem in problems[:FULL_BLOCKS]:
            yield Text()
            yield from self._block(problem)
        rest = problems[FULL_BLOCKS:]
        if rest:
            yield from self._section(f"{len(rest)} FURTHER PROBLEMS")
            for problem in rest[:MAX_LINES]:
                yield from self._title(problem, f" [{problem.finding.check}]")
            yield from self._uncounted(len(rest))

    def _title(self, problem: Problem, more: str = "") -> Iterator[Text]:
        finding = problem.finding
        failed = finding.status is Status.FAIL
        sign = self.symbols.fail if failed else self.symbols.warn
        head = f"{sign} {problem.number}".ljust(_INDENT)
        words = f"{finding.subject}: {finding.summary}{more}"
        yield from self._wrapped(words, _INDENT, head=head, style="bold red" if failed else "bold yellow")

    def _block(self, problem: Problem) -> Iterator[Text]:
        finding = problem.finding
        yield from self._title(problem)
        advisory = ", advisory" if finding.severity is Severity.ADVISORY else ""
        yield from self._field("check", f"{finding.check}{advisory}")
        if finding.affected:
            yield from self._field("also", folded_subjects(finding.affected))
        if finding.judged_at:
            yield from self._field("seen", self._moment(finding.judged_at))
        if finding.since:
            lasting = span(max(0.0, self.report.made_at - finding.since))
            yield from self._field("since", f"{utc(finding.since)} ({lasting})")
        if finding.observed is not None:
            expected = f"; expected {finding.expected}" if finding.expected else ""
            yield from self._field("found", f"{finding.observed}{expected}")
        elif finding.expected:
            yield from self._field("expected", finding.expected)
        yield from self._field("certainty", CONFIDENCE_WORDS[finding.confidence])
        for candidate in finding.candidates:
            yield from self._field("compare", candidate)
        yield from self._evidence(finding)
        yield from self._fixes(finding.remedies)
        if problem.consequences:
            names = folded_checks(dict(problem.consequences))
            yield from self._field("explains", f"{counted(problem.consequence_count, 'further finding')}: {names}")

    def _moment(self, time: float) -> str:
        age = self.report.made_at - time
        return utc(time) + (f", {span(age)} before this report" if age >= 1 else "")

    def _evidence(self, finding: Finding) -> Iterator[Text]:
        label = "evidence"
        for quote in finding.quotes:
            yield self._verbatim(label, f"$ {quote.command}{_ended(quote)}")
            label = ""
            for line in quote.lines:
                yield self._verbatim("", line, style="cyan")

    def _fixes(self, remedies: Sequence[Remedy]) -> Iterator[Text]:
        label = "fix"
        for remedy in remedies:
            note = DISRUPTION_WORDS[remedy.disruption]
            mild = remedy.disruption is Disruption.NONE
            yield from self._field(label, f"{remedy.text} ({note})", style="" if mild else "yellow")
            label = "then"
            if remedy.command:
                yield self._verbatim("", f"$ {remedy.command}", style="bold")

    def _advice(self) -> Iterator[Text]:
        """Yield two lines for each piece of advice: what is the matter, and the first step."""
        advice = self.seen.advice
        if advice:
            yield from self._section("ADVICE, which does not decide whether a node is ready")
            for each in advice[:MAX_LINES]:
                words = f"{folded_subjects(each.subjects)}: {each.summary} [{each.check}]"
                yield from self._wrapped(
                    words, _INDENT, head=self.symbols.warn.ljust(_INDENT), style="yellow", styled=1
                )
                yield from self._first_step(each.remedy)
            yield from self._uncounted(len(advice))

    def _first_step(self, remedy: Optional[Remedy]) -> Iterator[Text]:
        if remedy is None:
            return
        mild = remedy.disruption is Disruption.NONE
        if remedy.command and mild:
            yield Text(f"{' ' * _INDENT}$ {printable(remedy.command)}")
        else:
            note = "" if mild else f" ({DISRUPTION_WORDS[remedy.disruption]})"
            yield from self._wrapped(f"{remedy.text}{note}", _INDENT, head=" " * _INDENT)

    def _blind_spots(self) -> Iterator[Text]:
        spots = self.seen.blind_spots
        if spots:
            yield from self._section("NOT SEEN")
            for spot in spots[:MAX_LINES]:
                head = f"{self.symbols.blind} ".ljust(_INDENT)
                yield from self._wrapped(_blind_line(spot), _INDENT, head=head, style="magenta", styled=len(head))
            yield from self._uncounted(len(spots))

    def _uncounted(self, count: int) -> Iterator[Text]:
        if count > MAX_LINES:
            yield from self._wrapped(f"and {count - MAX_LINES} more: --format json shows all", _INDENT)

    def _nodes(self) -> Iterator[Text]:
        groups = self.seen.node_groups
        if len(self.report.nodes) == 1 and self.report.nodes[0].liveness is Liveness.LIVE:
            return
        yield from self._section("NODES")
        if not groups:
            yield from self._wrapped(NO_NODES, 0)
        column = max((len(group.word) for group in groups), default=0) + 2
        for group in groups:
            head = f"{group.word.ljust(column)}{len(group.names):>5}  "
            yield from self._wrapped(
                folded_names(group.names), len(head), head=head, style=_STYLES[group.verdict], styled=column
            )

    def _versions(self) -> Iterator[Text]:
        rows = self.seen.versions
        if not rows:
            return
        yield from self._section("VERSIONS")
        heads = [name if name != "npus" else "NPUs" for name in VERSION_COLUMNS]
        table = [[self._cell(row, column) for column in VERSION_COLUMNS] for row in rows]
        widths = [max(cell_len(line[place]) for line in [heads, *table]) + 2 for place in range(len(heads))]
        yield Text(_row(heads, widths) + "nodes", style="dim")
        for row, cells in zip(rows, table):
            names = folded_names(row.names)
            if len(row.names) > 1:
                names = f"{len(row.names)}: {names}"
            head = _row(cells, widths)
            style = "bold yellow" if row.odd else ""
            if cell_len(head) + _LEAST_NAMES > self.width:
                yield Text(head.rstrip(), style=style)
                head = " " * _INDENT
            yield from self._wrapped(names, cell_len(head), head=head, style=style, styled=len(head))

    def _cell(self, row: VersionRow, column: str) -> str:
        text = printable(row.cells[column])[:MAX_CELL] or "-"
        return f"{self.symbols.odd} {text}" if column in row.odd else text

    def _tail(self) -> Iterator[Text]:
        counts = self.seen.counts
        parts = []
        if counts[Status.PASS]:
            parts.append(f"{self.symbols.good} {counted(counts[Status.PASS], 'result')} as expected")
        if counts[Status.SKIP]:
            parts.append(f"{counts[Status.SKIP]} without anything to judge")
        yield Text()
        if parts:
            yield from self._wrapped(", ".join(parts), 0, style="dim")
        checks = [problem.finding.check for problem in self.seen.problems[:1]]
        for check in [*checks, *(each.check for each in self.seen.advice[:1])][:1]:
            yield from self._wrapped(f"More about a check: ascend-doctor explain {check}", 0, style="dim")

    def _section(self, title: str) -> Iterator[Text]:
        yield Text()
        yield Text(title, style="bold")

    def _field(self, label: str, text: str, style: str = "") -> Iterator[Text]:
        head = " " * _INDENT + label.ljust(_LABEL)
        yield from self._wrapped(text, len(head), head=head, style=style, faint=True)

    def _verbatim(self, label: str, text: str, style: str = "") -> Text:
        return Text().append(" " * _INDENT + label.ljust(_LABEL), style="dim").append(printable(text), style=style)

    def _wrapped(
        self,
        text: str,
        indent: int,
        *,
        head: str = "",
        style: str = "",
        styled: Optional[int] = None,
        faint: bool = False,
    ) -> Iterator[Text]:
        """Yield prose behind a head, its further lines indented. `styled` limits the style to so many characters."""
        wanted = printable(text)
        for number, part in enumerate(wrapped(wanted, max(self.width - indent, 20)) or [""]):
            lead = head if number == 0 else " " * indent
            line = Text(lead + part)
            line.rstrip()
            if faint and number == 0:
                line.stylize("dim", 0, len(lead))
            if style:
                line.stylize(style, len(lead) if faint else 0, styled if styled is not None else None)
            yield line


def wrapped(text: str, width: int) -> List[str]:
    """Break prose into lines of at most so many cells, at blanks where there are any; wide characters count two."""
    if cell_len(text) == len(text):
        return textwrap.wrap(text, width, break_on_hyphens=False)
    lines = [""]
    for word in text.split():
        glue = " " if lines[-1] else ""
        if cell_len(lines[-1] + glue + word) <= width:
            lines[-1] += glue + word
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if cell_len(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths))


def _ended(quote: Quote) -> str:
    """Say how a run ended when it did not end well, and which stream is quoted when it is not the usual one."""
    parts: List[str] = []
    if quote.ending is not Ending.EXITED:
        parts.append(quote.ending.value)
    elif quote.exit_code:
        parts.append(f"exit code {quote.exit_code}")
    if quote.stream == "stderr":
        parts.append("on standard error")
    return f"   ({', '.join(parts)})" if parts else ""


def _blind_line(spot: BlindSpot) -> str:
    advisory = ", advisory" if spot.severity is Severity.ADVISORY else ""
    return (
        f"{folded_subjects(spot.subjects)}: {spot.summary} [{folded_checks(dict.fromkeys(spot.checks, 1))}{advisory}]"
    )
