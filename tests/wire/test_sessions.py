"""What the scripts do not show: hostile peers, other versions, and misuse."""

from __future__ import annotations

from typing import Any, Optional

import attrs
import pytest

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.state import EMPTY, Change, NodeState, whole
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.wire import frames, limits
from ascend_doctor.wire.agent_session import AgentSession, Retention
from ascend_doctor.wire.collector_session import CollectorSession, Known, Offer
from ascend_doctor.wire.effects import Close, Commit, Reason, Send
from wire_pair import NODE, Pair, answer, finding

HELLO = frames.Hello(NODE, "e1", 0, 5, capabilities=(frames.DIGEST,))
STATE = NodeState.of([finding("a", Status.PASS)])
WELCOME = frames.Welcome(None, 15.0, 16)


def session(known: Optional[Known] = None, *, hello: Optional[frames.Hello] = HELLO, **named: Any) -> CollectorSession:
    """Make a session of the collector that has been greeted."""
    made = CollectorSession(lambda _node: known, identities=[NODE], now=0.0, **named)
    if hello is not None:
        made.received(hello, 0.0)
    return made


def everything(state: NodeState, sequence: int = 1) -> frames.State:
    """Make the frame that tells a whole state."""
    return frames.State(sequence, whole(state), state.digest, whole=True)


def reason(effects: Any) -> Reason:
    """Return why the stream is closed."""
    (effect,) = effects
    assert isinstance(effect, Close)
    return effect.reason


def test_node_is_who_its_certificate_says() -> None:
    """A name that is not in the certificate is turned away; on loopback, without certificates, any name is good."""
    other = attrs.evolve(HELLO, node="node-2")
    assert Reason.IDENTITY is reason(session(hello=None).received(other, 0.0))
    open_session = CollectorSession(lambda _node: None, identities=None, now=0.0)
    (effect,) = open_session.received(other, 0.0)
    assert isinstance(effect, Send)


@pytest.mark.parametrize(
    "subject",
    [
        subjects.node("node-2"),
        subjects.port("node-2", 0),
        subjects.cluster(),
        Subject(SubjectKind.NPU, "", "0"),
    ],
)
def test_node_speaks_for_itself_only(subject: Subject) -> None:
    """A finding about another node, or about the cluster, ends the stream and reaches no store."""
    foreign = NodeState.of([attrs.evolve(finding("a", Status.PASS), subject=subject)])
    assert Reason.IDENTITY is reason(session().received(everything(foreign), 0.0))


def test_node_may_speak_of_what_belongs_to_none() -> None:
    """A node may find something about a switch or an address."""
    state = NodeState.of([attrs.evolve(finding("a", Status.WARN), subject=Subject(SubjectKind.SWITCH, "", "leaf-1"))])
    (effect,) = session().received(everything(state), 0.0)
    assert isinstance(effect, Commit)
    assert state == effect.state


def test_stream_begins_with_one_hello() -> None:
    """Anything before Hello, and a second Hello, end the stream; after that nothing comes out any more."""
    early = session(hello=None)
    assert Reason.PROTOCOL is reason(early.received(frames.Heartbeat(0, STATE.digest), 0.0))
    late = session()
    assert Reason.PROTOCOL is reason(late.received(HELLO, 0.0))
    for closed in (early, late):
        silent = (
            closed.received(HELLO, 0.0),
            closed.committed("e1", 1),
            closed.tick(1e6),
            closed.drain("upgrade"),
            closed.close(Reason.LIMIT, "again"),
        )
        assert ((), (), (), (), ()) == silent


def test_older_and_newer_protocols_meet_at_the_older() -> None:
    """Welcome names the newest protocol that both speak, and the capabilities that both have."""
    newer = attrs.evolve(HELLO, protocol=9, capabilities=("magic.7", frames.RECHECK))
    (effect,) = session(hello=None).received(newer, 0.0)
    assert isinstance(effect, Send)
    assert isinstance(effect.frame, frames.Welcome)
    assert (limits.PROTOCOL, (frames.RECHECK,)) == (effect.frame.protocol, effect.frame.capabilities)


