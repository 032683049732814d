"""The pages about the checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.report import check_pages

ENTRIES = catalogue.load()
PAGES = Path(__file__).resolve().parents[2] / "docs" / "checks"


def test_the_pages_in_the_tree_are_those_of_the_checks() -> None:
    """Whoever changes a check writes its page anew: `python -m ascend_doctor.report.check_pages docs/checks`."""
    there = {path.name: path.read_text("utf-8") for path in PAGES.glob("*.md")}
    assert check_pages.pages(ENTRIES) == there


def test_the_index_links_every_page() -> None:
    """No check is left out of the list."""
    index = check_pages.index(ENTRIES)
    assert all(f"({check_id}.md)" in index for check_id in ENTRIES)


@pytest.mark.parametrize("check_id", sorted(ENTRIES))
def test_an_explanation_holds_the_whole_guide(check_id: str) -> None:
    """`explain` names the check, its sections and its limits, in lines that fit a terminal."""
    text = check_pages.explain(ENTRIES[check_id])
    assert text.startswith(f"{check_id}: ")
    assert all(f"{heading}:" in text for heading in ENTRIES[check_id].guide.sections)
    assert max(map(len, text.splitlines())) <= check_pages.WIDTH


def test_writing_removes_pages_of_checks_that_are_gone(tmp_path: Path) -> None:
    """The folder holds the pages of the checks that exist, and nothing else; a wrong call says how to do it."""
    folder = tmp_path / "checks"
    folder.mkdir()
    folder.joinpath("gone.md").write_text("old")
    assert 0 == check_pages.main([str(folder)])
    assert {path.name for path in folder.iterdir()} == set(check_pages.pages(ENTRIES))
    assert 2 == check_pages.main([])
