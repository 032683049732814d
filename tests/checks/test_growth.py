"""Windows between answers of counters: what they compare, and what they leave alone."""

from __future__ import annotations

from typing import Dict, List, Tuple

from ascend_doctor.checks.growth import newest, windows
from ascend_doctor.checks.view import Earlier

Counters = Dict[str, float]


def compared(present: Counters, *earlier: Tuple[float, Counters]) -> List[Tuple[float, float]]:
    """Return length and growth of each window of the counter `a`."""
    kept = [Earlier(age_s, counters) for age_s, counters in earlier]
    return [(window.seconds, window.total("a", "b")) for window in windows(present, kept, lambda facts: facts)]


def test_each_window_lies_between_two_answers() -> None:
    """The newest window comes first, and each counts from the answer before it."""
    assert [(60.0, 5.0), (240.0, 3.0)] == compared({"a": 10}, (60.0, {"a": 5}), (300.0, {"a": 2}))


def test_a_counter_that_fell_ends_the_comparison() -> None:
    """The device has started in between: what was counted before means nothing any more."""
    assert [(60.0, 1.0)] == compared({"a": 2}, (60.0, {"a": 1}), (120.0, {"a": 900}))
    assert [] == compared({"a": 2, "c": 0}, (60.0, {"a": 1, "c": 7}))


def test_answers_too_close_together_are_not_compared() -> None:
    """Somebody who asks twice in a row does not make a window of a second."""
    assert [(120.0, 4.0)] == compared({"a": 5}, (1.0, {"a": 5}), (120.0, {"a": 1}))


def test_a_counter_that_the_older_tool_did_not_know_is_left_out() -> None:
    """Only what both answers count can be compared."""
    assert [(60.0, 1.0)] == compared({"a": 2, "b": 9}, (60.0, {"a": 1}))


def test_without_an_earlier_answer_there_is_no_window() -> None:
    """The first look has nothing to compare."""
    assert None is newest(windows({"a": 1.0}, (), lambda facts: facts))
