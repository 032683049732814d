"""The index by symptom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.knowledge import lookup, tables
from ascend_doctor.report import symptoms

ENTRIES = catalogue.load()
COMING = frozenset(
    {
        *("cluster.host-reach", "cluster.ip-family", "cluster.ping-mesh", "cluster.straggler", "cluster.superpod"),
        *("deploy.capacity", "deploy.container.shm", "deploy.env.hccl", "deploy.env.same", "deploy.mindie.config"),
        *("deploy.mindie.files", "deploy.ranktable.path", "deploy.ranktable.real", "deploy.ranktable.schema"),
        *("deploy.vllm.config", "deploy.weights", "serving.endpoint", "serving.request"),
    }
)
"""What the tables name already and nobody has built: neither `explain` nor a page shows it."""


@pytest.mark.parametrize("row", list(tables.SIGNATURES.rows()), ids=lambda row: row["pattern"][:40])
def test_what_the_page_shows_is_explained(row: Any) -> None:
    """Each text is readable, and `explain` answers it with the same meaning, or as the code that it is."""
    text = symptoms.readable(row["pattern"])
    assert not set(text) & set("\\^$|"), text
    found = lookup.answers(text.replace("…", "x"))
    assert row["meaning"] in {answer.meaning for answer in found} or text in {answer.name for answer in found}, text


def test_the_page_names_what_people_look_for() -> None:
    """The first words of every search are there, with the checks that exist and no others."""
    page = symptoms.page(ENTRIES)
    for words in (
        "`HCCL init failed`",
        "`-8005`",
        "`EI0006`",
        "`Link status is down`",
        "[`roce.link`](checks/roce.link.md)",
    ):
        assert words in page
    assert not [check for check in COMING if check in page]


def test_the_tables_name_checks_that_exist_or_are_to_come() -> None:
    """A misspelt id would never be shown to anybody; one that was built has left the list."""
    named = {
        check
        for table in (tables.SIGNATURES, tables.ERROR_CODES, tables.OTHER_CODES)
        for row in table.rows()
        for check in row.words("checks")
    }
    assert COMING == named - set(ENTRIES)


def test_the_page_in_the_tree_is_that_of_the_tables() -> None:
    """`make docs` was run after the last change."""
    tree = Path(__file__).resolve().parents[2] / "docs" / "symptoms.md"
    assert symptoms.page(ENTRIES) == tree.read_text("utf-8")


def test_the_program_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file is written; any other call is told how to."""
    target = tmp_path / "symptoms.md"
    assert 0 == symptoms.main([str(target)])
    assert symptoms.page(ENTRIES) == target.read_text("utf-8")
    assert 2 == symptoms.main([])
    assert "usage" in capsys.readouterr().err
