"""Facts as a document, and refusals as one."""

from __future__ import annotations

import enum
from typing import Mapping, Optional, Tuple

import attrs

from ascend_doctor.facts.document import ABSENT_AS, document, refusal
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading


class Colour(enum.Enum):
    """A kind of value."""

    RED = "red"


@attrs.frozen
class Part:
    """Facts with a document of their own."""

    number: int

    def as_document(self) -> Mapping[str, int]:
        """Return keys that are no fields."""
        return {"own": self.number}


@attrs.frozen
class Whole:
    """Facts with a field of each kind."""

    name: Reading[str]
    bus: Reading[str] = attrs.field(metadata={ABSENT_AS: "NA"})
    colour: Colour = Colour.RED
    parts: Tuple[Part, ...] = ()
    absent: Optional[int] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)

    DERIVED = ("count", "nothing")

    @property
    def count(self) -> int:
        """A derived value."""
        return len(self.parts)

    @property
    def nothing(self) -> None:
        """A derived value that is not there."""
        return None


def test_facts_become_plain_values() -> None:
    """Missing is None, absent columns are left out, derived values are shown, a class may have its own form."""
    facts = Whole(Missing(Absence.TOOL_FAILED), "0000:C1:00.0", parts=(Part(1), Part(2)), extra={"Key": "value"})
    assert {
        "name": None,
        "bus": "0000:C1:00.0",
        "colour": "red",
        "parts": [{"own": 1}, {"own": 2}],
        "extra": {"Key": "value"},
        "count": 2,
    } == document(facts)


def test_a_field_may_show_the_word_of_the_tool_for_nothing() -> None:
    """Where a field says so, `NA` stands for a value that was not reported; any other reason stays None."""
    assert "NA" == document(Whole("x", NOT_REPORTED))["bus"]
    assert None is document(Whole("x", Missing(Absence.TOOL_FAILED)))["bus"]
    assert None is document(NOT_REPORTED)


def test_a_refusal_has_the_reason() -> None:
    """A place where reading stopped is shown as it is."""
    assert {
        "ok": False,
        "missing": "unparsed",
        "detail": "line 3: expected x",
        "reason": "line 3: expected x",
    } == refusal(Missing(Absence.UNPARSED, "line 3: expected x"))


def test_a_refusal_knows_what_a_code_means() -> None:
    """A return code of npu-smi comes with its meaning; a code of another tool comes alone."""
    assert "device is held by another container" == refusal(Missing(Absence.BUSY, "used", -8020))["meaning"]
    other = refusal(Missing(Absence.BUSY, "hccn_tool is busy, please try again.", 11))
    assert (11, False) == (other["code"], "meaning" in other)


def test_a_refusal_says_what_is_not_supported() -> None:
    """The thing asked for is named where the tool names it."""
    shown = refusal(Missing(Absence.NOT_SUPPORTED, "This device does not support querying topo."))
    assert (False, "topo") == (shown["supported"], shown["what"])
    assert "what" not in refusal(Missing(Absence.NOT_SUPPORTED, "no"))


def test_a_refusal_of_hccn_tool_gives_its_last_word() -> None:
    """Where the tool says first what went wrong and then that the command failed, the failure is the reason."""
    shown = refusal(Missing(Absence.TOOL_FAILED, "Failed to check the route. Cmd execute failed!"))
    assert "Cmd execute failed!" == shown["reason"]


def test_a_refusal_names_the_wrong_parameter() -> None:
    """The reason is what the tool says of the parameter, or that it is wrong; the types it knows are listed."""
    shown = refusal(Missing(Absence.NO_DEVICE, "Invalid card id. Error parameter of -i", -9001))
    assert ("Invalid card id.", "-i") == (shown["reason"], shown["parameter"])
    shown = refusal(Missing(Absence.TOOL_FAILED, "Error parameter of -t; types: board, topo"))
    assert ("Error parameter of -t", "-t", ["board", "topo"]) == (
        shown["reason"],
        shown["parameter"],
        shown["types_include"],
    )
