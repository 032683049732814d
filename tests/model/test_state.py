"""The state of a node and its changes."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings

from ascend_doctor.model.finding import Quantity
from ascend_doctor.model.state import EMPTY, Change, NodeState, Rerun, apply, difference, whole
from ascend_doctor.model.status import Status
from wire_examples import CHANGE, CHANGES, EVIDENCE, FINDING, QUOTE, STATES

QUICK = settings(max_examples=60, deadline=None)


@given(STATES, STATES)
@QUICK
def test_difference_leads_from_one_state_to_the_other(old: NodeState, new: NodeState) -> None:
    """Applying the difference of two states to the one gives the other, its digest and size kept along the way."""
    reached = apply(old, difference(old, new))
    assert new == reached
    assert (new.digest, new.evidence_bytes) == (reached.digest, reached.evidence_bytes)


@given(STATES, CHANGES)
@QUICK
def test_digest_is_kept_by_any_change(state: NodeState, change: Change) -> None:
    """Whatever a change holds, the digest and size after it are those of the state computed anew."""
    after = apply(state, change)
    anew = NodeState(after.findings, after.evidence)
    assert (anew.digest, anew.evidence_bytes) == (after.digest, after.evidence_bytes)


@given(STATES)
@QUICK
def test_whole_makes_a_state_from_nothing(state: NodeState) -> None:
    """A state is what its whole change makes of nothing; a state does not differ from itself."""
    assert state == apply(EMPTY, whole(state))
    assert not difference(state, attrs.evolve(state))


def test_order_and_times_do_not_count_in_the_digest() -> None:
    """Two states that say the same have one digest, however and whenever they came about."""
    other = attrs.evolve(FINDING, check="npu.ecc")
    one = NodeState.of([FINDING, other], [EVIDENCE])
    later = [attrs.evolve(item, judged_at=item.judged_at + 60) for item in (other, FINDING)]
    two = NodeState.of(later, [attrs.evolve(EVIDENCE, started_at=5.0, duration_s=9.0, attempts=7)])
    assert one != two
    assert one.digest == two.digest


OTHER_VALUES = {
    "check": "x",
    "subject": attrs.evolve(FINDING.subject, name="4"),
    "status": Status.WARN,
    "severity": "x",
    "observed": Quantity("12.5", "dBm"),
    "confidence": "x",
    "quotes": (attrs.evolve(QUOTE, exit_code=None),),
}


@pytest.mark.parametrize("field", [item.name for item in attrs.fields(type(FINDING)) if item.name != "judged_at"])
def test_every_field_counts_in_the_digest(field: str) -> None:
    """A finding that differs in any field but its time changes the digest."""
    value: Any = OTHER_VALUES.get(field, "x" if isinstance(getattr(FINDING, field), str) else ())
    other = attrs.evolve(FINDING, **{field: value})
    assert NodeState({"k": FINDING}).digest != NodeState({"k": other}).digest


def test_digest_tells_numbers_from_words() -> None:
    """1, 1.0 and '1' are three different values, and so are their states."""
    states = [NodeState({"k": attrs.evolve(FINDING, observed=Quantity(value))}) for value in (1, 1.0, "1")]
    assert len({state.digest for state in states}) == 3


def test_kinds_do_not_cancel_out() -> None:
    """Findings and evidence under one key count apart, and an empty state has the digest of nothing."""
    assert NodeState({"k": FINDING}).digest != NodeState({}, {"k": EVIDENCE}).digest
    assert bytes(32) == EMPTY.digest


def test_digest_is_pinned() -> None:
    """The rule of the digest is that of the capability `digest.1`: it may change only with that number."""
    expected = "71f3f317c4aacb9559ba9b5ff45ec8c5137a6529630b6bdbe2ef51ea0a9ca53b"
    assert expected == NodeState.of([FINDING], [EVIDENCE]).digest.hex()


@pytest.mark.parametrize("order", [1, -1])
def test_failure_does_not_hide_behind_a_pass(order: int) -> None:
    """Of two findings under one key the worse is kept, whichever came first."""
    both = [FINDING, attrs.evolve(FINDING, status=Status.PASS)][::order]
    assert FINDING == NodeState.of(both).findings[FINDING.key]


def test_times_alone_are_a_small_change() -> None:
    """What was looked at again and is as before costs its times only."""
    old = NodeState.of([FINDING], [EVIDENCE])
    new = NodeState.of(
        [attrs.evolve(FINDING, judged_at=9.0)], [attrs.evolve(EVIDENCE, started_at=8.0, duration_s=1.0, attempts=3)]
    )
    expected = Change(judged_at={FINDING.key: 9.0}, reruns={EVIDENCE.key: Rerun(8.0, 1.0, 3)})
    assert expected == difference(old, new)
    assert new == apply(old, expected)
    assert expected.size < whole(new).size


def test_what_is_as_before_is_no_change() -> None:
    """Entries that did not change, not even in their times, are left out of a difference."""
    other = attrs.evolve(FINDING, check="npu.ecc")
    old = NodeState.of([FINDING], [EVIDENCE])
    new = NodeState.of([attrs.evolve(FINDING), other], [attrs.evolve(EVIDENCE)])
    assert Change(findings={other.key: other}) == difference(old, new)
    assert Change(removed_findings=frozenset({other.key})) == difference(new, old)


def test_times_of_what_is_not_there_are_ignored() -> None:
    """Times and removals for unknown keys change nothing."""
    change = attrs.evolve(CHANGE, findings={}, evidence={})
    assert NodeState() == apply(EMPTY, change)


def test_empty_change_is_false() -> None:
    """A change says whether it changes anything."""
    assert (False, True, True) == (bool(Change()), bool(CHANGE), bool(Change(removed_evidence=frozenset({"k"}))))
