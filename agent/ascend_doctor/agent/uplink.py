"""The way from the spool to the collector: one stream, opened again for as long as the node lives."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.agent.rechecks import Outcome, RecheckDesk
from ascend_doctor.agent.sharing import Sharing
from ascend_doctor.agent.streams import FAREWELL_S, Conversation, Line, Lost
from ascend_doctor.model.sections import Sections
from ascend_doctor.model.state import EMPTY, NodeState, apply
from ascend_doctor.model.transition import Transition
from ascend_doctor.probe.spool import Snapshot, SpoolReader
from ascend_doctor.wire import frames
from ascend_doctor.wire.agent_session import AgentSession
from ascend_doctor.wire.caller import Caller
from ascend_doctor.wire.credentials import Address, TlsFiles
from ascend_doctor.wire.effects import Close, Deliver, Effects, Reason, Send

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often the spool is looked at. Two calls of `stat` when nothing was written."""


@attrs.frozen
class UplinkSettings:
    """What an uplink is told.

    `collectors` are tried in turn; with none the uplink only follows the spool, for the metrics. `tls` is None on
    loopback only. `interval_s` and `current_s` are told to the collector: how often the node looks, and for how long
    what it said counts.
    """

    node: str
    state_dir: Path
    collectors: Tuple[Address, ...] = ()
    tls: Optional[TlsFiles] = None
    agent_version: str = ""
    interval_s: Optional[float] = None
    current_s: Optional[float] = None
    accept_rechecks: bool = True


