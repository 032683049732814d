"""A healthy machine with an older driver is ready: what its tools cannot be asked is passed over, never unknown."""

from __future__ import annotations

from importlib import resources
from typing import Collection, Dict, List

import attrs
import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.report import Report
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict
from simulated import make, watched

ENTRIES = catalogue.load()
ALWAYS = ("flash", "memory", "volt")
"""Types that every tool knows."""


def type_of(evidence: Evidence) -> str:
    """Return what stands behind `-t` in a question to npu-smi; nothing in any other."""
    words = evidence.argv
    return words[words.index("-t") + 1] if words[0] == "npu-smi" and "-t" in words else ""


def refused(evidence: Evidence, known: Collection[str]) -> Evidence:
    """Return how a tool answers that knows these types only."""
    listed = ", ".join((*ALWAYS, *sorted(known)))
    text = f"Error parameter of -t\nUsage: npu-smi info <watch|-t type> [Options...]\n   -t type   type: {listed}.\n"
    return attrs.evolve(evidence, stdout=text.encode(), exit_code=215)


def nodes(scenario: str) -> Dict[str, Dict[str, Evidence]]:
    """Return what a healthy cluster answers."""
    folder = resources.files("ascend_doctor.simulator").joinpath("scenarios")
    return watched(make(folder.joinpath(f"{scenario}.yaml").read_text("utf-8"), 900.0))


def judged(healthy: Dict[str, Dict[str, Evidence]], unknown_types: Collection[str]) -> Report:
    """Judge the cluster as its tools would answer that do not know some types."""
    types = {type_of(item) for answers in healthy.values() for item in answers.values()} - {""}
    known = types.difference(unknown_types)
    views: List[NodeView] = [
        NodeView(
            node,
            {key: refused(item, known) if type_of(item) in unknown_types else item for key, item in answers.items()},
        )
        for node, answers in healthy.items()
    ]
    return make_report(views, judge_and_fold(views, ENTRIES), made_at=0.0)


@pytest.mark.parametrize("scenario", ["demo", "a3", "310p", "a5"])
def test_a_healthy_machine_with_an_older_tool_is_ready(scenario: str) -> None:
    """Whichever type it does not know, and when it knows none of them."""
    healthy = nodes(scenario)
    types = sorted({type_of(item) for answers in healthy.values() for item in answers.values()} - {""})
    for unknown_types in (types, *([kind] for kind in types)):
        found = judged(healthy, unknown_types)
        assert Verdict.READY is found.verdict, unknown_types
        assert () == found.blind_spots, unknown_types


def test_what_cannot_be_asked_is_said() -> None:
    """The check is skipped, and says that it is the tool."""
    found = judged(nodes("demo"), ["ecc"])
    said = {item.summary for item in found.findings if item.check == "npu.ecc"}
    assert {"the count of memory errors cannot be asked: the npu-smi of this driver does not know the question"} == said
    assert {Status.SKIP} == {item.status for item in found.findings if item.check == "npu.ecc"}
