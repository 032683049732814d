"""Every case folder below `tests/cases`: a recording, and what one check has to find in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pytest
import yaml

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import CheckSettings, judge_fleet, judge_node
from ascend_doctor.checks.fleet import FleetView
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Status
from ascend_doctor.probe import recording

CASES = Path(__file__).resolve().parent.parent / "cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/*/case.yaml"))
ENTRIES = catalogue.load()


def judge(folder: Path) -> List[Finding]:
    """Run the check that a case is about over its recording."""
    check_id = folder.parent.name
    entries = {check_id: ENTRIES[check_id]}
    settings = {check_id: CheckSettings(enabled=True)}  # for those that run only where somebody asks for them
    views = [NodeView(item.node, item.evidence) for item in recording.read(folder)]
    if ENTRIES[check_id].fleet:
        return list(judge_fleet(FleetView.of(views), entries, settings))
    return [finding for view in views for finding in judge_node(view, entries, settings)]


def case_of(folder: Path) -> Dict[str, Any]:
    """Read what a case expects."""
    case: Dict[str, Any] = yaml.safe_load(folder.joinpath("case.yaml").read_text("utf-8"))
    return case


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_case_gives_exactly_the_findings_that_it_names(folder: Path) -> None:
    """A check says of each subject what the case expects, and nothing of any other subject."""
    wanted = {item["subject"]: item for item in case_of(folder)["expect"]}
    found = {str(finding.subject).strip(): finding for finding in judge(folder)}
    assert {name: item["status"] for name, item in wanted.items()} == {
        name: finding.status.value for name, finding in found.items()
    }
    for name, item in wanted.items():
        assert item.get("says", "") in found[name].summary
        assert item.get("confidence", found[name].confidence.value) == found[name].confidence.value


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_every_problem_shows_its_evidence_and_a_remedy(folder: Path) -> None:
    """A failure or a warning says what would have passed, quotes what it saw, and names a step to take."""
    for finding in judge(folder):
        assert len({finding.key for finding in judge(folder)}) == len(judge(folder))
        if finding.status.is_problem:
            assert finding.expected
            assert finding.remedies
            assert finding.quotes
        if finding.status is Status.UNKNOWN:
            assert "unknown" in finding.summary


@pytest.mark.parametrize("check_id", sorted(ENTRIES))
def test_every_check_has_a_case_for_each_outcome(check_id: str) -> None:
    """A check without a case that passes, one that shows a problem and one that cannot look is half done."""
    statuses = {
        item["status"] for folder in FOLDERS if folder.parent.name == check_id for item in case_of(folder)["expect"]
    }
    problem = {"fail", "warn"} if check_id != "roce.tls" else {"unknown"}  # either value is right for one NPU
    assert "pass" in statuses
    assert "unknown" in statuses
    assert statuses & problem


def test_no_case_is_about_a_check_that_does_not_exist() -> None:
    """A check that is renamed takes its cases along."""
    assert set(ENTRIES) == {folder.name for folder in CASES.iterdir()}
