"""Every sample of the corpus for npu-smi and the files is parsed to what its entry expects."""

from __future__ import annotations

from typing import Any, Iterator, Tuple

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document, refusal
from ascend_doctor.model.reading import Absence, Missing
from samples import Sample, answer, runs_of_session, samples

KINDS = ("npu-smi info", "file driver-version", "file firmware-version", "file hccn.conf", "file ascend_install.info")


def _known(prefixes: Tuple[str, ...]) -> Iterator[Sample]:
    for prefix in prefixes:
        for sample in samples(prefix):
            if query_for_command(sample.command) is not None:
                yield sample


def _read(sample: Sample, command: Tuple[str, ...] = ()) -> Any:
    data = sample.data
    if sample.is_session:
        ((_, output),) = runs_of_session(data.decode())
        data = output.encode()
    query = query_for_command(command or sample.command)
    assert query is not None
    return query.source.read(answer(data, exit_code=None))


def differences(expected: Any, actual: Any, place: str = "") -> Iterator[str]:
    """Yield where a document does not contain what is expected of it."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if key not in actual:
                yield f"{place}.{key} is not there"
            else:
                yield from differences(value, actual[key], f"{place}.{key}")
    elif place in (".types_include", ".types_exclude"):
        # The entry names a few types that must be in the list, not the whole list.
        yield from (f"{place}: {word} is not there" for word in expected if word not in actual)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (one, other) in enumerate(zip(expected, actual)):
            yield from differences(one, other, f"{place}[{index}]")
    elif type(expected) is not type(actual) or expected != actual:
        yield f"{place}: expected {expected!r}, found {actual!r}"


@pytest.mark.parametrize("sample", [one for one in _known(KINDS) if "error" not in one.expect], ids=str)
def test_a_sample_is_parsed_to_what_is_expected_of_it(sample: Sample) -> None:
    """The document of the facts contains every expected key with the expected value."""
    facts = _read(sample)
    assert not isinstance(facts, Missing) or "supported" in sample.expect, facts
    shown = refusal(facts) if isinstance(facts, Missing) else document(facts)
    assert [] == list(differences(dict(sample.expect), shown))


@pytest.mark.parametrize("sample", [one for one in _known(KINDS) if "error" in one.expect], ids=str)
def test_a_broken_sample_is_refused_with_its_place(sample: Sample) -> None:
    """An answer that its author broke on purpose gives no facts at all, and the place where reading stopped."""
    missing = _read(sample)
    assert Absence.UNPARSED == missing.why
    assert missing.detail.startswith(("line ", "the whole answer"))


ERRORS = [sample for sample in samples("error") if sample.path.startswith("errors/npu-smi")]


@pytest.mark.parametrize("sample", ERRORS, ids=str)
def test_an_error_answer_says_what_the_tool_said(sample: Sample) -> None:
    """Error answers of any command of the tool come out as a refusal with the expected keys."""
    shown = refusal(_read(sample, ("npu-smi", "info")))
    assert [] == list(differences(dict(sample.expect), shown))


def test_an_excerpt_with_rows_left_out_says_so() -> None:
    """`...` in place of rows makes the answer incomplete; a whole answer is complete."""
    found = {
        sample.path: document(_read(sample))["complete"]
        for sample in samples("npu-smi info")
        if sample.kind == "npu-smi info" and "error" not in sample.expect
    }
    assert [path for path, complete in found.items() if not complete] == [path for path in found if "-doc_xxx_" in path]
