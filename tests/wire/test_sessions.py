"""What the scripts do not show: hostile peers, other versions, and misuse."""

from __future__ import annotations

import random
from typing import Any, List, Optional, Tuple

import attrs
import pytest

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.sections import NOTHING, Sections, SectionsChange, apply, whole
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.transition import Transition
from ascend_doctor.wire import frames, limits
from ascend_doctor.wire.agent_session import AgentSession, Retention
from ascend_doctor.wire.collector_session import CollectorSession, Known, Offer
from ascend_doctor.wire.effects import Close, Commit, Reason, Send
from ascend_doctor.wire.sections import write_check, write_topic
from wire_pair import NODE, Pair, finding, section, sections

HELLO = frames.Hello(NODE, "e1", 0, 5, capabilities=(frames.DIGEST,))
STATE = sections({"a": Status.PASS})
WELCOME = frames.Welcome(None, 30.0, 16)
FAILED = Transition("a", "node:.:", Status.PASS, Status.FAIL, 1.0, "a")


def greeted(known: Optional[Known] = None, *, hello: Optional[frames.Hello] = HELLO, **named: Any) -> CollectorSession:
    """Make a session of the collector that has been greeted."""
    made = CollectorSession(lambda _node: known, identities=[NODE], now=0.0, **named)
    if hello is not None:
        made.received(hello, 0.0)
    return made


def everything(state: Sections, sequence: int = 1) -> frames.State:
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
    assert Reason.IDENTITY is reason(greeted(hello=None).received(other, 0.0))
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
    foreign = {"a": write_check("a", [attrs.evolve(finding("a", Status.FAIL), subject=subject)], NODE)}
    far = attrs.evolve(finding("a", Status.FAIL), affected=(subjects.npu("node-2", 0),))
    for change in (
        SectionsChange(foreign),
        SectionsChange({"a": write_check("a", [far], NODE)}),
        SectionsChange(transitions=((1, attrs.evolve(FAILED, subject=subject.key)),)),
    ):
        collector = greeted()
        state = apply(NOTHING, change)
        frame = frames.State(1, change, state.digest, whole=True)
        assert Reason.IDENTITY is reason(collector.received(frame, 0.0))
        assert (-1, NOTHING) == (collector.sequence, collector.state)


def test_node_may_speak_of_what_belongs_to_none() -> None:
    """A node may find something about a switch or an address."""
    found = attrs.evolve(finding("a", Status.WARN), subject=Subject(SubjectKind.SWITCH, "", "leaf-1"))
    state = Sections({"a": write_check("a", [found], NODE)})
    (effect,) = greeted().received(everything(state), 0.0)
    assert isinstance(effect, Commit)
    assert state == effect.state


def test_stream_begins_with_one_hello() -> None:
    """Anything before Hello, and a second Hello, end the stream; after that nothing comes out any more."""
    early = greeted(hello=None)
    assert Reason.PROTOCOL is reason(early.received(frames.Heartbeat(0, STATE.digest), 0.0))
    late = greeted()
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
    (effect,) = greeted(hello=None).received(newer, 0.0)
    assert isinstance(effect, Send)
    assert isinstance(effect.frame, frames.Welcome)
    assert (limits.PROTOCOL, (frames.RECHECK,)) == (effect.frame.protocol, effect.frame.capabilities)


def test_unknown_frames_are_counted() -> None:
    """A frame of a newer peer is counted on both sides and changes nothing."""
    collector = greeted()
    assert () == collector.received(frames.Unknown(), 0.0)
    agent = AgentSession(NODE, "e1", random=lambda: 0.5)
    agent.connected(0.0)
    assert () == agent.received(frames.Unknown(), 0.0)
    assert (1, 1) == (collector.ignored, agent.ignored)


def test_agent_with_other_digests_is_taken_unverified() -> None:
    """A whole state whose digest does not fit is taken as it is, and its digests are no longer compared."""
    collector = greeted()
    (first,) = collector.received(attrs.evolve(everything(STATE), digest=bytes(32)), 0.0)
    change = SectionsChange({"b": section("b", Status.FAIL)})
    (second,) = collector.received(frames.State(2, change, bytes(32)), 0.0)
    beat = collector.received(frames.Heartbeat(2, bytes(32)), 0.0)
    assert isinstance(first, Commit)
    assert isinstance(second, Commit)
    assert (False, False) == (first.verified, second.verified)
    assert (Send(frames.Ack(-1)),) == beat


