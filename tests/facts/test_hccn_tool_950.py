"""The parsers of the 950 form: what they read, what they refuse, and how the tool itself refuses."""

from __future__ import annotations

import functools
from typing import Any, Callable, Dict, Optional

import pytest

from ascend_doctor.facts.catalogue import query_for_command, query_for_key
from ascend_doctor.facts.document import document
from ascend_doctor.facts.hccn_tool.ub import dev_info
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.simulator.cluster import SimulatedCluster
from simulated import make

PORT = "-i 0 -u 0 -p 4"
FORMS: Dict[str, str] = {
    "dev_info": "-g -dev_info -i 0",
    "port_info": f"-g -port_info {PORT}",
    "bit_err": f"-g -bit_err {PORT}",
    "connect": "-g -ub_connect -i 0",
    "serdes": f"-g -serdes {PORT}",
    "peak_bw": f"-g -peak_bw {PORT}",
    "credit": f"-g -credit {PORT}",
    "down_data": f"-g -down_data {PORT}",
    "adapt_status": f"-g -adapt_status {PORT}",
    "su_ber_mode": f"-g -su_ber {PORT} -mode_status",
    "su_ber_result": f"-g -su_ber {PORT} -result",
    "optical": f"-g -optical {PORT}",
    "ub_ping": "-t -ub_ping -i 0 -src_eid ::10:0:dfdf:20 -dst_eid ::10:1:dfdf:20",
}


@functools.lru_cache(maxsize=1)
def machines() -> SimulatedCluster:
    """Return a server and cards."""
    nodes = "{name: a, product: ascend-950, npus: 2}, {name: c, product: atlas-350-2p}"
    return make(f"nodes: [{nodes}]\nfaults: [{{fault: ub-flapping, node: a, npu: 0, times: 2}}]\n", 900.0)


def printed(form: str) -> str:
    """Return what a healthy tool prints."""
    node = "c" if form == "connect" else "a"
    return machines().answer(node, ("hccn_tool", *FORMS[form].split())).stdout.decode()


def read(form: str, text: str, *, stderr: str = "", exit_code: Optional[int] = 0) -> Any:
    """Return what the parser makes of a text."""
    query = query_for_command(("hccn_tool", *FORMS[form].split()))
    assert query is not None
    return query.source.read(
        Evidence("x", query.argv, exit_code=exit_code, stdout=text.encode(), stderr=stderr.encode())
    )


@pytest.mark.parametrize("form", FORMS)
def test_a_healthy_answer_is_a_document(form: str) -> None:
    """What is printed is read, and can be shown."""
    facts = read(form, printed(form))
    assert not isinstance(facts, Missing)
    assert document(facts)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("stderr", "exit_code", "why"),
    [
        ("target chip is invalid, please check.\n", 11, Absence.NO_DEVICE),
        ("target port is invalid, please check.\n", 13, Absence.NO_DEVICE),
        ('The valid major cmd type should be "-a" or "-i".\n', 1, Absence.NOT_SUPPORTED),
        ("permission denied: pls check this cmd run permission.\n", 12, Absence.NO_PERMISSION),
        ("Cmd execute failed!\n", 1, Absence.TOOL_FAILED),
    ],
)
def test_the_tool_refuses(form: str, stderr: str, exit_code: int, why: Absence) -> None:
    """Its own words say why there are no facts."""
    found = read(form, "", stderr=stderr, exit_code=exit_code)
    assert isinstance(found, Missing)
    assert (why, exit_code) == (found.why, found.code)


def test_only_cards_can_be_asked_for_their_connections() -> None:
    """On a server the tool fails without a reason, with an exit code of its own."""
    found = read("connect", "", stderr="Cmd execute failed!\n", exit_code=10)
    assert Absence.NOT_SUPPORTED is found.why


