"""An agent's and a collector's session, joined by lines that can lose, double and delay; for the tests of the wire."""

from __future__ import annotations

import random
from collections import deque
from typing import Callable, Deque, Dict, Iterator, List, Optional, Tuple

import attrs

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.sections import NOTHING, Section, Sections, SectionsChange, apply, difference
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition, is_news
from ascend_doctor.v1 import ingest_pb2
from ascend_doctor.wire import frames
from ascend_doctor.wire.agent_session import DEFAULT_RETENTION, AgentSession, Retention
from ascend_doctor.wire.collector_session import DEFAULT_OFFER, CollectorSession, Known, Offer
from ascend_doctor.wire.effects import Close, Commit, Deliver, Effects, Reason, Send
from ascend_doctor.wire.requests import RequestReader, request_messages
from ascend_doctor.wire.responses import read_response, response_message
from ascend_doctor.wire.sections import SectionPool, write_check

NODE = "node-1"
Log = Callable[[str], None]


@attrs.define
class Spool:
    """What the node has on its disk: a state at a sequence, the transitions up to it, and the changes after it."""

    epoch: str = "e1"
    sequence: int = 0
    state: Sections = NOTHING
    transitions: List[Tuple[int, Transition]] = attrs.field(factory=list)
    changes: List[SectionsChange] = attrs.field(factory=list)

    def fold(self) -> None:
        """Fold the oldest change into the state, as a full spool does: its transitions stay."""
        change = self.changes.pop(0)
        self.state = apply(self.state, change)
        self.transitions += change.transitions
        self.sequence += 1

    @property
    def told(self) -> List[Tuple[int, Transition]]:
        """Every transition since the disk was new."""
        return [*self.transitions, *(item for change in self.changes for item in change.transitions)]


@attrs.define
class Store:
    """What the collector has on its disk."""

    epoch: str = ""
    sequence: int = -1
    state: Sections = NOTHING
    history: List[Tuple[int, Transition]] = attrs.field(factory=list)
    """What came of the present epoch."""

    def commit(self, change: Commit) -> None:
        """Do what `Commit` asks for."""
        if change.epoch != self.epoch:
            self.history = []
        known = self.sequence if change.epoch == self.epoch else -1
        if change.whole or change.sequence > known:
            self.history += [item for item in change.change.transitions if item[0] > known]
        if change.whole:
            self.epoch, self.sequence = change.epoch, change.sequence
            self.state = apply(NOTHING, change.change)
        elif change.sequence > self.sequence or change.epoch != self.epoch:
            assert (change.epoch, change.sequence - 1) == (self.epoch, self.sequence)
            self.sequence = change.sequence
            self.state = apply(self.state, change.change)

    def copied(self) -> Store:
        """Return a copy as a backup makes it."""
        return attrs.evolve(self, history=list(self.history))


@attrs.define(eq=False)
class Line:
    """One stream: what is on its way in both directions, as bytes."""

    session: CollectorSession
    reader: RequestReader = attrs.field(factory=lambda: RequestReader(SectionPool()))
    up: Deque[bytes] = attrs.field(factory=deque)
    down: Deque[bytes] = attrs.field(factory=deque)
    open: bool = True