def test_unknown_frames_are_counted() -> None:
    """A frame of a newer peer is counted on both sides and changes nothing."""
    collector = session()
    assert () == collector.received(frames.Unknown(), 0.0)
    agent = AgentSession(NODE, "e1", random=lambda: 0.5)
    agent.connected(0.0)
    assert () == agent.received(frames.Unknown(), 0.0)
    assert (1, 1) == (collector.ignored, agent.ignored)


def test_agent_with_other_digests_is_taken_unverified() -> None:
    """A whole state whose digest does not fit is taken as it is, and its digests are no longer compared."""
    collector = session()
    (first,) = collector.received(attrs.evolve(everything(STATE), digest=bytes(32)), 0.0)
    change = Change(findings={"b": finding("b", Status.FAIL)})
    (second,) = collector.received(frames.State(2, change, bytes(32)), 0.0)
    beat = collector.received(frames.Heartbeat(2, bytes(32)), 0.0)
    assert isinstance(first, Commit)
    assert isinstance(second, Commit)
    assert (False, False) == (first.verified, second.verified)
    assert (Send(frames.Ack(-1)),) == beat


def test_agent_without_digests_is_taken_unverified() -> None:
    """An agent whose digests follow another rule does not offer the capability, and nothing is compared."""
    collector = session(hello=attrs.evolve(HELLO, capabilities=()))
    (effect,) = collector.received(attrs.evolve(everything(STATE), digest=bytes(32)), 0.0)
    assert isinstance(effect, Commit)
    assert not effect.verified
    assert (Send(frames.Ack(-1)),) == collector.received(frames.Heartbeat(1, bytes(range(32))), 0.0)


def test_same_sequence_with_other_content_is_news() -> None:
    """A whole state at a known sequence is taken when it differs from what was said before."""
    collector = session(Known("e1", 1, EMPTY, 1))
    (effect,) = collector.received(everything(STATE), 0.0)
    assert isinstance(effect, Commit)
    assert (Send(frames.Ack(0)),) == collector.received(everything(STATE), 0.0)
    assert (Send(frames.Ack(1)),) == collector.committed("e1", 1)


def test_node_that_went_back_is_asked_for_everything() -> None:
    """A node that is behind what the collector knows of the same epoch has to tell everything."""
    collector = session(Known("e1", 9, STATE, 9), hello=None)
    (welcome,) = collector.received(HELLO, 0.0)
    assert isinstance(welcome, Send)
    assert isinstance(welcome.frame, frames.Welcome)
    assert welcome.frame.resume_after is None


def test_commits_of_another_life_are_not_acknowledged() -> None:
    """A commit of another epoch, or of a sequence that this stream has not seen, acknowledges nothing."""
    collector = session()
    assert () == collector.committed("e1", 1)
    collector.received(everything(STATE), 0.0)
    assert () == collector.committed("e0", 1)
    assert () == session(hello=None).committed("e1", 1)
    assert (Send(frames.Ack(1)),) == collector.committed("e1", 1)
    assert () == collector.committed("e1", 1)


def test_window_is_enforced() -> None:
    """A node that does not wait for Ack is cut off."""
    collector = session(Known("e1", 0, EMPTY, 0), offer=Offer(max_inflight=1))
    state, effects = EMPTY, ()
    for sequence in (1, 2, 3):
        new = NodeState.of([finding("a", Status.PASS), finding(f"b{sequence}", Status.PASS)])
        effects = collector.received(everything(new, sequence), 0.0)  # type: ignore[assignment]
        state = new
    assert state.findings
    assert Reason.LIMIT is reason(effects)


