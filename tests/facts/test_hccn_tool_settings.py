"""The answers of `hccn_tool` about the settings of a port and its neighbourhood: what is read, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.facts.hccn_tool import (
    arp,
    bad_thd,
    cfg_status,
    dscp_to_tc,
    duplex,
    fec,
    ip_route,
    ip_rule,
    ipv6,
    mac,
    mtu,
    pfc,
    prio_tc,
    process,
    route,
    send_arp,
    shaping,
    status,
    tc_cfg,
    tc_stat,
    tls_set,
    udp,
    version,
    vnic,
)
from ascend_doctor.facts.source import Source
from ascend_doctor.model.reading import Absence, Missing
from samples import answer

PFC = "PFC configuration:\npriority   0 1 2 3 4 5 6 7\nenabled    0 0 0 0 1 0 0 0\n"
PRIO_TC = "Priority mapping:\npriority   0 1 2 3 4 5 6 7\nTC         0 1 2 3 0 1 2 3\n"
TC_CFG = (
    "TC configuration:\nTC id          0 1 2 3 4 5 6 7\nBuffer         9 8 7 6 5 4 3 2\n"
    "Up waterline   1 1 1 1 1 1 1 1\nLow waterline  0 0 0 0 0 0 0 0\n"
)
TC_STAT = "tc packet statistics:\n" + "".join(
    f"tc_tx_pkt_num[{number}]:{number}\ntc_rx_pkt_num[{number}]:{10 * number}\n" for number in range(8)
)
DSCP = "dscp      tc\n" + "".join(f"{number:>4}{number % 4:>8}\n" for number in range(64))
NO_PAIRS = "UDP port list(based on IP pair):\nno entry has been configured.\n"
PAIRS = (
    "UDP port list(based on IP pair):\nindex   src_ip    dst_ip    udp_port  \n0       10.0.0.2  10.0.0.3  4800      \n"
    "1       10.0.0.2  10.0.0.4  4801      \n"
)
ROUTE_HEAD = "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
ROUTE = f"Routing table:\n{ROUTE_HEAD}default         10.0.0.1        0.0.0.0         UG    0      0        0 eth0\n"
ARP = (
    "arp table:\n(10.0.0.1) at 02:AA:00:00:00:01 [ether]  on eth0\n? (10.0.0.2) at <incomplete>  on eth0\n"
    "(10.0.0.3) at 02:aa:00:00:00:03 [ether] PERM on eth0 # by hand\n"
)
NETDEV = (
    "Netdev status:Settings for eth0:\n\tSupported link modes:   100000baseKR4/Full\n"
    "\t                        40000baseCR4/Full 25000baseCR/Full\n\tSpeed: 200000Mb/s\n\tDuplex: Full\n"
    "\tLink detected: yes\n"
)

READ = [
    (mac.SOURCE, "mac addr: 02:4E:00:00:00:0a\n", {"mac": "02:4e:00:00:00:0a"}),
    (mtu.SOURCE, "mtu:1500\n", {"mtu": 1500}),
    (duplex.SOURCE, "Duplex: Half\n", {"duplex": "Half"}),
    (duplex.SOURCE, "Duplex: Unknown!\n", {"duplex": None}),
    (fec.SOURCE, "fec mode: rs FEC mode\n", {"fec_mode": "rs FEC mode"}),
    (shaping.SOURCE, "bw_limit[100 Mbps], bw_max[200 Mbps]\n", {"bw_limit": 100, "bw_max": 200}),
    (shaping.SOURCE, "bw_limit[1 Mbps], bw_max[2 Mbps], bw_cur[1 Mbps]\n", {"bw_limit": 1, "bw_max": 2, "bw_cur": 1}),
    (process.SOURCE, "device hccp process: not exist\n", {"hccp": "not exist"}),
    (cfg_status.SOURCE, "config status:START\n", {"config_status": "START"}),
    (
        vnic.SOURCE,
        "vnic link status: DOWN\nvnic ipaddr: 10.0.0.2\nvnic netmask: 255.0.0.0\n",
        {"link": "DOWN", "ipaddr": "10.0.0.2", "netmask": "255.0.0.0"},
    ),
    (
        version.SOURCE,
        "Network Driver Version:    1.0\nNetwork Firmware Version:  NA\n",
        {"driver": "1.0", "firmware": None},
    ),
    (
        send_arp.SOURCE,
        "The setting of the gratuitous arp:\ncurrent enable status: disable\ngratuitous arp period: 60\n",
        {"enable": 0, "period": 60},
    ),
    (bad_thd.SOURCE, "cw_bad_cnt_thd: 3\n", {"thd": 3}),
    (
        ipv6.SOURCE,
        "ipv6_address:2001:db8::1\nprefix_length:64\n",
        {"ipv6_address": "2001:db8::1", "prefix_length": 64},
    ),
    (tls_set.SOURCE, "Cmd executed successfully!\n", {"message": "Cmd executed successfully!", "elided": False}),
    (pfc.SOURCE, PFC, {"enabled": [0, 0, 0, 0, 1, 0, 0, 0]}),
    (prio_tc.SOURCE, PRIO_TC, {"tc": [0, 1, 2, 3, 0, 1, 2, 3]}),
    (tc_cfg.SOURCE, TC_CFG, {"buffer": [9, 8, 7, 6, 5, 4, 3, 2], "up": [1] * 8, "low": [0] * 8}),
    (tc_stat.SOURCE, TC_STAT, {"tx": list(range(8)), "rx": [10 * number for number in range(8)]}),
    (dscp_to_tc.SOURCE, DSCP, {"classes": {str(number): number % 4 for number in range(64)}}),
    (dscp_to_tc.SOURCE, "dscp      tc\n  33       2\n", {"classes": {"33": 2}, "dscp": 33, "tc": 2}),
    (
        udp.SOURCE,
        f"udp_port:Unknown\nstatus:auto\n{NO_PAIRS}",
        {"status": "auto", "udp_port": None, "ports": [], "pairs": []},
    ),
    (udp.SOURCE, f"Unknown udp port\n{NO_PAIRS}", {"status": None, "udp_port": None, "ports": [], "pairs": []}),
    (
        udp.SOURCE,
        f"udp_port:4791\nstatus:custom\n{PAIRS}",
        {
            "status": "custom",
            "udp_port": 4791,
            "ports": [],
            "pairs": [
                {"src_ip": "10.0.0.2", "dst_ip": "10.0.0.3", "udp_port": 4800},
                {"src_ip": "10.0.0.2", "dst_ip": "10.0.0.4", "udp_port": 4801},
            ],
        },
    ),
    (
        udp.SOURCE,
        "udp_port:5000,5001\nstatus:multi_qp\nqp_count:2\n",
        {"status": "multi_qp", "udp_port": None, "ports": [5000, 5001], "pairs": []},
    ),
    (
        udp.SOURCE,
        "udp_port:calculated by the NSLB-DP algorithm\nstatus:code(nslb_dp)\nlisten_port:16668\n",
        {"status": "code(nslb_dp)", "udp_port": None, "ports": [], "listen_port": 16668, "pairs": []},
    ),
    (
        arp.SOURCE,
        ARP,
        {
            "entries": [
                {"ip": "10.0.0.1", "mac": "02:aa:00:00:00:01", "iface": "eth0", "permanent": False},
                {"ip": "10.0.0.2", "mac": None, "iface": "eth0", "permanent": False},
                {"ip": "10.0.0.3", "mac": "02:aa:00:00:00:03", "iface": "eth0", "permanent": True},
            ],
            "elided": False,
        },
    ),
    (
        route.SOURCE,
        ROUTE,
        {
            "routes": [
                {
                    "dest": "default",
                    "gateway": "10.0.0.1",
                    "genmask": "0.0.0.0",
                    "flags": "UG",
                    "iface": "eth0",
                    "metric": 0,
                    "ref": 0,
                    "use": 0,
                }
            ],
            "elided": False,
            "default_gateway": "10.0.0.1",
        },
    ),
    (
        ip_rule.SOURCE,
        "ip rule table:\n0:\tfrom all lookup local\n32765:\tfrom all to 10.0.0.0/24 lookup 100\n",
        {
            "rules": [
                {"priority": 0, "selector": "from all", "table": "local"},
                {"priority": 32765, "selector": "from all to 10.0.0.0/24", "table": "100"},
            ]
        },
    ),
    (
        ip_route.SOURCE,
        "ip route table:\ndefault via 10.0.0.1 dev eth0\nlocal 10.0.0.2 dev eth0 table local proto kernel onlink\n",
        {
            "routes": [
                {"dest": "default", "via": "10.0.0.1", "dev": "eth0"},
                {"dest": "local 10.0.0.2", "dev": "eth0", "table": "local"},
            ]
        },
    ),
    (
        status.SOURCE,
        NETDEV,
        {
            "iface": "eth0",
            "speed_mbps": 200000,
            "duplex": "Full",
            "link_detected": True,
            "extra": {"Supported link modes": ["100000baseKR4/Full", "40000baseCR4/Full 25000baseCR/Full"]},
            "elided": False,
        },
    ),
    (
        status.SOURCE,
        "Netdev status:Settings for eth0:\n\tSpeed: Unknown!\n",
        {
            "iface": "eth0",
            "speed_mbps": None,
            "duplex": None,
            "link_detected": None,
            "extra": {},
            "elided": False,
        },
    ),
]


@pytest.mark.parametrize(("source", "text", "expected"), READ, ids=lambda value: getattr(value, "name", ""))
def test_an_answer_is_read(source: Source[Any], text: str, expected: Any) -> None:
    """The facts hold what the answer says."""
    assert expected == document(source.read(answer(text.encode())))


REFUSED = [
    (mac.SOURCE, "mac addr: 02:4e:00\n"),
    (mtu.SOURCE, "mtu:large\n"),
    (mtu.SOURCE, "mtu:1500\nmtu:1500\n"),
    (duplex.SOURCE, "Duplex: Both\n"),
    (fec.SOURCE, "fec mode: strange\n"),
    (fec.SOURCE, 2 * "This device does not support switching fec mode.\n"),
    (shaping.SOURCE, "bw_limit[full], bw_max[full]\n"),
    (process.SOURCE, "device hccp process: perhaps\n"),
    (cfg_status.SOURCE, "config status:DONE\n"),
    (vnic.SOURCE, "vnic link status: UP\nvnic ipaddr: 10.0.0.2\n"),
    (vnic.SOURCE, "vnic link status: ON\nvnic ipaddr: 10.0.0.2\nvnic netmask: 255.0.0.0\n"),
    (version.SOURCE, "Network Driver Version:    1.0\n"),
    (send_arp.SOURCE, "gratuitous arp period: 60\n"),
    (send_arp.SOURCE, "The setting of the gratuitous arp:\ncurrent enable status: enable\n"),
    (send_arp.SOURCE, "The setting of the gratuitous arp:\ncurrent enable status: on\ngratuitous arp period: 60\n"),
    (ipv6.SOURCE, "ipv6_address:10.0.0.2\nprefix_length:64\n"),
    (ipv6.SOURCE, "ipv6_address:2001:db8::1\n"),
    (ipv6.SOURCE, "ipv6_address:2001:db8::1\nprefix_length:129\n"),
    (tls_set.SOURCE, "Done!\n"),
    (tls_set.SOURCE, 2 * "Cmd executed successfully!\n"),
    (tls_set.SOURCE, "Cmd executed successfully!\n...\nDone!\n"),
    (pfc.SOURCE, PFC.replace("PFC", "Pfc")),
    (pfc.SOURCE, PFC.replace("6 7", "7 6")),
    (pfc.SOURCE, PFC.replace("0 0 0 0 1", "0 0 0 0 2")),
    (pfc.SOURCE, PFC.rpartition("enabled")[0]),
    (pfc.SOURCE, f"{PFC}enabled    0 0 0 0 1 0 0 0\n"),
    (pfc.SOURCE, PFC.replace("1 0 0 0\n", "1 0 0\n")),
    (tc_stat.SOURCE, "tc_tx_pkt_num[0]:1\n"),
    (tc_stat.SOURCE, TC_STAT.rpartition("tc_rx")[0]),
    (tc_stat.SOURCE, TC_STAT.replace("num[3]", "num[4]")),
    (dscp_to_tc.SOURCE, "0       0\n"),
    (dscp_to_tc.SOURCE, "dscp      tc\n   0       0       0\n"),
    (dscp_to_tc.SOURCE, "dscp      tc\n   0       0\n   2       0\n"),
    (dscp_to_tc.SOURCE, DSCP.rpartition("  63")[0]),
    (udp.SOURCE, "udp_port:4791\n"),
    (udp.SOURCE, "udp_port:4791\nstatus:custom\n"),
    (udp.SOURCE, "Unknown udp port\n"),
    (udp.SOURCE, f"udp_port:4791\nstatus:custom\nmore\n{NO_PAIRS}"),
    (udp.SOURCE, "udp_port:5000,5001\nstatus:multi_qp\n"),
    (udp.SOURCE, "udp_port:5000,5001\nstatus:multi_qp\nqp_count:3\n"),
    (udp.SOURCE, "udp_port:5000,5001\nstatus:other\nqp_count:2\n"),
    (udp.SOURCE, "udp_port:4791\nstatus:custom\nUDP port list(based on IP pair):\n"),
    (udp.SOURCE, "udp_port:4791\nstatus:custom\nUDP port list(based on IP pair):\nnothing\n"),
    (udp.SOURCE, f"udp_port:4791\nstatus:custom\n{PAIRS.replace('1       10', '3       10')}"),
    (udp.SOURCE, f"udp_port:4791\nstatus:custom\n{PAIRS.partition('0       10')[0]}"),
    (udp.SOURCE, f"udp_port:4791\nstatus:custom\n{2 * NO_PAIRS}"),
    (udp.SOURCE, NO_PAIRS),
    (arp.SOURCE, "arp tables:\n(10.0.0.1) at 02:aa:00:00:00:01 [ether]  on eth0\n"),
    (arp.SOURCE, "...\n"),
    (arp.SOURCE, "arp table:\n10.0.0.1 is at 02:aa:00:00:00:01\n"),
    (arp.SOURCE, "arp table:\n" + 2 * "(10.0.0.1) at 02:aa:00:00:00:01 [ether]  on eth0\n"),
    (route.SOURCE, "Routing table:\n"),
    (route.SOURCE, "Routing table:\nTo From\n"),
    (route.SOURCE, f"Routing table:\n{ROUTE_HEAD}default 10.0.0.1\n"),
    (route.SOURCE, ROUTE + ROUTE.splitlines()[-1] + "\n"),
    (route.SOURCE, ROUTE.replace("default ", "elsewhere")),
    (route.SOURCE, ROUTE.replace("10.0.0.1", "router  ")),
    (route.SOURCE, ROUTE.replace(" UG ", " ug ")),
    (ip_rule.SOURCE, "0:\tfrom all lookup local\n"),
    (ip_rule.SOURCE, "ip rule table:\nfrom all lookup local\n"),
    (ip_rule.SOURCE, "ip rule table:\n0:\tfrom all lookup local\n0:\tfrom all lookup local\n"),
    (ip_route.SOURCE, "default via 10.0.0.1 dev eth0\n"),
    (ip_route.SOURCE, "ip route table:\nsomewhere via 10.0.0.1 dev eth0\n"),
    (ip_route.SOURCE, "ip route table:\ndefault dev eth0\ndefault dev eth0\n"),
    (status.SOURCE, "Settings for eth0:\n\tSpeed: 1Mb/s\n"),
    (status.SOURCE, "Netdev status:Settings for eth0:\n"),
    (status.SOURCE, "Netdev status:Settings for eth0:\n\tSpeed: 1Mb/s\n\tSpeed: 1Mb/s\n"),
    (status.SOURCE, "Netdev status:Settings for eth0:\n\tSpeed: 1Mb/s\n\t1000baseX/Full\n"),
]


@pytest.mark.parametrize(("source", "text"), REFUSED, ids=lambda value: getattr(value, "name", ""))
def test_an_unknown_form_is_refused(source: Source[Any], text: str) -> None:
    """What is cut, doubled or of an unknown form is never guessed at."""
    found = source.read(answer(text.encode()))
    assert isinstance(found, Missing), found
    assert Absence.UNPARSED is found.why


SETTINGS = (
    *(arp, bad_thd, cfg_status, dscp_to_tc, duplex, fec, ip_route, ip_rule, ipv6, mac, mtu, pfc, prio_tc, process),
    *(route, send_arp, shaping, status, tc_cfg, tc_stat, tls_set, udp, version, vnic),
)


@pytest.mark.parametrize("module", SETTINGS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_an_error_answer_is_its_reason(module: Any) -> None:
    """A busy device gives no facts, and says why."""
    busy = module.SOURCE.read(answer(b"hccn_tool is busy, please try again.\n", exit_code=11))
    assert Absence.BUSY is busy.why


def test_no_address_for_ipv6_is_a_fact() -> None:
    """An address that nobody has set is an answer with a missing value, and the document says why."""
    words = b"Get ipconf failed, because no ip was preset there!\n"
    facts = ipv6.SOURCE.read(answer(b"", stderr=words, exit_code=13))
    assert Absence.NOT_CONFIGURED is facts.ipv6_address.why
    assert False is document(facts)["ok"]


def test_lines_that_an_author_cut_out_are_told() -> None:
    """A published sample may have lines cut out; the rest is read, and the facts say so."""
    neighbour = "(10.0.0.1) at 02:aa:00:00:00:01 [ether]  on eth0\n"
    assert arp.SOURCE.read(answer(f"arp table:\n{neighbour}...\n".encode())).elided
    assert route.SOURCE.read(answer(f"{ROUTE}...\n".encode())).elided
    done = "Cmd executed successfully!\n"
    assert tls_set.SOURCE.read(answer(f"{done}...\n{done}".encode())).elided


@pytest.mark.parametrize("switch", ["0", "1"])
def test_turning_the_switch_is_never_the_doctors_question(switch: str) -> None:
    """The answer to a setting command is read in a paste; the source itself could only put the reading one."""
    query = query_for_command(["hccn_tool", "-i", "0", "-tls", "-s", "enable", switch])
    assert query is not None
    assert tls_set.SOURCE is query.source
    assert ("hccn_tool", "-i", "0", "-tls", "-g") == query.argv


def test_a_remark_behind_a_command_is_no_part_of_it() -> None:
    """People write remarks into their pastes."""
    query = query_for_command(["hccn_tool", "-i", "3", "-status", "-g", "#", "like", "ethtool"])
    assert query is not None
    assert "hccn_tool/status@3" == query.key
