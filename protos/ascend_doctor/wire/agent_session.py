"""The node's half of the stream, without I/O."""

from __future__ import annotations

import enum
from collections import deque
from typing import Callable, Deque, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.model.sections import NOTHING, Sections, SectionsChange, apply, whole
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.model.transition import Transition
from ascend_doctor.wire import frames
from ascend_doctor.wire.effects import Close, Deliver, Effect, Effects, Reason, Send
from ascend_doctor.wire.frames import CollectorFrame
from ascend_doctor.wire.limits import MAX_MESSAGE_BYTES, MIB

MIN_BACK_OFF_S = 0.5
"""Between two connections at least, whatever chance and a collector's hint of 0 say."""
MAX_BACK_OFF_S = 30.0
GREETING_S = 20.0
"""How long to wait for Welcome."""
SILENT_INTERVALS = 1.5
"""After so many intervals of the heartbeat without an answer the stream counts as dead."""
PATIENT_INTERVALS = 1.25
"""After so many intervals of the heartbeat without an answer one is sent, whatever else was sent meanwhile."""
STUCK_S = 300.0
"""So long the collector may keep nothing of what it is sent, though it answers; another one may be better off."""
WHOLE_PAUSE_S = 1.0
"""Never two whole states within this time, whatever the collector asks."""


@attrs.frozen
class Retention:
    """How much a session keeps of what the collector has not acknowledged.

    Beyond `max_count` and `max_bytes` changes are folded: a whole state is sent in their place, and the transitions
    that they held, up to `max_transitions` of them. Changes that are not folded hold no more than that either, so that
    a whole state may have twice as many; `limits.MAX_TRANSITION_COUNT` is what a collector takes.
    """

    max_count: int = 200
    max_bytes: int = 4 * MIB
    max_transitions: int = 10_000


DEFAULT_RETENTION = Retention()


@attrs.frozen
class _Kept:
    """A change that is not acknowledged, and the digest of the state after it."""

    sequence: int
    change: SectionsChange
    digest: bytes
    size: int


class _Phase(enum.Enum):
    OFFLINE = enum.auto()
    GREETING = enum.auto()
    STREAMING = enum.auto()
    CLOSING = enum.auto()


