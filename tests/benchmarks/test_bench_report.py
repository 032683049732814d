"""The benchmark of the answers for a fleet stays runnable: its short form measures, prints and judges."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPORT = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "report.py"


@pytest.fixture(scope="module")
def printed():
    """What the short form prints, and its exit code."""
    done = subprocess.run([sys.executable, str(REPORT), "--short"], capture_output=True, text=True, check=False)
    return done.stdout, done.stderr, done.returncode


def test_short_form_ends_with_its_figure(printed):
    """The last line is `name: figure, limit, holds|falls short`, and the exit code says the same."""
    out, err, code = printed
    last = out.splitlines()[-1]

    assert "Traceback" not in err
    assert re.match(r"bench-report: \d+ gates fall short, at most 0 gates fall short, (holds|falls short)$", last), last
    assert (code == 0) == last.endswith(", holds")


def test_every_row_is_measured(printed):
    """Each row of the goals has its gates, and each answer was asked for."""
    gates = [line for line in printed[0].splitlines() if line.endswith((", holds", ", falls short"))]

    assert {"K8", "R1", "R3"} <= {line[:2] for line in gates}
    for answer in ("judging", "text", "JSON", "metrics", "gRPC report", "gRPC watch"):
        assert [] != [line for line in gates if line.startswith(f"K8 event loop stands still for {answer}:")]
