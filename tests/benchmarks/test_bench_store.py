"""The benchmark of the stores stays runnable: its short form measures both, prints and judges."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

STORE = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "store.py"


@pytest.fixture(scope="module")
def printed():
    """What the short form prints, and its exit code."""
    done = subprocess.run([sys.executable, str(STORE), "--short"], capture_output=True, text=True, check=False)
    return done.stdout, done.stderr, done.returncode


def test_short_form_ends_with_its_figure(printed):
    """The last line is `name: figure, limit, holds|falls short`, and the exit code says the same."""
    out, err, code = printed
    last = out.splitlines()[-1]

    assert "Traceback" not in err
    assert re.match(r"bench-store: \d+ gates fall short, at most 0 gates fall short, (holds|falls short)$", last), last
    assert (code == 0) == last.endswith(", holds")


def test_every_row_is_measured_for_every_store(printed, postgres):
    """Each row of the goals has its gates for SQLite, and for PostgreSQL where there is one."""
    gates = [line for line in printed[0].splitlines() if line.endswith((", holds", ", falls short"))]

    for kind in ("SQLite", "PostgreSQL"):
        assert {"S1", "S2", "R2"} == {line[:2] for line in gates if f" {kind}," in line}
