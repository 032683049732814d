"""The collector's memory: what it keeps of a node, what follows from a change, and who is still current."""

from __future__ import annotations

import attrs
import pytest

from ascend_doctor.collector.fleet import Deadlines, Fleet
from ascend_doctor.collector.store import Standing, StoredNode
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import Liveness
from ascend_doctor.model.sections import NOTHING, Sections, difference, whole
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import npu
from ascend_doctor.model.transition import Transition
from ascend_doctor.wire.effects import Commit
from ascend_doctor.wire.frames import Hello
from ascend_doctor.wire.sections import write_check, write_topic
from wire_pair import section, sections, with_outcomes

NOW = 1_790_000_000.0
DEADLINES = Deadlines(stale_after_s=90, lost_after_s=600)
HELLO = Hello("node-1", "e", 0, 0, "1.2")
GOOD = sections({"npu.ecc": Status.PASS, "roce.link": Status.PASS}, NOW)
DOWN = with_outcomes(GOOD, {"roce.link": Status.FAIL}, NOW + 60)
WENT_DOWN = Transition("roce.link", "node:.:", Status.PASS, Status.FAIL, NOW + 60, "roce.link is fail")


def _whole(state, sequence=1, epoch="e", *, node="node-1", told=()):
    return Commit(node, epoch, sequence, True, whole(state, tuple(told)), state)


def _delta(before, state, sequence, *, told=()):
    change = attrs.evolve(difference(before, state), transitions=tuple((sequence, item) for item in told))
    return Commit("node-1", "e", sequence, False, change, state)


def _fleet(state=GOOD, **more):
    found = Fleet(DEADLINES, **more)
    found.accept(_whole(state), HELLO, NOW)
    return found


def _stored(name, state, *, at=NOW, sequence=7):
    contents = {name: item.content for name, item in state.sections.items()}
    return StoredNode(name, Standing("e", sequence, at), contents, dict(state.times))


def _changes(entry):
    items = [*(item for _, item in entry.transitions), *entry.untold]
    return [(item.check, item.before, item.after) for item in items]


@pytest.mark.parametrize(
    ("silent_s", "current_s", "expected"),
    [
        (0, None, Liveness.LIVE),
        (-5, None, Liveness.LIVE),
        (90, None, Liveness.LIVE),
        (91, None, Liveness.STALE),
        (600, None, Liveness.STALE),
        (601, None, Liveness.LOST),
        (200, 300.0, Liveness.LIVE),
        (301, 300.0, Liveness.STALE),
        (700, 900.0, Liveness.LIVE),
        (901, 900.0, Liveness.LOST),
        (91, 10.0, Liveness.STALE),
    ],
)
def test_silence_grows_old(silent_s, current_s, expected):
    """A node is stale, then lost, by the time since its last results; it may ask for more time, not for less."""
    fleet = Fleet(DEADLINES)
    fleet.accept(_whole(GOOD), attrs.evolve(HELLO, current_s=current_s), NOW)
    assert expected is fleet.liveness("node-1", NOW + silent_s)


def test_what_comes_from_the_future_is_not_current():
    """After a clock was put back nobody knows how old a node's word is; the clocks of two collectors may differ."""
    fleet = _fleet()
    fleet.accept(_whole(GOOD), HELLO, NOW)
    assert [Liveness.LIVE, Liveness.STALE] == [fleet.liveness("node-1", NOW - ahead) for ahead in (60, 61)]


def test_to_say_it_again_does_not_make_it_newer():
    """A whole state that the collector asks for again is as old as it was."""
    fleet = Fleet(DEADLINES)
    fleet.accept(_whole(GOOD), HELLO, NOW)
    fleet.accept(_whole(GOOD), HELLO, NOW + 100)
    assert Liveness.STALE is fleet.liveness("node-1", NOW + 100)
    fleet.accept(_whole(GOOD, 2), HELLO, NOW + 100)
    assert Liveness.LIVE is fleet.liveness("node-1", NOW + 100)


def test_a_node_may_ask_for_other_times():
    """How long results count is what the node said on the stream that they came on."""
    fleet = Fleet(DEADLINES)
    fleet.accept(_whole(GOOD), attrs.evolve(HELLO, current_s=900.0), NOW)
    fleet.accept(_whole(GOOD, 2), HELLO, NOW)
    assert Liveness.STALE is fleet.liveness("node-1", NOW + 100)


def test_who_is_expected_and_who_was_met():
    """All names stand in natural order; who was never met has never been seen; who is forgotten is gone."""
    fleet = _fleet(expected=["node-10", "node-2"])
    assert ("node-1", "node-2", "node-10") == fleet.names
    assert Liveness.NEVER_SEEN is fleet.liveness("node-2", NOW)
    fleet.accept(_whole(GOOD, node="node-3"), HELLO, NOW)
    assert ("node-1", "node-2", "node-3", "node-10") == fleet.names
    fleet.forget("node-1")
    fleet.forget("node-2")
    assert ("node-2", "node-3", "node-10") == fleet.names


