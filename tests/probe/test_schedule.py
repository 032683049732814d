"""When sources are due."""

from __future__ import annotations

import math

from ascend_doctor.facts.source import Cost
from ascend_doctor.probe.schedule import Schedule
from fake_tools import device_source


def test_schedule_by_interval():
    """Everything is due at the start, then each source on its own interval, or on the configured one."""
    often, seldom = device_source("a/often", interval_s=60), device_source("a/seldom", interval_s=300)
    third = device_source("a/third", interval_s=60)
    schedule = Schedule([often, seldom, third], {"a/third": 120})

    assert -math.inf == schedule.next_at()
    assert (often, seldom, third) == schedule.due(1000.0)
    assert () == schedule.due(1010.0)
    assert 1060.0 == schedule.next_at()
    assert (often,) == schedule.due(1059.5)
    assert (often, third) == schedule.due(1120.0)
    assert (often, seldom) == schedule.due(1300.0)[:2]


def test_schedule_without_sources():
    """An empty schedule is never due."""
    assert math.inf == Schedule([]).next_at()


def test_schedule_renewed():
    """Sources can be made due at once: by name, or all that are static; unknown names are ignored."""
    static, other = device_source("a/static", cost=Cost.STATIC, interval_s=3600), device_source("a/other")
    schedule = Schedule([static, other])
    schedule.due(0.0)
    schedule.renew_static()

    assert (static,) == schedule.due(1.0)
    schedule.renew(["a/other", "no/such"])
    assert (other,) == schedule.due(2.0)


def test_schedule_backs_off():
    """What found a device busy is asked half as often, once; what did not keeps its interval."""
    held, free = device_source("a/held", interval_s=60), device_source("a/free", interval_s=60)
    schedule = Schedule([held, free])
    schedule.due(0.0)
    schedule.back_off(frozenset({"a/held"}), 5.0)

    assert (125.0, 60.0) == (schedule.due_at(held), schedule.due_at(free))
    assert (free,) == schedule.due(60.0)
    assert (held, free) == schedule.due(125.0)
    assert 185.0 == schedule.due_at(held)
