"""Every recorded or documented answer of hccn_tool parses to the values that the corpus names for it."""

from __future__ import annotations

import re
import shlex
from typing import Any, Dict, List, Mapping, Optional, Tuple

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document, refusal
from ascend_doctor.facts.hccn_tool import link
from ascend_doctor.facts.source import Query
from ascend_doctor.model.reading import Absence, Missing
from samples import Sample, answer, runs_of_session, samples

SAMPLES = [sample for sample in samples("hccn_tool") if query_for_command(sample.command) is not None]
SESSIONS = [sample for sample in SAMPLES if "runs" in sample.expect]
SINGLE = [sample for sample in SAMPLES if "runs" not in sample.expect]

# Silence on standard output: by the note of the sample the tool said on standard error, with this exit code, that no
# address is set.
_EXIT_NO_ADDRESS = 13


def _query(command: Tuple[str, ...]) -> Query[Any]:
    query = query_for_command(command)
    assert query is not None
    return query


def _runs(sample: Sample) -> List[Tuple[str, str]]:
    """Cut a session up into (command line, output); loops print one answer after another without their commands."""
    text = sample.data.decode()
    if "-tls" in sample.command:
        return [("", part) for part in re.split(r"(?m)^(?=dev_id:\d+, tls switch)", text) if part]
    if "-vnic" in sample.command:
        return [("", part) for part in re.split(r"(?m)^(?=vnic link status)", text)[1:]]
    if "-lldp" in sample.command:
        return [("", line) for line in text.splitlines(keepends=True)]
    return runs_of_session(text)


def _contained(expected: Mapping[str, Any], shown: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the part of a document that a sample names values for; what is there and not expected may stay."""
    part: Dict[str, Any] = {}
    for key, value in expected.items():
        found = shown.get(key)
        if isinstance(value, list) and isinstance(found, list) and all(isinstance(item, dict) for item in value):
            found = [_contained(item, other) for item, other in zip(value, found)] + found[len(value) :]
        part[key] = found
    return part


@pytest.mark.parametrize("sample", SINGLE, ids=str)
def test_sample_parses_to_what_the_corpus_expects(sample: Sample) -> None:
    """A sample, its prompt and echo lines taken off, gives facts with every expected value."""
    text = sample.data.decode()
    if sample.is_session:
        ((_, text),) = runs_of_session(text)

    shown = document(_query(sample.command).source.read(answer(text.encode(), exit_code=None)))

    assert sample.expect == _contained(sample.expect, shown)


@pytest.mark.parametrize("sample", SESSIONS, ids=str)
def test_session_parses_run_by_run(sample: Sample) -> None:
    """Each run of a session gives facts with the values expected for it, in the order of the session."""
    runs = _runs(sample)

    found = []
    for position, ((command, output), expected) in enumerate(zip(runs, sample.expect["runs"])):
        query = _query(tuple(shlex.split(command)) if command else sample.command)
        exit_code: Optional[int] = None if output.strip() else _EXIT_NO_ADDRESS
        shown = document(query.source.read(answer(output.encode(), exit_code=exit_code)))
        # Where the answer itself names no device, its command or its place in the loop does.
        device = position if query.target.phy_id is None else query.target.phy_id
        found.append(_contained(expected, {"device": device, **shown}))

    assert len(sample.expect["runs"]) == len(runs)
    assert sample.expect["runs"] == found


@pytest.mark.parametrize("sample", [sample for sample in samples("error") if "/hccn_tool" in sample.path], ids=str)
def test_error_answer_gives_its_reason(sample: Sample) -> None:
    """An error answer becomes the document that the corpus expects; the detail keeps the whole message."""
    refused = link.SOURCE.read(answer(sample.data, exit_code=None))

    assert isinstance(refused, Missing)
    assert Absence.TOOL_FAILED is refused.why
    assert sample.data.decode().strip() == refused.detail
    assert sample.expect == _contained(sample.expect, refusal(refused))


@pytest.mark.skipif(not SAMPLES, reason="no ../shared/corpus beside this checkout")
def test_every_sample_has_a_source() -> None:
    """A source asks the command of each sample of hccn_tool, so that none of the tests above runs empty."""
    assert [] == [sample.path for sample in samples("hccn_tool") if query_for_command(sample.command) is None]
