"""The benchmark of a round stays runnable: its short form measures, prints and judges."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROUND = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "round.py"


@pytest.fixture(scope="module")
def printed():
    """What the short form prints, and its exit code."""
    done = subprocess.run([sys.executable, str(ROUND), "--short"], capture_output=True, text=True, check=False)
    return done.stdout, done.stderr, done.returncode


def test_short_form_ends_with_its_figure(printed):
    """The last line is `name: figure, limit, holds|falls short`, and the exit code says the same."""
    out, err, code = printed
    last = out.splitlines()[-1]

    assert "" == err
    assert re.match(r"bench-round: \d+ gates fall short, at most 0 gates fall short, (holds|falls short)$", last), last
    assert (code == 0) == last.endswith(", holds")


def test_every_row_is_measured(printed):
    """Each row of the goals has its gates."""
    out = printed[0]

    assert {"A1", "A2", "A3", "A4", "A5", "A6", "C1", "C2"} == {
        line[:2]
        for line in out.splitlines()
        if re.match(r"[AC]\d .*: .*, at (most|least) .*, (holds|falls short)$", line)
    }


@pytest.mark.parametrize(
    "gate",
    [
        "A4 busy answers with locks per device",
        "A4 busy answers with locks per node",
        "C1 heavy modules imported",
    ],
)
def test_what_no_load_can_change(printed, gate):
    """The doctor is never its own rival for a device, and `--help` stays light."""
    assert f"{gate}: 0, at most 0, holds" in printed[0]
