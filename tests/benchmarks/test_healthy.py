"""The benchmark of healthy machines stays runnable, and its short form finds no false alarm."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HEALTHY = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "healthy.py"


def test_the_short_form_finds_nothing_wrong_with_healthy_machines():
    """Every product is looked at, nothing fails or warns, and the last line says so."""
    done = subprocess.run([sys.executable, str(HEALTHY), "--short"], capture_output=True, text=True, check=False)
    *rows, last = done.stdout.splitlines()

    assert ("", 0) == (done.stderr, done.returncode), done.stdout
    assert "bench-healthy: 0 false alarms, at most 0 false alarms, holds" == last
    assert {"ascend-950", "atlas-300i-pro", "atlas-800t-a2", "atlas-800t-a3"} <= {row.split()[0] for row in rows}
    assert all(re.search(r" \d+ pass", row) for row in rows[:-1])