class AgentSession:
    """What a node has to tell its collector, over any number of connections.

    `epoch` names one unbroken series of sequence numbers; a node that lost its spool, or put back an old one, makes a
    session with a new epoch. `state` at `sequence` is where the spool begins, `transitions` what it remembers of the
    way there; feed what follows with `changed`. A state with anything in it has a sequence of at least 1.

    Inputs: `changed` and `replaced` when the node's state moves, `connected` when a stream is open, `received` for each
    frame, `tick` about once a second, `disconnected` when a stream is over, whoever ended it. Each returns effects.
    `now` is any clock that never goes back, in seconds. Reconnect at `retry_at`.
    """

    def __init__(
        self,
        node: str,
        epoch: str,
        *,
        random: Callable[[], float],
        sequence: int = 0,
        state: Sections = NOTHING,
        transitions: Sequence[Tuple[int, Transition]] = (),
        agent_version: str = "",
        capabilities: Tuple[str, ...] = (frames.DIGEST, frames.RECHECK, frames.ROUND),
        interval_s: Optional[float] = None,
        current_s: Optional[float] = None,
        retention: Retention = DEFAULT_RETENTION,
    ) -> None:
        """`random` returns numbers from 0 up to 1. The rest is told in `Hello`. ValueError for a bad node name."""
        if not is_node_name(node):
            raise ValueError(f"{node!r} is not a host name")
        self.state = state
        self.sequence = sequence
        """The newest sequence number."""
        self.acked = -1
        """The newest sequence that the collector has committed, as far as this session was told; -1 for none."""
        self.retry_at = 0.0
        """When to connect (again)."""
        self.max_message_bytes = MAX_MESSAGE_BYTES
        """How big a message of this stream may be."""
        self.ignored = 0
        """How many frames came that this program does not know."""
        self._hello = frames.Hello(node, epoch, 0, 0, agent_version, capabilities, interval_s, current_s)
        self._random = random
        self._retention = retention
        self.is_served = False
        """Whether the collector has kept something on the present stream, or all was kept: else try another one."""
        self.lost_transitions = 0
        """How many transitions were dropped that no collector had acknowledged."""
        self._kept: Deque[_Kept] = deque()
        self._kept_bytes = 0
        self._kept_transitions = 0
        self._folded: Deque[Tuple[int, Transition]] = deque()
        self._base = sequence
        self._base_digest = state.digest
        self._failures = 0
        self._retry_hint_s = 0.0
        self._phase = _Phase.OFFLINE
        self._sent = 0
        self._inflight: Deque[int] = deque()
        self._max_inflight = 1
        self._whole_due = False
        self._whole_after = 0.0
        self._heartbeat_s = 0.0
        self._beat_at = 0.0
        self._told_at = 0.0
        self._heard_at = 0.0
        self._moved_at = 0.0
        self._remember(transitions)

    @property
    def streaming(self) -> bool:
        """Whether the collector has welcomed the node on the present stream."""
        return self._phase is _Phase.STREAMING

    @property
    def waiting_bytes(self) -> int:
        """About how many bytes the changes take that are kept until the collector acknowledges them."""
        return self._kept_bytes

    def changed(self, sequence: int, change: SectionsChange, now: float) -> Effects:
        """Take in the next change of the node's state; its sequence is one above the newest, else ValueError."""
        if sequence != self.sequence + 1:
            raise ValueError(f"change {sequence} does not follow {self.sequence}")
        self.sequence = sequence
        self.state = apply(self.state, change)
        self._kept.append(_Kept(sequence, change, self.state.digest, change.size))
        self._kept_bytes += self._kept[-1].size
        self._kept_transitions += len(change.transitions)
        while (
            len(self._kept) > self._retention.max_count
            or self._kept_bytes > self._retention.max_bytes
            or self._kept_transitions > self._retention.max_transitions
        ):
            self._remember(self._forget_oldest().transitions)
        return self._pump(now)

    def replaced(
        self, sequence: int, state: Sections, transitions: Sequence[Tuple[int, Transition]], now: float
    ) -> Effects:
        """Take in a state whose way there is not known: the spool was folded. The sequence never goes back.

        `transitions` are all that the spool remembers of the way. What this session remembers from before stays.
        """
        if sequence < self.sequence:
            raise ValueError(f"state {sequence} is older than {self.sequence}")
        self.sequence, self.state = sequence, state
        begin = transitions[0][0] if transitions else sequence + 1
        earlier = [item for item in self._transitions() if item[0] < begin]
        self._kept.clear()
        self._kept_bytes = self._kept_transitions = 0
        self._folded.clear()
        self._remember([*earlier, *transitions])
        self._base, self._base_digest = sequence, state.digest
        self._whole_due = self.streaming
        return self._pump(now)

    def done(self, request_id: str, problem: str = "") -> Effects:
        """Tell that a request was carried out, or why not, once its results were given to `changed`."""
        return (Send(frames.Done(request_id, self.sequence, problem)),) if self.streaming else ()

    def connected(self, now: float) -> Effects:
        """Greet: a stream is open."""
        self._phase = _Phase.GREETING
        self._heard_at = self._moved_at = now
        self._inflight.clear()
        return (Send(attrs.evolve(self._hello, base_sequence=self._base, newest_sequence=self.sequence)),)

    def disconnected(self, now: float, retry_after_s: Optional[float] = None) -> None:
        """Set `retry_at`: the stream is over, or could not be opened.

        Exponential back-off with full jitter and a floor, after any hint; `retry_after_s` is one that came with the
        status.
        """
        self._phase = _Phase.OFFLINE
        self.is_served = False
        longest = min(MAX_BACK_OFF_S, 2.0 ** min(self._failures, 16))
        hint = max(self._retry_hint_s, retry_after_s or 0.0)
        self.retry_at = now + max(hint + self._random() * longest, MIN_BACK_OFF_S)
        self._failures += 1
        self._retry_hint_s = 0.0

    def received(self, frame: CollectorFrame, now: float) -> Effects:
        """Take in a frame of the collector. What comes on a stream that is closing is ignored."""
        if self._phase in (_Phase.OFFLINE, _Phase.CLOSING):
            return ()
        self._heard_at = now
        if isinstance(frame, frames.Unknown):
            self.ignored += 1
            return ()
        if isinstance(frame, frames.Drain):
            self._retry_hint_s = frame.retry_after_s or 0.0
            return self._close(Reason.DONE, f"the collector asks to come back later: {frame.reason}")
        if isinstance(frame, frames.Welcome):
            return self._welcomed(frame, now)
        if not self.streaming:
            return self._close(Reason.PROTOCOL, "the collector did not begin with Welcome")
        if isinstance(frame, frames.Ack):
            return self._acknowledged(frame.sequence, now)
        if isinstance(frame, frames.Resync):
            self._whole_due = True
            return self._pump(now)
        return (Deliver(frame),)

    def tick(self, now: float) -> Effects:
        """Do what is due: a heartbeat, a whole state that had to wait, the end of a dead stream."""
        silent_s = now - self._heard_at
        if self._phase is _Phase.GREETING and silent_s >= GREETING_S:
            return self._close(Reason.SILENT, f"no Welcome within {GREETING_S:.0f} s")
        if not self.streaming:
            return ()
        if silent_s >= SILENT_INTERVALS * self._heartbeat_s:
            return self._close(Reason.SILENT, f"the collector has been silent for {silent_s:.0f} s")
        if self._inflight and now - self._moved_at >= STUCK_S:
            return self._close(Reason.SILENT, f"the collector has kept nothing for {now - self._moved_at:.0f} s")
        effects = self._pump(now)
        if self._heartbeat_is_due(now):
            effects += self._heartbeat(now)
        return effects

    def _heartbeat_is_due(self, now: float) -> bool:
        """Tell whether to ask for an answer: that to a state comes only when the store has it, which may take long."""
        told, heard = self._told_at + self._heartbeat_s, self._heard_at + PATIENT_INTERVALS * self._heartbeat_s
        return now >= max(self._beat_at + self._heartbeat_s, min(told, heard))

    def _welcomed(self, welcome: frames.Welcome, now: float) -> Effects:
        if self.streaming:
            return self._close(Reason.PROTOCOL, "the collector sent Welcome twice")
        self._phase = _Phase.STREAMING
        self._max_inflight = welcome.max_inflight
        self._heartbeat_s = welcome.heartbeat_s
        self.max_message_bytes = welcome.max_message_bytes
        resume = welcome.resume_after
        self._whole_due = resume is None or not self._base <= resume <= self.sequence
        self._whole_after = now
        self._sent = self.sequence if resume is None else resume
        return self._pump(now) + self._heartbeat(now)

    def _acknowledged(self, sequence: int, now: float) -> Effects:
        self._failures = 0
        if sequence <= self._sent:
            if sequence > self.acked or sequence == self.sequence:
                self.is_served, self._moved_at = True, now
            self.acked = max(self.acked, sequence)
            while self._inflight and self._inflight[0] <= sequence:
                self._inflight.popleft()
            while self._kept and self._kept[0].sequence <= sequence:
                self._forget_oldest()
            while self._folded and self._folded[0][0] <= sequence:
                self._folded.popleft()
        return self._pump(now)

    def _pump(self, now: float) -> Effects:
        """Send what the window allows."""
        if not self.streaming:
            return ()
        if self._whole_due or self._sent < self._base:
            return self._send_whole(now)
        effects: List[Effect] = []
        while self._sent < self.sequence and len(self._inflight) < self._max_inflight:
            kept = self._kept[self._sent - self._base]
            self._sent = kept.sequence
            self._inflight.append(kept.sequence)
            effects.append(Send(frames.State(kept.sequence, kept.change, kept.digest)))
            self._told_at = now
        return tuple(effects)

    def _send_whole(self, now: float) -> Effects:
        """Everything that was on its way is void once a whole state is."""
        self._whole_due = now < self._whole_after
        if self._whole_due:
            return ()
        self._whole_after = now + WHOLE_PAUSE_S
        self._told_at = now
        self._sent = self.sequence
        self._inflight = deque([self.sequence])
        change = whole(self.state, self._transitions())
        return (Send(frames.State(self.sequence, change, self.state.digest, whole=True)),)

    def _heartbeat(self, now: float) -> Effects:
        self._beat_at = self._told_at = now
        if self._whole_due:
            return ()
        digest = self._base_digest if self._sent == self._base else self._kept[self._sent - self._base - 1].digest
        return (Send(frames.Heartbeat(self._sent, digest)),)

    def _forget_oldest(self) -> SectionsChange:
        oldest = self._kept.popleft()
        self._kept_bytes -= oldest.size
        self._kept_transitions -= len(oldest.change.transitions)
        self._base, self._base_digest = oldest.sequence, oldest.digest
        return oldest.change

    def _transitions(self) -> Tuple[Tuple[int, Transition], ...]:
        """Return all that is not acknowledged, in order."""
        return (*self._folded, *(item for kept in self._kept for item in kept.change.transitions))

    def _remember(self, transitions: Sequence[Tuple[int, Transition]]) -> None:
        """Keep transitions of which the changes are folded, the newest when there are too many."""
        self._folded.extend(item for item in transitions if item[0] > self.acked)
        while len(self._folded) > self._retention.max_transitions:
            self._folded.popleft()
            self.lost_transitions += 1

    def _close(self, reason: Reason, text: str) -> Effects:
        self._phase = _Phase.CLOSING
        return (Close(reason, text),)
