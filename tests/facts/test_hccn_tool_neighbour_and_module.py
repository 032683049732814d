"""The neighbour and the optical module: the two answers of hccn_tool that pass on words from elsewhere."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import pytest

from ascend_doctor.facts.hccn_tool import lldp, optical
from ascend_doctor.facts.source import Source
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from samples import answer


def read(source: Source[Any], stdout: str, *, stderr: str = "", exit_code: Optional[int] = 0) -> Any:
    """Return what a source makes of an answer."""
    return source.read(answer(stdout.encode(), stderr=stderr.encode(), exit_code=exit_code))


# --- The neighbour -------------------------------------------------------------------------------------------------

SWITCH = """\
Chassis ID TLV
\tMAC: 00:11:22:33:44:55
Port ID TLV
\tIfname: 400GE1/2/7:1
Time to Live TLV
\t120
System Name TLV
\tleaf-7
System Description TLV
\tVersatile Routing Platform Software
VRP (R) software, Version 8.211

Example Switch

System Capabilities TLV
\tSystem capabilities:  Bridge, Router
\tEnabled capabilities: Bridge, Router
Management Address TLV
\tIPv4: 192.0.2.7
\tIfindex: 12
Management Address TLV
\tIPv6: 2001:db8::7
Maximum Frame Size TLV
\t9216
End of LLDPDU TLV
"""


def test_announcement_of_a_switch_is_read_whole() -> None:
    """Identifiers come from `key: value` lines, free text goes on over blank lines and at the margin."""
    assert lldp.LldpFacts(
        port_id="400GE1/2/7:1",
        chassis_id="00:11:22:33:44:55",
        system_name="leaf-7",
        system_description="Versatile Routing Platform Software VRP (R) software, Version 8.211 Example Switch",
        management_address="192.0.2.7",
        peer="switch",
    ) == read(lldp.SOURCE, SWITCH)


def test_last_newline_of_an_announcement_may_be_missing() -> None:
    """The device's text is printed as it comes; its last item says that it is whole."""
    assert read(lldp.SOURCE, SWITCH) == read(lldp.SOURCE, SWITCH[:-1])


@pytest.mark.parametrize(
    ("description", "peer"),
    [("AscendNPU 910B Routing", "npu"), ("Huawei Routing Switch", "switch"), ("Some box", NOT_REPORTED)],
)
def test_description_tells_the_kind_of_peer(description: str, peer: Any) -> None:
    """A cable straight to another NPU is told from a switch by the description, where it tells."""
    text = f"Chassis ID TLV\n\tMAC: a\nSystem Description TLV\n\t{description}\nEnd of LLDPDU TLV\n"

    assert peer == read(lldp.SOURCE, text).peer


def test_what_a_neighbour_leaves_out_is_missing() -> None:
    """Identifiers of a kind that nobody knows, and items that are not there, are missing."""
    facts = read(lldp.SOURCE, "Chassis ID TLV\n\tno key\nPort ID TLV\n\tOdd: 1\n...\nEnd of LLDPDU TLV\n")

    assert lldp.LldpFacts(elided=True) == facts


@pytest.mark.parametrize("stdout", ["\n", '[WARNING] "/x" is not a directory, hccn_tool logs may be lost.\n\n'])
@pytest.mark.parametrize("exit_code", [0, None])
def test_silence_means_that_no_neighbour_was_heard(stdout: str, exit_code: Optional[int]) -> None:
    """Here alone an empty line is an answer."""
    assert lldp.LldpFacts(neighbour=False) == read(lldp.SOURCE, stdout, exit_code=exit_code)


def test_silence_of_a_failed_call_means_nothing() -> None:
    """With an exit code, or without even a newline, the silence is the tool's, not the neighbour's."""
    assert Absence.UNPARSED is read(lldp.SOURCE, "").why
    assert Absence.TOOL_FAILED is read(lldp.SOURCE, "", exit_code=1).why
    assert Absence.UNPARSED is read(lldp.SOURCE, "", stderr="something new\n").why


def test_words_of_a_neighbour_are_not_the_words_of_the_tool() -> None:
    """A neighbour that calls itself busy makes nobody busy."""
    text = SWITCH.replace("leaf-7", "x\nhccn_tool is busy, please try again.")

    assert "x hccn_tool is busy, please try again." == read(lldp.SOURCE, text).system_name


def test_error_beside_an_announcement_counts() -> None:
    """What the tool itself says on standard error counts whatever the neighbour announces."""
    assert Absence.BUSY is read(lldp.SOURCE, SWITCH, stderr="Get lock failed. Please try again.\n", exit_code=25).why


