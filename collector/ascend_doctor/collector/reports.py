"""What follows from what the nodes say: judged when something has changed and somebody asks, beside the event loop."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Callable, Collection, Mapping, Optional

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.engine import DEFAULTS, Settings
from ascend_doctor.collector.fleet import Fleet
from ascend_doctor.collector.judged import Judge, Judged, Snapshot
from ascend_doctor.collector.workers import Workers
from ascend_doctor.model.report import Liveness, Report

REST = 4.0
"""After judging, so many times as long as it took nothing is judged again: at most a fifth of a core goes into it."""
MAX_REST_S = 2.0
FRESH_S = 20.0
"""What was found is not told for longer than this, though nothing has changed but the times of the evidence."""
LIVENESS_S = 0.5
"""Whether a node has fallen silent is looked at no more often than this: it takes a look at every node."""


class Reports:
    """Makes the reports of a collector. To be used in one event loop."""

    def __init__(
        self,
        fleet: Fleet,
        entries: Mapping[str, Entry],
        settings: Settings = DEFAULTS,
        version: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fleet = fleet
        self._judge = Judge(entries, settings, version)
        self._clock = clock
        self._thread = Workers("judge")
        self._judged: Optional[Judged] = None
        self._running: Optional[asyncio.Future[Judged]] = None
        self._rest_until = 0.0
        self._looked_at = 0.0
        # Several collectors may answer under one address: what one of them found is not what another did.
        self._origin = secrets.token_hex(4)
        self.workers = Workers("answers", threads=2)
        """Where the answers to readers are made."""
        self.scrapes = Workers("metrics")
        """Where the metrics are made: monitoring goes on while too much else is asked."""
        self.judgements = 0
        """How often the fleet was judged."""
        self.judging_s = 0.0
        """How long that took in all."""

    @property
    def changes(self) -> int:
        """Rises with everything that may change a report beside the passing of time."""
        return self._fleet.changes

    async def judged(self) -> Judged:
        """Return what was found, of now or of a moment ago. Many may ask at once: the fleet is judged once for all."""
        if self._running is None:
            known = self._judged
            if known is not None and self._holds(known):
                return known
            self._running = asyncio.ensure_future(self._judge_now())
        return await asyncio.shield(self._running)

    async def report(
        self, nodes: Collection[str] = (), checks: Collection[str] = (), *, passes: bool = False
    ) -> Report:
        """Return a report, as `Judged.report` does. Raises `TooMuchError` and `BusyError`."""
        judged = await self.judged()
        if not (nodes or checks or passes):
            return judged.whole
        return await self.workers.do(lambda: judged.report(nodes, checks, passes=passes))

    def close(self) -> None:
        """Let go of the threads."""
        self._thread.close()
        self.workers.close()
        self.scrapes.close()

    def _holds(self, known: Judged) -> bool:
        """Tell whether a judgement still holds; whether a node has fallen silent is looked at once in a while."""
        now = self._clock()
        if known.seen.changes != self._fleet.changes or not known.seen.at <= now < known.seen.at + FRESH_S:
            return False
        if not self._looked_at <= now < self._looked_at + LIVENESS_S:
            self._looked_at = now
            return known.seen.alive == self._alive(now)
        return True

    async def _judge_now(self) -> Judged:
        try:
            await asyncio.sleep(max(0.0, self._rest_until - time.monotonic()))
            now = self._clock()
            version = f"{self._origin}-{self.judgements}"
            seen = Snapshot(version, now, self._fleet.changes, dict(self._fleet.members), self._alive(now))
            began = time.monotonic()
            found = await self._thread.do(lambda: self._judge.find(seen))
            took_s = time.monotonic() - began
            self._rest_until = began + took_s + min(REST * took_s, MAX_REST_S)
            self.judgements += 1
            self.judging_s += took_s
            self._judged, self._looked_at = found, now
            return found
        finally:
            self._running = None

    def _alive(self, now: float) -> Mapping[str, Liveness]:
        return {name: self._fleet.liveness(name, now) for name in self._fleet.names}