def test_outcomes_are_counted():
    """Sections in which anything did not pass are known by name; of the rest numbers are enough."""
    mixed = [Finding("npu.temp", npu("node-1", number), status, "so") for number, status in enumerate(Status)]
    state = Sections({**DOWN.sections, "npu.temp": write_check("npu.temp", mixed, "node-1")}, DOWN.times)
    state = Sections({**state.sections, "hccs.link": section("hccs.link", Status.SKIP)}, state.times)
    member = _fleet(state).members["node-1"]
    assert (("roce.link", "npu.temp"), 2, 2) == (member.bad, member.passed, member.skipped)
    assert member.says_anything
    assert [Status.FAIL, *[item for item in Status if item not in (Status.PASS, Status.SKIP)]] == [
        item.status for item in member.findings(passes=False)
    ]
    assert len(Status) + 3 == len(list(member.findings(passes=True)))


def test_findings_have_the_name_of_the_node():
    """What travels without a name is told with it, with the time of its evidence."""
    (found,) = _fleet(DOWN).members["node-1"].findings(passes=False)
    assert ("roce.link|node:node-1:", "roce.link is fail", NOW + 60) == (found.key, found.summary, found.judged_at)


def test_a_node_that_tells_facts_only_says_nothing():
    """Without an outcome there is nothing to be ready."""
    fleet = _fleet(Sections({"versions": write_topic("versions", b"x", b"")}, {"versions": NOW}))
    assert not fleet.members["node-1"].says_anything
    assert NOW == fleet.members["node-1"].seen_at


def test_sections_of_many_nodes_are_one():
    """What good nodes say is in memory once, wherever it came from."""
    fleet = Fleet(DEADLINES)
    fleet.take_up([_stored("node-1", GOOD), _stored("node-2", GOOD)])
    read = fleet.pool.read(GOOD.sections["npu.ecc"].content)
    one, two = (fleet.members[name].sections.sections["npu.ecc"] for name in ("node-1", "node-2"))
    assert one is two is read


def test_the_store_is_taken_up():
    """After a restart the fleet is as it was, and everything in it counts as stored."""
    fleet = Fleet(DEADLINES)
    fleet.take_up([_stored("node-1", DOWN, at=NOW - 5)])
    known = fleet.known("node-1")
    assert ("e", 7, 7, DOWN) == (known.epoch, known.sequence, known.committed, known.state)
    assert Liveness.LIVE is fleet.liveness("node-1", NOW)
    assert ("roce.link",) == fleet.members["node-1"].bad


def test_damaged_sections_are_left_out(caplog):
    """A node of which the store has no sense is as one that was never met; the others are there, and it is told."""
    fleet = Fleet(DEADLINES)
    damaged = attrs.evolve(_stored("node-1", GOOD), sections={"npu.ecc": b"\xff\xff"})
    fleet.take_up([damaged, _stored("node-2", GOOD)])
    assert (None, ["node-2"]) == (fleet.known("node-1"), list(fleet.members))
    assert "node node-1: what the store has of it is damaged" in caplog.text


def test_told_transitions_are_kept():
    """What the node tells of changed results goes into history under its name, as it told it and once."""
    fleet = _fleet()
    back = attrs.evolve(WENT_DOWN, before=Status.FAIL, after=Status.PASS)
    entry = fleet.accept(_delta(GOOD, DOWN, 2, told=[WENT_DOWN, back, WENT_DOWN]), HELLO, NOW + 61)
    named = [attrs.evolve(item, subject="node:node-1:") for item in (WENT_DOWN, back, WENT_DOWN)]
    assert tuple((2, item) for item in named) == entry.transitions


def test_untold_changes_are_seen():
    """After a lost spool nobody tells what changed: the sections before and after do, and where the node stood."""
    fleet = _fleet()
    entry = fleet.accept(_whole(DOWN, 5, "f"), HELLO, NOW + 99)
    assert (attrs.evolve(WENT_DOWN, subject="node:node-1:"),) == entry.untold
    assert ((), ("e", 1)) == (entry.transitions, entry.compared)


def test_what_is_told_in_part_is_completed():
    """A change that leads elsewhere than what was told is told to its end; one that was told is not doubled."""
    fleet = _fleet()
    warned = attrs.evolve(WENT_DOWN, after=Status.WARN)
    entry = fleet.accept(_delta(GOOD, DOWN, 2, told=[warned]), HELLO, NOW)
    assert [("roce.link", Status.PASS, Status.WARN), ("roce.link", Status.PASS, Status.FAIL)] == _changes(entry)


