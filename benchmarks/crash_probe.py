"""The probe of a simulated node in fast motion, for `crash.py`: a minute passes in a twentieth of a second.

What it tells is said twice on its standard output: before a change goes into the spool, and after it is there. That is
a pipe, for its files are those on a disk that may be full.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
from pathlib import Path
from typing import Any, Dict

from ascend_doctor.checks import catalogue
from ascend_doctor.model import codec
from ascend_doctor.model.state import Change
from ascend_doctor.probe import loop
from ascend_doctor.probe.loop import Probe, ProbeSettings
from ascend_doctor.probe.spool import SpoolWriter
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.execution import Execution
from ascend_doctor.simulator.runner import SimulatedRunner

NODE = "node-1"
FAULTS = ("cable-pulled", "gateway-outside", "tls-unreadable", "link-shut", "mtu-odd")
STEP_S = 10.0
PAUSE_S = 0.03


class TellingSpool(SpoolWriter):
    """A spool that tells somebody else, too, which results changed with which change."""

    def append(self, change: Change) -> int:
        """Append, and say so before and after."""
        told = [codec.transition_to_dict(item) for item in change.transitions]
        record: Dict[str, Any] = {"epoch": self.epoch, "sequence": self.sequence + 1, "told": told}
        _tell({"word": "intends", **record})
        sequence = super().append(change)
        _tell({"word": "has", **record})
        return sequence


def _tell(record: Dict[str, Any]) -> None:
    # The line before may be torn, by the end of the process before.
    sys.stdout.buffer.write(b"\n" + json.dumps(record).encode() + b"\n")
    sys.stdout.buffer.flush()


def faults(seed: int, now: float) -> str:
    """Return faults that come and go for an hour."""
    chance = random.Random(seed)
    lines = []
    for _ in range(200):
        at = now + chance.uniform(20, 3600)
        kind, npu = chance.choice(FAULTS), chance.randrange(8)
        lines.append(f"  - {{fault: {kind}, node: {NODE}, npu: {npu}, at: {at:.0f}, until: {at + 45:.0f}}}\n")
    return "".join(lines)


async def main(folder: Path, seed: int) -> None:
    """Look again and again until somebody ends the process."""
    loop.SpoolWriter = TellingSpool  # type: ignore[misc] # the same with a witness
    mark = folder / "virtual-time"
    start = float(mark.read_text()) if mark.exists() else 0.0
    clock = VirtualClock(1_767_225_600.0 + start)
    text = f"seed: {seed}\nuptime: {start + 90_000}\nnodes:\n  - {{name: 'node-[1-2]'}}\nfaults:\n{faults(seed, 0.0)}"
    cluster = SimulatedCluster(scenario.load(text, "crash"), clock)
    settings = ProbeSettings(NODE, folder / "state", spool_bytes=1 << 20, lock_folder=str(folder))
    runner = SimulatedRunner(cluster, NODE, Execution(cluster))
    probe = Probe(runner, catalogue.load(), settings, wall=clock.now, monotonic=clock.now)
    while True:
        await probe.step()
        clock.advance(STEP_S)
        start += STEP_S
        fresh = mark.with_suffix(".new")
        with contextlib.suppress(OSError):  # the disk is full; nobody is killed meanwhile
            fresh.write_text(str(start))
            fresh.replace(mark)
        await asyncio.sleep(PAUSE_S)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
