"""Damaged answers: cut, empty, doubled, binary, in another language. None gives a wrong value or any exception."""

from __future__ import annotations

import re
from typing import Any, Iterator, List, Tuple

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.facts import catalogue, further
from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.source import Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing
from samples import answer, runs_of_session, samples, vendor_cases

SOURCES = (*catalogue.SOURCES, *further.FURTHER)


@attrs.frozen
class Whole:
    """An undamaged answer that its source can read."""

    name: str
    source: Source[Any]
    evidence: Evidence

    def __str__(self) -> str:
        return self.name

    def read(self, data: bytes) -> Any:
        """Read this data in place of the answer, on the same terms."""
        return self.source.read(attrs.evolve(self.evidence, stdout=data))


def _answers() -> Iterator[Tuple[str, Tuple[str, ...], Evidence]]:
    for sample in samples():
        if not sample.is_session:
            yield sample.path, sample.command, answer(sample.data, exit_code=None)
            continue
        for number, (typed, output) in enumerate(runs_of_session(sample.data.decode())):
            argv = tuple(typed.split()) if typed else sample.command
            yield f"{sample.path}#{number}", argv, answer(output.encode(), exit_code=None)
    for tool in ("npu-smi", "hccn_tool"):
        for case in vendor_cases(tool):
            yield case.path, case.argv, case.evidence


def _wholes() -> Iterator[Whole]:
    for name, argv, evidence in _answers():
        query = query_for_command(argv)
        if query is not None and evidence.stdout.strip():
            result = query.source.read(evidence)
            if not isinstance(result, Missing) or result.why is not Absence.UNPARSED:
                yield Whole(name, query.source, evidence)


WHOLES = list(_wholes())
FACTS = [whole for whole in WHOLES if not isinstance(whole.read(whole.evidence.stdout), Missing)]

needs_answers = pytest.mark.skipif(
    not FACTS, reason="no ../shared/corpus beside this checkout: there is nothing to damage"
)

# What these fields say is how the answer ends: an answer that ends earlier says so, and may.
ENDS_EARLIER = {
    ("InfoFacts", "process_table"): "absent",
    ("InfoFacts", "driver_incomplete"): False,
    ("InfoFacts", "complete"): True,
    ("HccnConfFacts", "complete"): True,
    ("StatusFacts", "elided"): False,
    ("SettingFacts", "elided"): False,
}


def contradictions(cut: Any, whole: Any, place: str = "") -> Iterator[str]:
    """Yield where the facts of a cut answer say anything else than those of the whole one; saying less is allowed."""
    if isinstance(cut, Missing) or cut is None:
        return
    if isinstance(cut, tuple) and isinstance(whole, tuple):
        if len(cut) > len(whole):
            yield f"{place}: more than there is"
        for index, (one, other) in enumerate(zip(cut, whole)):
            yield from contradictions(one, other, f"{place}[{index}]")
    elif isinstance(cut, dict) and isinstance(whole, dict):
        for key, value in cut.items():
            yield from contradictions(value, whole.get(key, "nothing"), f"{place}[{key}]")
    elif attrs.has(type(cut)) and type(cut) is type(whole):
        yield from _in_fields(cut, whole, place)
    elif cut != whole:
        yield f"{place}: {cut!r} instead of {whole!r}"


def _in_fields(cut: Any, whole: Any, place: str) -> Iterator[str]:
    for field in attrs.fields(type(cut)):
        value = getattr(cut, field.name)
        if ENDS_EARLIER.get((type(cut).__name__, field.name), "nothing") != value:
            yield from contradictions(value, getattr(whole, field.name), f"{place}.{field.name}")


@pytest.mark.parametrize("whole", FACTS, ids=str)
def test_an_answer_cut_between_two_lines_says_nothing_else(whole: Whole) -> None:
    """Cut at any end of a line an answer is refused, or says what the whole one says of the part that is left."""
    data = whole.evidence.stdout
    everything = whole.read(data)
    for end in (match.end() for match in re.finditer(rb"\n", data)):
        facts = whole.read(data[:end])
        assert [] == list(contradictions(facts, everything)), data[:end].decode()


@needs_answers
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_an_answer_cut_anywhere_says_nothing_else(data: st.DataObject) -> None:
    """Cut inside a line an answer is refused, or says what the whole one says of the part that is left."""
    whole = data.draw(st.sampled_from(FACTS))
    stdout = whole.evidence.stdout
    end = data.draw(st.integers(0, len(stdout) - 1))
    assert [] == list(contradictions(whole.read(stdout[:end]), whole.read(stdout)))