@pytest.mark.parametrize("is_whole", [False, True])
def test_what_is_gone_is_told(is_whole):
    """A failure that goes with its check is over, told with the words of then; what passed goes without a word."""
    fleet = _fleet(DOWN)
    entry = fleet.accept(_whole(NOTHING, 2) if is_whole else _delta(DOWN, NOTHING, 2), HELLO, NOW + 9)
    gone = Transition("roce.link", "node:node-1:", Status.FAIL, None, NOW + 9, "roce.link is fail")
    assert (gone,) == entry.untold


def test_a_subject_that_is_gone_is_told():
    """One NPU less in a check: its failure is over, told with the words of then."""
    two = [Finding("npu.temp", npu("node-1", number), Status.FAIL, f"hot {number}") for number in range(2)]
    before = Sections({"npu.temp": write_check("npu.temp", two, "node-1")}, {"npu.temp": NOW})
    after = Sections({"npu.temp": write_check("npu.temp", two[:1], "node-1")}, {"npu.temp": NOW + 5})
    entry = _fleet(before).accept(_delta(before, after, 2), HELLO, NOW + 9)
    assert (Transition("npu.temp", "npu:node-1:1", Status.FAIL, None, NOW + 5, "hot 1"),) == entry.untold


def test_nothing_is_told_twice():
    """The same state again brings no transition, and a first one tells only what is wrong."""
    fleet = Fleet(DEADLINES)
    assert [("roce.link", None, Status.FAIL)] == _changes(fleet.accept(_whole(DOWN), HELLO, NOW))
    assert [] == _changes(fleet.accept(_whole(DOWN, 2), HELLO, NOW))
    assert [] == _changes(fleet.accept(_whole(DOWN, 1, "f"), HELLO, NOW))


def test_an_entry_has_what_the_store_is_to_keep():
    """Contents as they came, names that are gone, all times, and where the node stands."""
    fleet = _fleet()
    gone = Sections({"roce.link": DOWN.sections["roce.link"]}, {"roce.link": NOW + 60})
    entry = fleet.accept(_delta(GOOD, gone, 2), attrs.evolve(HELLO, current_s=120.0), NOW + 61)
    assert ("node-1", Standing("e", 2, NOW + 61, 120.0, "1.2"), False) == (entry.node, entry.standing, entry.whole)
    assert {"roce.link": DOWN.sections["roce.link"].content} == entry.sections
    assert (frozenset(["npu.ecc"]), {"roce.link": NOW + 60}) == (entry.removed, dict(entry.times))


def test_what_is_known_of_a_node():
    """Memory runs ahead of the store, and a whole state under a number that the store has is not in it yet."""
    fleet = Fleet(DEADLINES)
    assert fleet.known("node-1") is None
    four = fleet.accept(_whole(GOOD, 4), HELLO, NOW)
    assert (4, -1) == (fleet.known("node-1").sequence, fleet.known("node-1").committed)
    fleet.stored(four)
    assert 4 == fleet.known("node-1").committed
    fleet.accept(_whole(NOTHING, 4), HELLO, NOW)
    assert 3 == fleet.known("node-1").committed
    fleet.accept(_whole(GOOD, 1, "f"), HELLO, NOW)
    fleet.stored(four)
    assert ("f", -1) == (fleet.known("node-1").epoch, fleet.known("node-1").committed)
    fleet.forget("node-1")
    fleet.stored(four)
    assert fleet.known("node-1") is None


def test_what_the_store_refused_is_in_doubt():
    """The node has to say everything again; until it does, what it said last is told of it."""
    fleet = _fleet(DOWN)
    fleet.doubt("node-1")
    fleet.doubt("node-2")
    assert (None, ("roce.link",)) == (fleet.known("node-1"), fleet.members["node-1"].bad)
    fleet.accept(_whole(DOWN, 2), HELLO, NOW)
    assert 2 == fleet.known("node-1").sequence


def test_what_may_change_a_report_is_counted():
    """Newer evidence of what passes is no news; outcomes, facts and failures that are seen again are."""
    fleet = _fleet()
    states = [
        (with_outcomes(GOOD, {"npu.ecc": Status.PASS}, NOW + 60), False),
        (with_outcomes(GOOD, {"hccs.link": Status.PASS}, NOW + 60), True),
        (with_outcomes(GOOD, {"hccs.link": Status.SKIP}, NOW + 60), True),
        (DOWN, True),
        (with_outcomes(DOWN, {"npu.ecc": Status.PASS}, NOW + 90), True),
        (GOOD, True),
        (Sections({**GOOD.sections, "versions": write_topic("versions", b"x", b"")}, GOOD.times), True),
        (Sections({**GOOD.sections, "versions": write_topic("versions", b"y", b"")}, GOOD.times), True),
    ]
    before = GOOD
    for sequence, (state, is_news) in enumerate(states, 2):
        count = fleet.changes
        fleet.accept(_delta(before, state, sequence), HELLO, NOW)
        assert is_news is (fleet.changes > count)
        before = state