class Uplink:
    """Follows the spool, and keeps a collector informed. Everything happens in one event loop.

    The collector's trouble never reaches the node: what cannot be sent stays in the spool, which is bounded.
    """

    def __init__(
        self,
        settings: UplinkSettings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._chance = chance
        self._reader = SpoolReader(settings.state_dir)
        self._desk = RecheckDesk(settings.state_dir, accept=settings.accept_rechecks)
        self._line = Line(settings.tls, monotonic=monotonic)
        self._sharing = Sharing(settings.node)
        self._epoch = ""
        self._session: Optional[AgentSession] = None
        self.state: NodeState = EMPTY
        """The newest state that the spool holds."""
        self._conversation: Optional[Conversation] = None
        self._troubles: Dict[Address, str] = {}
        self.looked_at = monotonic()
        """When the spool was looked at last, by the monotonic clock: the sign of progress."""
        self.connections = 0
        """How many streams have been opened."""
        self._lost = 0
        self.rechecks = 0
        """How many requests of the collector were handed to the probe."""

    @property
    def sections(self) -> Sections:
        """What of the state its collector has to know."""
        return self._sharing.sections

    @property
    def caller(self) -> Caller:
        """What the node shows to collectors, and whom it trusts."""
        return self._line.caller

    @property
    def streaming(self) -> bool:
        """Whether a collector has welcomed the node on the present stream."""
        return self._session is not None and self._session.streaming

    @property
    def unacknowledged(self) -> int:
        """How many of the newest changes no collector has acknowledged; all of them before the first word of one."""
        session = self._session
        return 0 if session is None else session.sequence - max(session.acked, 0)

    @property
    def waiting_bytes(self) -> int:
        """About how many bytes of memory the changes take that are not acknowledged and not folded."""
        return 0 if self._session is None else self._session.waiting_bytes

    @property
    def lost_transitions(self) -> int:
        """How many changes of results were forgotten that no collector had acknowledged."""
        return self._lost + (0 if self._session is None else self._session.lost_transitions)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow and send until told to stop."""
        stopped: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
        work: List[asyncio.Future[Any]] = [asyncio.ensure_future(self._follow())]
        if self._settings.collectors:
            work.append(asyncio.ensure_future(self._keep_connected()))
        try:
            await asyncio.wait((stopped, *work), return_when=asyncio.FIRST_COMPLETED)
            await self._take_leave()
        finally:
            for task in (stopped, *work):
                task.cancel()
            for result in await asyncio.gather(*work, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result

    async def _take_leave(self) -> None:
        """Send what waits, so that the collector hears of the end."""
        conversation = self._conversation
        if conversation is not None:
            conversation.close(Close(Reason.DONE, "the agent stops"))
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(conversation.over.wait(), 2 * FAREWELL_S)

    async def _follow(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Take in what the probe has written, and let the session do what is due."""
        now = self._monotonic()
        self.looked_at = now
        over = self._desk.poll(now)
        self._take_in(now)
        if self._session is not None:
            self._do(self._session.tick(now))
            if over is not None:
                self._answer(over)

    def _take_in(self, now: float) -> None:
        session = self._session
        if session is not None:
            entries = self._reader.changes(self._epoch, session.sequence)
            if entries is not None:
                for entry in entries:
                    self.state = apply(self.state, entry.change)
                    shared = self._sharing.follow(self.state, entry.sequence, entry.change)
                    self._do(session.changed(entry.sequence, shared, now))
                return
        snapshot = self._reader.snapshot()
        if snapshot is None:
            return
        self.state = snapshot.state
        sections = self._sharing.begin(snapshot.state)
        transitions = self._sharing.transitions(snapshot.transitions)
        if session is not None and snapshot.epoch == self._epoch and snapshot.sequence >= session.sequence:
            self._do(session.replaced(snapshot.sequence, sections, transitions, now))
            return
        self._begin(snapshot, sections, transitions)

    def _begin(self, snapshot: Snapshot, sections: Sections, transitions: Sequence[Tuple[int, Transition]]) -> None:
        """Begin with the history that the spool holds now; a stream about an older one ends."""
        settings = self._settings
        capabilities = (frames.DIGEST, frames.RECHECK) if settings.accept_rechecks else (frames.DIGEST,)
        self._epoch = snapshot.epoch
        self._lost = self.lost_transitions
        self._session = AgentSession(
            settings.node,
            snapshot.epoch,
            random=self._chance,
            sequence=snapshot.sequence,
            state=sections,
            transitions=transitions,
            agent_version=settings.agent_version,
            capabilities=capabilities,
            interval_s=settings.interval_s,
            current_s=settings.current_s,
        )
        if self._conversation is not None:
            self._conversation.close(Close(Reason.DONE, "the spool begins a new history"))

    async def _keep_connected(self) -> None:
        addresses = itertools.cycle(self._settings.collectors)
        address = next(addresses)
        while True:
            session = self._session
            left = LOOK_S if session is None else session.retry_at - self._monotonic()
            if session is None or left > 0:
                await asyncio.sleep(min(left, LOOK_S))
                continue
            lost = await self._connect(session, address)
            self._tell(address, lost)
            if not session.is_served:
                address = next(addresses)
            session.disconnected(self._monotonic(), lost.retry_after_s)

    def _tell(self, address: Address, lost: Lost) -> None:
        """Tell of a trouble once: not at every try, nor again when gRPC hides it in between."""
        # By collector: two that are down in their own ways would else be told of at every try.
        told = self._troubles.get(address)
        if lost.trouble and lost.trouble != told and not (lost.is_vague and told):
            logger.warning("%s", lost.trouble)
            self._troubles[address] = lost.trouble

    async def _connect(self, session: AgentSession, address: Address) -> Lost:
        """Hold one stream until it is over."""

        def opened(conversation: Conversation) -> None:
            self._conversation = conversation
            self.connections += 1
            self._do(session.connected(self._monotonic()))

        def received(frame: frames.CollectorFrame) -> None:
            was = session.streaming
            effects = session.received(frame, self._monotonic())
            if session.streaming and not was:
                logger.info("connected to %s", address)
            if isinstance(frame, frames.Ack):
                # Only now: who is welcomed and then refused is told why once.
                self._troubles.clear()
            self._do(effects)

        try:
            return await self._line.converse(address, session, opened, received)
        finally:
            self._conversation = None

    def _do(self, effects: Effects) -> None:
        conversation = self._conversation
        for effect in effects:
            if isinstance(effect, Deliver):
                self._asked(effect.frame)
            elif conversation is not None and isinstance(effect, Send):
                conversation.send(effect.frame)  # type: ignore[arg-type] # a node's session sends a node's frames
            elif conversation is not None and isinstance(effect, Close):
                conversation.close(effect)

    def _asked(self, request: object) -> None:
        """Carry out a request of the collector: ids of checks, and nothing else, go to the probe."""
        if isinstance(request, frames.Recheck):
            refused = self._desk.ask(request, self._monotonic())
            if refused is None:
                self.rechecks += 1
                return
            self._answer(refused)
        elif isinstance(request, frames.Round):
            self._answer(Outcome(request.request_id, "this agent makes no active tests"))

    def _answer(self, outcome: Outcome) -> None:
        if self._session is not None:
            self._do(self._session.done(outcome.request_id, outcome.problem))
