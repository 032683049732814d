"""`hccn_tool -i N -ip -g`: the address of the RoCE port."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import attrs

from ascend_doctor.facts.document import fields_of, refusal
from ascend_doctor.facts.hccn_tool.answers import address, data_lines, error_answer, is_silent, value_of, words_of
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing, Reading

_EXIT_UNSET = 13


@attrs.frozen
class IpFacts:
    """Address and netmask of the port in dotted form, as printed (a published sample may be masked with letters).

    Both are `Missing(NOT_CONFIGURED)` when the tool says that none is set.
    With several ports or bonding the pair repeats; the first is in `ipaddr`, the rest in `further`.
    """

    ipaddr: Reading[str]
    netmask: Reading[str]
    further: Tuple[Tuple[str, str], ...] = ()

    def as_document(self) -> Dict[str, Any]:
        """Return the fields and, when no address is set, why: the tool's words, in the form of an error answer."""
        return {**fields_of(self), **(refusal(self.ipaddr) if isinstance(self.ipaddr, Missing) else {})}


def parse(evidence: Evidence) -> Reading[IpFacts]:
    """Parse `hccn_tool -i N -ip -g`."""
    unset = _unset(evidence)
    if unset is not None:
        return IpFacts(unset, unset)
    refused = error_answer(evidence)
    if refused is not None:
        return refused
    lines = data_lines(evidence)
    pairs: List[Tuple[str, str]] = []
    for first, second in zip(lines[::2], lines[1::2]):
        ipaddr = address(value_of(first, "ipaddr"), first, "`ipaddr`")
        if any(ipaddr == known for known, _ in pairs):
            raise first.error("another address than before")
        pairs.append((ipaddr, address(value_of(second, "netmask"), second, "`netmask`")))
    if len(lines) % 2:
        value_of(lines[-1], "ipaddr")
        raise lines[-1].error("a line `netmask:` after this one")
    return IpFacts(*pairs[0], further=tuple(pairs[1:]))


def _unset(evidence: Evidence) -> Optional[Missing]:
    """Return what the tool says when no address is set.

    Exit code 13 stands for that and for a command that the product lacks; the latter is always said on standard
    output, so that silence means the former.
    """
    words = words_of(evidence, "no ip was preset")
    if words is None and not (evidence.exit_code == _EXIT_UNSET and is_silent(evidence)):
        return None
    return Missing(Absence.NOT_CONFIGURED, words or "", evidence.exit_code)


SOURCE: Source[IpFacts] = Source(
    name="hccn_tool/ip",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-ip", "-g"),
    parse=parse,
    generations=ROCE,
)
