"""`hccn_tool -i N -dcqcn -g status|cnp_dscp|param`: how a port reacts to notifications of congestion."""

from __future__ import annotations

from typing import Mapping

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, only_line, value_of
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import integer
from ascend_doctor.facts.source import ANYTHING, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading

_LAST_DSCP = 63
_UNSET_DSCP = "The cnp_dscp parameter is abnormal."
_UNKNOWN_SPEED = "Unknow!"
"""The tool's own spelling (vendor source, tool_dcqcn.c)."""
_PARAMETERS = (
    *("f", "g_shift", "alpha_min", "tkp_shift", "max_speed", "ai", "tmp_shift", "alp", "cnp_time", "alpha_shift"),
    *("alg_mode", "max_des_shift"),
)


@attrs.frozen
class DcqcnStatusFacts:
    """Whether the port slows down when it is told to, and the number of the algorithm."""

    enabled: bool
    alg_mode: int


@attrs.frozen
class DcqcnDscpFacts:
    """The DSCP of the notifications that the port sends; missing where the device says that it is not right."""

    cnp_dscp: Reading[int]


@attrs.frozen
class DcqcnParamFacts:
    """The numbers of one algorithm by the tool's names; `max_speed` (Mb/s) is missing where it is none of the two."""

    parameters: Mapping[str, Reading[int]]


def parse_status(evidence: Evidence) -> Reading[DcqcnStatusFacts]:
    """Parse `hccn_tool -i N -dcqcn -g status`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    word = value_of(lines[0], "dcqcn enable status")
    if word not in ("enable", "disable"):
        raise lines[0].error("`enable` or `disable`")
    if len(lines) != 2:
        raise lines[-1].error("two lines, the status and `dcqcn enable alg_mode:`")
    mode = integer(value_of(lines[1], "dcqcn enable alg_mode"), lines[1], "the algorithm")
    return DcqcnStatusFacts(word == "enable", mode)


def parse_dscp(evidence: Evidence) -> Reading[DcqcnDscpFacts]:
    """Parse `hccn_tool -i N -dcqcn -g cnp_dscp`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    line = only_line(evidence)
    if line.stripped == _UNSET_DSCP:
        return DcqcnDscpFacts(Missing(Absence.NOT_CONFIGURED, line.stripped))
    dscp = integer(value_of(line, "cnp_dscp"), line, "the DSCP")
    if not 0 <= dscp <= _LAST_DSCP:
        raise line.error(f"0 to {_LAST_DSCP}")
    return DcqcnDscpFacts(dscp)


def parse_param(evidence: Evidence) -> Reading[DcqcnParamFacts]:
    """Parse `hccn_tool -i N -dcqcn -g param alg_mode M`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    found = {}
    for line, name in zip(lines, _PARAMETERS):
        text = value_of(line, name)
        unknown = name == "max_speed" and text == _UNKNOWN_SPEED
        found[name] = NOT_REPORTED if unknown else integer(text, line, name)
    if len(lines) != len(_PARAMETERS):
        raise lines[-1].error(f"{len(_PARAMETERS)} parameters from `f` to `max_des_shift`")
    return DcqcnParamFacts(found)


STATUS: Source[DcqcnStatusFacts] = Source(
    name="hccn_tool/dcqcn-status",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-dcqcn", "-g", "status"),
    parse=parse_status,
    generations=ROCE,
    interval_s=900.0,
)
DSCP: Source[DcqcnDscpFacts] = Source(
    name="hccn_tool/dcqcn-cnp_dscp",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-dcqcn", "-g", "cnp_dscp"),
    parse=parse_dscp,
    generations=ROCE,
    interval_s=900.0,
)
PARAM: Source[DcqcnParamFacts] = Source(
    name="hccn_tool/dcqcn-param",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-dcqcn", "-g", "param", "alg_mode", "0"),
    forms=(("hccn_tool", "-i", "{phy_id}", "-dcqcn", "-g", "param", "alg_mode", ANYTHING),),
    parse=parse_param,
    generations=ROCE,
    interval_s=900.0,
)
