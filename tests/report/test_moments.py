"""Points in time as people write them."""

from __future__ import annotations

import os
import time

import pytest

from ascend_doctor.report.moments import read_moment

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", NOW - 90),
        ("10m", NOW - 600),
        ("2h", NOW - 7200),
        ("3d", NOW - 259_200),
        ("1790000000", NOW),
        ("1790000000.5", NOW + 0.5),
        ("2026-03-01", 1_772_323_200.0),
        ("2026-03-01T08:00:00Z", 1_772_352_000.0),
        ("2026-03-01T08:00:00z", 1_772_352_000.0),
        ("2026-03-01 08:00", 1_772_352_000.0),
        ("2026-03-01T08:00:00.250+08:00", 1_772_323_200.25),
    ],
)
def test_times_are_read(text: str, expected: float) -> None:
    """Spans before now, numbers of seconds, and ISO 8601, in UTC where no zone is given."""
    assert expected == read_moment(text, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2",
        "2 h",
        "-2h",
        "2w",
        "yesterday",
        "20260301",
        "2026-W09-1",
        "2026-13-01",
        "2026-03-01T25:00",
        "2026-03-01T08:00 08:00",
        "0000-00-00",
        "\u0661\u0662h",
        "9" * 40,
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    """Nothing is guessed, whatever the version of Python could make of it."""
    assert read_moment(text, NOW) is None


def test_a_time_without_a_zone_may_be_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """People at a terminal mean the clock on their wall."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert 1_772_323_200.0 == read_moment("2026-03-01T08:00", NOW, local=True)
    finally:
        monkeypatch.undo()
        assert "Asia/Shanghai" != os.environ.get("TZ")
        time.tzset()
