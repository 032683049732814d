"""The benchmark of a collector with its fleet stays runnable: its short form measures, prints and judges."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FLEET = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "fleet.py"


@pytest.fixture(scope="module")
def printed():
    """What the short form prints, and its exit code."""
    done = subprocess.run([sys.executable, str(FLEET), "--short"], capture_output=True, text=True, check=False)
    return done.stdout, done.stderr, done.returncode


def test_short_form_ends_with_its_figure(printed):
    """The last line is `name: figure, limit, holds|falls short`, and the exit code says the same."""
    out, err, code = printed
    last = out.splitlines()[-1]

    assert "Traceback" not in err
    assert re.match(r"bench-fleet: \d+ gates fall short, at most 0 gates fall short, (holds|falls short)", last)
    assert (code == 0) == last.endswith(", holds")


def test_every_row_is_measured(printed):
    """Each row of the goals has its gates."""
    gates = [line for line in printed[0].splitlines() if line.endswith((", holds", ", falls short"))]

    assert {"K1", "K2", "K3", "K4", "K5", "K7", "K8"} == {line[:2] for line in gates if line.startswith("K")}


def test_every_node_answers_when_all_are_asked_at_once(printed):
    """Both fleets are looked at in all their parts: coming, working, resting, and looking again at once."""
    lines = [line for line in printed[0].splitlines() if not line.endswith((", holds", ", falls short"))]

    for step in ("nodes are there after", "rounds a second", "at rest", "all at once"):
        assert 2 == len([line for line in lines if step in line]), step