def test_text_that_filled_the_buffer_loses_its_last_item_only() -> None:
    """The device hands over 1999 characters; what stood before the cut is whole."""
    long = SWITCH.replace("End of LLDPDU TLV\n", "Vendor TLV\n" + "\tinfo\n" * 400)[:1999] + "\n"

    assert "400GE1/2/7:1" == read(lldp.SOURCE, long).port_id


# --- The module ----------------------------------------------------------------------------------------------------

IDENTITY = """\
optical info:
present              : present
temperature          : 41 C
high power enable reg: enabled
vendor name          : EXAMPLE
vendor part number   : PN-1
vendor serial number :
vendor org unique id : 0x0 0x1 0x2
xsfp identifier      : QSFP+ or later
xsfp wave length     : 850 nm
manufact date code   : 260101
"""
LIMITS = """\
Vcc High Thres       : 3465.00 mV
Vcc Low Thres        : 3135.00 mV
Temp High Thres      : 70 C
Temp Low Thres       : -5 C
TxPower High Thres   : 2.0000 mW
TxPower Low Thres    : 0.5000 mW
RxPower High Thres   : 2.0000 mW
RxPower Low Thres    : 0.5000 mW
"""
FLAGS = "Tx Los Flag : 0x0\nRx Los Flag : NA\nTx LoL Flag : 0x0\nRx LoL Flag : 0x1\n"
TWO_LANES = (
    f"{IDENTITY}Vcc : 3265.00 mV\nTx Power0 : 2.5000 mW\nRx Power0 : 1.0000 mW\nTx Power1 : 1.0000 mW\n"
    f"Rx Power1 : 0.1000 mW\nTx Power2 : NA\nRx Power2 : 3.0000 mW\nTx Power3 : 0.4000 mW\nRx Power3 : NA\n{LIMITS}"
    "Tx Bias0 : 7.5000 mA\nTx Bias1 : 7.5000 mA\nTx Bias2 : NA\nTx Bias3 : NA\n"
    f"{FLAGS}"
    "Host SNR Lane0 : 20.5000 dB\nHost SNR Lane1 : 20.5000 dB\nHost SNR Lane2 : NA\nHost SNR Lane3 : NA\n"
    "Media SNR Lane0 : 20.5000 dB\nMedia SNR Lane1 : 20.5000 dB\nMedia SNR Lane2 : NA\nMedia SNR Lane3 : NA\n"
)


def test_lanes_outside_their_limits_are_named() -> None:
    """Each lane is held against the module's own limits; a lane without a reading is in no list."""
    facts = read(optical.SOURCE, TWO_LANES)

    assert (2.5, 1.0, NOT_REPORTED, 0.4) == facts.tx_power_mw
    assert {
        "tx_power_high": (0,),
        "tx_power_low": (3,),
        "rx_power_high": (2,),
        "rx_power_low": (1,),
    } == facts.lanes_out_of_range
    assert NOT_REPORTED == facts.rx_los == facts.serial_number
    assert -5 == facts.temp_low_c


def test_lanes_without_limits_are_in_no_list() -> None:
    """Where the module tells no limits, nothing is outside them."""
    assert {} == optical.OpticalFacts(present=True, tx_power_mw=(9.0,), rx_power_mw=(9.0,)).lanes_out_of_range


def test_one_lane_has_no_number() -> None:
    """A module of one lane, and one that says nothing, print the power without a lane number."""
    text = (
        f"{IDENTITY}Vcc : 3265.00 mV\nTx Power : 1.0000 mW\nRx Power : 1.0000 mW\n{LIMITS}Tx Bias : 7.5000 mA\n{FLAGS}"
        "Host SNR Lane : 20.0000 dB\nMedia SNR Lane : 20.0000 dB\n"
    )

    facts = read(optical.SOURCE, text)

    assert ((1.0,), (7.5,), (20.0,)) == (facts.rx_power_mw, facts.tx_bias_ma, facts.media_snr_db)


def test_values_that_are_not_there_say_why() -> None:
    """`get failed`, `not supported` and `NA` are three reasons."""
    failed = read(optical.SOURCE, TWO_LANES.replace("41 C", "get failed"))
    lacking = read(optical.SOURCE, TWO_LANES.replace("41 C", "not supported"))

    assert Missing(Absence.TOOL_FAILED, "get failed") == failed.temperature_c
    assert Absence.NOT_SUPPORTED is lacking.temperature_c.why


