"""The part of a note about `hccn_tool` that tells of the settings of a port."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ascend_doctor.simulator.hardware import Machine, Port, PortSettings, TrafficClasses

Truth = Mapping[str, Any]

_PLAIN = {
    "mac": "mac",
    "mtu": "mtu",
    "bw_limit": "bandwidth_limit_mbps",
    "bw_max": "bandwidth_max_mbps",
    "status_code": "config_status",
    "thd": "bad_code_words",
    "period": "announce_period_s",
    "ip6": "ipv6_address",
    "prefix": "ipv6_prefix",
}
_LISTS = {
    "enabled": "pfc",
    "buffer": "buffers",
    "up": "up_levels",
    "low": "low_levels",
    "tx": "sent",
    "rx": "received",
}
_DUPLEX = {"Full": "Full", "Half": "Half"}


def feed(machine: Machine, port: Port, truth: Truth, argv: Sequence[str]) -> None:
    """Set what one run was fed with; what its note leaves out had the values of the run of a healthy A2."""
    state = str(truth.get("state", ""))
    settings = port.settings = PortSettings(
        mac="70:72:2f:8a:1b:2c",
        fec=None,
        bandwidth_limit_mbps=200_000,
        hccp="no-hccp" not in state,
        vnic_up="vnic-down" not in state,
        vnic_address="" if "no-ip" in state else "192.168.1.199",
        bad_code_words=6,
        ipv6_address="" if "no-ip" in state else "2001:db8::10",
        downgrade=None,
        classes=TrafficClasses(
            schedule=None,
            buffers=list(range(1, 9)),
            up_levels=list(range(9, 17)),
            low_levels=list(range(17, 25)),
            sent=list(range(1, 9)),
            received=list(range(9, 17)),
        ),
    )
    for key, attribute in _PLAIN.items():
        if key in truth:
            setattr(settings, attribute, truth[key])
    for key, attribute in _LISTS.items():
        if isinstance(truth.get(key), list):
            setattr(settings.classes, attribute, list(truth[key]))
    if "duplex" in truth:
        settings.duplex = _DUPLEX.get(str(truth["duplex"]))
    if "hccp_process" in truth:
        settings.hccp = truth["hccp_process"] == "exist"
    if "enable" in truth:
        settings.announces_itself = truth["enable"] == 1
    if "-vnic" in argv:
        _feed_vnic(settings, truth)
    _feed_classes(settings.classes, truth)
    machine.running_firmware_version = truth.get("firmware", machine.running_firmware_version)


def _feed_vnic(settings: PortSettings, truth: Truth) -> None:
    settings.vnic_up = truth.get("link", "UP" if settings.vnic_up else "DOWN") == "UP"
    settings.vnic_address = truth.get("ip", settings.vnic_address)
    settings.vnic_netmask = truth.get("netmask", settings.vnic_netmask)


def _feed_classes(classes: TrafficClasses, truth: Truth) -> None:
    tc = truth.get("tc")
    if isinstance(tc, list):
        classes.priority_tc = list(tc)
    elif tc is not None and "dscp" in truth:
        classes.dscp_tc[int(truth["dscp"])] = int(tc)
    if "tc_all" in truth:
        classes.dscp_tc = [int(truth["tc_all"])] * len(classes.dscp_tc)
