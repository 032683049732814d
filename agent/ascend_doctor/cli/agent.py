"""`ascend-doctor agent`: keep looking at this node, and keep the collector informed."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import click

from ascend_doctor.agent import logs
from ascend_doctor.cli.errors import UserError
from ascend_doctor.cli.orders import AGENT, PROBE, UPLINK, AgentOrders, ProbeOrders, UplinkOrders, fetch
from ascend_doctor.cli.output import config_option


@click.group("agent", invoke_without_command=True)
@config_option
@click.option(
    "--only",
    type=click.Choice([PROBE, UPLINK]),
    help="Run one half alone, as the two systemd units do; both as processes of this one without it.",
)
@click.pass_context
def command(context: click.Context, *, config: Optional[str], only: Optional[str]) -> int:
    """Keep looking at this node, write its verdict, and keep the collector informed.

    The probe runs the vendor's tools and has no network; the uplink talks to the collector, serves the metrics, and
    touches no device. Runs until SIGTERM or SIGINT.
    """
    if context.invoked_subcommand is not None:
        context.obj = config
        return 0
    logs.set_up(only or AGENT)
    orders = fetch(only or AGENT, config)
    if only == PROBE:
        _probe(orders)
    elif only == UPLINK:
        _uplink(orders)
    else:
        _both(orders, config)
    return 0


@command.command("diagnose", short_help="Say what is wrong on the way to the collectors.")
@config_option
@click.option("--format", "format_", type=click.Choice(["terminal", "json"]), default="terminal", help="What to print.")
@click.option("--ascii", "ascii_symbols", is_flag=True, help="Use no symbols beyond ASCII.")
@click.pass_obj
def diagnose(config_before: Optional[str], *, config: Optional[str], format_: str, ascii_symbols: bool) -> int:
    """Walk the way to every configured collector step by step, and say what is wrong on it.

    Looks at this node's certificate, then for each collector at name, connection, TLS, the collector's certificate,
    whether it lets this node in, and how far the clocks are apart. An agent that is running is not disturbed.

    Exits with 0 when nothing is wrong, with 1 when something is, and with 2 when it cannot be told.
    """
    from ascend_doctor.cli import diagnose as verb  # noqa: PLC0415 - gRPC is not for the probe's process
    from ascend_doctor.cli.judging import set_up  # noqa: PLC0415

    configuration = set_up(config or config_before).configuration
    return verb.run(configuration, as_json=format_ == "json", ascii_symbols=ascii_symbols)


def _probe(orders: ProbeOrders) -> None:
    from ascend_doctor.agent import probe_process  # noqa: PLC0415 - each of these processes loads only what it uses
    from ascend_doctor.checks import catalogue  # noqa: PLC0415
    from ascend_doctor.cli import knowing, lean  # noqa: PLC0415
    from ascend_doctor.probe.local import LocalRunner  # noqa: PLC0415
    from ascend_doctor.probe.loop import Probe, Told  # noqa: PLC0415
    from ascend_doctor.probe.spool import SpoolTakenError  # noqa: PLC0415

    lean.keep_memory_flat()
    knowing.use_site(orders.knowledge_dir)
    runner = LocalRunner(orders.local)
    entries = catalogue.load()
    lean.forget_the_start()

    def make(told: Told) -> Probe:
        return Probe(runner, entries, orders.settings, on_report=told)

    try:
        probe_process.run(make, orders.settings.state_dir if orders.exports else None)
    except SpoolTakenError as error:
        raise UserError(str(error)) from None


def _uplink(orders: UplinkOrders) -> None:
    from ascend_doctor.agent import uplink_process  # noqa: PLC0415 - gRPC is not for the probe's process
    from ascend_doctor.agent.uplink import UplinkSettings  # noqa: PLC0415

    settings = UplinkSettings(
        node=orders.node,
        state_dir=orders.state_dir,
        collectors=orders.collectors,
        tls=orders.tls,
        agent_version=orders.agent_version,
        interval_s=orders.interval_s,
        current_s=orders.current_s,
        accept_rechecks=orders.accept_rechecks,
    )
    try:
        uplink_process.run(settings, orders.metrics)
    except OSError as error:
        where = "" if orders.metrics is None else f" {orders.metrics}"
        raise UserError(
            f"the metrics address{where} cannot be used ({error.strerror}): set agent.metrics.listen to a free one"
        ) from None


def _both(orders: AgentOrders, config: Optional[str]) -> None:
    import asyncio  # noqa: PLC0415
    import signal  # noqa: PLC0415

    from ascend_doctor.agent.supervisor import Program, Supervisor  # noqa: PLC0415
    from ascend_doctor.cli import leashed  # noqa: PLC0415

    words = ["agent"] if config is None else ["agent", "--config", str(Path(config).absolute())]
    programs = [Program(half, leashed.command_line(*words, "--only", half)) for half in orders.halves]

    async def owned() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await Supervisor(programs).run(stop)

    asyncio.run(owned())
