"""The collector's half of the stream, without I/O: one session per stream."""

from __future__ import annotations

from typing import Callable, Collection, List, Optional, Tuple

import attrs

from ascend_doctor.model.sections import NOTHING, Sections, apply
from ascend_doctor.wire import frames, limits
from ascend_doctor.wire.effects import Close, Commit, Deliver, Effects, Reason, Send
from ascend_doctor.wire.frames import AgentFrame
from ascend_doctor.wire.sections import foreign_subject

GREETING_S = 10.0
"""How long a stream may be open without Hello."""
SILENT_INTERVALS = 1.5
"""After so many intervals of the heartbeat without a word the stream counts as dead."""
RESYNC_S = 30.0
"""How long to wait for a whole state before asking again."""


@attrs.frozen
class Known:
    """What the collector knows of a node: its `state` at `sequence` of `epoch`.

    `committed` is the newest sequence of the epoch in the store, -1 for none; the memory may be ahead of the store.
    """

    epoch: str
    sequence: int
    state: Sections
    committed: int


@attrs.frozen
class Offer:
    """What Welcome says."""

    heartbeat_s: float = 120.0
    """Longer than a round: a node that looks every minute never has to send one."""
    max_inflight: int = 16
    max_message_bytes: int = limits.MAX_MESSAGE_BYTES
    capabilities: Tuple[str, ...] = (frames.DIGEST, frames.RECHECK, frames.ROUND)


DEFAULT_OFFER = Offer()


