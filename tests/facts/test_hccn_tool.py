"""What no recorded answer of hccn_tool shows: error answers, rare forms, and where damaged answers are refused."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from ascend_doctor.facts.catalogue import BY_NAME, query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.facts.source import Target
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from samples import answer


def read(name: str, stdout: str, *, stderr: str = "", exit_code: Optional[int] = 0) -> Any:
    """Return what the source of a command makes of an answer."""
    return BY_NAME[f"hccn_tool/{name}"].read(answer(stdout.encode(), stderr=stderr.encode(), exit_code=exit_code))


# --- Error answers -------------------------------------------------------------------------------------------------

PRINTED = [
    (Absence.BUSY, "hccn_tool is busy, please try again.", 11),
    (Absence.BUSY, "Get lock failed. Please try again.", 25),
    (Absence.BUSY, "I2c is busy. Please try again.", 12),
    (Absence.BUSY, "The device is occupied. Please try again later.", 31),
    (Absence.BUSY, "The system is in optical module initializing, please try again later.", 18),
    (Absence.BUSY, "CDR reg data is updating, please wait a moment(30s) to get.", 17),
    (Absence.NO_DEVICE, "The device is not exist!", 4),
    (Absence.NO_DEVICE, "Get invalid device id.", 4),
    (Absence.NOT_READY, "Get device health status failed!", 3),
    (Absence.TIMED_OUT, "The cmd line execute timeout!", 1),
    (Absence.NO_PERMISSION, "permission denied: pls check this cmd run permission.", 12),
    (Absence.NO_PERMISSION, "The hccn.conf can't access, cmd execute failed! pls check the conf file.", 29),
    (Absence.NO_PERMISSION, "Read file failed, cmd execute failed! pls check cmd run permission.", 3),
    (Absence.NO_PERMISSION, "Open file failed, cmd execute failed! pls check the conf path or cmd run permission.", 3),
    (Absence.NOT_SUPPORTED, "The command is not supported on this product.", 13),
    (Absence.NOT_SUPPORTED, "The command is not supported on this optical media.", 14),
    (Absence.NOT_SUPPORTED, "Command unsupported on this optical module.", 11),
    (Absence.NOT_SUPPORTED, "The VM does not support this command.", 21),
    (Absence.NOT_SUPPORTED, "This device does not support IPV6!", 24),
    (Absence.NOT_SUPPORTED, "Get invalid major cmd.", 3),
    (Absence.NOT_SUPPORTED, "Please specify a valid cmd.", 1),
    (Absence.TOOL_FAILED, "Please specify a mode.", 1),
    (Absence.TOOL_FAILED, "Get invalid major cmd number. Please check your input.", 2),
    (Absence.TOOL_FAILED, "The total count of options is wrong.", 1),
    (Absence.TOOL_FAILED, "Parsing configurations from config file failed, pls check the config file.", 8),
    (Absence.TOOL_FAILED, "Execute failed: Link status is down.", 22),
    (Absence.TOOL_FAILED, "Command execute failed!", 1),
    (Absence.TOOL_FAILED, "Cmd execute failed!", 1),
    (Absence.TOOL_FAILED, "Failed to check the route network segment. Cmd execute failed!", 1),
]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(("why", "words", "exit_code"), PRINTED, ids=[words for _, words, _ in PRINTED])
def test_words_decide_on_either_stream(why: Absence, words: str, exit_code: int, stream: str) -> None:
    """An error text gives its reason from whichever stream it came, with the exit code beside it."""
    streams = {"stdout": "", "stderr": "", stream: f"{words}\n"}

    assert Missing(why, words, exit_code) == read("link", **streams, exit_code=exit_code)


def test_words_decide_before_the_exit_code() -> None:
    """An error can leave with 0, because the exit code is the low byte of an inner one."""
    missing = read("stat", "", stderr="Get lock failed. Please try again.\n")

    assert Missing(Absence.BUSY, "Get lock failed. Please try again.", 0) == missing


def test_reason_comes_before_the_usage_and_before_the_failure() -> None:
    """Of several error lines the one that names the reason counts, in whatever order they were printed."""
    missing = read("link", "", stderr="Command execute failed!\nGet lock failed. Please try again.\n", exit_code=1)

    assert Absence.BUSY is missing.why


def test_pasted_error_needs_no_exit_code() -> None:
    """A sample without its exit code is read by its words."""
    missing = read("link", "hccn_tool is busy, please try again.\n", exit_code=None)

    assert Missing(Absence.BUSY, "hccn_tool is busy, please try again.") == missing


def test_exit_code_without_known_words_is_a_failure() -> None:
    """An exit code other than 0 makes data doubtful: the tool said that it failed, in words that nobody knows."""
    missing = read("link", "link status: UP\n", stderr="something new\n", exit_code=7)

    assert Missing(Absence.TOOL_FAILED, "something new", 7) == missing


def test_silent_failure_says_so() -> None:
    """Without a word on either stream the detail says just that."""
    assert Missing(Absence.TOOL_FAILED, "the tool said nothing", 1) == read("link", "", exit_code=1)


def test_detail_is_bounded() -> None:
    """A tool that goes wild does not fill the report."""
    missing = read("link", "x" * 10_000, exit_code=1)

    assert 200 == len(missing.detail)


def test_terminal_escapes_on_standard_error_are_taken_out() -> None:
    """What ends up in a report cannot move the cursor of the person who reads it."""
    missing = read("link", "", stderr="\x1b[2Jsomething\u202e new\n", exit_code=1)

    assert "?[2Jsomething? new" == missing.detail


def test_noise_on_standard_error_does_not_spoil_the_data() -> None:
    """Libraries below the tool write to standard error what they like."""
    facts = read(
        "link", "link status: UP\n", stderr="\x1b[33mwarning\x1b[0m \udcff".encode("utf-8", "replace").decode()
    )

    assert "UP" == facts.link


def test_log_warning_before_the_data_is_skipped() -> None:
    """The warning that a user without a home gets is no data; line numbers still count it."""
    warning = '[WARNING] "/home/nobody" is not a directory, hccn_tool logs may be lost.\n'

    assert "DOWN" == read("link", f"{warning}link status: DOWN\n").link
    assert "line 2: expected `UP` or `DOWN`, found 'link status: SIDEWAYS'" == (
        read("link", f"{warning}link status: SIDEWAYS\n").detail
    )
    assert "line 2: expected data after the warning" == read("link", warning).detail


# --- Forms that no sample shows ------------------------------------------------------------------------------------


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


SPEED_RULE = "+-----+------+------+---------+-----+-------+--------+\n"
SPEED_HEAD = f"{SPEED_RULE}| NPU | UDie | Port | Speed | Cap | Width | Status |\n{SPEED_RULE}"


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


COUNTERS = "".join(f"counter_{letter}:{number}\n" for number, letter in enumerate("abcdefghij"))


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


# --- TLS -----------------------------------------------------------------------------------------------------------

HEAD = (
    "dev_id:3, tls switch[1](0:disable, 1:enable), tls preconfigured[0](0:non-preset, 1:preset), "
    "tls alarm time threshold[60]days\n"
)
FIELDS = "\t issuer[/CN=root]\n\t start_time[Thu Jan  1 00:00:00 2020 GMT]\n\t end_time[Fri Jan  1 00:00:00 2021 GMT]\n"
STATUS = "\t tls expiration status[{}](0:normal, 1:near expiration, 2:has expired)\n"
PUB = f"dev_id:3, [pub cert] info:\n\t subject[/CN=leaf]\n{FIELDS}"
CA1 = f"dev_id:3, [ca1 cert] info:\n\t subject[]\n{FIELDS}"


def test_expired_line_on_standard_error_belongs_to_the_certificate_without_one() -> None:
    """Of two certificates the one that lacks a status is the expired one, wherever it stands."""
    facts = read("tls", HEAD + PUB + CA1 + STATUS.format(0), stderr=STATUS.format(2))

    assert [("pub cert", 2), ("ca1 cert", 0)] == [(cert.name, cert.expiration) for cert in facts.certs]


def test_expired_certificates_may_make_the_tool_fail() -> None:
    """By the vendor source the tool leaves with 9 when a certificate has expired; its data are whole all the same."""
    facts = read("tls", HEAD + PUB, stderr=STATUS.format(2), exit_code=9)

    assert 2 == facts.certs[0].expiration
    assert Absence.TOOL_FAILED is read("tls", HEAD + PUB, exit_code=9).why


def test_expired_lines_must_find_their_certificates() -> None:
    """More expired lines than certificates without a status: one of the streams was cut."""
    missing = read("tls", HEAD + PUB + STATUS.format(0), stderr=STATUS.format(2))

    assert Absence.UNPARSED is missing.why
    assert "as many certificates without a status as are expired: 1" in missing.detail


def test_status_merged_into_standard_output_is_read_there() -> None:
    """A recording that merged the streams shows the expired line in its place."""
    assert 2 == read("tls", HEAD + PUB + STATUS.format(2)).certs[0].expiration


def test_tls_knows_the_950_head_and_an_empty_subject() -> None:
    """`device N` stands for `dev_id:N` on a 950; a revocation list has no subject."""
    facts = read("tls", (HEAD + CA1 + STATUS.format(1)).replace("dev_id:3", "device 3"))

    assert (3, NOT_REPORTED, 1) == (facts.device, facts.certs[0].subject, facts.certs[0].expiration)


def test_tls_keeps_elisions() -> None:
    """An elided sample says that it is one."""
    assert read("tls", f"{HEAD}{PUB}... ...\n").elided


def test_no_certificate_leaves_the_switch_unset() -> None:
    """Without a certificate the tool does not tell the switch."""
    facts = read("tls", "", stderr="No certificate found, please set certs firstly!\n", exit_code=14)

    assert Missing(Absence.NOT_CONFIGURED, "No certificate found, please set certs firstly!", 14) == facts.switch


# --- Ping ----------------------------------------------------------------------------------------------------------

PING = "device 0 PING 10.0.0.2\nrecv time out seq=0\nrecv seq=1,time=0.049000ms\nrecv seq=2,time=0.047000ms\n"


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


# --- Refusals ------------------------------------------------------------------------------------------------------

LINK_STAT = "[devid 0]current time        : Tue Aug  1 14:43:40 2022\n[devid 0]link up count       : 2\n"
RECORDS = "[devid 0]link change records :\n"
RECORD = "[devid 0]    Tue Aug  1 14:43:26 2022    LINK UP\n"
TABLE = "link up count : 2\nlink down count : 2\n"

REFUSED = [
    ("link", "link status: UP\nlink status: UP\n", "line 2: expected the end of the answer"),
    ("link", "link status UP\n", "line 1: expected `key: value` with a key in English"),
    ("link", "链路状态: UP\n", "line 1: expected `key: value` with a key in English"),
    ("link", "link state: UP\n", "line 1: expected `link status:`"),
    ("link", "link status: UP", "line 1: expected a newline at the end"),
    ("ip", "ipaddr:10.0.0.1\n", "line 1: expected a line `netmask:` after this one"),
    ("ip", "netmask:255.0.0.0\n", "line 1: expected `ipaddr:`"),
    ("ip", "ipaddr:10.0.0.256\nnetmask:255.0.0.0\n", "line 1: expected an address for `ipaddr`"),
    ("ip", "ipaddr:10.0.0.1\nnetmask:none\n", "line 2: expected an address for `netmask`"),
    ("ip", "ipaddr:10.0.0.1\nnetmask:255.0.0.0\n" * 2, "line 3: expected another address than before"),
    ("gateway", "default gateway:10.0.0.1\n", "line 1: expected `default gateway:ADDRESS, Iface:NAME`"),
    ("netdetect", "netdetect addr: here\n", "line 1: expected an address for the detect address"),
    ("net_health", "net health status: 正常\n", "line 1: expected a word for the network health"),
    ("speed", "Speed: fast\n", "line 1: expected a speed in Mb/s, or `Unknown!`"),
    ("speed", "Speed: 200000 Mb/s\nSpeed: 200000 Mb/s\n", "line 2: expected the end of the answer"),
    ("speed", SPEED_RULE, "line 1: expected a head and a rule after this line"),
    ("speed", f"{SPEED_RULE}| a |\n", "line 2: expected a head and a rule after this line"),
    ("speed", f"{SPEED_RULE}| a |\n| b |\n", "line 3: expected a rule of the table"),
    ("speed", f"{SPEED_RULE}| a |\n{SPEED_RULE}", "line 2: expected the head `NPU | UDie"),
    ("speed", f"{SPEED_HEAD}| 0 |\n{SPEED_RULE}", "line 4: expected 7 cells"),
    ("speed", SPEED_HEAD, "line 3: expected the rule that closes the table"),
    ("speed", f"{SPEED_HEAD}{SPEED_RULE}more\n", "line 5: expected the end of the answer"),
    ("speed", f"{SPEED_HEAD}| 0 | 0 | 4 | 4 | X4 | X4 | x |\n{SPEED_RULE}", "line 4: expected a speed in G"),
    ("link_stat", LINK_STAT, "line 2: expected `link change records :` after this line"),
    ("link_stat", LINK_STAT + RECORDS, "line 3: expected records after `link change records :`, or `NA`"),
    ("link_stat", LINK_STAT + RECORDS.replace(":", ": NA") + RECORD, "line 4: expected records after"),
    ("link_stat", LINK_STAT + RECORDS.replace(":", ": none") + RECORD, "line 4: expected records after"),
    ("link_stat", LINK_STAT * 2, "line 3: expected `link change records :`"),
    ("link_stat", RECORDS + RECORD, "line 1: expected `current time :` before this line"),
    ("link_stat", LINK_STAT.replace("Aug  1", "Aug 一") + RECORDS + RECORD, "line 1: expected a time such as"),
    ("link_stat", LINK_STAT.replace("[devid 0]link", "[devid 1]link"), "line 2: expected a line of device 0"),
    ("link_stat", LINK_STAT + "link change records :\n", "line 3: expected a line that begins with `[devid N]`"),
    ("link_stat", LINK_STAT + RECORDS + RECORD.replace("UP", "GONE"), "line 4: expected a time and `LINK UP` or"),
    ("link_stat", TABLE, "line 2: expected a table after this line"),
    ("stat", "packet statistics:\n", "line 1: expected a counter after this line"),
    ("stat", COUNTERS, "line 1: expected `packet statistics:`"),
    ("stat", "packet statistics:\n" + COUNTERS, "line 11: expected `nic_rx_all_oct_num:` at the end"),
    ("stat", "packet statistics:\nmac_tx_mac_pause_num:0\n", "line 2: expected `nic_rx_all_oct_num:` at the end"),
    ("stat", "packet statistics:\nport_id: 4\nx:1\n", "line 3: expected `name:number`"),
    ("stat", "packet statistics:\nport_id: 4\nxx:1\n", "line 2: expected both `port_id:` and `is_uboe_port:`"),
    ("stat", "packet statistics:\nport_id: 4\nis_uboe_port: 2\n", "line 2: expected both `port_id:`"),
    ("stat", "packet statistics:\nerrors:none\n", "line 2: expected `name:number`"),
    ("stat", "errors:1\nerrors:2\n", "line 2: expected another counter than before"),
    ("tls", PUB, "line 1: expected `dev_id:N, tls switch["),
    ("tls", HEAD + HEAD, "line 2: expected a certificate or a field of it"),
    ("tls", HEAD + STATUS.format(0), "line 2: expected a certificate or a field of it"),
    ("tls", HEAD + PUB + PUB, "line 7: expected another certificate of device 3"),
    ("tls", HEAD + CA1.replace("dev_id:3", "dev_id:4"), "line 2: expected another certificate of device 3"),
    ("tls", HEAD + PUB + "\t issuer[x]\n", "line 7: expected a certificate or a field of it"),
    ("tls", HEAD + "dev_id:3, [crl] info:\n" + PUB, "line 3: expected `issuer[...]` of `crl` by this line"),
    ("tls", HEAD + "".join(PUB.splitlines(keepends=True)[:4]), "line 5: expected `end_time[...]` of `pub cert`"),
    ("ping", "PING 10.0.0.2\n", "line 1: expected `device N PING ADDRESS`"),
    ("ping", "device 0 PING 10.0.0.2\n", "line 1: expected replies and a summary after this line"),
    ("ping", PING, "line 4: expected the summary at the end"),
    ("ping", PING + "3 packets transmitted, 4 received, 0.00% packet loss\n", "line 5: expected a summary that agrees"),
    ("ping", PING + "3 packets transmitted, 2 received, 0.00% packet loss\n", "line 5: expected a summary that agrees"),
    ("ping", PING + "2 packets transmitted, 2 received, 0.00% packet loss\n", "line 5: expected a summary of at least"),
    ("ping", PING + "3 packets transmitted, 1 received, 66.67% packet loss\n", "line 5: expected a summary of at"),
    ("ping", PING + PING[24:] + "5 packets transmitted, 5 received, 0% packet loss\n", "line 5: expected a reply"),
]


@pytest.mark.parametrize(("name", "stdout", "place"), REFUSED, ids=[f"{case[0]}-{case[2]}" for case in REFUSED])
def test_unknown_form_is_refused_at_its_line(name: str, stdout: str, place: str) -> None:
    """An answer in a form that the parser does not know names the line and what was expected there."""
    missing = read(name, stdout)

    assert Absence.UNPARSED is missing.why
    assert missing.detail.startswith(place), missing.detail


# --- Command lines -------------------------------------------------------------------------------------------------


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


def test_tls_filtered_for_its_head_is_shown_as_a_run_of_a_loop() -> None:
    """`grep switch` over all NPUs leaves a head of each; with certificates below it the answer is no such run."""
    head = "dev_id:3, tls switch[1](0:disable, 1:enable), tls alarm time threshold[60]days\n"
    run = {"device": 3, "switch": 1, "preconfigured": None, "alarm_days": 60}
    assert [run] == document(read("tls", head))["runs"]
    certificate = "dev_id:3, [pub cert] info:\n issuer[/CN=a]\n start_time[then]\n end_time[later]\n"
    assert "runs" not in document(read("tls", head + certificate))


def test_ping_with_replies_left_out_is_judged_by_its_summary() -> None:
    """`...` in place of replies is nothing the device said; a summary of fewer packets than are shown is refused."""
    shown = "device 0 PING 10.0.0.2\nrecv seq=0,time=0.100000ms\n...\nrecv seq=63,time=0.200000ms\n"
    facts = read("ping", shown + "64 packets transmitted, 64 received, 0.00% packet loss\n")
    assert (64, 64, (0.1, 0.2)) == (facts.transmitted, facts.received, facts.times_ms)
    refused = read("ping", shown + "1 packets transmitted, 1 received, 0.00% packet loss\n")
    assert Absence.UNPARSED is refused.why
