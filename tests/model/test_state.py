"""The state of a node and its changes."""

from __future__ import annotations

from typing import Optional

import attrs
import pytest
from hypothesis import given, settings

from ascend_doctor.model.state import EMPTY, Change, NodeState, apply, difference, with_since
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition, is_news
from wire_examples import CHANGE, FINDING, PASSED, STATES, TOLD

QUICK = settings(max_examples=60, deadline=None)


@given(STATES, STATES)
@QUICK
def test_difference_leads_from_one_state_to_the_other(old: NodeState, new: NodeState) -> None:
    """Applying the difference of two states to the one gives the other."""
    assert new == apply(old, difference(old, new))


@given(STATES)
@QUICK
def test_state_does_not_differ_from_itself(state: NodeState) -> None:
    """A state is what its difference makes of nothing, and has none to itself."""
    assert state == apply(EMPTY, difference(EMPTY, state))
    assert not difference(state, attrs.evolve(state))


@pytest.mark.parametrize("order", [1, -1])
def test_failure_does_not_hide_behind_a_pass(order: int) -> None:
    """Of two findings under one key the worse is kept, whichever came first."""
    both = [FINDING, attrs.evolve(FINDING, status=Status.PASS)][::order]
    assert FINDING == NodeState.of(both).findings[FINDING.key]


def test_times_alone_are_a_small_change() -> None:
    """What was looked at again and is as before costs its times only."""
    old = NodeState.of([FINDING], {"ports": TOLD})
    new = NodeState.of([attrs.evolve(FINDING, judged_at=9.0)], {"ports": attrs.evolve(TOLD, collected_at=8.0)})
    expected = Change(judged_at={FINDING.key: 9.0}, collected_at={"ports": 8.0})
    assert expected == difference(old, new)
    assert new == apply(old, expected)


def test_what_is_as_before_is_no_change() -> None:
    """Entries that did not change, not even in their times, are left out of a difference."""
    other = attrs.evolve(FINDING, check="npu.ecc")
    old = NodeState.of([FINDING], {"ports": TOLD})
    new = NodeState.of([attrs.evolve(FINDING), other], {"ports": attrs.evolve(TOLD)})
    came = Transition("npu.ecc", other.subject.key, None, Status.FAIL, other.judged_at, other.summary)
    went = attrs.evolve(came, before=Status.FAIL, after=None, at=77.0)
    assert Change(findings={other.key: other}, transitions=(came,)) == difference(old, new)
    assert Change(removed_findings=frozenset({other.key}), transitions=(went,)) == difference(new, old, 77.0)


def test_topics_that_tell_something_else_come_whole() -> None:
    """A topic with other facts or other quotes is a change, and so is one that is no longer told about."""
    old = NodeState.of([], {"ports": TOLD, "node": TOLD, "tls": TOLD})
    new = NodeState.of([], {"ports": attrs.evolve(TOLD, facts=b"{}"), "node": attrs.evolve(TOLD, quotes=b"")})
    expected = Change(topics=dict(new.topics), removed_topics=frozenset({"tls"}))
    assert expected == difference(old, new)
    assert new == apply(old, expected)


def test_times_of_what_is_not_there_are_ignored() -> None:
    """Times and removals for unknown keys change nothing."""
    change = attrs.evolve(CHANGE, findings={}, topics={}, transitions=())
    assert NodeState() == apply(EMPTY, change)


def test_empty_change_is_false() -> None:
    """A change says whether it changes anything."""
    assert (False, True, True) == (bool(Change()), bool(CHANGE), bool(Change(removed_topics=frozenset({"k"}))))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Status.PASS, Status.FAIL, True),
        (Status.FAIL, Status.PASS, True),
        (Status.FAIL, Status.UNKNOWN, True),
        (None, Status.WARN, True),
        (Status.STALE, None, True),
        (Status.FAIL, Status.FAIL, False),
        (Status.PASS, Status.SKIP, False),
        (None, Status.PASS, False),
        (Status.SKIP, None, False),
    ],
)
def test_what_history_tells(before: Optional[Status], after: Optional[Status], expected: bool) -> None:
    """History tells of what was bad or becomes bad, and not of good results that come and go."""
    old = EMPTY if before is None else NodeState.of([attrs.evolve(FINDING, status=before)])
    new = EMPTY if after is None else NodeState.of([attrs.evolve(FINDING, status=after)])
    told = [(item.before, item.after) for item in difference(old, new).transitions]
    assert expected == is_news(before, after)
    assert ([(before, after)] if expected else []) == told


def test_other_words_are_no_transition() -> None:
    """A finding that says something else with the same status has not changed for history."""
    old, new = (NodeState.of([attrs.evolve(FINDING, summary=text)]) for text in ("12 errors", "13 errors"))
    change = difference(old, new)
    assert (1, ()) == (len(change.findings), change.transitions)


def test_bad_results_say_since_when() -> None:
    """A result that is bad keeps the time at which it became so, as long as its status stays; good ones have none."""
    bad = attrs.evolve(FINDING, since=0.0)
    first = with_since([attrs.evolve(bad, judged_at=10.0), PASSED], EMPTY)
    assert [10.0, 0.0] == [item.since for item in first]
    second = with_since([attrs.evolve(bad, judged_at=70.0, summary="still")], NodeState.of(first))
    assert [10.0] == [item.since for item in second]
    other = with_since([attrs.evolve(bad, judged_at=130.0, status=Status.UNKNOWN)], NodeState.of(second))
    assert [130.0] == [item.since for item in other]
