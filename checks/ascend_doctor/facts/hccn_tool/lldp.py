"""`hccn_tool -i N -lldp -g`: what the neighbour at the other end of the cable says of itself.

The tool prints the device's text as it comes, and the text is that of `lldptool`: a heading per item (`Port ID TLV`),
under it indented `key: value` lines or free text, which may go on at the margin and hold blank lines, and at last
`End of LLDPDU TLV`. Published samples are often filtered for the `Ifname:` line alone.
"""

from __future__ import annotations

import re
from typing import Dict, List, Sequence, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer, is_silent
from ascend_doctor.facts.parsing import Line
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.facts.tables import is_elision, reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Reading, known

# At the margin: the free text of a neighbour is indented in its first line only, but names no TLV.
_HEADING = re.compile(r"([A-Z][A-Za-z0-9/ -]{1,60}) TLV\Z")
_ANY_HEADING = re.compile(rb"^[A-Z].* TLV\s*$", re.MULTILINE)
_END = "End of LLDPDU"
# Each of these comes once in an announcement (IEEE 802.1AB); organisations and addresses may repeat theirs.
_ONCE = frozenset(
    (
        "Chassis ID",
        "Port ID",
        "Time to Live",
        "Port Description",
        "System Name",
        "System Description",
        "System Capabilities",
    )
)
_NAMES = ("Chassis ID", "Port ID", "Management Address")
_DOTS = re.compile(r"\s*(?:\.{3,}|\u2026+)\Z")
_ID_KEYS = ("Ifname", "MAC", "Local", "IPv4", "IPv6", "Ifalias", "Port Component", "Chassis Component")
# The device hands over at most this many characters (vendor source, MAX_CMD_PAYLOAD_LEN), to which the tool adds a
# newline: a longer text loses its end.
_MOST_BYTES = 1999

_NPU_WORD = "AscendNPU"
_SWITCH_WORDS = ("Routing", "Bridge", "Router")


@attrs.frozen
class LldpFacts:
    """The neighbour's announcement.

    An empty line with exit code 0 means that no neighbour was heard: `neighbour` is False. The tool ends whatever the
    device says with a newline (vendor source, TOOL_PRINT_INFO), so that nothing at all is no answer.
    `port_id` is the neighbour's interface (`400GE1/1/5:1`; the part before the last colon is the physical port),
    `system_name` and `system_description` its words, on one line. `peer` is `switch`, `npu` (a cable straight to
    another NPU: the description holds `AscendNPU`) or missing when the text does not tell.
    `management_address` is the neighbour's own, for people to log in to. `elided` tells that a published sample has
    lines cut out by its author (`...`).
    """

    neighbour: bool = True
    port_id: Reading[str] = NOT_REPORTED
    chassis_id: Reading[str] = NOT_REPORTED
    system_name: Reading[str] = NOT_REPORTED
    system_description: Reading[str] = NOT_REPORTED
    management_address: Reading[str] = NOT_REPORTED
    peer: Reading[str] = NOT_REPORTED
    elided: bool = False


def parse(evidence: Evidence) -> Reading[LldpFacts]:
    """Parse `hccn_tool -i N -lldp -g`."""
    announced = _ANY_HEADING.search(evidence.stdout) is not None
    # The neighbour wrote the announcement: its words are never taken for the tool's.
    refused = error_answer(attrs.evolve(evidence, stdout=b"") if announced else evidence)
    if refused is not None:
        return refused
    if is_silent(evidence) and evidence.stdout.endswith(b"\n"):
        return LldpFacts(neighbour=False)
    lines = data_lines(evidence, ends_in_newline=not announced)
    if not announced:
        return LldpFacts(port_id=_filtered(lines))
    shown = [line for line in lines if not is_elision(line)]
    items = _items(shown, is_full=len(evidence.stdout) > _MOST_BYTES, ends_elided=is_elision(lines[-1]))
    description = _text(items, "System Description")
    capabilities = _text(items, "System Capabilities")
    return LldpFacts(
        port_id=_identifier(items, "Port ID"),
        chassis_id=_identifier(items, "Chassis ID"),
        system_name=_text(items, "System Name"),
        system_description=description,
        management_address=_identifier(items, "Management Address"),
        peer=_peer(f"{known(description)} {known(capabilities)}"),
        elided=len(shown) < len(lines),
    )


Items = Dict[str, List[str]]


def _filtered(lines: Sequence[Line]) -> str:
    key, _, value = lines[0].stripped.partition(":")
    if key != "Ifname" or not value.strip():
        raise lines[0].error("`Chassis ID TLV` or `Ifname:`")
    if len(lines) > 1:
        raise lines[1].error("the end of the answer")
    return value.strip()


def _items(lines: Sequence[Line], *, is_full: bool, ends_elided: bool) -> Items:
    """Return the text under each heading, the first of those that repeat.

    A text that filled the device's buffer may have lost its end, and so has one that its author cut there; then its
    last item is left out.
    """
    items: List[Tuple[str, List[str]]] = []
    for line in lines:
        heading = _HEADING.match(line.text)
        name = heading.group(1) if heading else ""
        if items and items[-1][0] == _END:
            raise line.error("the end of the answer")
        if name in _ONCE and any(name == other for other, _ in items):
            raise line.error(f"`{name} TLV` only once")
        if name:
            items.append((name, []))
        elif not items:
            raise line.error("`Chassis ID TLV`")
        else:
            items[-1][1].append(" ".join(line.words))
    if items[-1][0] != _END and not (is_full or ends_elided):
        raise lines[-1].error(f"`{_END} TLV` after this line")
    # What names something stands on one line of its own; of a free text nobody knows whether more of it followed.
    is_whole = ends_elided and items[-1][0] in _NAMES
    found: Items = {}
    for name, texts in items if is_whole else items[:-1]:
        found.setdefault(name, texts)
    return found


def _identifier(items: Items, name: str) -> Reading[str]:
    """Return the value of the first line that names a port, a chassis or an address."""
    for text in items.get(name, ()):
        key, colon, value = text.partition(":")
        if colon and key in _ID_KEYS:
            return NOT_REPORTED if _DOTS.match(value) else reading_of(value.strip())
    return NOT_REPORTED


def _text(items: Items, name: str) -> Reading[str]:
    return reading_of(" ".join(items.get(name, ())))


def _peer(words: str) -> Reading[str]:
    if _NPU_WORD in words:
        return "npu"
    return "switch" if any(word in words for word in _SWITCH_WORDS) else NOT_REPORTED


SOURCE: Source[LldpFacts] = Source(
    name="hccn_tool/lldp",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-lldp", "-g"),
    parse=parse,
    generations=ROCE,
    interval_s=300.0,
)
