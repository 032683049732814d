"""The simulator prints what the vendor's own tool code printed from the same values: bytes, streams and exit code."""

from __future__ import annotations

import io
import sys
from typing import Dict, List, Tuple

import pytest

from ascend_doctor.cli.main import run
from ascend_doctor.simulator.hardware import Answer
from ascend_doctor.simulator.truth import answer_from_truth
from samples import CORPUS, Case, vendor_cases


def _groups() -> Dict[str, List[Case]]:
    groups: Dict[str, List[Case]] = {}
    for case in vendor_cases("npu-smi") + vendor_cases("hccn_tool"):
        groups.setdefault(case.path.rpartition("/")[0], []).append(case)
    return groups


_GROUPS = _groups()


def _printed(answer: Answer) -> Tuple[bytes, bytes, int]:
    return answer.stdout, answer.stderr, answer.exit_code


@pytest.mark.skipif(
    CORPUS is None, reason="no ../shared/corpus beside this checkout: the vendor's code is not compared"
)
def test_the_cases_are_there() -> None:
    """The comparison below is about hundreds of recorded runs, not about none."""
    assert 490 <= sum(len(cases) for cases in _GROUPS.values())


@pytest.mark.parametrize("command", sorted(_GROUPS))
def test_the_same_values_give_the_same_bytes(command: str) -> None:
    """Every recorded run of a command is reproduced from the note of its values."""
    for case in _GROUPS[command]:
        expected = (case.stdout, case.stderr, case.exit_code)
        assert expected == _printed(answer_from_truth(case.truth, case.argv)), case.path


@pytest.mark.parametrize("command", sorted(_GROUPS))
def test_the_same_bytes_come_through_the_verb(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ascend-doctor simulate answer` puts them on the same streams and ends with the same code."""
    case = _GROUPS[command][-1]
    assert CORPUS is not None
    streams = [io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    values = CORPUS / "vendor-code" / case.path / "truth.yaml"
    code = run(["simulate", "answer", "--values", str(values), "--", *case.argv])
    monkeypatch.undo()
    for stream in streams:
        stream.flush()
    printed = [stream.buffer.getvalue() for stream in streams]  # type: ignore[attr-defined]
    assert [case.stdout, case.stderr, case.exit_code] == [*printed, code], case.path
