"""The benchmark of processes that are killed stays runnable: its short form measures, prints and judges."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

CRASH = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "crash.py"


@pytest.fixture(scope="module")
def printed():
    """What the short form prints, and its exit code."""
    done = subprocess.run([sys.executable, str(CRASH), "--short"], capture_output=True, text=True, check=False)
    return done.stdout, done.stderr, done.returncode


def test_short_form_ends_with_its_figure(printed):
    """The last line is `name: figure, limit, holds|falls short`, and the exit code says the same."""
    out, err, code = printed
    last = out.splitlines()[-1]

    assert "Traceback" not in err
    assert re.match(r"bench-crash: \d+ gates fall short, at most 0 gates fall short, (holds|falls short)", last)
    assert (code == 0) == last.endswith(", holds")


def test_each_process_is_killed(printed):
    """Probe, agent and collector are killed equally often, and the disk of both sides is full for a while."""
    out = printed[0]

    assert re.search(r"6 kills: agent 2, collector 2, probe 2$", out, re.MULTILINE), out
    for which in ("collector", "probe"):
        assert f"the disk of the {which} was full for" in out


@pytest.mark.parametrize(
    "gate",
    [
        "transitions lost",
        "transitions invented, or told twice",
        "the collector has not caught up",
        "the report differs from the node",
        "faults that the database's own check finds",
    ],
)
def test_nothing_is_lost_or_invented(printed, gate):
    """However slow the machine is, the collector has what the probe told, and the output names the seed if not."""
    assert f"{gate}: 0, at most 0, holds" in printed[0], printed[0]