def test_agent_without_digests_is_taken_unverified() -> None:
    """An agent whose digests follow another rule does not offer the capability, and nothing is compared."""
    collector = greeted(hello=attrs.evolve(HELLO, capabilities=()))
    (effect,) = collector.received(attrs.evolve(everything(STATE), digest=bytes(32)), 0.0)
    assert isinstance(effect, Commit)
    assert not effect.verified
    assert (Send(frames.Ack(-1)),) == collector.received(frames.Heartbeat(1, bytes(range(32))), 0.0)


def test_same_sequence_with_other_content_is_news() -> None:
    """A whole state at a known sequence is taken when it differs from what was said before."""
    collector = greeted(Known("e1", 1, NOTHING, 1))
    (effect,) = collector.received(everything(STATE), 0.0)
    assert isinstance(effect, Commit)
    assert (Send(frames.Ack(0)),) == collector.received(everything(STATE), 0.0)
    assert (Send(frames.Ack(1)),) == collector.committed("e1", 1)


def test_node_that_went_back_is_asked_for_everything() -> None:
    """A node that is behind what the collector knows of the same epoch has to tell everything."""
    collector = greeted(Known("e1", 9, STATE, 9), hello=None)
    (welcome,) = collector.received(HELLO, 0.0)
    assert isinstance(welcome, Send)
    assert isinstance(welcome.frame, frames.Welcome)
    assert welcome.frame.resume_after is None


def test_commits_of_another_life_are_not_acknowledged() -> None:
    """A commit of another epoch, or of a sequence that this stream has not seen, acknowledges nothing."""
    collector = greeted()
    assert () == collector.committed("e1", 1)
    collector.received(everything(STATE), 0.0)
    assert () == collector.committed("e0", 1)
    assert () == greeted(hello=None).committed("e1", 1)
    assert (Send(frames.Ack(1)),) == collector.committed("e1", 1)
    assert () == collector.committed("e1", 1)


def test_every_second_quiet_change_is_acknowledged() -> None:
    """Rounds in which all is as before are acknowledged two at a time; news, and what a window of one waits for, not.

    A change that an earlier stream brought is acknowledged at once, and a heartbeat is always answered.
    """
    quiet = SectionsChange(times={"a": 2.0})
    for window, expected in ((16, [(), (Send(frames.Ack(3)),), ()]), (1, [(Send(frames.Ack(n)),) for n in (2, 3, 4)])):
        collector = greeted(Known("e1", 1, STATE, 0), offer=Offer(max_inflight=window))
        assert (Send(frames.Ack(1)),) == collector.committed("e1", 1)
        found = []
        for sequence in (2, 3, 4):
            collector.received(frames.State(sequence, quiet, STATE.digest), 0.0)
            found.append(collector.committed("e1", sequence))
        assert expected == found
        assert (Send(frames.Ack(4)),) == collector.received(frames.Heartbeat(4, STATE.digest), 0.0)
        news = SectionsChange(transitions=((5, FAILED),))
        collector.received(frames.State(5, news, STATE.digest), 0.0)
        assert (Send(frames.Ack(5)),) == collector.committed("e1", 5)


def test_what_is_not_listened_to_is_no_silence() -> None:
    """A collector that did not read for a while counts the silence of the node from when it reads again."""
    session = greeted(Known("e1", 1, STATE, 1), offer=Offer(heartbeat_s=30.0))
    session.listening(100.0)
    assert () == session.tick(144.0)
    assert Reason.SILENT is reason(session.tick(145.0))


def test_window_is_enforced() -> None:
    """A node that does not wait for Ack is cut off."""
    collector = greeted(Known("e1", 0, NOTHING, 0), offer=Offer(max_inflight=1))
    for sequence in (1, 2):
        (effect,) = collector.received(everything(sections({f"b{sequence}": Status.PASS}), sequence), 0.0)
        assert isinstance(effect, Commit)
    assert Reason.LIMIT is reason(collector.received(everything(STATE, 3), 0.0))


@pytest.mark.parametrize(
    ("limit", "most", "state"),
    [
        ("MAX_SECTION_COUNT", 1, sections({"a": Status.PASS, "b": Status.PASS})),
        ("MAX_SECTIONS_BYTES", 50, Sections({"ports": write_topic("ports", bytes(range(60)), b"")})),
    ],
)
def test_one_node_cannot_fill_the_collector(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int, state: Sections
) -> None:
    """A node that has more to tell than is kept of one node is cut off."""
    monkeypatch.setattr(limits, limit, most)
    assert Reason.LIMIT is reason(greeted().received(everything(state), 0.0))