class CollectorSession:
    """One stream of one node.

    Inputs: `received` for each frame, `committed` when the store has a change, `tick` about once a second, and
    `recheck`, `round`, `drain` to ask the node. Each returns effects. `now` is any clock that never goes back, in
    seconds. After `Close` nothing more comes out. When a node opens a second stream, its older one is to be closed.
    """

    def __init__(
        self,
        lookup: Callable[[str], Optional[Known]],
        *,
        identities: Optional[Collection[str]],
        now: float,
        offer: Offer = DEFAULT_OFFER,
    ) -> None:
        """`lookup` returns what the collector knows of a node by name, None for one it has not met.

        `identities` are the names in the peer's certificate; None only for a peer without one on a loopback address.
        """
        self.hello: Optional[frames.Hello] = None
        """How the node introduced itself; None until it did."""
        self.capabilities: Tuple[str, ...] = ()
        """What holds of what the node offered."""
        self.state: Sections = NOTHING
        """The node's sections as they were accepted last."""
        self.sequence = -1
        """The sequence of `state`, -1 when there is none."""
        self.ignored = 0
        """How many frames came that this program does not know."""
        self._lookup = lookup
        self._identities = None if identities is None else tuple(identities)  # a set takes five times the memory
        self._offer = offer
        self._closed = False
        self._committed = -1
        self._pending: List[Tuple[int, bool]] = []  # an empty deque takes ten times the memory, for every node
        self._owes = False
        self._claimed = b""
        self._verifying = False
        self._awaiting = False
        self._asked_at = now
        self._heard_at = now

    def received(self, frame: AgentFrame, now: float) -> Effects:
        """Take in a frame of the node."""
        if self._closed:
            return ()
        self._heard_at = now
        if isinstance(frame, frames.Unknown):
            self.ignored += 1
            return ()
        if isinstance(frame, frames.Hello):
            return self._greeted(frame, now)
        if self.hello is None:
            return self._close(Reason.PROTOCOL, "the stream does not begin with Hello")
        if isinstance(frame, frames.State):
            return self._whole(self.hello, frame) if frame.whole else self._delta(self.hello, frame, now)
        if isinstance(frame, frames.Heartbeat):
            return self._heartbeat(frame, now)
        return (Deliver(frame),)

    def committed(self, epoch: str, sequence: int) -> Effects:
        """Acknowledge: the store has what a `Commit` asked for, of this session or an earlier one of the same node.

        Of changes that only say that all is as before, every second one is acknowledged, with the one before it: they
        are nearly all that thousands of nodes send, and a node that wants to know sooner asks with a heartbeat.
        """
        if self._closed or self.hello is None or self.hello.epoch != epoch:
            return ()
        if not self._committed < sequence <= self.sequence:
            return ()
        self._committed = sequence
        quiet = []
        while self._pending and self._pending[0][0] <= sequence:
            quiet.append(self._pending.pop(0)[1])
        self._owes = bool(quiet) and all(quiet) and not self._owes and self._offer.max_inflight > 1
        return () if self._owes else (Send(frames.Ack(sequence)),)

    def tick(self, now: float) -> Effects:
        """Do what is due: ask again for a whole state that did not come, end a dead stream."""
        if self._closed:
            return ()
        silent_s = now - self._heard_at
        if self.hello is None and silent_s >= GREETING_S:
            return self._close(Reason.SILENT, f"no Hello within {GREETING_S:.0f} s")
        if silent_s >= SILENT_INTERVALS * self._offer.heartbeat_s:
            return self._close(Reason.SILENT, f"silent for {silent_s:.0f} s")
        if self._awaiting and now - self._asked_at >= RESYNC_S:
            return self._resync("no whole state came", now)
        return ()

    def listening(self, now: float) -> None:
        """Note that the peer is not silent: the caller reads on who did not for a while, or parts of a state come."""
        self._heard_at = self._asked_at = now

    def recheck(self, request_id: str, checks: Tuple[str, ...] = ()) -> Effects:
        """Ask the node to run checks now, all when none is named; `Deliver` brings the outcome."""
        return self._ask(frames.RECHECK, request_id, frames.Recheck(request_id, checks))

    def round(self, request_id: str, source: str, probes: Tuple[frames.Probe, ...], time_limit_s: float) -> Effects:
        """Ask the node for an active test; `Deliver` brings the outcome."""
        return self._ask(frames.ROUND, request_id, frames.Round(request_id, source, probes, time_limit_s))

    def drain(self, reason: str, retry_after_s: Optional[float] = None) -> Effects:
        """Ask the node to go; it closes the stream."""
        return () if self._closed else (Send(frames.Drain(retry_after_s, reason)),)

    def close(self, reason: Reason, text: str, retry_after_s: Optional[float] = None) -> Effects:
        """End the stream from this side: a message was refused, or a newer stream of the node is here."""
        return () if self._closed else self._close(reason, text, retry_after_s)

    def _greeted(self, hello: frames.Hello, now: float) -> Effects:
        if self.hello is not None:
            return self._close(Reason.PROTOCOL, "Hello came twice")
        if self._identities is not None and hello.node not in self._identities:
            return self._close(Reason.IDENTITY, f"the certificate is not that of node {hello.node}")
        self.hello = hello
        self.capabilities = tuple(item for item in hello.capabilities if item in self._offer.capabilities)
        self._verifying = frames.DIGEST in self.capabilities
        known = self._lookup(hello.node)
        resumes = (
            known is not None
            and known.epoch == hello.epoch
            and hello.base_sequence <= known.sequence <= hello.newest_sequence
        )
        if known is not None and resumes:
            self.sequence, self.state, self._committed = known.sequence, known.state, known.committed
            self._claimed = known.state.digest
        self._awaiting, self._asked_at = not resumes, now
        welcome = frames.Welcome(
            resume_after=self.sequence if resumes else None,
            heartbeat_s=self._offer.heartbeat_s,
            max_inflight=self._offer.max_inflight,
            max_message_bytes=self._offer.max_message_bytes,
            capabilities=self.capabilities,
            protocol=min(hello.protocol, limits.PROTOCOL),
        )
        return (Send(welcome),)

    def _whole(self, hello: frames.Hello, frame: frames.State) -> Effects:
        again = frame.sequence == self.sequence
        news = frame.digest != self._claimed if again else frame.sequence > self.sequence
        if not (self._awaiting or news):
            return self._acknowledge()
        state = apply(NOTHING, frame.change)
        if state.digest != frame.digest:
            # A whole state cannot be asked for better than this. It comes from an agent whose digests count something
            # that this program does not know; its sequence numbers still hold.
            self._verifying = False
        self._awaiting = False
        self._committed = min(self._committed, frame.sequence - 1)
        return self._accept(hello, frame, state, verified=self._verifying)

    def _delta(self, hello: frames.Hello, frame: frames.State, now: float) -> Effects:
        if self._awaiting:
            return ()
        if frame.sequence <= self.sequence:
            return self._acknowledge()
        if frame.sequence > self.sequence + 1:
            return self._resync(f"{frame.sequence} does not follow {self.sequence}", now)
        state = apply(self.state, frame.change)
        if self._verifying and state.digest != frame.digest:
            return self._resync(f"the digest of {frame.sequence} differs", now)
        return self._accept(hello, frame, state, verified=self._verifying)

    def _accept(self, hello: frames.Hello, frame: frames.State, state: Sections, *, verified: bool) -> Effects:
        foreign = foreign_subject(frame.change, hello.node)
        if foreign:
            return self._close(Reason.IDENTITY, f"a finding of node {hello.node} is about {foreign}")
        excess = _excess(state)
        if excess:
            return self._close(Reason.LIMIT, excess)
        if len(self._pending) >= 2 * self._offer.max_inflight:
            return self._close(Reason.LIMIT, "more states are on their way than Welcome allows")
        self.sequence, self.state, self._claimed = frame.sequence, state, frame.digest
        self._pending.append((frame.sequence, frame.change.is_quiet and not frame.whole))
        commit = Commit(hello.node, hello.epoch, frame.sequence, frame.whole, frame.change, state, verified)
        return (commit,)

    def _heartbeat(self, frame: frames.Heartbeat, now: float) -> Effects:
        acknowledgement = self._acknowledge()
        if self._awaiting:
            return acknowledgement
        if frame.sequence > self.sequence:
            return acknowledgement + self._resync(f"{frame.sequence} was sent, {self.sequence} came", now)
        if self._verifying and frame.sequence == self.sequence and frame.digest != self.state.digest:
            return acknowledgement + self._resync(f"the digest at {frame.sequence} differs", now)
        return acknowledgement

    def _acknowledge(self) -> Effects:
        return (Send(frames.Ack(self._committed)),)

    def _resync(self, reason: str, now: float) -> Effects:
        self._awaiting, self._asked_at = True, now
        return (Send(frames.Resync(reason)),)

    def _ask(self, capability: str, request_id: str, frame: frames.CollectorFrame) -> Effects:
        if capability in self.capabilities and not self._closed:
            return (Send(frame),)
        return (Deliver(frames.Done(request_id, self.sequence, f"the node is gone or does not offer {capability}")),)

    def _close(self, reason: Reason, text: str, retry_after_s: Optional[float] = None) -> Effects:
        self._closed = True
        return (Close(reason, text, retry_after_s),)


def _excess(state: Sections) -> str:
    if len(state.sections) > limits.MAX_SECTION_COUNT:
        return f"more than {limits.MAX_SECTION_COUNT} sections"
    if state.size > limits.MAX_SECTIONS_BYTES:
        return f"more than {limits.MAX_SECTIONS_BYTES} bytes of sections"
    return ""
