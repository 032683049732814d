"""The sections of the host facts: one reader for all of them, and what the facts say of themselves."""

from __future__ import annotations

import json
from typing import Any, Mapping, Tuple

import attrs
import pytest

from ascend_doctor.facts.catalogue import SOURCES
from ascend_doctor.facts.host import disks, limits, memory, processes, section, system, tuning
from ascend_doctor.facts.host.disks import DiskFacts, FileSystem
from ascend_doctor.facts.host.limits import LimitFacts, ProcessLimits
from ascend_doctor.facts.host.processes import NpuProcess, ProcessFacts
from ascend_doctor.facts.source import Medium
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading
from samples import answer


@attrs.frozen
class Part:
    """A part with a value that has to be there."""

    name: str
    size: int = 0


@attrs.frozen
class Whole:
    """Every form that a field may have."""

    ratio: Reading[float] = NOT_REPORTED
    parts: Tuple[Part, ...] = ()
    counts: Reading[Mapping[str, int]] = NOT_REPORTED
    first: Reading[Part] = NOT_REPORTED
    is_so: bool = False


READ = section.source_of("whole", Whole).read


def _json(value: Any) -> Any:
    return answer(json.dumps(value).encode() + b"\n")


def test_the_class_is_the_form() -> None:
    """Keys become fields, at every depth; a whole number is a number too."""
    expected = Whole(2.0, (Part("a", 1), Part("b")), {"x": 3}, Part("c"), is_so=True)
    assert expected == READ(
        _json(
            {
                "ratio": 2,
                "parts": [{"name": "a", "size": 1}, {"name": "b"}],
                "counts": {"x": 3},
                "first": {"name": "c"},
                "is_so": True,
            }
        )
    )


def test_what_is_absent_or_null_keeps_its_default() -> None:
    """Unknown keys are ignored: they come from a newer doctor."""
    assert Whole() == READ(_json({"ratio": None, "from the future": [1]}))


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], "the answer"),
        ({"ratio": "2"}, "ratio"),
        ({"ratio": True}, "ratio"),
        ({"ratio": 10**400}, "ratio"),
        ({"is_so": 1}, "is_so"),
        ({"parts": {"name": "a"}}, "parts"),
        ({"parts": [{"size": 1}]}, "name"),
        ({"parts": [{"name": "a", "size": 1.5}]}, "size"),
        ({"parts": [{"name": "\u001b[2J"}]}, "name"),
        ({"parts": [{"name": "\ud800"}]}, "name"),
        ({"counts": []}, "counts"),
        ({"counts": {"x": "3"}}, "counts"),
        ({"counts": {"\u0007": 3}}, "counts"),
        ({"first": 3}, "first"),
    ],
)
def test_another_form_is_refused_with_its_place(value: Any, place: str) -> None:
    """A value of another kind, an escape sequence or a number without bounds is unparsed and never half taken."""
    missing = READ(_json(value))
    assert isinstance(missing, Missing)
    assert Absence.UNPARSED is missing.why
    assert place in missing.detail


@pytest.mark.parametrize(
    "text", [b"", b"{}{}\n", b"{", b'{"a": NaN}\n', b'{"ratio": 1e999}\n', b"\xff\n", b"[" * 99999 + b"\n"]
)
def test_what_is_no_json_is_refused(text: bytes) -> None:
    """Damaged, doubled and hostile answers are unparsed."""
    missing = READ(answer(text))
    assert isinstance(missing, Missing)
    assert Absence.UNPARSED is missing.why


def test_sections_are_questions_of_their_own() -> None:
    """Each has its word in the command and in its name."""
    words = {source.argv[1:] for source in SOURCES if source.medium is Medium.HOST}
    assert {("system",), ("tuning",), ("memory",), ("disks",), ("limits",), ("npu-processes",)} <= words
    for module in (system, tuning, memory, disks, limits, processes):
        assert f"host/{module.SOURCE.argv[1]}" == module.SOURCE.name


def test_the_deepest_mount_holds_a_path() -> None:
    """A folder lies on the mount that is nearest above it, on a disk of the node or elsewhere."""
    root, data = FileSystem("/", "ext4", 100, 50), FileSystem("/data", "xfs", 200, 20)
    facts = DiskFacts((root, data), ("/data/shared",))
    assert data == facts.holding("/data/weights")
    assert data == facts.holding("/data")
    assert root == facts.holding("/database")
    assert "/data/shared" == facts.holding("/data/shared/weights")
    assert root == facts.holding("/")
    assert DiskFacts((data,)).holding("/var") is None
    assert DiskFacts(NOT_REPORTED).holding("/") is None


def test_a_file_system_of_no_size_is_not_full() -> None:
    """Nothing can be missing from nothing."""
    assert 100.0 == FileSystem("/", "btrfs", 0, 0).free_pct
    assert 10.0 == FileSystem("/", "ext4", 200, 20).free_pct


def test_processes_and_limits_are_read() -> None:
    """A process has its limits inside; those that are not told are missing."""
    found = processes.SOURCE.read(
        _json(
            {"processes": [{"pid": 7, "name": "vllm", "devices": [0, 3], "limits": {"open_files": 1024}}], "unseen": 2}
        )
    )
    process = NpuProcess(7, "vllm", (0, 3), ProcessLimits(1024))
    assert ProcessFacts((process,), 2) == found
    assert "vllm (process 7)" == str(process)
    assert LimitFacts(ProcessLimits(1024, limits.UNLIMITED)) == limits.SOURCE.read(
        _json({"own": {"open_files": 1024, "locked_bytes": -1}})
    )
