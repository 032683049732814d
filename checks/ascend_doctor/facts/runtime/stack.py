"""What is installed in the Python that jobs use."""

from __future__ import annotations

from typing import Mapping

import attrs

from ascend_doctor.facts.parsing import ParseError
from ascend_doctor.facts.runtime.answers import SCRIPT, TOOL, object_or_refusal, words
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Missing, Reading


@attrs.frozen
class StackFacts:
    """`python` is the version of the interpreter, `packages` those of the packages that are installed, by name."""

    python: str
    packages: Mapping[str, str]


def parse(evidence: Evidence) -> Reading[StackFacts]:
    """Parse the answer of the script to `stack`."""
    found = object_or_refusal(evidence, "stack")
    if isinstance(found, Missing):
        return found
    packages = found.get("packages")
    if not isinstance(packages, dict):
        raise ParseError(1, "an object for 'packages'", repr(packages))
    return StackFacts(
        words(found.get("python"), "python"),
        {words(name, "packages"): words(version, name) for name, version in packages.items()},
    )


SOURCE: Source[StackFacts] = Source(
    name="python/stack",
    scope=Scope.NODE,
    argv=(TOOL, SCRIPT, "stack"),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=3600.0,
    timeout_s=30.0,
)
