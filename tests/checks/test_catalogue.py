"""The catalogue of checks."""

from __future__ import annotations

from types import ModuleType
from typing import Iterator

import attrs
import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.catalogue import CatalogueError, read_guide
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.facts.catalogue import BY_NAME

ENTRIES = catalogue.load()
WANTED = "What it reads: a\nWhy it matters: b\nWhat to do: c\n    and d\nSources: e\n"


def module(name: str, docstring: str, check: object) -> ModuleType:
    """Return a module as an author might write it."""
    made = ModuleType(name, docstring)
    if check is not None:
        made.__dict__["CHECK"] = check
    return made


def test_all_checks_are_found_and_named_after_their_modules() -> None:
    """The id is the module's name with its separators; ids are unique and sorted."""
    assert sorted(ENTRIES) == list(ENTRIES)
    for check_id, entry in ENTRIES.items():
        name = entry.check.judge.__module__.rpartition(".")[2]
        assert check_id.replace("-", "_").replace(".", "_") == name
        assert entry.fleet == check_id.startswith("cluster.")


def test_every_guide_is_whole() -> None:
    """Each check explains its evidence, reason, remedy, disruption, limits and sources."""
    for entry in ENTRIES.values():
        assert {"What it reads", "Why it matters", "What to do", "Disruption", "Limits", "Sources"} == set(
            entry.guide.sections
        )
        assert not entry.guide.title.endswith(".")


def test_every_limit_is_explained() -> None:
    """The guide names each limit, and own limits are fields."""
    for entry in ENTRIES.values():
        fields = {field.name for field in attrs.fields(type(entry.check.limits))}
        assert set(entry.check.own_limits) <= fields
        for name in fields:
            assert name in entry.guide.sections["Limits"], (entry.check.id, name)


def test_all_sources_are_known() -> None:
    """The plan can run everything that any check reads."""
    assert {source.name for entry in ENTRIES.values() for source in entry.check.reads} <= set(BY_NAME)


def test_a_mistyped_id_gets_the_nearest_one() -> None:
    """A word close to an id names it; anything else names none."""
    assert "roce.link" == catalogue.nearest("roce.lnk", ENTRIES)
    assert catalogue.nearest("zzzzzz", ENTRIES) is None


def test_a_guide_is_split_into_title_and_sections() -> None:
    """A section runs until the next heading; lines before the first heading belong to none."""
    guide = read_guide(f"A title\n\nloose\n{WANTED}")
    assert "A title" == guide.title
    assert "c and d" == guide.sections["What to do"]
    assert "" == read_guide("").title


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([module("m", f"T\n{WANTED}", None)], "no CHECK"),
        (
            [module("m", "T\n", Check(id="x", reads=(), judge=lambda view, limits: iter(()), limits=NoLimits()))],
            "lacks",
        ),
        ([module("m", "", Check(id="x", reads=(), judge=lambda view, limits: iter(()), limits=NoLimits()))], "lacks"),
        (
            [
                module(
                    "m", f"T\n{WANTED}", Check(id="x", reads=(), judge=lambda view, limits: iter(()), limits=NoLimits())
                )
            ]
            * 2,
            "is taken",
        ),
    ],
)
def test_half_a_check_is_refused(made: list[ModuleType], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module without check, a guide with gaps and an id used twice are mistakes of their author."""

    def modules(package: ModuleType) -> Iterator[ModuleType]:
        return iter(made)

    monkeypatch.setattr(catalogue, "_modules", modules)
    with pytest.raises(CatalogueError, match=words):
        catalogue.load()
