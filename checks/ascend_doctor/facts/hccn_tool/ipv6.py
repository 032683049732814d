"""`hccn_tool -i N -ip -inet6 -g`: the IPv6 address of the RoCE port."""

from __future__ import annotations

import ipaddress
from typing import Any, Dict

import attrs

from ascend_doctor.facts.document import fields_of, refusal
from ascend_doctor.facts.hccn_tool.answers import data_lines, value_of, words_of
from ascend_doctor.facts.hccn_tool.newer import newer_answer
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing, Reading

_MOST_BITS = 128


@attrs.frozen
class Ipv6Facts:
    """Address and length of its prefix in bits; both `Missing(NOT_CONFIGURED)` when the tool says that none is set."""

    ipv6_address: Reading[str]
    prefix_length: Reading[int]

    def as_document(self) -> Dict[str, Any]:
        """Return the fields and, when no address is set, why: the tool's words, in the form of an error answer."""
        return {**fields_of(self), **(refusal(self.ipv6_address) if isinstance(self.ipv6_address, Missing) else {})}


def parse(evidence: Evidence) -> Reading[Ipv6Facts]:
    """Parse `hccn_tool -i N -ip -inet6 -g`."""
    words = words_of(evidence, "no ip was preset")
    if words is not None:
        unset = Missing(Absence.NOT_CONFIGURED, words, evidence.exit_code)
        return Ipv6Facts(unset, unset)
    refused = newer_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    text = _address(value_of(lines[0], "ipv6_address"), lines[0])
    if len(lines) != 2:
        raise lines[-1].error("two lines, `ipv6_address:` and `prefix_length:`")
    bits = integer(value_of(lines[1], "prefix_length"), lines[1], "the length of the prefix")
    if not 0 <= bits <= _MOST_BITS:
        raise lines[1].error(f"0 to {_MOST_BITS} bits")
    return Ipv6Facts(text, bits)


def _address(text: str, line: Line) -> str:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        raise line.error("an IPv6 address") from None
    return text


SOURCE: Source[Ipv6Facts] = Source(
    name="hccn_tool/ipv6",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-ip", "-inet6", "-g"),
    parse=parse,
    generations=ROCE,
)
