"""What `check` and `record` share: one round over the tools of this node."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, Sequence

import attrs
import click

from ascend_doctor.cli import interrupts
from ascend_doctor.cli.configuration import Configuration
from ascend_doctor.cli.progress import ProgressLine
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.source import Source
from ascend_doctor.model.reading import NOT_REPORTED, Reading
from ascend_doctor.probe import history
from ascend_doctor.probe import round as rounds
from ascend_doctor.probe.local import LocalRunner
from ascend_doctor.probe.locks import NpuLocks
from ascend_doctor.probe.round import Round


def look(configuration: Configuration, sources: Sequence[Source[Any]], window_s: float = 0.0) -> Round:
    """Ask this node everything once. Remarks of the doctor about itself go to standard error.

    With `window_s` the counters of which only a difference means anything are asked a second time so many seconds
    later; their first answers stay as earlier ones.
    """
    line = ProgressLine(sys.stderr)
    runner = LocalRunner(configuration.local_settings(os.environ.get("PATH", "")))
    locks = NpuLocks(configuration.tools.lock_folder)

    async def work() -> Round:
        async def take(asked: Sequence[Source[Any]], devices: Reading[DeviceMap] = NOT_REPORTED) -> Round:
            settings = configuration.round_settings()
            return await rounds.take(
                runner, asked, devices=devices, settings=settings, locks=locks, progress=line.update
            )

        first = await take(sources)
        counters = [source for source in sources if source.keeps]
        if not window_s or not counters:
            return first
        await _wait(window_s, line)
        second = await take(counters, first.devices)
        merged = history.followed_by(
            first.evidence, second.evidence, [_kept_apart(item, window_s) for item in counters]
        )
        remarks = tuple(dict.fromkeys(first.remarks + second.remarks))
        return Round(merged, first.devices, remarks, {**first.readings, **second.readings})

    try:
        found = interrupts.run(work())
    finally:
        line.clear()
    for remark in found.remarks:
        click.echo(f"ascend-doctor: note: {remark}", err=True)
    return found


def _kept_apart(source: Source[Any], window_s: float) -> Source[Any]:
    """Return the source as it is compared over a window of the caller's choice."""
    return attrs.evolve(source, apart_s=min(source.apart_s, window_s))


async def _wait(window_s: float, line: ProgressLine) -> None:
    """Let the counters count, and show how far it is."""
    steps = max(1, round(window_s))
    for step in range(steps):
        line.update(step, steps, "waiting, to see which counters grow")
        await asyncio.sleep(window_s / steps)
