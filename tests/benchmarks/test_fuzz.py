"""The fuzzer stays runnable, finds nothing in a short time, and would find a parser that breaks."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from ascend_doctor.facts.parsing import ParseError

FILE = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "fuzz.py"
SECONDS = "10" if importlib.util.find_spec("atheris") else "5"


@pytest.fixture
def fuzz():
    """The benchmark as a module."""
    spec = importlib.util.spec_from_file_location("fuzz_benchmark", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_is_found_in_a_short_time():
    """No parser raises, hangs or makes something that is no JSON of what the fuzzer comes up with."""
    words = [sys.executable, str(FILE), "--seconds", SECONDS, "--seed", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert ("", 0) == (done.stderr, done.returncode), done.stdout
    assert "fuzz: 0 findings, at most 0 findings, holds" == done.stdout.splitlines()[-1]


@pytest.mark.parametrize("error", [IndexError, RecursionError, ValueError])
def test_a_parser_that_breaks_is_a_finding(fuzz, monkeypatch, error):
    """Any exception but the parser's own refusal reaches the fuzzer."""

    def parse(evidence):
        if b"!" in evidence.stdout:
            raise error
        raise ParseError(1, "something else")

    broken = attrs.evolve(fuzz.sources()[0], parse=parse)
    monkeypatch.setattr(fuzz, "sources", lambda: [broken])
    read = fuzz.target()
    read(b"\x00")
    read(b"\x00\x00\x00 what it refuses")
    with pytest.raises(error):
        read(b"\x00\x00\x00 a mark!")


def test_every_parser_has_a_seed_that_it_can_read(fuzz):
    """The seeds are answers: the fuzzer starts from what is right."""
    places = {int.from_bytes(seed[:2], "big") for seed in fuzz.seeds()}
    assert set(range(len(fuzz.sources()))) == places


def test_changes_keep_the_parser_of_an_input():
    """Chance changes what was said, not to whom."""
    spec = importlib.util.spec_from_file_location("fuzz_benchmark", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    chance = random.Random(1)
    inputs = [module.changed(b"\x00\x07\x01link status: UP\n", chance) for _ in range(200)]
    assert {b"\x00\x07\x01"} == {data[:3] for data in inputs}
    assert 50 < len(set(inputs))