SAYS_NOTHING = {"hccn_tool/lldp", "hccn_tool/local_lldp"}
"""Sources of which an empty line is an answer: no neighbour was heard."""


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.name)
@pytest.mark.parametrize("nothing", [b"", b" \t"])
def test_an_empty_answer_is_unparsed(source: Source[Any], nothing: bytes) -> None:
    """Not even a newline gives no facts, whatever the tool's exit status says."""
    missing = source.read(answer(nothing))
    assert isinstance(missing, Missing)
    assert Absence.UNPARSED == missing.why
    assert missing.detail


@pytest.mark.parametrize(
    "source", [source for source in SOURCES if source.name not in SAYS_NOTHING], ids=lambda s: s.name
)
@pytest.mark.parametrize("nothing", [b"\n", b" \t\n\n"])
def test_an_answer_of_blank_lines_is_unparsed(source: Source[Any], nothing: bytes) -> None:
    """An answer without a word gives no facts, whatever the tool's exit status says."""
    missing = source.read(answer(nothing))
    assert isinstance(missing, Missing)
    assert Absence.UNPARSED == missing.why
    assert missing.detail


@pytest.mark.parametrize("whole", FACTS, ids=str)
def test_a_doubled_answer_is_refused(whole: Whole) -> None:
    """The same answer twice gives no facts: nobody can tell which half is the present one."""
    missing = whole.read(2 * whole.evidence.stdout)
    assert isinstance(missing, Missing), missing
    assert Absence.UNPARSED == missing.why


@needs_answers
@given(data=st.data(), byte=st.sampled_from([b"\0", b"\x1b", b"\x7f", b"\xff", b"\xc3\x28", b"\xc2\x9b"]))
@settings(max_examples=60, deadline=None)
def test_a_binary_answer_is_refused(data: st.DataObject, byte: bytes) -> None:
    """A byte that no tool prints, wherever it stands, makes an answer unparsed; none ever gets into the reason."""
    whole = data.draw(st.sampled_from(WHOLES))
    stdout = whole.evidence.stdout
    place = data.draw(st.integers(0, len(stdout)))
    missing = whole.read(stdout[:place] + byte + stdout[place:])
    assert isinstance(missing, Missing), missing
    assert missing.detail.isprintable()
    assert Absence.UNPARSED == missing.why or whole not in FACTS


@given(source=st.sampled_from(SOURCES), data=st.binary(max_size=200), exit_code=st.sampled_from([None, 0, 1, 13, 187]))
@settings(max_examples=60, deadline=None)
def test_noise_never_raises(source: Source[Any], data: bytes, exit_code: int) -> None:
    """Whatever a program prints, reading it returns; noise is never taken for facts.

    Silence is an answer of two commands: no neighbour, and, with the exit code for it, no address. An empty section is
    one of the host, which told nothing.
    """
    result = source.read(answer(data, exit_code=exit_code))
    nothing_set = source.name == "hccn_tool/ip" and exit_code == 13
    empty_section = source.argv[0] == "host-facts" and data.strip() == b"{}"
    silence = not data.strip() and (nothing_set or source.name in SAYS_NOTHING)
    assert isinstance(result, Missing) or silence or empty_section


# Words of the labels and heads of all answers; values and units stay as they are.
_TABLE_WORDS = re.compile(r"NPU|Chip|Health|Name|Version|Bus-Id|Power|Temp")
_LABEL = re.compile(r"(?m)^([ \t]*(?:\[[^\]\n]*\])?)([A-Za-z][^:=\n|]*?)(\s*)([:=])")


def _translated(text: str, colon: str) -> List[str]:
    labels = _LABEL.sub(lambda match: match.group(1) + "健康状态" + match.group(3) + colon, text)
    heads = _TABLE_WORDS.sub("芯片", text)
    return [other for other in (labels, heads) if other != text]


@pytest.mark.parametrize("whole", FACTS, ids=str)
@pytest.mark.parametrize("colon", [":", "\uff1a"])
def test_an_answer_in_another_language_is_refused(whole: Whole, colon: str) -> None:
    """Labels in Chinese, with either colon, are refused with the place; they never give half of the facts."""
    for text in _translated(whole.evidence.stdout.decode(), colon):
        missing = whole.read(text.encode())
        assert isinstance(missing, Missing), text
        assert Absence.UNPARSED == missing.why
        assert missing.detail.startswith(("line ", "the whole answer"))
