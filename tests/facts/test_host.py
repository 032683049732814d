"""The host facts: the doctor's own JSON."""

from __future__ import annotations

import json

import pytest

from ascend_doctor.facts.host.identity import SOURCE, HostFacts
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from samples import answer

FULL = {
    "boot_time": 1700000000,
    "davinci": [0, 1],
    "euid": 0,
    "has_passwd_entry": True,
    "container": False,
    "machine": "aarch64",
    "kernel": "5.10.0",
    "file_times": {"/etc/hccn.conf": 1.5},
}


def test_all_facts_are_read() -> None:
    """Every key becomes its field."""
    expected = HostFacts(1700000000, (0, 1), 0, True, False, "aarch64", "5.10.0", {"/etc/hccn.conf": 1.5})
    assert expected == SOURCE.read(answer(json.dumps(FULL).encode() + b"\n"))


def test_what_is_not_there_is_missing() -> None:
    """Keys that are absent or null are missing, unknown ones are ignored."""
    facts = SOURCE.read(answer(b'{"euid": null, "from the future": 1}\n'))
    assert HostFacts() == facts
    assert NOT_REPORTED == HostFacts().boot_time


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "[" * 100_000,
        '{"euid": "0"}',
        '{"euid": true}',
        '{"boot_time": NaN}',
        '{"boot_time": 1e999}',
        '{"davinci": 3}',
        '{"davinci": [true]}',
        '{"file_times": []}',
        '{"file_times": {"/etc": "now"}}',
    ],
)
def test_another_form_is_refused(text: str) -> None:
    """What is no JSON, or a value of another kind, is unparsed and never half taken."""
    missing = SOURCE.read(answer(text.encode() + b"\n"))
    assert isinstance(missing, Missing)
    assert Absence.UNPARSED == missing.why
