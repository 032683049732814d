"""Earlier answers, kept for counters of which only the difference means anything."""

from __future__ import annotations

import attrs

from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.probe import history
from fake_tools import device_source

COUNTERS = attrs.evolve(device_source("a/counters"), keeps=2, apart_s=60.0)


def at(seconds, key="a/counters@3", **more):
    """Return an answer that was collected at a time."""
    return Evidence(key, ("tool",), exit_code=0, stdout=f"{seconds}\n".encode(), started_at=float(seconds), **more)


def rounds(*answers, sources=(COUNTERS,)):
    """Return what is kept after rounds that brought one answer each, as (key, time) in the order of the keys."""
    kept = {}
    for answer in answers:
        kept = history.followed_by(kept, {answer.key: answer}, sources)
    assert all(key == item.key for key, item in kept.items())
    return [(key.partition("@3")[2], item.started_at) for key, item in sorted(kept.items())]


def test_as_many_are_kept_as_the_source_says():
    """The newest stands under its own name, the ones before it behind, oldest last; more than asked for are dropped."""
    assert [("", 0.0)] == rounds(at(0))
    assert [("", 60.0), ("!1", 0.0)] == rounds(at(0), at(60))
    assert [("", 240.0), ("!1", 180.0), ("!2", 120.0)] == rounds(at(0), at(60), at(120), at(180), at(240))


def test_who_asks_often_does_not_shorten_the_window():
    """An answer that is hardly older than the next one is dropped; a round that drifted a little counts."""
    assert [("", 70.0), ("!1", 0.0)] == rounds(at(0), at(60), at(70))
    assert [("", 114.0), ("!1", 58.0), ("!2", 0.0)] == rounds(at(0), at(58), at(114))


def test_what_was_not_answered_is_no_earlier_answer():
    """A run that timed out, and a source that keeps nothing, leave no earlier answer."""
    hung = at(0, ending=Ending.TIMED_OUT)
    assert [("", 60.0)] == rounds(attrs.evolve(hung, exit_code=None), at(60))
    assert [("", 60.0)] == rounds(at(0), at(60), sources=(device_source("a/counters"),))
