"""`ascend-doctor check`: look at this node, and judge it."""

from __future__ import annotations

from typing import Optional, Tuple

import click

from ascend_doctor.checks.view import NodeView
from ascend_doctor.cli.judging import judge_and_show, set_up
from ascend_doctor.cli.looking import look
from ascend_doctor.cli.output import Style, fetch_renderer, judging_options, report_options, window_option
from ascend_doctor.probe.plan import sources_for


@click.command("check")
@judging_options
@report_options
@window_option
def command(style: Style, config: Optional[str], checks: Tuple[str, ...], window_s: float) -> int:
    """Say whether this node is ready, what is broken, and how to mend it.

    Runs the vendor's tools once, only to read. Checks of counters that grow need two looks: give `--window 60`, or ask
    the agent, which compares all the time. Exits with 0 when the node is ready, with 1 when it is not, and with 2
    when there is no verdict because something that decides could not be seen.
    """
    bench = set_up(config, checks)
    fetch_renderer(style)
    found = look(bench.configuration, sources_for(bench.entries, bench.settings), window_s)
    view = NodeView(bench.configuration.node_name(), found.evidence, readings=found.readings)
    return judge_and_show([view], bench, style, "this node")
