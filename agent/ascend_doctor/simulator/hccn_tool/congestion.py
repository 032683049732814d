"""`hccn_tool -dcqcn|-tc_qos -g`: what a port does when the network is full (vendor source, tool_dcqcn.c)."""

from __future__ import annotations

from typing import Optional

from ascend_doctor.simulator.hccn_tool.outcome import DENIED, FAILED, Outcome, Request
from ascend_doctor.simulator.hccn_tool.usage import invalid, unknown_option, wrong_count

_SPEEDS = (100_000, 200_000)
_NO_DSCP = 0xFF
_PARAMETERS = (
    *("f", "g_shift", "alpha_min", "tkp_shift", "max_speed", "ai", "tmp_shift", "alp", "cnp_time", "alpha_shift"),
    *("alg_mode", "max_des_shift"),
)


def tc_qos(request: Request) -> Outcome:
    """Return how the bandwidth is shared among the traffic classes."""
    schedule = request.port.settings.classes.schedule
    if schedule is None:
        return FAILED
    shares = " ".join(f"{share}%" for _, share in schedule)
    kinds = " ".join(f"{number}:{kind}" for number, (kind, _) in enumerate(schedule))
    return Outcome((f"TC Bandwidth: {shares}", f"TSA_MAP: {kinds}"))


def check_dcqcn(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about the words of `-dcqcn`: `-g status`, `-g cnp_dscp` or `-g param alg_mode M`."""
    first, *words = request.words
    if first == "-s":
        return DENIED
    if first != "-g":
        return unknown_option("dcqcn")
    if not words:
        return wrong_count("dcqcn")
    if words[0] in ("status", "cnp_dscp"):
        return wrong_count("dcqcn") if words[1:] else None
    if words[0] != "param":
        return unknown_option("dcqcn")
    if len(words) != len(("param", "alg_mode", "M")):
        return wrong_count("dcqcn")
    if words[1] != "alg_mode":
        return unknown_option("dcqcn")
    return None if words[2] in ("0", "1") else invalid("dcqcn")


def dcqcn(request: Request) -> Outcome:
    """Return whether the port slows down when it is told to, the DSCP of its own notifications, or the algorithm."""
    settings, what = request.port.settings.congestion, request.words[1]
    if what == "status":
        word = "enable" if settings.enabled else "disable"
        return Outcome((f"dcqcn enable status:   {word}", f"dcqcn enable alg_mode: {settings.algorithm}"))
    if what == "cnp_dscp":
        unset = settings.cnp_dscp == _NO_DSCP
        return Outcome(("The cnp_dscp parameter is abnormal." if unset else f"cnp_dscp     : {settings.cnp_dscp}",))
    shown = {name: str(value) for name, value in settings.parameters.items()}
    shown["alg_mode"] = request.words[3]
    if settings.parameters["max_speed"] not in _SPEEDS:
        shown["max_speed"] = "Unknow!"  # the tool's own spelling
    return Outcome([f"{name:<14}: {shown[name]}" for name in _PARAMETERS])
