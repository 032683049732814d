"""`hccn_tool -ping -g address A [pkt N]`: the device pings, the tool prints its words (form: recorded on 910B)."""

from __future__ import annotations

import ipaddress
from typing import Callable, List, Optional

from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.hccn_tool.outcome import FAILED, WRONG_ADDRESS, Outcome, Request
from ascend_doctor.simulator.hccn_tool.usage import invalid, unknown_option, wrong_count

Reach = Callable[[Machine, int, str], Optional[List[Optional[float]]]]
"""Who reaches whom: from a machine's port to an address, the round-trip time of each packet in milliseconds, None for a
lost one. None when the device has no way to try at all."""

_PACKETS = 3
_MAX_PAYLOAD = 65_507


def check(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about the words, None when there is none."""
    first, *words = request.words
    if not 2 <= len(words) <= 4:
        return wrong_count("ping")
    if first != "-g":
        return unknown_option("ping")
    for position in range(0, len(words), 2):
        option = words[position]
        if option not in ("address", "pkt"):
            return unknown_option("ping")
        if position + 1 == len(words):
            return wrong_count("ping")
        value = words[position + 1]
        if option == "pkt" and not (value.isascii() and value.isdecimal() and int(value) <= _MAX_PAYLOAD):
            return invalid("ping")
        if option == "address" and not _is_ipv4(value):
            return WRONG_ADDRESS
    return None


def ping(request: Request, reach: Optional[Reach]) -> Outcome:
    """Return what the device's ping prints. A lost packet is an error to the tool, even if the others arrive."""
    words = list(request.words[1:])
    options = dict(zip(words[::2], words[1::2]))
    address = options.get("address", "")
    times = None if reach is None else reach(request.machine, request.phy_id, address)
    if times is None:
        times = [None] * _PACKETS
    lines = [f"device {request.phy_id} PING {address}"]
    for sequence, time_ms in enumerate(times):
        if time_ms is None:
            lines.append(f"recv time out seq={sequence}")
        else:
            lines.append(f"recv seq={sequence},time={time_ms:.6f}ms")
    received = sum(time_ms is not None for time_ms in times)
    loss = 100.0 * (len(times) - received) / len(times)
    lines.append(f"{len(times)} packets transmitted, {received} received, {loss:.2f}% packet loss")
    return Outcome(lines) if received == len(times) else Outcome(lines, FAILED.err, FAILED.code)


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
