"""What a port remembers of its past."""

from __future__ import annotations

import math
from typing import List, Tuple

from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.simulator.hardware import LinkEvent
from ascend_doctor.simulator.history import LINK_UP_AFTER_BOOT_S, link_history, traffic

BOOT = 1_000_000.0
FIRST_UP = BOOT + LINK_UP_AFTER_BOOT_S


def test_an_undisturbed_link_has_come_up_once() -> None:
    """A healthy link has one record: it came up after the boot."""
    history = link_history(BOOT, [], FIRST_UP + 90.0)
    assert (1, 0, ((FIRST_UP, LinkEvent.UP),)) == (history.up_count, history.down_count, history.records)
    assert 90.0 == history.up_for_s


def test_a_pulled_cable_is_the_newest_record() -> None:
    """While the cable is out, the newest record says when it was pulled."""
    history = link_history(BOOT, [(FIRST_UP + 50.0, math.inf)], FIRST_UP + 90.0)
    assert (FIRST_UP + 50.0, LinkEvent.DOWN) == history.records[0]
    assert (1, 1, 50.0) == (history.up_count, history.down_count, history.up_for_s)


def test_a_mended_cable_leaves_its_records() -> None:
    """After the repair both changes stay in the history, newest first."""
    history = link_history(BOOT, [(FIRST_UP + 50.0, FIRST_UP + 60.0)], FIRST_UP + 90.0)
    assert (
        (FIRST_UP + 60.0, LinkEvent.UP),
        (FIRST_UP + 50.0, LinkEvent.DOWN),
        (FIRST_UP, LinkEvent.UP),
    ) == history.records
    assert 80.0 == history.up_for_s


def test_faults_at_the_same_time_are_one_gap() -> None:
    """Two faults that overlap take the link down once."""
    gaps = [(FIRST_UP + 50.0, FIRST_UP + 60.0), (FIRST_UP + 55.0, FIRST_UP + 70.0)]
    assert (2, 1) == (
        link_history(BOOT, gaps, FIRST_UP + 90.0).up_count,
        link_history(BOOT, gaps, FIRST_UP + 90.0).down_count,
    )


def test_a_cable_that_was_never_in() -> None:
    """A port that was dark since before the boot has no history at all."""
    history = link_history(BOOT, [(0.0, math.inf)], FIRST_UP + 90.0)
    assert (0, 0, (), 0.0) == (history.up_count, history.down_count, history.records, history.up_for_s)


def test_only_ten_records_are_kept() -> None:
    """The device counts every change and keeps the newest ten."""
    gaps = [(FIRST_UP + 10.0 * step, FIRST_UP + 10.0 * step + 1.0) for step in range(1, 21)]
    history = link_history(BOOT, gaps, FIRST_UP + 500.0)
    assert (21, 20, 10) == (history.up_count, history.down_count, len(history.records))


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(
        st.tuples(st.floats(-100, 10_000), st.floats(0.1, 500)).map(lambda pair: (pair[0] + BOOT, sum(pair) + BOOT)),
        max_size=8,
    ),
    now=st.floats(0, 12_000),
    later=st.floats(0, 1_000),
)
def test_history_is_consistent(gaps: List[Tuple[float, float]], now: float, later: float) -> None:
    """Ups and downs alternate, newest first; time only adds to what was counted."""
    before, after = link_history(BOOT, gaps, BOOT + now), link_history(BOOT, gaps, BOOT + now + later)
    events = [event for _, event in after.records]
    assert [] == [pair for pair in zip(events, events[1:]) if pair[0] is pair[1]]
    assert sorted((time for time, _ in after.records), reverse=True) == [time for time, _ in after.records]
    assert after.up_count - after.down_count in (0, 1)
    assert before.up_count <= after.up_count
    assert before.down_count <= after.down_count
    assert before.up_for_s <= after.up_for_s + 1e-6
    counted = traffic("port", after.up_for_s)
    assert [] == [name for name, value in traffic("port", before.up_for_s).items() if value > counted[name] + 1]


def test_traffic_belongs_to_its_port() -> None:
    """The same port counts the same, another one differently, and none counts an error."""
    assert traffic("a", 3600.0) == traffic("a", 3600.0)
    assert traffic("a", 3600.0) != traffic("b", 3600.0)
    assert [] == [name for name in traffic("a", 3600.0) if "err" in name or "bad" in name]
