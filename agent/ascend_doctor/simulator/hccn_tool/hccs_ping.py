"""`hccn_tool -hccs_ping -g address A`: a ping over HCCS between A3 machines (vendor source, tool_cmd.c)."""

from __future__ import annotations

import ipaddress
from typing import Dict, List, Optional

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hccn_tool.outcome import UNSUPPORTED, WRONG_ADDRESS, Outcome, Request
from ascend_doctor.simulator.hccn_tool.ping import Reach
from ascend_doctor.simulator.hccn_tool.usage import invalid, unknown_option, wrong_count
from ascend_doctor.simulator.superpod import VNIC_NETWORK, Sdid

_NAME = "hccs_ping"
_MOST_WORDS = 11
_RANGES: Dict[str, range] = {
    "pkt": range(1792, 3001),
    "cnt": range(1, 1001),
    "interval": range(11),
    "timeout": range(1, 20_001),
}
_PACKETS = 3
OVER_HCCS = "hccs "
"""Before an address that is to be reached over HCCS, where the network is asked who reaches whom."""


def check(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about product and words, None when there is none."""
    if request.machine.generation is not Generation.A3:
        return UNSUPPORTED
    first, *words = request.words or ("",)
    if not 2 <= len(request.words) <= _MOST_WORDS:
        return wrong_count(_NAME)
    if first != "-g":
        return unknown_option(_NAME)
    options = dict(zip(words[::2], words[1::2]))
    for name, value in options.items():
        if name in ("address", "sdid"):
            if len({"address", "sdid"} & set(options)) == 2 or not _sdid(name, value):
                return WRONG_ADDRESS if name == "address" or value.isdecimal() else invalid(_NAME)
        elif name not in _RANGES or not value.isdecimal() or int(value) not in _RANGES[name]:
            return invalid(_NAME)
    has_target = bool({"address", "sdid"} & set(options))
    return None if has_target and len(words) % 2 == 0 else invalid(_NAME)


def _sdid(name: str, value: str) -> Optional[Sdid]:
    """Return what a target names, None when it names nothing."""
    if name == "address":
        try:
            address = ipaddress.IPv4Address(value)
        except ValueError:
            return None
        return Sdid.of_address(address) if address in VNIC_NETWORK else None
    return Sdid.of_number(int(value)) if value.isdecimal() else None


def hccs_ping(request: Request, reach: Optional[Reach]) -> Outcome:
    """Return what the tool prints of each packet; losing all of them is no error to it."""
    words = request.words[1:]
    options = dict(zip(words[::2], words[1::2]))
    name = "address" if "address" in options else "sdid"
    target = _sdid(name, options[name])
    count = int(options.get("cnt", _PACKETS))
    address = str(target.address) if target else ""
    found = reach(request.machine, request.phy_id, f"{OVER_HCCS}{address}") if reach else None
    times_ms = (found or [None] * _PACKETS) * count
    lines = [f"device {request.phy_id} PING {address}", ""]
    received: List[int] = []
    for sequence, time_ms in enumerate(times_ms[:count]):
        nanoseconds = 0 if time_ms is None else round(time_ms * 1_000_000)
        lines.append("This pkt check recv msg fail!" if time_ms is None else "This pkt ping success!")
        lines.append(f"recv seq {sequence}, time = {_us(nanoseconds)}, L1 plane check result = 0x0")
        received += [] if time_ms is None else [nanoseconds]
    loss = 100 * (count - len(received)) / count
    lines.append(f"{count} packets transmitted, {len(received)} received, {loss:.2f}% packets loss")
    times = sorted(received) or [0]
    lines += [
        f"max time {_us(times[-1])}",
        f"min time {_us(times[0])}",
        f"average time {_us(sum(times) // len(times))}",
        f"TP95 time {_us(times[int(0.95 * len(times))])}",
    ]
    return Outcome(lines)


def _us(nanoseconds: int) -> str:
    return f"{nanoseconds // 1000}.{nanoseconds % 1000:03}us"