def replaced(old: str, new: str, count: int = -1) -> Callable[[str], str]:
    """Return a change that a text has to allow."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, count)

    return change


def without_line(containing: str) -> Callable[[str], str]:
    """Return a change that drops the lines which hold some words."""

    def change(text: str) -> str:
        lines = text.splitlines(keepends=True)
        kept = [line for line in lines if containing not in line]
        assert len(kept) < len(lines)
        return "".join(kept)

    return change


def first_lines(count: int) -> Callable[[str], str]:
    """Return a change that keeps the first lines only."""
    return lambda text: "".join(text.splitlines(keepends=True)[:count])


def followed_by(more: str) -> Callable[[str], str]:
    """Return a change that adds something at the end."""
    return lambda text: text + more


DAMAGE = [
    ("dev_info", replaced("| UB        |", "| IB        |", 1)),
    ("dev_info", replaced("| 0       | 5 ", "| 0       | 4 ")),
    ("dev_info", replaced("| 0       | 4 ", "| x       | 4 ")),
    ("dev_info", replaced("192.168.2.199", "192.168.2!199")),
    ("dev_info", replaced("| end0v0 ", "|        ")),
    ("dev_info", replaced("| udma1 ", "|       ")),
    ("dev_info", replaced(":dfdf:0028", ":dfdf:28", 1)),
    (
        "dev_info",
        replaced("|                 | ::10:0:dfdf:28", "|                 | ::10:0:dfdf:28".replace(":28", "@28")),
    ),
    ("dev_info", followed_by("more\n")),
    ("dev_info", followed_by("+---+\n| a |\n+---+\n")),
    ("down_data", lambda _text: "udie 1 port 5: no down data\nmore\n"),
    ("dev_info", first_lines(1)),
    ("dev_info", first_lines(2)),
    ("dev_info", first_lines(5)),
    ("dev_info", replaced("| 0       | 4       | 400 ", "| 0       | 4 ")),
    ("port_info", replaced("port_id: 0x4", "port_id: 4")),
    ("port_info", first_lines(1)),
    ("port_info", first_lines(10)),
    ("port_info", without_line("dl_link_fsm")),
    ("port_info", without_line("UB PORT LINK INFO")),
    ("port_info", replaced("UB DLPHY INFO", "UB PORT LINK INFO")),
    ("port_info", replaced("UB DLPHY INFO", "UB OTHER INFO")),
    ("port_info", replaced("lane_num: X4", "port_enable: X4", 1)),
    ("port_info", followed_by("======================== UB MORE INFO ==========================\n")),
    ("bit_err", replaced("dl-bit_err", "bit_err")),
    ("bit_err", replaced("port_id: 0x4", "port_id: four")),
    ("bit_err", without_line("port_id")),
    ("connect", replaced("link status : UP", "link status : FINE")),
    ("connect", replaced("port 5", "port 4")),
    ("connect", replaced("port 5 : UP", "port 5 : FINE")),
    ("serdes", replaced("| 459340 ", "| 45934x ")),
    ("serdes", followed_by("+---+\n")),
    ("peak_bw", replaced("TX:", "UP:")),
    ("peak_bw", without_line("RX")),
    ("credit", first_lines(1)),
    ("credit", first_lines(4)),
    ("credit", first_lines(5)),
    ("credit", replaced("vl_pri_credit(1)", "vl_pri_credit(2)")),
    ("credit", replaced("used_pri_credit(1)", "used_pri_credit(9)")),
    ("credit", replaced("share_credit:562", "share_credit:many")),
    ("down_data", replaced("log row 1", "log row 2")),
    ("down_data", replaced("udie 0 port 4 - log row 1", "udie 0 port 5 - log row 1")),
    ("down_data", first_lines(1)),
    ("down_data", replaced("| -2 ", "| -x ")),
    ("adapt_status", replaced("print the adapt status table:", "print the table:")),
    ("adapt_status", replaced("Adapt status: UB ", "Adapt status; UB ")),
    ("adapt_status", replaced("L0:switch_speed ", "L0 switch_speed ")),
    ("adapt_status", replaced("Mon Dec 29", "29.12.")),
    ("adapt_status", replaced("| 0   | 0    | 4    | 2 ", "| 0   | 0    | 4    | x ")),
    ("adapt_status", first_lines(2)),
    ("adapt_status", first_lines(10)),
    ("adapt_status", first_lines(11)),
    ("adapt_status", first_lines(12)),
    ("adapt_status", followed_by("more\n")),
    ("su_ber_mode", replaced("| non-itlv ", "| mostly   ")),
    ("su_ber_mode", replaced("| stop  ", "| maybe ")),
    ("su_ber_result", replaced("| 0x400 ", "| 1024  ", 1)),
    ("su_ber_result", replaced("0.000000e+00", "zero        ", 1)),
    ("optical", replaced("TxFault Flag", "TxFault Fla ")),
    ("optical", replaced("| Normal | Normal", "| Normal | Normll", 1)),
    ("optical", replaced("Bias Lane0(mA)", "Bias lane0(mA)")),
    ("optical", replaced("| Normal | optical_9_lane_4", "| Norml  | optical_9_lane_4")),
    ("optical", replaced("12.0000", "12,0000", 1)),
    ("optical", followed_by("+---+\n")),
    ("optical", first_lines(1)),
    ("optical", first_lines(9)),
    ("ub_ping", replaced("EID ::10", "from ::10")),
    ("ub_ping", without_line("packet loss")),
    ("ub_ping", replaced("recv seq:1", "recv -----1")),
    ("ub_ping", replaced("3 received", "1 received")),
    ("ub_ping", replaced("3 received, 0.00%", "2 received, 33.33%")),
    ("ub_ping", replaced("0.00%", "50.00%")),
    ("ub_ping", without_line("min time")),
    ("ub_ping", replaced("TP95 time", "TP99 time")),
    ("ub_ping", without_line("Cmd executed")),
]


@pytest.mark.parametrize(("form", "change"), DAMAGE)
def test_damage_is_refused(form: str, change: Callable[[str], str]) -> None:
    """A value out of form, a line too few or too many: nothing is guessed."""
    damaged = change(printed(form))
    assert damaged != printed(form)
    found = read(form, damaged)
    assert isinstance(found, Missing)
    assert Absence.UNPARSED is found.why


BOND = """\
+-----------------+--------------------+---------------+-----------+-----------------+
| Interface Name  | IP Address         | Netmask       | Bond Mode | Slaves          |
+-----------------+--------------------+---------------+-----------+-----------------+
| bond0           | 10.1.0.7           | 255.255.0.0   | 8023.ad   | ethc0d0e0       |
|                 |                    |               |           | ethc0d0e1       |
|                 | fe80::7            | ffff::        |           |                 |
+-----------------+--------------------+---------------+-----------+-----------------+
"""
NO_EID = """\
+-----------------+-----------+-----------------------------------------+
| Name            | EID Index | EID                                     |
+-----------------+-----------+-----------------------------------------+
| udma0           | NA        | NA                                      |
+-----------------+-----------+-----------------------------------------+
"""


def test_a_bond_has_its_slaves_and_a_device_may_have_no_address() -> None:
    """Rows without a name go on with the device above them."""
    facts = read("dev_info", BOND + NO_EID)
    (bond,) = facts.interfaces
    assert ("bond0", "8023.ad", ("ethc0d0e0", "ethc0d0e1")) == (bond.name, bond.bond_mode, bond.slaves)
    assert ["10.1.0.7", "fe80::7"] == [address.ip for address in bond.addresses]
    assert ("udma0", ()) == (facts.eids[0].name, facts.eids[0].eids)
    assert () == facts.ports


def test_the_tables_of_ub_devices_may_be_left_out() -> None:
    """A machine that has no UB device prints two tables."""
    assert () == read("dev_info", BOND).eids


def test_a_port_may_have_one_section_only() -> None:
    """Then its lanes at present are not known, and other texts than a number of lanes are no number."""
    text = printed("port_info").partition("======================== UB DLPHY")[0]
    facts = read("port_info", text)
    assert (4, True) == (facts.lanes, facts.enabled)
    assert isinstance(facts.lanes_now, Missing)
    odd = read("port_info", text.replace("lane_num: X4", "lane_num: all").replace("port_enable", "port_able"))
    assert isinstance(odd.lanes, Missing)
    assert isinstance(odd.enabled, Missing)
    assert isinstance(facts.value("port_link", "UB DLPHY INFO"), Missing)


def test_a_port_without_interruption_has_no_down_data() -> None:
    """The tool says so in one line."""
    facts = read("down_data", "udie 1 port 5: no down data\n\n")
    assert {"udie": 1, "port": 5, "log_rows": 0, "bad_lanes": [], "rows": []} == document(facts)


def test_lost_packets_of_a_ping() -> None:
    """Replies that did not come are not counted; without any reply there are no figures."""
    lost = read("ub_ping", printed("ub_ping").replace("recv seq:1", "recv time out seq:1").replace("3 rec", "2 rec"))
    assert isinstance(lost, Missing)
    head = "device 0 EID ::1 to ::2\n"
    none = head + "recv time out, seq:0\n3 packets transmitted, 0 received, 100.00% packet loss\n"
    facts = read("ub_ping", none, exit_code=1)
    assert (0, 3, 100.0) == (facts.received, facts.transmitted, facts.loss_pct)
    assert isinstance(facts.max_ms, Missing)
    assert () == facts.times_ms


def test_a_copper_module_has_no_flags_and_a_missing_one_no_readings() -> None:
    """Only the table of readings is printed for copper; dashes stand for what nobody measured."""
    text = printed("optical")
    readings = "".join(text.splitlines(keepends=True)[9:])
    assert {} == read("optical", readings).flags
    dashes = "\n".join(
        line if "Lane" not in line or "(" not in line else "|".join([*line.split("|")[:5], *[" - "] * 6, " - ", ""])
        for line in readings.splitlines()
    )
    assert read("optical", dashes + "\n").is_absent
    assert not read("optical", readings).is_absent


@pytest.mark.parametrize(
    "key",
    [
        "hccn_tool/bit_err@0",
        "hccn_tool/bit_err@0.1",
        "hccn_tool/bit_err@0.1.x",
        "hccn_tool/bit_err@0.1.2.3",
        "hccn_tool/dev_info@0.1.2",
        "npu-smi/health@0.1.2",
    ],
)
def test_other_keys_lead_nowhere(key: str) -> None:
    """A port has a die and a number, an NPU has neither."""
    assert None is query_for_key(key)


def test_the_map_takes_ports_from_the_list_only() -> None:
    """The list of an NPU has its ports once each."""
    facts = read("dev_info", printed("dev_info"))
    assert isinstance(facts, dev_info.DevInfoFacts)
    assert len(facts.ports) == len({(port.udie, port.port) for port in facts.ports})
