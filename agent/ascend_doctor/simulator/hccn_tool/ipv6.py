"""`hccn_tool -ip|-gateway|-netdetect -inet6 -g`: the settings of a RoCE port for IPv6 (vendor source, tool_ipv6.c)."""

from __future__ import annotations

from ascend_doctor.simulator.hccn_tool.outcome import (
    DENIED,
    FAILED,
    NO_ADDRESS,
    NO_GATEWAY,
    NO_IPV6,
    Outcome,
    Request,
    failed_call,
    of_return,
)
from ascend_doctor.simulator.hccn_tool.port_settings import SUPERPOD_9000
from ascend_doctor.simulator.hccn_tool.usage import unknown_option, wrong_count

_UNSET = "::"


def over_ipv6(request: Request, command: str) -> Outcome:
    """Answer a command of which the first word is `-inet6`. Machines of the 9000 kind do not speak it."""
    if request.machine.board.main_board_id in SUPERPOD_9000:
        return NO_IPV6
    words = request.words[1:]
    if not words:
        return wrong_count(command)
    if words[0] == "-s":
        return DENIED
    if words[0] != "-g":
        return unknown_option(command)
    if command == "ping":
        return FAILED
    if len(words) > 1:
        return wrong_count(command)
    failure = failed_call(request.port, command)
    if failure is not None:
        # Only the probed address tells failed calls apart.
        return of_return(failure) if command == "netdetect" else FAILED
    return _answer(request, command)


def _answer(request: Request, command: str) -> Outcome:
    settings = request.port.settings
    if command == "ip":
        if not settings.ipv6_address:
            return NO_ADDRESS
        return Outcome((f"ipv6_address:{settings.ipv6_address}", f"prefix_length:{settings.ipv6_prefix}"))
    if command == "gateway":
        return Outcome((f"gateway:{settings.ipv6_gateway}",)) if settings.ipv6_gateway else NO_GATEWAY
    return Outcome((f"netdetect addr: {settings.ipv6_netdetect or _UNSET}",))
