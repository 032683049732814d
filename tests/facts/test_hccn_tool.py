"""Rare forms of hccn_tool's answers and command lines that no recording shows."""

from __future__ import annotations

from typing import Any

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.facts.source import Target
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from hccn_tool_answers import PING, SPEED_HEAD, SPEED_RULE, read


def test_silence_with_exit_code_13_means_no_address() -> None:
    """The words go to standard error, which a recording may lack; "not supported" would stand on standard output."""
    facts = read("ip", "", exit_code=13)

    assert Missing(Absence.NOT_CONFIGURED, "", 13) == facts.ipaddr == facts.netmask


@pytest.mark.parametrize(
    "words", ["Get ipconf failed, because no ip was preset there!", "Get ip failed, because no ip was preset there!"]
)
def test_missing_address_is_a_fact(words: str) -> None:
    """The older and the newer wording both say that nobody has set an address."""
    facts = read("ip", "", stderr=f"{words}\n", exit_code=13)

    assert Missing(Absence.NOT_CONFIGURED, words, 13) == facts.ipaddr == facts.netmask


@pytest.mark.parametrize(
    ("name", "field", "words"),
    [
        ("ip", "ipaddr", "Get ipconf failed, because no ip was preset there!"),
        ("gateway", "gateway", "Get gateway failed, because no gateway was preset there!"),
        ("tls", "switch", "No certificate found, please set certs firstly!"),
    ],
)
def test_document_of_an_unset_thing_says_why(name: str, field: str, words: str) -> None:
    """What the tool prints as an error is shown as one, beside the fields that are therefore empty."""
    shown = document(read(name, f"{words}\n", exit_code=None))

    assert (None, False, "not-configured", words) == (shown[field], shown["ok"], shown["missing"], shown["reason"])


def test_further_ports_have_further_addresses() -> None:
    """With bonding or several ports the pair repeats."""
    facts = read("ip", "ipaddr:10.0.0.1\nnetmask:255.0.0.0\nipaddr:10.0.0.2\nnetmask:255.0.0.0\n")

    assert ("10.0.0.1", (("10.0.0.2", "255.0.0.0"),)) == (facts.ipaddr, facts.further)


def test_gateway_of_zeros_is_none() -> None:
    """0.0.0.0 is how the tool writes an address that is not there; its interface then means nothing."""
    facts = read("gateway", "default gateway:0.0.0.0, Iface:eth0\n")

    assert Absence.NOT_CONFIGURED is facts.gateway.why
    assert facts.gateway == facts.iface


@pytest.mark.parametrize("key", ["netdetect addr", "netdetect address"])
def test_netdetect_is_read_under_both_keys(key: str) -> None:
    """The vendor source says `addr`, recorded machines say `address`."""
    assert "10.1.2.3" == read("netdetect", f"{key}: 10.1.2.3\n").netdetect


@pytest.mark.parametrize(
    ("word", "healthy"),
    [
        ("Success", True),
        ("Socket fail", False),
        ("Socket failed", False),
        ("Receive timeout", False),
        ("Unreachable", False),
        ("Time exceeded", False),
        ("Fault", False),
        ("Thread error", False),
        ("Init", NOT_REPORTED),
        ("Detect ip set", NOT_REPORTED),
        ("Unknown", NOT_REPORTED),
        ("Brand new", NOT_REPORTED),
    ],
)
def test_network_health_decides_by_its_word(word: str, healthy: Any) -> None:
    """Words that do not decide, and words that nobody knows, are neither healthy nor failed."""
    assert healthy == read("net_health", f"net health status: {word}\n").healthy


def test_speed_of_one_950_port_is_the_speed() -> None:
    """The table of one port gives its speed in Mb/s beside the row."""
    facts = read("speed", f"{SPEED_HEAD}| 0 | 0 | 4 | 400 G | X4 | X4 | normal |\n{SPEED_RULE}")

    assert 400_000 == facts.speed_mbps
    assert 4 == facts.rows[0].port


@pytest.mark.parametrize(
    "rows",
    [
        "| 0 | 0 | 4 | unknown | X4 | NA | abnormal |\n",
        "",
        "| 0 | 0 | 4 | 400 G | X4 | X4 | normal |\n| 0 | 1 | 4 | 400 G | X4 | X4 | normal |\n",
    ],
)
def test_speed_of_no_or_several_950_ports_is_missing(rows: str) -> None:
    """A port without a speed, no port and several ports have no one speed."""
    assert NOT_REPORTED == read("speed", SPEED_HEAD + rows + SPEED_RULE).speed_mbps


