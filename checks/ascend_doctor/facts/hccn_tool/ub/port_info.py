"""`hccn_tool -g -port_info -i N -u U -p P`: what one port of the 950 is set to, and what it has come to."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, key_and_value
from ascend_doctor.facts.hccn_tool.ub.question import of_port, refused
from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading

_TITLE = re.compile(r"={8,} ([A-Z][A-Z0-9 ]{2,30}) ={8,}\Z")
_KEY = re.compile(r"[a-z][a-z0-9_]{1,40}\Z")
_PORT = re.compile(r"0x[0-9a-fA-F]{1,8}\Z")
_LANES = re.compile(r"[xX]([0-9]{1,2})\Z")
_LINK, _PHYSICAL = "UB PORT LINK INFO", "UB DLPHY INFO"
# How the answer ends (vendor document of the 950). The device writes the text itself; a port of which the physical
# layer does not answer may lack the second part.
_LAST = {_PHYSICAL: "dl_link_fsm", _LINK: "link_state"}


@attrs.frozen
class PortInfoFacts:
    """The settings and states of a port by the tool's own names, section by section, as printed.

    `port_id` is the number in hexadecimal, as printed. The properties are what checks look at; each is missing where
    the answer does not name it.
    """

    port_id: str
    sections: Mapping[str, Mapping[str, str]]

    def value(self, key: str, section: str = "") -> Reading[str]:
        """Return what one section says under a name, the first that knows it where none is given."""
        found = [keys for title, keys in self.sections.items() if key in keys and section in ("", title)]
        return found[0][key] if found else NOT_REPORTED

    @property
    def enabled(self) -> Reading[bool]:
        """Whether the port is switched on (`port_enable`); a port that the product does not use is off."""
        text = self.value("port_enable")
        return text if isinstance(text, Missing) else text == "on"

    @property
    def lanes(self) -> Reading[int]:
        """How many lanes the port is set up to have."""
        return _lanes(self.value("lane_num"))

    @property
    def lanes_now(self) -> Reading[int]:
        """How many lanes carry the link at present, the fewer of both directions."""
        both = [_lanes(self.value(key)) for key in ("cur_tx_lane_num", "cur_rx_lane_num")]
        known = [count for count in both if not isinstance(count, Missing)]
        return min(known) if len(known) == len(both) else NOT_REPORTED

    def as_document(self) -> Dict[str, Any]:
        """Return all names of the first section, those of the second that it lacks, and both as they stand."""
        flat: Dict[str, Any] = {"port_id": self.port_id}
        for keys in self.sections.values():
            flat.update({key: value for key, value in keys.items() if key not in flat})
        return {**flat, "sections": {title: dict(keys) for title, keys in self.sections.items()}}


def _lanes(text: Reading[str]) -> Reading[int]:
    found = None if isinstance(text, Missing) else _LANES.match(text)
    return NOT_REPORTED if found is None else int(found.group(1))


def parse(evidence: Evidence) -> Reading[PortInfoFacts]:
    """Parse `hccn_tool -g -port_info -i N -u U -p P`."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    head, *lines = data_lines(evidence)
    key, port_id = key_and_value(head)
    if key != "port_id" or not _PORT.match(port_id):
        raise head.error("`port_id: 0x...`")
    sections: Dict[str, Dict[str, str]] = {}
    for title, body in _sections(lines):
        sections[title.stripped.strip("= ")] = _keys(title, body)
    if not sections:
        raise head.error(f"`{_LINK}` after this line")
    last = list(sections)[-1]
    if list(sections[last])[-1] != _LAST.get(last):
        raise lines[-1].error(f"`{_LAST.get(last, 'a section that is known')}:` at the end, after this line")
    return PortInfoFacts(port_id, sections)


def _sections(lines: Sequence[Line]) -> List[Tuple[Line, List[Line]]]:
    found: List[Tuple[Line, List[Line]]] = []
    for line in lines:
        if _TITLE.match(line.stripped):
            if any(line.stripped.strip("= ") == title.stripped.strip("= ") for title, _ in found):
                raise line.error("another section than before")
            found.append((line, []))
        elif not found:
            raise line.error("the title of a section")
        else:
            found[-1][1].append(line)
    return found


def _keys(title: Line, body: Sequence[Line]) -> Dict[str, str]:
    keys: Dict[str, str] = {}
    for line in body:
        key, value = key_and_value(line)
        if not _KEY.match(key) or key in keys:
            raise line.error("`name: value` with a name that the section does not have yet")
        keys[key] = value
    if not keys:
        raise ParseError(title.number, "values after the title of the section", title.stripped)
    return keys


SOURCE = of_port("port_info", parse, interval_s=300.0)
