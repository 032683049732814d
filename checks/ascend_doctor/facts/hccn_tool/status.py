"""`hccn_tool -i N -status -g`: the network device of the RoCE port, as `ethtool` on the device shows it.

The tool prints `Netdev status:` and the device's text behind it (recorded on 910B1; vendor source, tool.c).
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Sequence, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading

_TITLE = "Netdev status:"
_HEAD = re.compile(rf"{_TITLE}\s*Settings for ([A-Za-z][A-Za-z0-9._-]{{0,15}}):\Z")
_LABEL = re.compile(r"([A-Z][A-Za-z -]{1,40}):(?: +(.*))?\Z", re.ASCII)
# Modes of a list stand one below the other; the lines after the first have no label.
_FURTHER = re.compile(r"[0-9]+base[A-Za-z0-9_/]+(?: +[0-9]+base[A-Za-z0-9_/]+)*\Z")
_LINK_MODES = ("Supported link modes", "Advertised link modes", "Link partner advertised link modes")
# By its label, what a text goes on with in the next line. Below a level of messages stand the names of its bits.
_GOES_ON = {
    **dict.fromkeys(_LINK_MODES, _FURTHER),
    "Current message level": re.compile(r"[a-z_]+(?: [a-z_]+)*\Z"),
}
_REMARK = re.compile(r"\s+(?:#|←|<-|//).*\Z")
_SPEED = re.compile(r"([0-9]{1,9})Mb/s\Z")
_YES_NO = {"yes": True, "no": False}
_DUPLEX = {"Full": "Full", "Half": "Half"}


@attrs.frozen
class StatusFacts:
    """What `ethtool` says of the interface `iface`.

    `speed_mbps`, `duplex` and `link_detected` are missing where it does not tell. `extra` holds its other lines by
    their labels, each as its texts, of which lists have several. `elided` tells that a published sample has lines cut
    out by its author (`...`).
    """

    iface: str
    speed_mbps: Reading[int] = NOT_REPORTED
    duplex: Reading[str] = NOT_REPORTED
    link_detected: Reading[bool] = NOT_REPORTED
    extra: Mapping[str, Tuple[str, ...]] = attrs.field(factory=dict)
    elided: bool = False


def parse(evidence: Evidence) -> Reading[StatusFacts]:
    """Parse `hccn_tool -i N -status -g`."""
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    if lines[0].stripped == _TITLE:
        # Where ports can be bonded the title stands on a line of its own (vendor source).
        lines = [Line(lines[0].number, f"{_TITLE}{' '.join(line.stripped for line in lines[1:2])}"), *lines[2:]]
    head = _HEAD.match(lines[0].stripped)
    if head is None:
        raise lines[0].error("`Netdev status:Settings for INTERFACE:`")
    shown = [line for line in lines[1:] if not is_elision(line)]
    found = _settings(shown)
    if not found:
        raise lines[-1].error("a setting after this line")
    speed = _SPEED.match(found.get("Speed", ("",))[0])
    return StatusFacts(
        head.group(1),
        int(speed.group(1)) if speed else NOT_REPORTED,
        _DUPLEX.get(found.get("Duplex", ("",))[0], NOT_REPORTED),
        _YES_NO.get(found.get("Link detected", ("",))[0], NOT_REPORTED),
        {label: texts for label, texts in found.items() if label not in ("Speed", "Duplex", "Link detected")},
        len(shown) < len(lines) - 1,
    )


def _settings(lines: Sequence[Line]) -> Dict[str, Tuple[str, ...]]:
    found: Dict[str, List[str]] = {}
    label = ""
    for line in lines:
        text = _REMARK.sub("", line.stripped)
        parts = _LABEL.match(text)
        if parts is not None:
            label = parts.group(1)
            if label in found:
                raise line.error(f"{label!r} only once")
            found[label] = [parts.group(2) or ""]
        elif label in _GOES_ON and _GOES_ON[label].match(text):
            found[label].append(text)
        else:
            raise line.error("`Label: value`, or a further mode of a list")
    return {name: tuple(texts) for name, texts in found.items()}


SOURCE: Source[StatusFacts] = Source(
    name="hccn_tool/status",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-status", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=600.0,
)
