"""How verbs print a report: the options they share, and the exit code of a verdict."""

from __future__ import annotations

import functools
import importlib
import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, Sequence

import attrs
import click

from ascend_doctor.cli.errors import NO_VERDICT, NOT_READY, READY
from ascend_doctor.model.report import Report
from ascend_doctor.model.verdict import Verdict

if TYPE_CHECKING:
    # The view knows every source of facts: what only needs an exit code, such as `status`, is done before it is loaded.
    from ascend_doctor.checks.view import NodeView

FORMATS = ("terminal", "json", "prometheus")
COLOURS = ("auto", "always", "never")


@attrs.frozen
class Style:
    """How a report is to be printed, as the user asked."""

    format: str = "terminal"
    ascii_symbols: bool = False
    colour: str = "auto"
    strict: bool = False


def report_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of every verb that prints a report; the command gets them as `style`."""

    @functools.wraps(command)
    def gathered(*, format_: str, strict: bool, ascii_symbols: bool, colour: str, **others: Any) -> int:
        return command(style=Style(format_, ascii_symbols, colour, strict), **others)

    wrapped: Callable[..., int] = gathered
    for option in reversed(
        (
            click.option("--format", "format_", type=click.Choice(FORMATS), default="terminal", help="What to print."),
            click.option("--strict", is_flag=True, help="Exit with 1 on warnings too."),
            click.option("--ascii", "ascii_symbols", is_flag=True, help="Use no symbols beyond ASCII."),
            click.option(
                "--color",
                "--colour",
                "colour",
                type=click.Choice(COLOURS),
                default="auto",
                help="Colours: by default on a terminal only, and not when NO_COLOR is set.",
            ),
        )
    ):
        wrapped = option(wrapped)
    return wrapped


def judging_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of every verb that judges."""
    for option in (
        config_option,
        click.option("--check", "checks", multiple=True, metavar="ID", help="Only this check; may be given again."),
    ):
        command = option(command)
    return command


def collector_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that say which collector to ask, and as whom."""
    for option in (
        tls_option,
        click.option(
            "--collector", "collector", metavar="HOST:PORT", help="The collector; by default that of the configuration."
        ),
    ):
        command = option(command)
    return command


tls_option = click.option(
    "--tls", "tls_folder", metavar="DIR", help="Folder with ca.crt, tls.crt and tls.key, as `pki issue` makes it."
)

window_option = click.option(
    "--window",
    "window_s",
    type=click.FloatRange(min=0, max=3600),
    default=0.0,
    metavar="SECONDS",
    help="Look a second time after so long, to see which error counters grow.",
)

config_option = click.option(
    "--config",
    "config",
    metavar="FILE",
    envvar="ASCEND_DOCTOR_CONFIG",
    help="Configuration file; by default /etc/ascend-doctor/config.yaml where there is one.",
)


def doctor_version() -> str:
    """Return the version of the installed program."""
    import importlib.metadata  # noqa: PLC0415 - it loads what reads mail, and not every verb needs it

    return importlib.metadata.version("ascend-doctor")


def show(report: Report, style: Style, views: Sequence[NodeView] = ()) -> int:
    """Print a report and return the exit code of its verdict. `views` add the numbers of the hardware to metrics."""
    click.echo(_text(report, style, views), nl=False, color=True)
    return exit_code(report.verdict, strict=style.strict)


_CODES: Mapping[Verdict, int] = {
    Verdict.READY: READY,
    Verdict.DEGRADED: READY,
    Verdict.INCOMPLETE: NO_VERDICT,
    Verdict.NOT_READY: NOT_READY,
}


def exit_code(verdict: Verdict, *, strict: bool) -> int:
    """Return the exit code of a verdict: 0 ready, degraded too unless `strict`; 1 not ready; 2 no verdict."""
    return NOT_READY if strict and verdict is Verdict.DEGRADED else _CODES[verdict]


def fetch_renderer(style: Style) -> None:
    """Load what prints a report in a thread, while the tools are waited for: rich takes as long as a run of a tool."""
    name = {"json": "json_report", "prometheus": "node_page"}.get(style.format, "terminal")
    threading.Thread(target=importlib.import_module, args=(f"ascend_doctor.report.{name}",), daemon=True).start()


def _text(report: Report, style: Style, views: Sequence[NodeView]) -> str:
    if style.format == "json":
        from ascend_doctor.report import json_report  # noqa: PLC0415 - one format is used at a time

        return json_report.render(report)
    if style.format == "prometheus":
        return _metrics(report, views)
    from ascend_doctor.report import terminal  # noqa: PLC0415 - rich is slow to import, and JSON does not need it

    return terminal.render(
        report,
        width=shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() or "COLUMNS" in os.environ else 80,
        ascii_symbols=style.ascii_symbols or not can_print(terminal.UNICODE.fail + terminal.UNICODE.odd),
        colour=wants_colour(style.colour),
    )


def _metrics(report: Report, views: Sequence[NodeView]) -> str:
    """Metrics of one node carry no node label: that is the scraper's. Those of several carry it, to tell them apart."""
    from ascend_doctor.report import exposition, node_page  # noqa: PLC0415
    from ascend_doctor.report.doctor_metrics import fleet_families, source_families  # noqa: PLC0415
    from ascend_doctor.report.hardware_metrics import hardware_families  # noqa: PLC0415

    if len(views) == 1:
        return node_page.render(report, views[0])
    labelled = [
        family
        for view in views
        for family in exposition.labelled((*source_families(view), *hardware_families(view)), node=view.name)
    ]
    return exposition.render(exposition.merged((*fleet_families(report), *labelled)))


def wants_colour(choice: str, stream: Optional[Any] = None) -> bool:
    """Tell whether to colour: as asked, or on a terminal that can, where NO_COLOR is not set (no-color.org)."""
    if choice != "auto":
        return choice == "always"
    out = sys.stdout if stream is None else stream
    return bool(out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")


def can_print(text: str) -> bool:
    """Tell whether standard output has all characters of a text."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