@pytest.mark.parametrize(
    ("limit", "most", "state"),
    [
        ("MAX_FINDING_COUNT", 1, NodeState.of([finding("a", Status.PASS), finding("b", Status.PASS)])),
        ("MAX_EVIDENCE_COUNT", 1, NodeState.of([], [answer("a", ""), answer("b", "")])),
        ("MAX_EVIDENCE_BYTES", 5, NodeState.of([], [answer("a", "123456")])),
    ],
)
def test_one_node_cannot_fill_the_collector(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int, state: NodeState
) -> None:
    """A node that has more to tell than is kept of one node is cut off."""
    monkeypatch.setattr(limits, limit, most)
    assert Reason.LIMIT is reason(session().received(everything(state), 0.0))


def test_bad_node_name() -> None:
    """An agent refuses to start under a name that no collector would take."""
    with pytest.raises(ValueError, match="'a b' is not a host name"):
        AgentSession("a b", "e1", random=lambda: 0.5)


def test_changes_come_in_order() -> None:
    """The agent's caller may neither skip nor repeat a sequence, nor put back an older state."""
    agent = AgentSession(NODE, "e1", random=lambda: 0.5, sequence=4, state=STATE)
    for sequence in (4, 6):
        with pytest.raises(ValueError, match="does not follow 4"):
            agent.changed(sequence, Change(), 0.0)
    with pytest.raises(ValueError, match="state 3 is older than 4"):
        agent.replaced(3, STATE, 0.0)


def test_big_changes_are_not_kept_for_ever() -> None:
    """Changes that nobody fetched are bounded by their size too; what is lost goes over in a whole state."""
    pair = Pair(retention=Retention(max_bytes=3_000))
    for number in range(3):
        pair.become(NodeState.of([], [answer("a", str(number) * 1_500)]))
    pair.connect()
    pair.settle()
    assert pair.agent.state == pair.store.state


def test_agent_ignores_what_comes_out_of_turn() -> None:
    """Frames on no stream and an Ack beyond what was sent do nothing; a second Welcome ends the stream."""
    agent = AgentSession(NODE, "e1", random=lambda: 0.5)
    assert () == agent.received(WELCOME, 0.0)
    agent.connected(0.0)
    agent.received(WELCOME, 0.0)
    assert agent.streaming
    assert () == agent.received(frames.Ack(99), 0.0)
    assert -1 == agent.acked
    assert Reason.PROTOCOL is reason(agent.received(WELCOME, 0.0))
    assert () == agent.received(frames.Ack(0), 0.0)
    assert not agent.streaming


def test_back_off_grows_to_a_minute_and_starts_anew() -> None:
    """Without luck an agent comes back ever later, a minute at most; after an Ack it begins anew; hints come on top."""
    agent = AgentSession(NODE, "e1", random=lambda: 1.0)
    delays = []
    for _ in range(20):
        agent.disconnected(0.0)
        delays.append(agent.retry_at)
    assert [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] == delays[:8]
    assert 60.0 == delays[-1]
    agent.connected(0.0)
    agent.received(WELCOME, 0.0)
    agent.received(frames.Ack(-1), 0.0)
    agent.disconnected(0.0, retry_after_s=7.0)
    assert 8.0 == agent.retry_at


def test_heartbeat_waits_for_a_whole_state_that_waits() -> None:
    """While a whole state is due and has to wait, no heartbeat tells a sequence that was never sent."""
    agent = AgentSession(NODE, "e1", random=lambda: 1.0, sequence=1, state=STATE)
    agent.connected(0.0)
    agent.received(attrs.evolve(WELCOME, heartbeat_s=0.5), 0.0)
    assert () == agent.received(frames.Resync("again"), 0.2)
    assert () == agent.tick(0.6)
    kinds = [type(effect.frame) for effect in agent.tick(1.2) if isinstance(effect, Send)]
    assert [frames.State, frames.Heartbeat] == kinds


def test_no_hint_and_no_chance_make_an_agent_come_back_at_once() -> None:
    """A collector that keeps sending its nodes away with a hint of 0 is not stormed."""
    agent = AgentSession(NODE, "e1", random=lambda: 0.0)
    agent.connected(10.0)
    agent.received(frames.Drain(0.0, "go"), 10.0)
    agent.disconnected(10.0, retry_after_s=0.0)
    assert 10.5 == agent.retry_at
