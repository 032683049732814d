"""`ascend-doctor replay`: judge recorded nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Tuple

import click

from ascend_doctor.checks.view import NodeView
from ascend_doctor.cli.judging import judge_and_show, set_up
from ascend_doctor.cli.output import Style, judging_options, report_options
from ascend_doctor.probe import recording


@click.command("replay")
@click.argument("folder", metavar="DIR")
@judging_options
@report_options
def command(folder: str, style: Style, config: Optional[str], checks: Tuple[str, ...]) -> int:
    """Judge recorded nodes as `check` judges this one.

    DIR holds one recording, or one in each of its folders. Nothing in a recording grows stale. What was not recorded
    is not known, and what is not known is not ready.
    """
    bench = set_up(config, checks)
    views = [NodeView(item.node, item.evidence) for item in recording.read(Path(folder))]
    return judge_and_show(views, bench, style, f"the recording {folder}")
