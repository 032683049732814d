"""The event log of the management controller, in the form of either tool."""

from __future__ import annotations

import pytest

from ascend_doctor.facts.bmc.sel import SOURCE, SelEntry, SelFacts
from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from samples import answer

HEAD = "ID   | Generation Time     | Severity | Event Code | Status     | Event Description\n"


def read(text: str, stderr: bytes = b"") -> object:
    """Read a log."""
    return SOURCE.read(answer(text.encode(), stderr=stderr))


def test_the_form_of_ipmitool() -> None:
    """The date is turned round, the zone left out; events before the clock was set have no time."""
    text = (
        "   1 |  Pre-Init  |0000000012| Power Unit #0x01 | Power off/down | Asserted\n"
        "   2 | Pre-Init Time-stamp | Power Unit #0x01 | Power off/down | Deasserted\n"
        "   a | 12/31/2025 | 23:00:00 CST | Fan #0x30 | Failure detected | Asserted\n"
    )
    unit = "Power Unit #0x01"
    expected = SelFacts(
        (
            SelEntry("1", NOT_REPORTED, "Power off/down", True, sensor=unit),
            SelEntry("2", NOT_REPORTED, "Power off/down", False, sensor=unit),
            SelEntry("a", "2025-12-31 23:00:00", "Failure detected", True, sensor="Fan #0x30"),
        )
    )
    assert expected == read(text)


def test_the_form_of_the_controllers_shell() -> None:
    """The code is in small letters, a bar in the description stays, rules between the rows are passed over."""
    text = f"{HEAD}-----+-----\n1    | 2025-12-31 21:00:00 | Critical | 0x5600000A | Asserted   | NPU 3 | lost\n"
    expected = SelEntry("1", "2025-12-31 21:00:00", "NPU 3 | lost", True, severity="Critical", code="0x5600000a")
    assert SelFacts((expected,)) == read(text)
    assert SelFacts() == read(HEAD)


@pytest.mark.parametrize(("text", "stderr"), [("SEL has no entries\n", b""), ("", b"SEL has no entries\n")])
def test_an_empty_log(text: str, stderr: bytes) -> None:
    """The tool says so on either stream."""
    assert SelFacts() == read(text, stderr)


def test_a_host_without_a_controller() -> None:
    """The tool fails, which is no damage of its answer."""
    missing = read("", b"Could not open device at /dev/ipmi0 or /dev/ipmi/0: No such file or directory\n")
    assert isinstance(missing, Missing)
    assert Absence.TOOL_FAILED == missing.why


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 | 12/31/2025 | 23:00:00 | Fan | Failure detected\n",
        "1 | 31/12/2025 | 23:00:00 | Fan | Failure detected | Asserted\n",
        "x | 12/31/2025 | 23:00:00 | Fan | Failure detected | Asserted\n",
        "1 | 12/31/2025 | 23:00:00 | Fan | Failure detected | Perhaps\n",
        f"{HEAD}1 | 2025-12-31 21:00:00 | Critical\n",
        f"{HEAD}1 | 2025-12-31 21:00:00 | Critical | 5600 | Asserted | NPU 3\n",
    ],
)
def test_another_form_is_refused(text: str) -> None:
    """Columns that are missing or hold something else are not understood."""
    missing = read(text)
    assert isinstance(missing, Missing)
    assert Absence.UNPARSED == missing.why


def test_both_commands_are_known() -> None:
    """A recording may hold either."""
    for command in ("ipmitool sel list", "ipmcget -d sel -v list"):
        query = query_for_command(command.split())
        assert query is not None
        assert SOURCE is query.source