def test_bad_node_name() -> None:
    """An agent refuses to start under a name that no collector would take."""
    with pytest.raises(ValueError, match="'a b' is not a host name"):
        AgentSession("a b", "e1", random=lambda: 0.5)


def test_changes_come_in_order() -> None:
    """The agent's caller may neither skip nor repeat a sequence, nor put back an older state."""
    agent = AgentSession(NODE, "e1", random=lambda: 0.5, sequence=4, state=STATE)
    for sequence in (4, 6):
        with pytest.raises(ValueError, match="does not follow 4"):
            agent.changed(sequence, SectionsChange(), 0.0)
    with pytest.raises(ValueError, match="state 3 is older than 4"):
        agent.replaced(3, STATE, (), 0.0)


def test_big_changes_are_not_kept_for_ever() -> None:
    """Changes that nobody fetched are bounded by their size too; what is lost goes over in a whole state."""
    pair = Pair(retention=Retention(max_bytes=3_000))
    for number in range(3):
        noise = random.Random(number).getrandbits(12_000).to_bytes(1_500, "big")
        pair.become(Sections({"ports": write_topic("ports", noise, b"")}, {"ports": 1.0}))
    greeting = pair.agent.connected(0.0)
    assert [(2, 3)] == [(item.frame.base_sequence, item.frame.newest_sequence) for item in greeting]  # type: ignore[union-attr]
    pair.connect()
    pair.settle()
    assert pair.agent.state == pair.store.state


def outage(agent: AgentSession, first: int, last: int) -> List[Tuple[int, Transition]]:
    """Let a check fail and pass again in so many changes; return what happened."""
    told = []
    for sequence in range(first, last + 1):
        status = (Status.PASS, Status.FAIL)[sequence % 2]
        told.append((sequence, attrs.evolve(FAILED, after=status, at=float(sequence))))
        agent.changed(sequence, SectionsChange({"a": section("a", status)}, transitions=(told[-1],)), 0.0)
    return told


def welcomed(agent: AgentSession, now: float = 0.0) -> frames.State:
    """Return the state that the agent sends to a collector that has never met it."""
    agent.connected(now)
    (state, _) = agent.received(WELCOME, now)
    assert isinstance(state, Send)
    assert isinstance(state.frame, frames.State)
    return state.frame


def test_what_waits_has_a_size() -> None:
    """Changes that are not acknowledged take memory; with the acknowledgement they are gone."""
    agent = AgentSession(NODE, "e1", random=random.random)
    assert 0 == agent.waiting_bytes
    change = whole(STATE)
    agent.changed(1, change, 0.0)
    assert change.size == agent.waiting_bytes
    agent.connected(0.0)
    agent.received(WELCOME, 0.0)
    agent.received(frames.Ack(1), 0.0)
    assert 0 == agent.waiting_bytes


def test_oldest_transitions_are_lost_and_counted() -> None:
    """Of a very long outage the newest transitions are kept, over folded changes and others; the rest is counted."""
    agent = AgentSession(NODE, "e1", random=lambda: 0.5, retention=Retention(max_count=2, max_transitions=3))
    told = outage(agent, 1, 9)
    assert 4 == agent.lost_transitions
    assert tuple(told[4:]) == welcomed(agent).change.transitions
    assert () == agent.received(frames.Ack(9), 0.0)
    outage(agent, 10, 11)
    agent.disconnected(0.0)
    assert [10, 11] == [sequence for sequence, _ in welcomed(agent).change.transitions]
    assert 4 == agent.lost_transitions


def test_change_with_too_many_transitions_is_folded() -> None:
    """A change with more transitions than are kept goes over as a whole state, with the newest of them."""
    agent = AgentSession(NODE, "e1", random=lambda: 0.5, retention=Retention(max_transitions=3))
    many = tuple((1, attrs.evolve(FAILED, check=f"c{number}")) for number in range(5))
    agent.changed(1, SectionsChange({"a": section("a", Status.FAIL)}, transitions=many), 0.0)
    assert 2 == agent.lost_transitions
    state = welcomed(agent)
    assert (True, many[2:]) == (state.whole, state.change.transitions)


def test_session_remembers_more_than_a_folded_spool() -> None:
    """When the spool was folded and has forgotten the oldest transitions, those that the session knows go over."""
    agent = AgentSession(NODE, "e1", random=lambda: 0.5, retention=Retention(max_count=2))
    told = outage(agent, 1, 5)
    newer = [(sequence, attrs.evolve(FAILED, at=float(sequence))) for sequence in (4, 5, 7)]
    assert () == agent.replaced(7, STATE, newer, 0.0)
    assert (*told[:3], *newer) == welcomed(agent).change.transitions
    agent.received(frames.Ack(4), 1.0)
    (state,) = agent.replaced(8, STATE, (), 2.0)
    assert isinstance(state, Send)
    assert frames.State(8, whole(STATE, tuple(newer[1:])), STATE.digest, whole=True) == state.frame


