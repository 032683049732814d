"""The commands of `hccn_tool` in the form of A2 and A3, and which of them are simulated."""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Tuple

import attrs

from ascend_doctor.simulator.hccn_tool import counters, optical, optical_v2, outcome, settings, tls
from ascend_doctor.simulator.hccn_tool.outcome import Command, Outcome


@attrs.frozen
class Entry:
    """A command: its `-g`, and the options that change the device.

    `without_entry` is the answer when the device has nothing set, where the tool has words of its own for that.
    `further` are the words that may follow `-g`, None for one that is not simulated. `single` commands take one word,
    and tell of a wrong number of words before they look at it. The published build lacks what is not `published`.
    """

    get: Command
    changes: Tuple[str, ...] = ()
    without_entry: Optional[Outcome] = None
    further: Mapping[str, Optional[Command]] = attrs.field(factory=dict)
    single: bool = False
    published: bool = True
    speaks_ipv6: bool = False


COMMANDS: Dict[str, Entry] = {
    "link": Entry(settings.link, ("-s",), further={"down_fault_time": None}),
    "ip": Entry(settings.ip, ("-s",), speaks_ipv6=True),
    "gateway": Entry(settings.gateway, ("-s",), outcome.NO_GATEWAY, speaks_ipv6=True),
    "netdetect": Entry(settings.netdetect, ("-s",), speaks_ipv6=True),
    "net_health": Entry(settings.net_health, single=True),
    "lldp": Entry(settings.lldp, single=True),
    "speed": Entry(settings.speed, published=False),
    "stat": Entry(counters.stat, ("-c",), single=True),
    "link_stat": Entry(counters.link_stat, ("-c",), single=True),
    "tls": Entry(tls.tls, ("-s", "-c"), outcome.NO_CERTIFICATE, further={"host": None}),
    "optical": Entry(optical.optical, ("-s", "-t", "-dump"), further={"v2": optical_v2.optical_v2, "dfx_cfg": None}),
}

_PUBLISHED_TOO = """
    local_lldp mac cfg dscp_to_tc shaping mtu arp route pci context reg tlsca version vnic process udp bandwidth status
    generic eth_test hw_stats udhcpc dcqcn
"""
_NOT_PUBLISHED = """
    roce_test duplex fec pfc tc_cfg cur_tc_buf prio_tc tc_qos send_arp ip_rule ip_route serdes neigh scdr down_data
    traceroute xsfp_reset stat_extra fec_err auto_downgrade pfc_stat tc_stat hilink_info qp_info bad_thd pfc_storm
    hccs_ping scdr_reset esd diagnostic optical_snr mem_reserve dump
"""
NOT_SIMULATED = frozenset(_PUBLISHED_TOO.split())
NOT_SIMULATED_UNPUBLISHED = frozenset(_NOT_PUBLISHED.split())
