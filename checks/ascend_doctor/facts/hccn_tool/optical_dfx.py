"""`hccn_tool -i N -optical -g dfx_cfg`: what somebody has switched on the optical module of the port."""

from __future__ import annotations

import re
from typing import Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, value_of
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading

NO_LOOPBACK = "no loopback mode"
# Vendor source, tool_optical.c.
_LOOPBACKS = (
    NO_LOOPBACK,
    "host side input loopback mode",
    "media side output loopback mode",
    "host side output loopback mode",
    "media side input loopback mode",
)
_MASK = re.compile(r"0x[0-9a-f]{1,8}\Z")


@attrs.frozen
class OpticalDfxFacts:
    """The loopback mode in the tool's words, and the lanes of which the transmitter is switched off (a bit a lane).

    `tx_disable` is the tool's hexadecimal text. Both are missing for a module that is absent or has no diagnostics.
    """

    loopback: Reading[str] = NOT_REPORTED
    tx_disable: Reading[str] = NOT_REPORTED

    @property
    def dark_lanes(self) -> Tuple[int, ...]:
        """The lanes that are switched off, counted from 0; empty too where the module does not tell."""
        mask = 0 if isinstance(self.tx_disable, Missing) else int(self.tx_disable, 16)
        return tuple(lane for lane in range(mask.bit_length()) if mask >> lane & 1)


def parse(evidence: Evidence) -> Reading[OpticalDfxFacts]:
    """Parse `hccn_tool -i N -optical -g dfx_cfg`."""
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    head, *lines = data_lines(evidence)
    if head.stripped != "optical dfx info:":
        raise head.error("`optical dfx info:`")
    if len(lines) != 2:
        raise (lines[-1] if lines else head).error("`loopback status :` and `tx disable status :`, and nothing else")
    return OpticalDfxFacts(
        loopback=_loopback(lines[0], value_of(lines[0], "loopback status")),
        tx_disable=_mask(lines[1], value_of(lines[1], "tx disable status")),
    )


def _loopback(line: Line, text: str) -> Reading[str]:
    mode = reading_of(text)
    if not isinstance(mode, Missing) and mode not in _LOOPBACKS:
        raise line.error("a loopback mode")
    return mode


def _mask(line: Line, text: str) -> Reading[str]:
    mask = reading_of(text)
    if not isinstance(mask, Missing) and not _MASK.match(mask):
        raise line.error("a hexadecimal mask of lanes")
    return mask


SOURCE: Source[OpticalDfxFacts] = Source(
    name="hccn_tool/optical-dfx",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-optical", "-g", "dfx_cfg"),
    parse=parse,
    generations=ROCE,
    cost=Cost.SLOW,
    interval_s=900.0,
)
