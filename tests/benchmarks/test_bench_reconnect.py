"""The benchmark of a collector that starts again stays runnable: its short form measures, prints and judges."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

RECONNECT = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "reconnect.py"


@pytest.fixture(scope="module")
def printed():
    """What the short form prints, and its exit code."""
    done = subprocess.run([sys.executable, str(RECONNECT), "--short"], capture_output=True, text=True, check=False)
    return done.stdout, done.stderr, done.returncode


def test_short_form_ends_with_its_figure(printed):
    """The last line is `name: figure, limit, holds|falls short`, and the exit code says the same."""
    out, err, code = printed
    last = out.splitlines()[-1]

    assert "Traceback" not in err
    assert re.match(r"bench-reconnect: \d+ gates fall short, at most 0 gates fall short, (holds|falls short)", last)
    assert (code == 0) == last.endswith(", holds")


def test_no_node_is_lost(printed):
    """However slow the machine is, all nodes come back, and with the verdict that they had."""
    assert "nodes that were lost, or have another verdict: 0, at most 0, holds" in printed[0]


def test_its_row_is_measured(printed):
    """The row of the goals has its gate."""
    assert 1 == len(re.findall(r"^K6, CPU of a reconnection: .*, (?:holds|falls short)$", printed[0], re.MULTILINE))
