"""`ascend-doctor report`: the readiness of the whole cluster, from its collector."""

from __future__ import annotations

from typing import Optional, Tuple

import click

from ascend_doctor.cli.asking import whom_to_ask
from ascend_doctor.cli.judging import set_up
from ascend_doctor.cli.output import Style, collector_options, judging_options, report_options, show


@click.command("report")
@collector_options
@click.option("--node", "nodes", multiple=True, metavar="NAME", help="Only this node; may be given again.")
@judging_options
@click.option("--passes", is_flag=True, help="Tell what passed one by one, not only how much.")
@report_options
def command(
    *,
    style: Style,
    config: Optional[str],
    checks: Tuple[str, ...],
    nodes: Tuple[str, ...],
    passes: bool,
    collector: Optional[str],
    tls_folder: Optional[str],
) -> int:
    """Say whether the cluster is ready, what is broken, and how to mend it.

    Exits with 0 when all nodes that were asked for are ready, with 1 when one is not, and with 2 when there is no
    verdict: a node is silent, something could not be seen, or the collector does not answer.
    """
    bench = set_up(config, checks)
    asked = whom_to_ask(bench.configuration, collector, tls_folder)
    return show(asked.report(nodes, checks, passes=passes), style)
