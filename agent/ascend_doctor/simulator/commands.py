"""What a command line is about: which device it asks, and how dear it is."""

from __future__ import annotations

from typing import Optional, Sequence

from ascend_doctor.simulator.sections import Timing

HCCN_TOOL = "hccn_tool"
NPU_SMI = "npu-smi"
IPMITOOL = "ipmitool"
TOOLS = (NPU_SMI, HCCN_TOOL, IPMITOOL)

_SLOW = frozenset({"-tls", "-optical"})


def tool_of(argv: Sequence[str]) -> str:
    """Return the name of the tool, without its path; empty for an empty command line."""
    return argv[0].rpartition("/")[2] if argv else ""


def hccn_device(argv: Sequence[str]) -> Optional[int]:
    """Return the phy-id that a `hccn_tool` command line asks about, None for any other command line."""
    return _number_after_i(argv) if tool_of(argv) == HCCN_TOOL else None


def npu_smi_card(argv: Sequence[str]) -> Optional[int]:
    """Return the card that an `npu-smi` command line asks about, None for any other command line."""
    return _number_after_i(argv) if tool_of(argv) == NPU_SMI else None


def asks_all_chips(argv: Sequence[str]) -> bool:
    """Whether the tool looks at every chip of the node to answer: `npu-smi info`, `-l`, `-m` and the like."""
    return tool_of(argv) == NPU_SMI and "info" in argv[1:2] and npu_smi_card(argv) is None


def delay_of(argv: Sequence[str], timing: Timing) -> float:
    """Return how long a tool takes to answer a command line, in seconds."""
    if asks_all_chips(argv):
        return timing.info
    if "-ping" in argv:
        return timing.ping
    return timing.slow if _SLOW.intersection(argv) else timing.query


def _number_after_i(argv: Sequence[str]) -> Optional[int]:
    words = list(argv[1:])
    if "-i" not in words[:-1]:
        return None
    number = words[words.index("-i") + 1]
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else None
