"""The table of faults: every check has one, and the page in the tree is made from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.simulator import fault_table

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
ENTRIES = catalogue.load()


def test_every_check_has_a_fault():
    """There is no check without a fault that it finds, and no fault of a check that does not exist."""
    assert set(ENTRIES) == set(fault_table.finders())


def test_the_page_in_the_tree_is_that_of_the_faults():
    """`make docs` was run after the last change."""
    assert fault_table.page(ENTRIES) == DOCS.joinpath("faults.md").read_text("utf-8")


def test_a_check_without_a_fault_is_told():
    """The page is not made with an empty row."""
    more = {**ENTRIES, "no.such": next(iter(ENTRIES.values()))}
    with pytest.raises(ValueError, match=r"no\.such"):
        fault_table.page(more)


def test_the_program_writes_the_page(tmp_path, capsys):
    """It takes one argument."""
    assert 0 == fault_table.main([str(tmp_path / "faults.md")])
    assert fault_table.page(ENTRIES) == (tmp_path / "faults.md").read_text("utf-8")
    assert 2 == fault_table.main([])
    assert "usage" in capsys.readouterr().err
