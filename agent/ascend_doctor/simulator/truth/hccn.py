"""The part of a note about `hccn_tool`: the port that was asked, and what its device returned."""

from __future__ import annotations

import calendar
import re
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import attrs

from ascend_doctor.simulator.hardware import Certificate, LinkEvent, Machine, Optic, Port, Presence
from ascend_doctor.simulator.hccn_tool.counters import COUNTERS
from ascend_doctor.simulator.truth import port_settings, traffic

Truth = Mapping[str, Any]

_MAIN_BOARD = re.compile(r"board (0x[0-9A-Fa-f]{1,4})")
_YEAR_2026 = float(calendar.timegm((2026, 1, 1, 0, 0, 0)))
_RUN_AT = float(calendar.timegm((2026, 11, 22, 5, 0, 59)))
"""When the certificates were judged: 20 days before the end of the one that was fed as ending soon."""

_START, _PAST, _FUTURE = "Thu Jan  1 00:00:00 2020", "Fri Jan  1 00:00:00 2021", "Sat Jan  1 00:00:00 2033"

_RETURN_BY_STATE: Tuple[Tuple[str, int], ...] = (
    ("busy-locked", 256),
    ("enoent", -2),
    ("ebusy", -16),
    ("enodev", -19),
    ("eopnotsupp", -95),
    ("call-fails", -1),
)

_NET_HEALTH = (
    "Success",
    "Socket fail",
    "Receive timeout",
    "Unreachable",
    "Time exceeded",
    "Fault",
    "Init",
    "Thread error",
    "Detect ip set",
    "Unknown",
)


def feed(machine: Machine, truth: Truth, argv: Sequence[str]) -> None:
    """Change a healthy machine into the one that a note describes."""
    state = str(truth.get("state", ""))
    main_board = _MAIN_BOARD.search(str(truth.get("generation", "")))
    if main_board is not None:
        machine.board = attrs.evolve(machine.board, main_board_id=int(main_board[1], 16))
    machine.all_commands = truth.get("build") != "hccn_tool"
    if "nonroot" in state:
        machine.root, machine.home = False, "/home/nobody"
    if "no-device" in state:
        machine.chips.clear()
    for phy_id, port in machine.ports.items():
        _feed_defaults(port, phy_id)
    device = argv[2] if len(argv) > 2 else ""
    phy_id = int(device) if device.isdecimal() else -1
    if phy_id not in machine.ports:
        return
    port = machine.ports[phy_id]
    if "dev-not-exist" in state:
        machine.chip(phy_id).presence = Presence.NOT_EXIST
    _feed_failure(port, truth, state)
    _feed_settings(port, truth, state)
    _feed_history(port, truth)
    traffic.feed(port, truth, argv)
    port_settings.feed(machine, port, truth, argv)
    _feed_tls(port, truth)
    _feed_optic(port.optic, truth)


def time_of(truth: Truth, argv: Sequence[str]) -> float:
    """Return the time at which a note's run was made, as its device and its tool had it."""
    if "-tls" in argv:
        return _RUN_AT
    if "current" in truth:
        return float(truth["current"])
    records = truth.get("records")
    if records is None:
        return _YEAR_2026 + 86_400
    return _YEAR_2026 if records == "NA" else _YEAR_2026 + 700


def _feed_defaults(port: Port, phy_id: int) -> None:
    """Set what the port of every run had that its note does not tell."""
    port.address, port.netmask = f"192.168.100.{101 + phy_id}", "255.255.255.0"
    port.gateway = port.netdetect = "192.168.100.1"
    port.tls_switch = 1
    port.counters = {name: 1000 + 1001 * position for position, (_, name) in enumerate(COUNTERS)}
    port.link_up_count, port.link_down_count = 2, 1
    port.link_history = [
        (_YEAR_2026 + 530, LinkEvent.UP),
        (_YEAR_2026 + 500, LinkEvent.DOWN),
        (_YEAR_2026 + 10, LinkEvent.UP),
    ]


def _feed_failure(port: Port, truth: Truth, state: str) -> None:
    named = next((code for word, code in _RETURN_BY_STATE if word in state), None)
    code = truth.get("stub_return", named)
    if code is not None:
        port.call_failures["*"] = int(code)


