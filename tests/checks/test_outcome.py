"""Sentences about what could not be seen, and what of them is the reason."""

from __future__ import annotations

import pytest

from ascend_doctor.checks import outcome
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Status

NODE = subjects.node("node-1")


@pytest.mark.parametrize("gap", [Missing(Absence.TIMED_OUT), Missing(Absence.UNPARSED, "line 3: expected a number")])
def test_the_reason_comes_back_out_of_the_sentence(gap: Missing) -> None:
    """However the reason is worded, it is told from what is not known."""
    found = outcome.unknown(NODE, "the state of the link", gap)
    assert (Status.UNKNOWN, str(gap)) == (found.status, outcome.reason(found))


def test_the_age_is_the_reason_of_an_old_result() -> None:
    """What was found then is no part of the reason, not even what was unknown then."""
    found = outcome.unknown(NODE, "the link", Missing(Absence.TIMED_OUT))
    old = outcome.outdated(found, "was unknown 9 minutes ago")
    assert (Status.STALE, "was unknown 9 minutes ago") == (old.status, outcome.reason(old))


def test_another_sentence_is_a_reason_of_its_own() -> None:
    """Nothing is cut off where nothing tells what is the reason."""
    assert "nobody asked: yet" == outcome.reason(outcome.skipped(NODE, "nobody asked: yet"))


def test_a_warning_takes_what_a_failure_takes() -> None:
    """Both say what would have passed."""
    found = outcome.warned(NODE, "it is 2", expected="1", remedies=[], observed=2)
    assert (Status.WARN, "1", "2") == (found.status, found.expected, str(found.observed))
