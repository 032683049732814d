"""`ascend-doctor agent`: keep looking at this node, and keep the collector informed."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Optional

import click

from ascend_doctor.agent import logs, probe_process
from ascend_doctor.agent.probe_process import Told
from ascend_doctor.agent.supervisor import Program, Supervisor
from ascend_doctor.cli import leashed
from ascend_doctor.cli.errors import UserError
from ascend_doctor.cli.judging import Bench, set_up
from ascend_doctor.cli.output import config_option, doctor_version
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.probe import plan
from ascend_doctor.probe.local import LocalRunner
from ascend_doctor.probe.loop import Probe, ProbeSettings
from ascend_doctor.probe.spool import SpoolTakenError

PROBE = "probe"
UPLINK = "uplink"


@click.command("agent")
@config_option
@click.option(
    "--only",
    type=click.Choice([PROBE, UPLINK]),
    help="Run one half alone, as the two systemd units do; both as processes of this one without it.",
)
def command(*, config: Optional[str], only: Optional[str]) -> int:
    """Keep looking at this node, write its verdict, and keep the collector informed.

    The probe runs the vendor's tools and has no network; the uplink talks to the collector, serves the metrics, and
    touches no device. Runs until SIGTERM or SIGINT.
    """
    bench = set_up(config)
    name = bench.configuration.node_name()
    if not is_node_name(name):
        raise UserError(
            f"the host's name {name!r} cannot name a node, which has letters, digits, dots and dashes: "
            "set `node` in the configuration"
        )
    logs.set_up(only or "agent")
    if only == PROBE:
        _probe(bench)
    elif only == UPLINK:
        _uplink(bench)
    else:
        _both(bench, config)
    return 0


def _probe(bench: Bench) -> None:
    configuration = bench.configuration
    settings = ProbeSettings(
        node=configuration.node_name(),
        state_dir=Path(configuration.agent.state_dir),
        checks=bench.settings,
        intervals_s=configuration.intervals_s(),
        rounds=configuration.round_settings(),
        lock_folder=configuration.tools.lock_folder,
        spool_bytes=configuration.agent.spool_max_mb * 1024 * 1024,
        doctor_version=doctor_version(),
    )
    runner = LocalRunner(configuration.local_settings(os.environ.get("PATH", "")))

    def make(told: Told) -> Probe:
        return Probe(runner, bench.entries, settings, on_report=told)

    try:
        probe_process.run(make)
    except SpoolTakenError as error:
        raise UserError(str(error)) from None


def _uplink(bench: Bench) -> None:
    # The probe's process must not load gRPC, so only this half imports what does.
    from ascend_doctor.agent import uplink_process  # noqa: PLC0415
    from ascend_doctor.agent.uplink import UplinkSettings  # noqa: PLC0415
    from ascend_doctor.cli.asking import tls_files  # noqa: PLC0415
    from ascend_doctor.wire.credentials import AddressError, read_address  # noqa: PLC0415

    configuration = bench.configuration
    section = configuration.agent
    sources = plan.sources_for(bench.entries, bench.settings)
    intervals_s = configuration.intervals_s()
    try:
        settings = UplinkSettings(
            node=configuration.node_name(),
            state_dir=Path(section.state_dir),
            collectors=tuple(read_address(text) for text in section.collectors),
            tls=tls_files(section.tls),
            agent_version=doctor_version(),
            interval_s=plan.interval_s(sources, intervals_s),
            current_s=plan.current_s(sources, intervals_s),
            intervals_s=intervals_s,
            accept_rechecks=section.accept_rechecks,
        )
        metrics = None if section.metrics is None else read_address(section.metrics.listen)
    except AddressError as error:
        raise UserError(str(error)) from None
    try:
        uplink_process.run(settings, bench.entries, metrics)
    except OSError as error:
        where = "" if section.metrics is None else f" {section.metrics.listen}"
        raise UserError(
            f"the metrics address{where} cannot be used ({error.strerror}): set agent.metrics.listen to a free one"
        ) from None


def _both(bench: Bench, config: Optional[str]) -> None:
    section = bench.configuration.agent
    words = ["agent"] if config is None else ["agent", "--config", str(Path(config).absolute())]
    halves = [PROBE, UPLINK] if section.collectors or section.metrics is not None else [PROBE]
    programs = [Program(half, leashed.command_line(*words, "--only", half)) for half in halves]

    async def owned() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await Supervisor(programs).run(stop)

    asyncio.run(owned())
