"""What the questions of the 950 form share: how they are put, and how the tool refuses them."""

from __future__ import annotations

from typing import Any, Callable, Optional, Tuple, TypeVar

from ascend_doctor.facts.hccn_tool.answers import error_answer, words_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Absence, Missing, Reading

F = TypeVar("F")

A5 = frozenset({Generation.A5})

OLDER_FORM = 'The valid major cmd type should be "-a" or "-i".'
"""What a tool of the older form says to a question of the 950 form (recorded from the vendor's code)."""

_LONGEST_REFUSAL = 400
"""Longer answers are not searched for these sentences, where nothing stands on standard error."""
# Vendor source, tool_cmd_err.c of the 950.
_INVALID = ("target chip is invalid", "target udie is invalid", "target port is invalid")


def refused(evidence: Evidence) -> Optional[Missing]:
    """Return what an error answer of the 950's tool says, None when the answer is none."""
    return misplaced(evidence) or error_answer(evidence)


def misplaced(evidence: Evidence) -> Optional[Missing]:
    """Return that the tool has no such NPU or port, or does not know the form of the question.

    The latter is what a tool of the older form says, of which some products of the 950 are documented.
    """
    if not evidence.stderr and len(evidence.stdout) >= _LONGEST_REFUSAL:
        return None
    words = words_of(evidence, OLDER_FORM)
    if words is not None:
        return Missing(Absence.NOT_SUPPORTED, words, evidence.exit_code)
    words = words_of(evidence, *_INVALID)
    return None if words is None else Missing(Absence.NO_DEVICE, words, evidence.exit_code)


def read_by(parse: Callable[[Evidence], Reading[F]]) -> Callable[[Evidence], Reading[F]]:
    """Return the parser of an older product's answer, made to know how the 950's tool refuses a question."""

    def parse_950(evidence: Evidence) -> Reading[F]:
        return misplaced(evidence) or parse(evidence)

    return parse_950


def of_npu(
    word: str,
    parse: Callable[[Evidence], Reading[F]],
    name: str = "",
    *,
    options: Tuple[str, ...] = (),
    **how: Any,
) -> Source[F]:
    """Return a question about one NPU: `hccn_tool -g -WORD -i NPU`, with further options."""
    argv = ("hccn_tool", "-g", f"-{word}", "-i", "{npu}", *options)
    return Source(name=f"hccn_tool/{name or word}", scope=Scope.CARD, argv=argv, parse=parse, generations=A5, **how)


def of_port(
    word: str,
    parse: Callable[[Evidence], Reading[F]],
    name: str = "",
    *,
    options: Tuple[str, ...] = (),
    scope: Scope = Scope.PORT,
    **how: Any,
) -> Source[F]:
    """Return a question about one port: `hccn_tool -g -WORD -i NPU -u UDIE -p PORT`, with further options."""
    argv = ("hccn_tool", "-g", f"-{word}", "-i", "{npu}", "-u", "{udie}", "-p", "{port}", *options)
    return Source(name=f"hccn_tool/{name or word}", scope=scope, argv=argv, parse=parse, generations=A5, **how)
