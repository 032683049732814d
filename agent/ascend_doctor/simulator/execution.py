"""Running the tools of a simulated cluster in time: how long each takes, and what happens when two want one device."""

from __future__ import annotations

import math
from typing import Optional, Sequence, Set, Tuple

from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.commands import hccn_device
from ascend_doctor.simulator.hardware import Answer


class Execution:
    """Runs tools. A device answers one `hccn_tool` at a time; whoever is second hears that it is busy."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster
        self._driven: Set[Tuple[str, int]] = set()

    async def run(self, node: str, argv: Sequence[str], deadline_s: float = math.inf) -> Optional[Answer]:
        """Return the answer when the tool has ended, or None when it has not ended at the deadline.

        Without a deadline a tool that hangs is answered at once: whoever asks has to do the hanging.
        Raises KeyError for an unknown node.
        """
        device = hccn_device(argv)
        key = None if device is None else (node, device)
        if key in self._driven:
            return self._cluster.busy_answer(node, argv)
        answer = self._cluster.answer(node, argv)
        if answer.hangs and math.isinf(deadline_s):
            return answer
        ends = not answer.hangs and answer.delay_s < deadline_s
        duration = answer.delay_s if ends else deadline_s
        if duration <= 0:
            return answer if ends else None
        # A lost chip takes no lock: all calls about it wait, none of them is told that it is busy.
        held = {key} if key is not None and not answer.hangs else set()
        self._driven |= held
        try:
            await self._cluster.clock.sleep(duration)
        finally:
            self._driven -= held
        return answer if ends else None
