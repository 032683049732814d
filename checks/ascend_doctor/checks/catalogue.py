"""All checks, found by walking the packages `node` and `cluster`; nothing registers itself at import."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from types import ModuleType
from typing import Dict, Iterator, Mapping, Optional

import attrs

from ascend_doctor.checks import cluster, node
from ascend_doctor.checks.check import AnyCheck


class CatalogueError(Exception):
    """A module below `checks` is no whole check: a mistake of its author."""


@attrs.frozen
class Guide:
    """What the docstring of a check's module says.

    `title` names the problem, so that a line `FAIL title` reads as a sentence. `sections` are the parts under a
    heading of their own (`What it reads`, `Why it matters`, `What to do`, `Disruption`, `Sources`), in order.
    """

    title: str
    sections: Mapping[str, str]


@attrs.frozen
class Entry:
    """A check with its guide. `fleet` tells whether it judges several nodes together."""

    check: AnyCheck
    guide: Guide
    fleet: bool


REQUIRED_SECTIONS = ("What it reads", "Why it matters", "What to do", "Sources")
_HEADING = re.compile(r"^([A-Z][A-Za-z ]+):(?:\s+|$)")


def read_guide(docstring: str) -> Guide:
    """Split a module docstring into its title and its sections; a section runs until the next heading."""
    lines = docstring.strip().splitlines()
    sections: Dict[str, str] = {}
    heading = ""
    for line in lines[1:]:
        match = _HEADING.match(line)
        heading = match.group(1) if match else heading
        text = line[match.end() :] if match else line
        if heading:
            sections[heading] = f"{sections.get(heading, '')} {text.strip()}".strip()
    return Guide(lines[0].strip().rstrip(".") if lines else "", sections)


def load() -> Mapping[str, Entry]:
    """Return every check by its id, in the order of the ids. Raises `CatalogueError` for half a check."""
    found: Dict[str, Entry] = {}
    for package, fleet in ((node, False), (cluster, True)):
        for module in _modules(package):
            entry = _entry(module, fleet)
            if entry.check.id in found:
                raise CatalogueError(f"{module.__name__}: the id {entry.check.id!r} is taken")
            found[entry.check.id] = entry
    return dict(sorted(found.items()))


def nearest(check_id: str, known: Mapping[str, Entry]) -> Optional[str]:
    """Return the known id that looks most like the given one, None when none is close."""
    close = difflib.get_close_matches(check_id, known, n=1, cutoff=0.5)
    return close[0] if close else None


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        yield importlib.import_module(f"{package.__name__}.{found.name}")


def _entry(module: ModuleType, fleet: bool) -> Entry:
    check = getattr(module, "CHECK", None)
    if check is None:
        raise CatalogueError(f"{module.__name__}: no CHECK")
    guide = read_guide(module.__doc__ or "")
    absent = [section for section in REQUIRED_SECTIONS if not guide.sections.get(section)]
    if not guide.title or absent:
        raise CatalogueError(f"{module.__name__}: the docstring lacks {', '.join(absent) or 'a title'}")
    return Entry(check, guide, fleet)