class Pair:
    """Both halves, their disks, and every stream that either of them still believes in."""

    def __init__(
        self, *, offer: Offer = DEFAULT_OFFER, retention: Retention = DEFAULT_RETENTION, log: Optional[Log] = None
    ) -> None:
        self.now = 1000.0
        self.spool = Spool()
        self.store = Store()
        self.backup = Store()
        self.excused = 0
        """How many transitions of the epoch may be missing in the history, for a reason that was told."""
        self.pending: Deque[Commit] = deque()
        self.memory: Optional[Known] = None
        self.lines: List[Line] = []
        self.line: Optional[Line] = None
        self.offer = offer
        self.retention = retention
        self.log: Log = log or (lambda _text: None)
        self.random = random.Random(0)
        self.agent = self._make_agent()

    # What happens on the node.

    def _make_agent(self) -> AgentSession:
        agent = AgentSession(
            NODE,
            self.spool.epoch,
            random=self.random.random,
            sequence=self.spool.sequence,
            state=self.spool.state,
            transitions=self.spool.transitions,
            retention=self.retention,
        )
        for sequence, change in enumerate(self.spool.changes, self.spool.sequence + 1):
            assert agent.changed(sequence, change, self.now) == ()
        return agent

    def become(self, state: Sections) -> None:
        """Let the node's sections be these from now on."""
        change = difference(self.agent.state, state)
        news = _transitions(self.agent.state, state)
        change = attrs.evolve(change, transitions=tuple((self.agent.sequence + 1, item) for item in news))
        self.spool.changes.append(change)
        self._agent_does(self.agent.changed(self.agent.sequence + 1, change, self.now))

    def fold(self) -> None:
        """Fold the whole spool into one state and tell the session, which does not know the way there."""
        while self.spool.changes:
            self.spool.fold()
        self._agent_does(self.agent.replaced(self.spool.sequence, self.spool.state, self.spool.transitions, self.now))

    def restart_agent(self, *, lose_spool: bool = False) -> None:
        """Kill the agent; what is on its disk stays, unless that is lost too: then a new epoch begins."""
        self.excused += self.agent.lost_transitions
        if lose_spool:
            self.spool = Spool(epoch=self.spool.epoch + "x", sequence=1, state=self.agent.state)
            self.excused = 0
        self.line = None
        self.agent = self._make_agent()

    def connect(self) -> None:
        """Open a stream; the collector may still believe in older ones."""
        session = CollectorSession(self._lookup, identities=[NODE], now=self.now, offer=self.offer)
        self.line = Line(session)
        self.lines.append(self.line)
        self._agent_does(self.agent.connected(self.now))

    def disconnect(self) -> None:
        """Break the stream at the agent's end; what was sent may still arrive."""
        self.line = None
        self.agent.disconnected(self.now)
        self.log(f"agent connects again in {self.agent.retry_at - self.now:.1f} s")

    def _agent_does(self, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.log(f"agent> {describe(effect.frame)}")
                for message in request_messages(effect.frame, self.agent.max_message_bytes):  # type: ignore[arg-type]
                    if self.line is not None:
                        self.line.up.append(message.SerializeToString())
            elif isinstance(effect, Deliver):
                self.log(f"agent is asked: {describe(effect.frame)}")
            else:
                assert isinstance(effect, Close)
                self.log(f"agent closes: {effect.text} ({effect.reason.value})")
                self.disconnect()

    # What happens at the collector.

    def _lookup(self, node: str) -> Optional[Known]:
        assert node == NODE
        return self.memory

    def restart_collector(self) -> None:
        """Kill the collector; what is in its store stays."""
        self.pending.clear()
        store = self.store
        self.memory = None
        if store.sequence >= 0:
            self.memory = Known(store.epoch, store.sequence, store.state, store.sequence)
        for line in self.lines:
            line.open = False
        self.lines.clear()
        if self.line is not None:
            self.disconnect()

    def restore_collector(self) -> None:
        """Kill the collector and start it on its backup: what came since is lost, though it was acknowledged."""
        if self.store.epoch == self.spool.epoch:
            kept = self.backup.history if self.backup.epoch == self.store.epoch else []
            self.excused += len(self.store.history) - len(kept)
        self.store = self.backup.copied()
        self.restart_collector()

    def commit(self) -> bool:
        """Let the store finish the oldest commit."""
        if not self.pending:
            return False
        done = self.pending.popleft()
        self.store.commit(done)
        self.log(f"store has {done.epoch}/{done.sequence}")
        if self.memory is not None and self.memory.epoch == done.epoch:
            self.memory = attrs.evolve(self.memory, committed=done.sequence)
        for line in list(self.lines):
            self.collector_does(line, line.session.committed(done.epoch, done.sequence))
        return True

    def collector_does(self, line: Line, effects: Effects) -> None:
        """Do what a session of the collector asks for."""
        for effect in effects:
            if isinstance(effect, Send):
                self.log(f"collector> {describe(effect.frame)}")
                line.down.append(response_message(effect.frame).SerializeToString())  # type: ignore[arg-type]
                if isinstance(effect.frame, frames.Welcome):
                    self._close_older_than(line)
            elif isinstance(effect, Commit):
                note = "" if effect.verified else ", not verified"
                self.log(f"collector takes {'everything at ' if effect.whole else ''}{effect.sequence}{note}")
                self.pending.append(effect)
                committed = self.memory.committed if self.memory and self.memory.epoch == effect.epoch else -1
                committed = min(committed, effect.sequence - 1) if effect.whole else committed
                self.memory = Known(effect.epoch, effect.sequence, effect.state, committed)
            elif isinstance(effect, Deliver):
                self.log(f"collector hears: {describe(effect.frame)}")
            else:
                assert isinstance(effect, Close)
                self.log(f"collector closes: {effect.text} ({effect.reason.value})")
                line.open = False
                if line in self.lines:
                    self.lines.remove(line)

    def _close_older_than(self, line: Line) -> None:
        for older in self.lines[: self.lines.index(line)]:
            self.collector_does(older, older.session.close(Reason.DONE, "a newer stream is here"))

    # What happens in between.

    def deliver_up(self, line: Line, *, lose: bool = False, double: bool = False) -> bool:
        """Let the oldest message on its way to the collector arrive."""
        if not line.up:
            return False
        data = line.up.popleft()
        for _ in range(0 if lose else 2 if double else 1):
            if line.open:
                frame = line.reader.read(ingest_pb2.ConnectRequest.FromString(data))
                if frame is not None:
                    self.collector_does(line, line.session.received(frame, self.now))
        return True

    def deliver_down(self, line: Line, *, lose: bool = False, double: bool = False) -> bool:
        """Let the oldest message on its way to the agent arrive; after the last one, the end of a closed stream."""
        if not line.down:
            if line is self.line and not line.open:
                self.log("agent sees the stream end")
                self.disconnect()
                return True
            return False
        data = line.down.popleft()
        for _ in range(0 if lose else 2 if double else 1):
            if line is self.line:
                frame = read_response(ingest_pb2.ConnectResponse.FromString(data))
                self._heard(frame)
                self._agent_does(self.agent.received(frame, self.now))
        return True

    def _heard(self, frame: frames.CollectorFrame) -> None:
        """Hold the promise: what is acknowledged is on the collector's disk."""
        if isinstance(frame, frames.Ack) and frame.sequence >= 0 and self.store.epoch == self.spool.epoch:
            assert frame.sequence <= self.store.sequence

    def deliver(self) -> bool:
        """Let everything arrive that is on its way, and the answers to it; return whether anything was."""
        moved = False
        moving = True
        while moving:
            arrived = [self.deliver_up(line) or self.deliver_down(line) for line in self.all_lines()]
            moving = any(arrived)
            moved = moved or moving
        return moved

    def all_lines(self) -> List[Line]:
        """Return every stream that one of the halves believes in."""
        return self.lines + ([self.line] if self.line is not None and self.line not in self.lines else [])

    def wait(self, seconds: float) -> None:
        """Let time pass; both halves get their tick at its end."""
        self.now += seconds
        self._agent_does(self.agent.tick(self.now))
        for line in list(self.lines):
            self.collector_does(line, line.session.tick(self.now))

    def settle(self) -> None:
        """Let a faithful network and some minutes pass: the two halves must agree in the end."""
        for _ in range(120):
            if self.line is None and self.now >= self.agent.retry_at:
                self.connect()
            self.deliver()
            while self.commit():
                self.deliver()
            if self.agreed:
                return
            self.wait(5.0)
        raise AssertionError("the halves never agreed")

    @property
    def agreed(self) -> bool:
        """Whether the store has the node's state and the agent knows it."""
        return (
            (self.store.state, self.store.state.times) == (self.agent.state, self.agent.state.times)
            and (self.store.epoch, self.store.sequence) == (self.spool.epoch, self.agent.sequence)
            and self.agent.acked == self.agent.sequence
            and self.memory is not None
            and self.memory.state == self.agent.state
        )


def describe(frame: object) -> str:
    """Say in a few words what a frame holds."""
    if isinstance(frame, frames.Hello):
        return f"Hello {frame.node}, epoch {frame.epoch}, {frame.base_sequence} to {frame.newest_sequence}"
    if isinstance(frame, frames.Welcome):
        return (
            "Welcome, send everything" if frame.resume_after is None else f"Welcome, go on after {frame.resume_after}"
        )
    if isinstance(frame, frames.State):
        change = frame.change
        came = [f"{item.name}={_word(_outcome(item))}" for item in change.sections.values()]
        came += [f"{name} again" for name in change.times if name not in change.sections]
        came += [f"{name} gone" for name in sorted(change.removed)]
        came += [f"then {item.check} {_word(item.before)}>{_word(item.after)}" for _, item in change.transitions]
        return f"State {frame.sequence}{' (everything)' if frame.whole else ''}: {', '.join(came) or 'nothing'}"
    if isinstance(frame, frames.Heartbeat):
        return f"Heartbeat at {frame.sequence}"
    if isinstance(frame, (frames.Ack, frames.Resync)):
        return f"{type(frame).__name__} {attrs.astuple(frame)[0]}"
    return str(frame).replace("frames.", "")


def finding(check: str, status: Status, judged_at: float = 0.0) -> Finding:
    """Make a finding about the node."""
    return Finding(check, subjects.node(NODE), status, f"{check} is {status.value}", judged_at=judged_at)


def section(check: str, status: Status) -> Section:
    """Make the section of a check that found one thing out about the node."""
    return write_check(check, [finding(check, status)], NODE)


def sections(statuses: Dict[str, Status], at: float = 0.0) -> Sections:
    """Make the sections of a node from the outcomes of its checks."""
    return Sections({check: section(check, status) for check, status in statuses.items()}, dict.fromkeys(statuses, at))


def with_outcomes(state: Sections, statuses: Dict[str, Status], at: float) -> Sections:
    """Return the sections with some checks made again."""
    new = sections(statuses, at)
    return Sections({**state.sections, **new.sections}, {**state.times, **new.times})


def _transitions(old: Sections, new: Sections) -> Iterator[Transition]:
    for check in sorted(old.sections.keys() | new.sections.keys()):
        before, after = (_outcome(state.sections.get(check)) for state in (old, new))
        if is_news(before, after):
            yield Transition(check, "node:.:", before, after, 1.0, check)


def _outcome(section: Optional[Section]) -> Optional[Status]:
    """Return the outcome of a check over its one subject; a topic has none."""
    return section.statuses[0] if section is not None and section.statuses else None


def _word(status: Optional[Status]) -> str:
    return "-" if status is None else status.value
