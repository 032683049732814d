"""`hccn_tool -pfc|-prio_tc|-tc_cfg|-tc_stat|-cur_tc_buf|-dscp_to_tc -g`: how packets are sorted and protected."""

from __future__ import annotations

import re
from typing import Optional, Sequence, Tuple

from ascend_doctor.simulator.hccn_tool.outcome import DENIED, Outcome, Request, failed_call, of_return
from ascend_doctor.simulator.hccn_tool.usage import invalid, out_of_range, unknown_option, wrong_count

_COLUMNS = "0 1 2 3 4 5 6 7"
_ENABLED_CLASSES = 4
"""A2 and A3 use the first four of eight classes (vendor source, tool_cmd.c)."""
_LAST_CLASS, _LAST_DSCP = 7, 63
_U8 = re.compile(r"(?:0|[1-9][0-9]{0,2})\Z")
_CLASS = re.compile(r"[+-]?[0-9]{1,9}\Z")


def pfc(request: Request) -> Outcome:
    """Return which priorities PFC protects."""
    return _table("PFC configuration:", "priority   ", ("enabled    ", request.port.settings.classes.pfc))


def prio_tc(request: Request) -> Outcome:
    """Return the traffic class of each priority."""
    return _table("Priority mapping:", "priority   ", ("TC         ", request.port.settings.classes.priority_tc))


def tc_cfg(request: Request) -> Outcome:
    """Return the buffer of each traffic class and its two levels."""
    classes = request.port.settings.classes
    return _table(
        "TC configuration:",
        "TC id          ",
        ("Buffer         ", classes.buffers),
        ("Up waterline   ", classes.up_levels),
        ("Low waterline  ", classes.low_levels),
    )


def _table(title: str, head: str, *rows: Tuple[str, Sequence[int]]) -> Outcome:
    return Outcome((title, f"{head}{_COLUMNS}", *(f"{label}{' '.join(map(str, row))}" for label, row in rows)))


def tc_stat(request: Request) -> Outcome:
    """Return the packets of each traffic class."""
    classes = request.port.settings.classes
    lines = ["tc packet statistics:"]
    for number, (sent, received) in enumerate(zip(classes.sent, classes.received)):
        lines += [f"tc_tx_pkt_num[{number}]:{sent}", f"tc_rx_pkt_num[{number}]:{received}"]
    return Outcome(lines)


def check_buffer(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about the words of `-cur_tc_buf`: they have to be `-g tc N`."""
    if len(request.words) != len(("-g", "tc", "N")):
        return wrong_count("cur_tc_buf")
    if request.words[0] != "-g" or request.words[1] != "tc":
        return unknown_option("cur_tc_buf")
    number = request.words[2]
    if not _CLASS.match(number) or not 0 <= int(number) <= _LAST_CLASS:
        return out_of_range("cur_tc_buf", "tc")
    if int(number) >= _ENABLED_CLASSES:
        return Outcome((f"Current TC {int(number)} is not enabled.",))
    return None


def buffer(request: Request) -> Outcome:
    """Return the most that a class has used of its buffer."""
    used = request.port.settings.classes.most_used[int(request.words[2])]
    return Outcome((f"Current TC used buffer:    {used}",))


def check_dscp(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about the words of `-dscp_to_tc`: `-g`, or `-g dscp N`."""
    first, *words = request.words
    if first == "-s":
        return DENIED
    if first != "-g":
        return unknown_option("dscp_to_tc")
    if len(words) not in (0, 2):
        return wrong_count("dscp_to_tc")
    if words and words[0] != "dscp":
        return unknown_option("dscp_to_tc")
    if words and not (_U8.match(words[1]) and int(words[1]) < 256):
        return invalid("dscp_to_tc")
    if words and int(words[1]) > _LAST_DSCP:
        return out_of_range("dscp_to_tc", "dscp")
    return None


def dscp_to_tc(request: Request) -> Outcome:
    """Return the traffic class of every DSCP, or of the one that is asked for.

    The whole table begins before the device is asked, so that a call which fails leaves its head behind. A class that
    the product does not use makes the tool complain about its words, although they are right (vendor source,
    tool_ops.c).
    """
    classes = request.port.settings.classes.dscp_tc
    asked = request.words[2:]
    head = f"{'dscp':>4}{'tc':>8}"
    failure = failed_call(request.port, "dscp_to_tc")
    if failure is not None:
        refused = of_return(failure)
        return refused if asked else Outcome((head, *refused.out), refused.err, refused.code)
    lines = [head]
    for dscp in [int(asked[0])] if asked else range(len(classes)):
        if classes[dscp] >= _ENABLED_CLASSES:
            complaint = out_of_range("dscp_to_tc", "tc")
            return complaint if asked else Outcome((*lines, *complaint.out), complaint.err, complaint.code)
        lines.append(f"{dscp:>4}{classes[dscp]:>8}")
    return Outcome(lines)
