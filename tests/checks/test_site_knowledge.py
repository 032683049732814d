"""What a site knows decides, and the finding names the file."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterator, List

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import judge_node
from ascend_doctor.checks.view import NodeView
from ascend_doctor.knowledge import site, tables
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Status
from ascend_doctor.probe import recording

CASES = Path(__file__).resolve().parent.parent / "cases"
ENTRIES = catalogue.load()


@pytest.fixture(autouse=True)
def _no_site() -> Iterator[None]:
    yield
    tables.use_site({})


def judge(check: str, case: str) -> List[Finding]:
    """Run one check over one of its cases."""
    entries = {check: ENTRIES[check]}
    return [
        finding
        for item in recording.read(CASES / check / case)
        for finding in judge_node(NodeView(item.node, item.evidence), entries)
    ]


def know(folder: Path, text: str) -> str:
    """Let a file of the site count, and return its path."""
    path = folder / "site.yaml"
    path.write_text(text, "utf-8")
    tables.use_site(site.load(folder))
    return str(path)


def pairs_of(case: str) -> Dict[str, str]:
    """Return the driver and the firmware that a case is about."""
    driver, _, firmware = str(judge("version.driver-firmware", case)[0].observed).partition(" + ")
    return {"driver": driver, "firmware": firmware}


@pytest.mark.parametrize("case", ["one-release", "not-root-rule-fits"])
@pytest.mark.parametrize(("verdict", "status"), [("fail", Status.FAIL), ("warn", Status.WARN)])
def test_a_site_may_speak_against_a_pair(case: str, verdict: str, status: Status, tmp_path: Path) -> None:
    """The rule accepts the pair, and the site has seen it fail."""
    pair = pairs_of(case)
    text = (
        f"hdk_pairs:\n  - {{family: 910b, driver: {pair['driver']}, firmware: {pair['firmware']}, verdict: {verdict}, "
    )
    path = know(tmp_path, text + "reason: it resets under load}\n")
    (finding,) = judge("version.driver-firmware", case)
    assert (status, True) == (finding.status, f"it resets under load (by {path}:2)" in finding.summary)


def test_a_site_may_speak_for_a_pair(tmp_path: Path) -> None:
    """Two releases that the site runs on purpose are no warning any more."""
    pair = pairs_of("not-root-two-releases")
    path = know(tmp_path, f"hdk_pairs:\n  - {{family: 910b, driver: {pair['driver']}, firmware: {pair['firmware']}}}\n")
    (finding,) = judge("version.driver-firmware", "not-root-two-releases")
    assert (Status.PASS, True) == (finding.status, f"by {path}:2" in finding.summary)


def test_the_level_of_a_code_is_that_of_its_file(tmp_path: Path) -> None:
    """A code that the vendor would have reset for is harmless here, by the site's word."""
    case = next(
        folder.name
        for folder in sorted((CASES / "npu.health").iterdir())
        if any(
            item.status is Status.FAIL and "40F84E00" in str(item.observed) for item in judge("npu.health", folder.name)
        )
    )
    before = [item for item in judge("npu.health", case) if item.status is Status.FAIL]
    assert all("by fault_codes.tsv" in item.expected for item in before)
    path = know(tmp_path, "fault_codes:\n  - {code: 40F84E00, level: SubHealthFault}\n")
    after = [item for item in judge("npu.health", case) if "40F84E00" in str(item.observed)]
    assert {Status.WARN} == {item.status for item in after}
    assert all(f"by {path}:2" in item.expected for item in after)
