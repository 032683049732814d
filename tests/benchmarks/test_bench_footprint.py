"""The benchmark of the footprint stays runnable, and its test for growth tells growth from noise."""

from __future__ import annotations

import importlib.util
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "footprint.py"


@pytest.fixture(scope="module")
def footprint():
    """The benchmark as a module."""
    sys.path.insert(0, str(FILE.parent))
    spec = importlib.util.spec_from_file_location("footprint_benchmark", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(FILE.parent))
    return module


def test_the_short_form_measures_every_row():
    """Each row of the goals is measured on real processes, and the last line says what came of it."""
    done = subprocess.run([sys.executable, str(FILE), "--short"], capture_output=True, text=True, check=False)
    last = done.stdout.splitlines()[-1]

    assert "" == done.stderr, done.stdout
    assert re.match(r"bench-footprint: \d+ gates fall short, at most 0 gates fall short, (holds|falls short)$", last)
    assert (done.returncode == 0) == last.endswith(", holds")
    assert {"A6", "A7", "A8", "A9", "A10", "D1"} == set(
        re.findall(r"^([AD]\d+) .*: .*, at most .*, (?:holds|falls short)$", done.stdout, re.MULTILINE)
    )


def test_growth_is_told_from_noise(footprint):
    """What rises all the time grows, also under noise; what jitters does not, nor what rises once."""
    chance = random.Random(4)
    flat = [chance.gauss(40, 0.2) for _ in range(20)]
    rising = [figure + 0.2 * place for place, figure in enumerate(flat)]
    step = [figure + (place > 7) for place, figure in enumerate(flat)]

    assert [0.0, 0.0, 0.0] == [footprint.growth(figures) for figures in (flat, step, [40.0] * 20)]
    assert footprint.growth(rising) == pytest.approx(4, abs=1.5)
