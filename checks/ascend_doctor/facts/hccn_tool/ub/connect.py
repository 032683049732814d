"""`hccn_tool -g -ub_connect -i N`: whether the UB ports of an NPU on a card are connected."""

from __future__ import annotations

import re
from typing import ClassVar, Dict, Mapping, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, value_of
from ascend_doctor.facts.hccn_tool.ub.question import of_npu, refused
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing, Reading

_PORT = re.compile(r"port ([0-9]{1,2}) : ([A-Z ]{2,20})\Z")
# The document says `PARTIAL UP` of a port with fewer lanes, the vendor source prints `PARTIAL LINK` there.
_OF_NPU = ("UP", "DOWN", "PARTIAL LINK", "NA")
_OF_PORT = ("UP", "DOWN", "PARTIAL UP", "PARTIAL LINK", "INITIAL")
# The command is for cards; on a server it fails without a reason, and leaves with the low byte of 0x1F0A
# (vendor source, tool_product.c, tool_errcode.h).
_EXIT_NO_CARD = 0x0A


@attrs.frozen
class UbConnectFacts:
    """The state of all ports together and of each by its number, in the tool's words; a single card has no port."""

    DERIVED: ClassVar[Tuple[str, ...]] = ("link",)

    link_status: str
    ports: Mapping[int, str]

    @property
    def link(self) -> str:
        """The state of all ports together, under the name that the answer about one port has."""
        return self.link_status


def parse(evidence: Evidence) -> Reading[UbConnectFacts]:
    """Parse `hccn_tool -g -ub_connect -i N`."""
    answer = refused(evidence)
    if answer is not None and evidence.exit_code == _EXIT_NO_CARD:
        return Missing(Absence.NOT_SUPPORTED, "the command is for cards only", evidence.exit_code)
    if answer is not None:
        return answer
    head, *lines = data_lines(evidence)
    status = value_of(head, "link status")
    if status not in _OF_NPU:
        raise head.error(" or ".join(f"`{word}`" for word in _OF_NPU))
    ports: Dict[int, str] = {}
    for line in lines:
        found = _PORT.match(line.stripped)
        if found is None or found.group(2) not in _OF_PORT or int(found.group(1)) in ports:
            raise line.error("`port N : STATE` of another port")
        ports[int(found.group(1))] = found.group(2)
    return UbConnectFacts(status, ports)


SOURCE = of_npu("ub_connect", parse)