def test_transitions_that_were_acknowledged_are_not_told_again() -> None:
    """What the spool still remembers and the collector has is left out."""
    agent = AgentSession(
        NODE, "e1", random=lambda: 0.5, sequence=2, state=STATE, transitions=[(1, FAILED), (2, FAILED)]
    )
    assert 2 == len(welcomed(agent).change.transitions)
    agent.received(frames.Ack(2), 0.0)
    (state,) = agent.replaced(3, STATE, [(1, FAILED), (2, FAILED), (3, FAILED)], 2.0)
    assert isinstance(state, Send)
    assert isinstance(state.frame, frames.State)
    assert ((3, FAILED),) == state.frame.change.transitions


def test_states_do_not_hide_a_dead_collector() -> None:
    """Against a collector that answers nothing, one heartbeat is tried before the stream counts as dead, no more."""
    agent = AgentSession(NODE, "e1", random=lambda: 0.5)
    welcomed(agent)
    beats = []
    for second in range(1, 45):
        agent.changed(second, SectionsChange(times={"a": float(second)}), float(second))
        beats += [second for _ in agent.tick(float(second))]
    assert [38] == beats
    assert Reason.SILENT is reason(agent.tick(45.0))


def test_who_keeps_nothing_does_not_serve() -> None:
    """A collector that keeps nothing is left after five minutes though it answers; it did not serve the node."""
    agent = AgentSession(NODE, "e1", random=lambda: 0.5)
    welcomed(agent)
    agent.received(frames.Ack(0), 0.0)
    assert agent.is_served
    agent.changed(1, SectionsChange(times={"a": 1.0}), 10.0)
    agent.received(frames.Ack(1), 20.0)
    agent.changed(2, SectionsChange(times={"a": 2.0}), 30.0)
    for second in range(30, 320, 10):
        agent.received(frames.Ack(1), float(second))
        assert not any(isinstance(item, Close) for item in agent.tick(float(second)))
    assert (Close(Reason.SILENT, "the collector has kept nothing for 300 s"),) == agent.tick(320.0)
    assert agent.is_served
    agent.disconnected(320.0)
    agent.connected(321.0)
    agent.received(WELCOME, 321.0)
    agent.received(frames.Ack(1), 321.0)
    assert not agent.is_served
    agent.received(frames.Ack(2), 322.0)
    assert agent.is_served


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


def test_back_off_grows_to_half_a_minute_and_starts_anew() -> None:
    """Without luck an agent comes back ever later, half a minute at most; after an Ack it begins anew; hints add up."""
    agent = AgentSession(NODE, "e1", random=lambda: 1.0)
    delays = []
    for _ in range(20):
        agent.disconnected(0.0)
        delays.append(agent.retry_at)
    assert [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0] == delays[:8]
    assert 30.0 == delays[-1]
    agent.connected(0.0)
    agent.received(WELCOME, 0.0)
    agent.received(frames.Ack(-1), 0.0)
    agent.disconnected(0.0, retry_after_s=7.0)
    assert 8.0 == agent.retry_at


def test_heartbeat_waits_for_a_whole_state_that_waits() -> None:
    """While a whole state is due and has to wait, no heartbeat tells a sequence that was never sent."""
    agent = AgentSession(NODE, "e1", random=lambda: 1.0, sequence=1, state=STATE)
    agent.connected(0.0)
    agent.received(attrs.evolve(WELCOME, heartbeat_s=0.8), 0.0)
    assert () == agent.received(frames.Resync("again"), 0.2)
    assert () == agent.tick(0.9)
    kinds = [type(effect.frame) for effect in agent.tick(1.1) if isinstance(effect, Send)]
    assert [frames.State] == kinds


def test_no_hint_and_no_chance_make_an_agent_come_back_at_once() -> None:
    """A collector that keeps sending its nodes away with a hint of 0 is not stormed."""
    agent = AgentSession(NODE, "e1", random=lambda: 0.0)
    agent.connected(10.0)
    agent.received(frames.Drain(0.0, "go"), 10.0)
    agent.disconnected(10.0, retry_after_s=0.0)
    assert 10.5 == agent.retry_at
