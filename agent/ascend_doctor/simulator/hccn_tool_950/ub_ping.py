"""`hccn_tool -t -ub_ping` of the 950: packets from one UB address to another."""

from __future__ import annotations

import ipaddress
import random
from typing import Dict, List, Optional

from ascend_doctor.simulator.hccn_tool.outcome import Outcome
from ascend_doctor.simulator.hccn_tool_950.request import Question

_DONE = "Cmd executed successfully!"
_COUNT = 3
_MORE = "Enter [ hccn_tool -h -ub_ping ] for more details."


def ub_ping(question: Question) -> Outcome:
    """Return the replies and their summary. Reached is every address of an NPU of the node whose links are up."""
    options: Dict[str, str] = dict(zip(question.words[::2], question.words[1::2]))
    for name in ("-src_eid", "-dst_eid"):
        if name not in options:
            return Outcome(err=(f"Option {name} is required in mode -t but missing.", _MORE), code=19)
    source, destination = options["-src_eid"], options["-dst_eid"]
    text = options.get("-cnt", str(_COUNT))
    count = int(text) if text.isdecimal() and 1 <= int(text[:6]) <= 1000 else 0
    if not count:
        return Outcome(err=("Cmd execute failed!", _MORE), code=20)
    chance = random.Random(f"{question.device.npu} {destination} {question.now:.0f}")  # noqa: S311 - no secret
    times: List[float] = []
    if _reaches(question, source, destination):
        times = [round(chance.uniform(0.27, 0.3), 3) for _ in range(count)]
    lines = [f"device {question.device.npu} dev  EID {source} to {destination}"]
    lines += [f"recv seq:{number},time:{time:.6f}ms" for number, time in enumerate(times)]
    lost = 100.0 * (count - len(times)) / count
    lines.append(f"{count} packets transmitted, {len(times)} received, {lost:.2f}% packet loss")
    if times:
        ordered = sorted(times)
        figures = (("max", ordered[-1]), ("min", ordered[0]), ("average", sum(times) / count), ("TP95", ordered[-1]))
        lines += [f"{name} time {time:.6f}ms" for name, time in figures]
    return Outcome((*lines, _DONE))


def _reaches(question: Question, source: str, destination: str) -> bool:
    own, other = _address(source), _address(destination)
    if own not in map(_address, question.device.eids) or question.device.silent:
        return False
    devices = [device for device in question.machine.ub.values() if other in map(_address, device.eids)]
    return any(not device.silent and any(port.works for port in device.ports) for device in devices)


def _address(text: str) -> Optional[ipaddress.IPv6Address]:
    try:
        return ipaddress.IPv6Address(text)
    except ValueError:
        return None
