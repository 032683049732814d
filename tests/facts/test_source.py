"""A source: its questions, their keys, and what becomes of a run that ended without an answer."""

from __future__ import annotations

import attrs
import pytest

from ascend_doctor.facts.hccn_tool import ping
from ascend_doctor.facts.npu_smi import health, listing
from ascend_doctor.facts.source import WHOLE_NODE, Target
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.reading import Absence, Missing

LIST = b"\tTotal Count : 1\n\n\tNPU ID : 0\n\tChip Count : 1\n"


@pytest.mark.parametrize(
    ("ending", "why"),
    [
        (Ending.SIGNALLED, Absence.TOOL_FAILED),
        (Ending.TIMED_OUT, Absence.TIMED_OUT),
        (Ending.ABANDONED, Absence.TIMED_OUT),
        (Ending.NOT_FOUND, Absence.TOOL_ABSENT),
        (Ending.REFUSED, Absence.TOOL_REFUSED),
        (Ending.FAILED_TO_START, Absence.TOOL_FAILED),
        (Ending.SKIPPED, Absence.NOT_RUN),
    ],
)
def test_a_run_without_an_end_of_its_own_gives_no_facts(ending: Ending, why: Absence) -> None:
    """However whole the output looks: what did not end by itself is missing, for the reason that the run has."""
    evidence = Evidence("npu-smi/list", ("npu-smi",), ending, stdout=LIST, note="because")
    assert Missing(why, "because") == listing.SOURCE.read(evidence)


def test_an_answer_is_parsed() -> None:
    """A run that ended by itself is read; one that the cap cut is not."""
    evidence = Evidence("npu-smi/list", ("npu-smi",), stdout=LIST)
    assert listing.ListFacts(1, (listing.ListedNpu(0, 1),)) == listing.SOURCE.read(evidence)
    cut = listing.SOURCE.read(attrs.evolve(evidence, truncated=True))
    assert Missing(Absence.UNPARSED, "the answer is longer than the doctor keeps") == cut


def test_a_form_that_is_not_known_names_its_place() -> None:
    """What the parser refuses becomes a missing value that says where."""
    missing = listing.SOURCE.read(Evidence("npu-smi/list", (), stdout=b"Hello\n"))
    assert Missing(Absence.UNPARSED, "line 1: expected `label : value`, found 'Hello'") == missing


def test_a_query_has_a_key_and_a_command_line() -> None:
    """Key and command line name the target; the node itself has none."""
    assert ("npu-smi/list", ("npu-smi", "info", "-l")) == (listing.SOURCE.about().key, listing.SOURCE.about().argv)
    card = health.SOURCE.about(Target(npu=1536))
    assert ("npu-smi/health@1536", "1536") == (card.key, card.argv[-1])
    pair = ping.SOURCE.about(Target(phy_id=3, address="10.0.0.2"))
    assert "hccn_tool/ping@3:10.0.0.2" == pair.key
    assert {"3", "10.0.0.2"} <= set(pair.argv)
    assert "" == WHOLE_NODE.key