def _feed_settings(port: Port, truth: Truth, state: str) -> None:
    if "link" in truth:
        port.link_up = truth["link"] == "UP"
    for key, attribute in (
        ("ip", "address"),
        ("netmask", "netmask"),
        ("gateway", "gateway"),
        ("netdetect", "netdetect"),
    ):
        if key in truth:
            setattr(port, attribute, truth[key] or "")
    if "no-ip" in state:
        port.address = ""
    if "code" in truth:
        code = int(truth["code"])
        port.net_health = _NET_HEALTH[code] if code < len(_NET_HEALTH) else None
    if "speed" in state or "speed_mbps" in truth:
        port.speed_mbps = truth.get("speed_mbps")
    port.counters.update(truth.get("counters") or {})


def _feed_history(port: Port, truth: Truth) -> None:
    port.link_up_count = truth.get("link_up", port.link_up_count)
    port.link_down_count = truth.get("link_down", port.link_down_count)
    told, counted = truth.get("records_newest_first"), truth.get("records")
    if told is not None:
        port.link_history = [_record(text) for text in told]
    elif counted == "NA":
        port.link_history = []
    elif counted is not None:
        # A note with a count stands for a change each minute, the first one down.
        port.link_history = [
            (_YEAR_2026 + 60 * minute, LinkEvent.UP if minute % 2 else LinkEvent.DOWN)
            for minute in reversed(range(int(counted)))
        ]


def _record(text: str) -> Tuple[float, LinkEvent]:
    """Return a record from its note, `UP at +530`: seconds since the start of 2026."""
    event, _, seconds = text.partition(" at +")
    return _YEAR_2026 + float(seconds), LinkEvent.UP if event == "UP" else LinkEvent.DOWN


def _feed_tls(port: Port, truth: Truth) -> None:
    port.tls_switch = truth.get("switch", port.tls_switch)
    port.tls_alarm_days = truth.get("alarm_days", port.tls_alarm_days)
    if "certs" in truth:
        port.certificates = [
            Certificate(cert["subject"], cert["issuer"], cert["start"], cert["end"]) for cert in truth["certs"] or ()
        ]
    elif not truth.get("preconfigured", 1):
        end = truth.get("end", _PAST if truth.get("expired") else _FUTURE)
        port.certificates = [Certificate("/C=DE/O=Example/CN=leaf", "/C=DE/O=Example/CN=Root", _START, end)]


_OPTIC_VALUES: Dict[str, str] = {
    "present": "present",
    "temperature_c": "temperature_c",
    "high_power_enabled": "high_power",
    "vendor_name": "vendor",
    "vendor_pn": "part_number",
    "vendor_sn": "serial_number",
    "wavelength_nm": "wavelength_nm",
    "vcc_mv": "vcc_mv",
    "tx_power_mw": "tx_power_mw",
    "rx_power_mw": "rx_power_mw",
    "tx_bias_ma": "tx_bias_ma",
    "tx_los": "tx_los",
    "rx_los": "rx_los",
    "tx_lol": "tx_lol",
    "rx_lol": "rx_lol",
    "host_snr_db": "host_snr_db",
    "media_snr_db": "media_snr_db",
}

_DR4_HALF = 0x42
_HOST_SNR, _MEDIA_SNR = 0x04, 0x08


def _feed_optic(optic: Optic, truth: Truth) -> None:
    for key, attribute in _OPTIC_VALUES.items():
        if key in truth:
            setattr(optic, attribute, truth[key])
    for field in attrs.fields(type(optic.thresholds)):
        if field.name in truth:
            setattr(optic.thresholds, field.name, truth[field.name])
    fed = truth.get("fed") or {}
    if not isinstance(fed, Mapping):
        return
    optic.present = bool(fed.get("present", optic.present))
    optic.temperature_c = fed.get("temp", optic.temperature_c)
    optic.vcc_mv = fed["mv"] / 10 if "mv" in fed else optic.vcc_mv
    optic.two_lanes = fed.get("dr4") == _DR4_HALF
    optic.host_snr_db = optic.host_snr_db if fed.get("snr", _HOST_SNR) & _HOST_SNR else None
    optic.media_snr_db = optic.media_snr_db if fed.get("snr", _MEDIA_SNR) & _MEDIA_SNR else None
    for key, attribute in (
        ("txlos", "tx_los"),
        ("rxlos", "rx_los"),
        ("txlol", "tx_lol"),
        ("rxlol", "rx_lol"),
        ("txfault", "tx_fault"),
    ):
        setattr(optic, attribute, fed.get(key, getattr(optic, attribute)))
    for prefix, values in (("tx", optic.tx_power_mw), ("rx", optic.rx_power_mw)):
        _feed_lanes(values, prefix, fed)


def _feed_lanes(values: List[float], prefix: str, fed: Truth) -> None:
    for lane in range(len(values)):
        values[lane] = float(fed.get(f"{prefix}{lane}", values[lane]))