def test_unknown_lines_are_kept() -> None:
    """A line that a newer tool adds is kept under its own key."""
    assert {"Laser Hours": "12 h"} == read(optical.SOURCE, f"{TWO_LANES}Laser Hours : 12 h\n").extra


def test_elided_sample_keeps_its_lanes_in_place() -> None:
    """Where an author cut lanes out, those that are left keep their numbers."""
    facts = read(optical.SOURCE, "optical info:\npresent : not present\n...\nTx Power1 : 1.0000 mW\n...\n")

    assert (False, (NOT_REPORTED, 1.0), True) == (facts.present, facts.tx_power_mw, facts.elided)


def test_absent_module_is_a_fact() -> None:
    """The tool says so with an exit code of its own."""
    facts = read(optical.SOURCE, "Optical module is not present.\n", exit_code=20)

    assert (False, NOT_REPORTED) == (facts.present, facts.control_link)


def test_unreachable_module_is_a_fact() -> None:
    """The control link is known to be down; whether a module is there is not."""
    facts = read(optical.SOURCE, "", stderr="Control link unreachable.\n", exit_code=15)

    assert facts.control_link is False
    assert Missing(Absence.NOT_READY, "Control link unreachable.", 15) == facts.present


# --- Refusals ------------------------------------------------------------------------------------------------------

REFUSED: List[Tuple[Source[Any], str, str]] = [
    (lldp.SOURCE, "Port: 400GE1/1/5:1\n", "line 1: expected `Chassis ID TLV` or `Ifname:`"),
    (lldp.SOURCE, "\tIfname:\n", "line 1: expected `Chassis ID TLV` or `Ifname:`"),
    (lldp.SOURCE, "\tIfname: a\n\tIfname: b\n", "line 2: expected the end of the answer"),
    (lldp.SOURCE, "\tIfname: 400GE1/1/5", "line 1: expected a newline at the end"),
    (lldp.SOURCE, SWITCH + SWITCH, "line 26: expected the end of the answer"),
    (lldp.SOURCE, SWITCH.replace("leaf-7", "x\nPort ID TLV"), "line 9: expected `Port ID TLV` only once"),
    (lldp.SOURCE, SWITCH.replace("End of LLDPDU TLV\n", ""), "line 24: expected `End of LLDPDU TLV` after this line"),
    (lldp.SOURCE, f"text\n{SWITCH}", "line 1: expected `Chassis ID TLV`"),
    (optical.SOURCE, "optical info\n", "line 1: expected `key: value`"),
    (optical.SOURCE, "optical info: none\n", "line 1: expected `optical info:`"),
    (optical.SOURCE, "optical info:\n", "line 1: expected `present :` by this line"),
    (optical.SOURCE, "optical info:\ntemperature : 1 C\n...\n", "line 3: expected `present :` by this line"),
    (optical.SOURCE, TWO_LANES + TWO_LANES, "line 46: expected another key than before"),
    (optical.SOURCE, IDENTITY, "line 11: expected `Vcc :` by this line"),
    (optical.SOURCE, TWO_LANES.partition("Tx Bias0")[0], "line 28: expected `Tx Los Flag :` by this line"),
    (optical.SOURCE, TWO_LANES.partition("Media SNR")[0], "line 40: expected a line for each lane of each kind"),
    (optical.SOURCE, TWO_LANES.replace("Tx Bias1", "Tx Bias7"), "line 44: expected a line for each lane"),
    (optical.SOURCE, TWO_LANES.replace("Tx Bias3 : NA\n", ""), "line 43: expected a line for each lane"),
    (optical.SOURCE, f"{TWO_LANES}vendor rev : NA\n", "line 45: expected `Physical Code :` by this line"),
    (optical.SOURCE, TWO_LANES.replace(": present", ": maybe"), "line 2: expected `present` or `not present`"),
    (optical.SOURCE, TWO_LANES.replace("41 C", "41"), "line 3: expected a number in C"),
    (optical.SOURCE, TWO_LANES.replace("41 C", "warm C"), "line 3: expected a whole number for a number in C"),
    (optical.SOURCE, TWO_LANES.replace("0x1\n", "set\n"), "line 36: expected a hexadecimal flag"),
]


@pytest.mark.parametrize(("source", "stdout", "place"), REFUSED, ids=[f"{case[0].name}-{case[2]}" for case in REFUSED])
def test_unknown_form_is_refused_at_its_line(source: Source[Any], stdout: str, place: str) -> None:
    """An answer in a form that the parser does not know names the line and what was expected there."""
    missing = read(source, stdout)

    assert Absence.UNPARSED is missing.why
    assert missing.detail.startswith(place), missing.detail
