"""Where damaged answers of hccn_tool are refused: the line, and what was expected there."""

from __future__ import annotations

import pytest

from ascend_doctor.model.reading import Absence
from hccn_tool_answers import CA1, COUNTERS, HEAD, PING, PUB, SPEED_HEAD, SPEED_RULE, STATUS, read

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