def test_link_history_knows_the_950_words() -> None:
    """The 950's rows give the same records as the lines of the older form, with no device and no time of its own."""
    rule = "+-----+------+------+-------------+-------------------------+\n"
    facts = read(
        "link_stat",
        f"link up count :    0\nlink down count :  1\n{rule}| NPU | UDie | Port | Link_Status | Time_Stamp |\n{rule}"
        f"| 0 | 0 | 4 | LINK_DOWN | Mon Feb 9 21:45:47 2026 |\n{rule}",
    )

    assert (None, NOT_REPORTED, 0, 1) == (facts.device, facts.current_time, facts.link_up_count, facts.link_down_count)
    assert (("Mon Feb 9 21:45:47 2026", "DOWN"),) == facts.records
    assert "LINK_DOWN" == facts.rows[0].status


def test_counters_of_a_950_name_their_port() -> None:
    """The port and what it carries are no counters; counters that differ share no value."""
    facts = read("stat", "packet statistics:\nport_id: 4\nis_uboe_port: 1\nx_cnt: 7\ncore_mib_txbadoctets: 0\n")

    assert (4, True, {"x_cnt": 7, "core_mib_txbadoctets": 0}) == (facts.port, facts.uboe, facts.counters)
    assert {
        "port_id": 4,
        "is_uboe_port": 1,
        "counters": 4,
        "x_cnt": 7,
        "core_mib_txbadoctets": 0,
        "elided": False,
    } == document(facts)


def test_few_filtered_counters_need_no_head() -> None:
    """A recording filtered for a counter has lost the head with the rest."""
    assert {"roce_rx_err_pkt_num": 3} == read("stat", "roce_rx_err_pkt_num:3\n").counters


def test_list_may_end_in_an_elision() -> None:
    """Where an author cut the end away, the list does not have to reach it."""
    facts = read("stat", "packet statistics:\nmac_tx_mac_pause_num:1\n...\n")

    assert ({"mac_tx_mac_pause_num": 1}, True) == (facts.counters, facts.elided)


def test_lost_packet_counts_by_the_summary_not_by_the_exit_code() -> None:
    """One lost packet of three makes the tool fail; the summary says what happened."""
    facts = read(
        "ping",
        f"{PING}3 packets transmitted, 2 received, 33.33% packet loss\n\n",
        stderr="Command execute failed!\n",
        exit_code=1,
    )

    assert (3, 2, 33.33) == (facts.transmitted, facts.received, facts.loss_pct)
    assert (NOT_REPORTED, 0.049, 0.047) == facts.times_ms


def test_unreachable_host_is_a_lost_packet() -> None:
    """The words by which the tool knows a failed ping are no reply."""
    facts = read(
        "ping",
        "device 0 PING 10.0.0.2\nFrom 10.0.0.1: Destination Host Unreachable\nsendto: Message too long\n"
        "2 packets transmitted, 0 received, 100.00% packet loss\n",
        exit_code=1,
    )

    assert (0, (NOT_REPORTED, NOT_REPORTED)) == (facts.received, facts.times_ms)


def test_failed_ping_without_a_summary_is_a_failure() -> None:
    """Without a summary the tool's own word counts."""
    missing = read("ping", PING, stderr="Command execute failed!\n", exit_code=1)

    assert Missing(Absence.TOOL_FAILED, "Command execute failed!", 1) == missing


def test_ping_with_replies_left_out_is_judged_by_its_summary() -> None:
    """`...` in place of replies is nothing the device said; a summary of fewer packets than are shown is refused."""
    shown = "device 0 PING 10.0.0.2\nrecv seq=0,time=0.100000ms\n...\nrecv seq=63,time=0.200000ms\n"
    facts = read("ping", shown + "64 packets transmitted, 64 received, 0.00% packet loss\n")
    assert (64, 64, (0.1, 0.2)) == (facts.transmitted, facts.received, facts.times_ms)
    refused = read("ping", shown + "1 packets transmitted, 1 received, 0.00% packet loss\n")
    assert Absence.UNPARSED is refused.why


def test_command_of_a_950_is_recognised() -> None:
    """The 950 names the mode first, and asks about one port of a die."""
    query = query_for_command(("/usr/local/bin/hccn_tool", "-g", "-link", "-i", "2", "-u", "0", "-p", "4"))

    assert query is not None
    assert ("hccn_tool/ub_link", Target(npu=2, udie=0, port=4)) == (query.source.name, query.target)


@pytest.mark.parametrize(
    "command",
    [
        "hccn_tool -g",
        "hccn_tool -g -link",
        "hccn_tool -g -link -i",
        "hccn_tool -g -link -u 0 -p 4",
        "hccn_tool -g -optical -i 0 -optical_id 1",
        "hccn_tool -g -nothing -i 0",
    ],
)
def test_other_questions_are_not_mistaken(command: str) -> None:
    """A command whose answer has another form belongs to none of the sources."""
    assert query_for_command(tuple(command.split())) is None
