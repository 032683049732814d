"""The commands of `hccn_tool` in the form of A2 and A3, and which of them are simulated."""

from __future__ import annotations

from typing import Callable, Dict, Mapping, Optional, Tuple

import attrs

from ascend_doctor.simulator.hccn_tool import (
    congestion,
    counters,
    flow,
    optical,
    optical_dfx,
    optical_v2,
    outcome,
    port_settings,
    priorities,
    settings,
    signal,
    tables,
    tls,
)
from ascend_doctor.simulator.hccn_tool.outcome import Command, Outcome, Request


@attrs.frozen
class Entry:
    """A command: its `-g`, and the options that change the device.

    `without_entry` is the answer when the device has nothing set, where the tool has words of its own for that.
    `further` are the words that may follow `-g`, None for one that is not simulated. `single` commands take one word,
    and tell of a wrong number of words before they look at it. The published build lacks what is not `published`.
    `check` is for a command that reads its words by itself: it returns the tool's complaint about them. `fails_apart`
    marks one that asks the device by another way, and knows itself how that fails. Without `needs_words` the `check`
    also judges a call without any.
    """

    get: Command
    changes: Tuple[str, ...] = ()
    without_entry: Optional[Outcome] = None
    further: Mapping[str, Optional[Command]] = attrs.field(factory=dict)
    single: bool = False
    published: bool = True
    speaks_ipv6: bool = False
    check: Optional[Callable[[Request], Optional[Outcome]]] = None
    fails_apart: bool = False
    needs_words: bool = True


COMMANDS: Dict[str, Entry] = {
    "link": Entry(settings.link, ("-s",), further={"down_fault_time": port_settings.down_fault_time}),
    "ip": Entry(settings.ip, ("-s",), speaks_ipv6=True),
    "gateway": Entry(settings.gateway, ("-s",), outcome.NO_GATEWAY, speaks_ipv6=True),
    "netdetect": Entry(settings.netdetect, ("-s",), speaks_ipv6=True),
    "net_health": Entry(settings.net_health, single=True),
    "lldp": Entry(settings.lldp, single=True),
    "speed": Entry(settings.speed, published=False),
    "stat": Entry(counters.stat, ("-c",), single=True),
    "link_stat": Entry(counters.link_stat, ("-c",), single=True),
    "tls": Entry(tls.tls, ("-s", "-c"), outcome.NO_CERTIFICATE, further={"host": port_settings.failing}),
    "optical": Entry(
        optical.optical,
        ("-s", "-t", "-dump"),
        further={"v2": optical_v2.optical_v2, "dfx_cfg": optical_dfx.dfx_cfg},
    ),
    "optical_snr": Entry(optical_dfx.optical_snr, ("-s",), published=False),
    "hw_stats": Entry(flow.hw_stats, single=True),
    "bandwidth": Entry(flow.bandwidth, check=flow.check_bandwidth),
    "stat_extra": Entry(flow.stat_extra, ("-c",), published=False),
    "pfc_stat": Entry(flow.pfc_stat, ("-c",), published=False),
    "serdes": Entry(signal.serdes, published=False, fails_apart=True),
    "down_data": Entry(signal.down_data, single=True, published=False),
    "scdr": Entry(signal.scdr, check=signal.check_scdr, published=False),
    "cfg": Entry(port_settings.cfg_status, check=port_settings.check_cfg, fails_apart=True),
    "mac": Entry(port_settings.mac, ("-s",)),
    "mtu": Entry(port_settings.mtu, ("-s",)),
    "shaping": Entry(port_settings.shaping, ("-s",)),
    "process": Entry(port_settings.process, single=True),
    "version": Entry(port_settings.version, single=True),
    "vnic": Entry(port_settings.vnic, single=True, fails_apart=True),
    "udp": Entry(port_settings.udp, ("-s", "-t", "-d", "-c"), fails_apart=True),
    "generic": Entry(port_settings.failing, check=port_settings.check_generic, needs_words=False),
    "dscp_to_tc": Entry(priorities.dscp_to_tc, check=priorities.check_dscp, fails_apart=True),
    "arp": Entry(tables.arp, ("-a", "-d"), tables.NO_ENTRY),
    "route": Entry(tables.route, ("-a", "-d", "-c")),
    "status": Entry(tables.status),
    "pci": Entry(port_settings.unpublished, single=True),
    "local_lldp": Entry(port_settings.unpublished, ("-s",)),
    "duplex": Entry(port_settings.duplex, published=False),
    "fec": Entry(port_settings.fec, check=port_settings.check_fec, published=False, needs_words=False),
    "pfc": Entry(priorities.pfc, ("-s",), published=False),
    "prio_tc": Entry(priorities.prio_tc, ("-s",), published=False),
    "tc_cfg": Entry(priorities.tc_cfg, ("-s",), published=False),
    "tc_stat": Entry(priorities.tc_stat, ("-c",), single=True, published=False),
    "cur_tc_buf": Entry(priorities.buffer, check=priorities.check_buffer, published=False),
    "tc_qos": Entry(congestion.tc_qos, ("-s",), published=False),
    "send_arp": Entry(port_settings.send_arp, ("-s",), published=False),
    "bad_thd": Entry(port_settings.bad_thd, check=port_settings.check_bad_thd, published=False),
    "ip_rule": Entry(tables.ip_rule, ("-a", "-d"), published=False),
    "ip_route": Entry(tables.ip_route, check=tables.check_ip_route, published=False),
    "dcqcn": Entry(congestion.dcqcn, check=congestion.check_dcqcn),
    "neigh": Entry(tables.neigh, check=tables.check_neigh, published=False),
    "auto_downgrade": Entry(port_settings.auto_downgrade, check=port_settings.check_auto_downgrade, published=False),
    "xsfp_reset": Entry(port_settings.failing, check=port_settings.check_xsfp_reset, published=False),
    "traceroute": Entry(port_settings.failing, check=port_settings.check_traceroute, published=False),
}

_PUBLISHED_TOO = "context reg tlsca eth_test udhcpc"
_NOT_PUBLISHED = "roce_test fec_err hilink_info qp_info pfc_storm scdr_reset esd diagnostic mem_reserve dump"
NOT_SIMULATED = frozenset(_PUBLISHED_TOO.split())
NOT_SIMULATED_UNPUBLISHED = frozenset(_NOT_PUBLISHED.split())
