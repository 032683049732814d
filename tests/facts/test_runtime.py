"""What the doctor's script tells of the Python of the jobs."""

from __future__ import annotations

from typing import Any

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.runtime import compute, devices, stack
from ascend_doctor.facts.runtime.compute import ComputeFacts, DeviceTime
from ascend_doctor.facts.runtime.devices import DevicesFacts
from ascend_doctor.facts.source import Source
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from samples import answer


def read(source: Source[Any], text: str) -> Any:
    """Read an answer."""
    return source.read(answer(f"{text}\n".encode()))


def test_packages_are_read() -> None:
    """The version of Python, and of each package by name; control characters become blanks."""
    found = read(stack.SOURCE, '{"what": "stack", "python": "3.11.6", "packages": {"torch": "2.7.1\\u001b"}}')
    assert ("3.11.6", {"torch": "2.7.1 "}) == (found.python, found.packages)


def test_the_count_is_read_or_why_there_is_none() -> None:
    """A runtime that does not start has no count, and says why."""
    assert DevicesFacts(8) == read(devices.SOURCE, '{"what": "devices", "count": 8}')
    assert DevicesFacts(NOT_REPORTED, "ImportError: x") == read(
        devices.SOURCE, '{"what": "devices", "error": "ImportError: x"}'
    )


def test_times_are_read_or_why_there_are_none() -> None:
    """Of each device by itself, and of the runtime as a whole."""
    right = '{"device": 0, "duration_ms": 2, "is_right": true}'
    text = f'{{"what": "compute", "devices": [{right}, {{"device": 1, "error": "x"}}]}}'
    assert ComputeFacts((DeviceTime(0, 2.0, True), DeviceTime(1, error="x"))) == read(compute.SOURCE, text)
    assert ComputeFacts(error="x") == read(compute.SOURCE, '{"what": "compute", "error": "x"}')


@pytest.mark.parametrize("source", [stack.SOURCE, devices.SOURCE, compute.SOURCE], ids=lambda source: source.name)
def test_an_interpreter_that_fails_is_no_damage(source: Source[Any]) -> None:
    """Its last words are told, without what could steer a terminal."""
    missing = source.read(answer(b"", stderr=b"Traceback\n\x1b[31mImportError", exit_code=1))
    assert Missing(Absence.TOOL_FAILED, "exit code 1: Traceback [31mImportError") == missing
    assert source == getattr(query_for_command(source.argv), "source", None)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (stack.SOURCE, "nothing"),
        (stack.SOURCE, "[" * 100_000),
        (stack.SOURCE, "[]"),
        (stack.SOURCE, '{"what": "devices", "count": 1}'),
        (stack.SOURCE, '{"what": "stack", "python": "3.11", "packages": []}'),
        (stack.SOURCE, '{"what": "stack", "python": 3.11, "packages": {}}'),
        (devices.SOURCE, '{"what": "devices", "count": true}'),
        (devices.SOURCE, '{"what": "devices", "count": -1}'),
        (compute.SOURCE, '{"what": "compute", "devices": {}}'),
        (compute.SOURCE, '{"what": "compute", "devices": [1]}'),
        (compute.SOURCE, '{"what": "compute", "devices": [{"device": 0, "duration_ms": 0, "is_right": true}]}'),
        (compute.SOURCE, '{"what": "compute", "devices": [{"device": 0, "duration_ms": NaN, "is_right": true}]}'),
        (compute.SOURCE, '{"what": "compute", "devices": [{"device": 0, "duration_ms": true, "is_right": true}]}'),
        (compute.SOURCE, '{"what": "compute", "devices": [{"device": 0, "duration_ms": 1, "is_right": 1}]}'),
    ],
)
def test_other_answers_are_refused(source: Source[Any], text: str) -> None:
    """Another question's answer, other types, numbers that are none."""
    assert Absence.UNPARSED == read(source, text).why
