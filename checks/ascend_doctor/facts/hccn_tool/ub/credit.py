"""`hccn_tool -g -credit -i N -u U -p P`: the credits of a port of the 950, allocated and in use."""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

import attrs

from ascend_doctor.facts.hccn_tool.answers import data_lines, value_of
from ascend_doctor.facts.hccn_tool.ub.question import of_port, refused
from ascend_doctor.facts.parsing import Line, integer
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Reading

_SHARED = ("link_alloc_port_share_credit", "link_cur_used_port_share_credit")
_PRIORITY = re.compile(r"(link_alloc_vl_pri_credit|link_cur_used_pri_credit)\(([0-9]{1,2})\):([0-9]{1,10})\Z")
_LINKS = 16


@attrs.frozen
class VlCredit:
    """The credits of one virtual link."""

    vl: int
    allocated: int
    used: int


@attrs.frozen
class CreditFacts:
    """The credits that all share, and those of each virtual link by its number."""

    share_allocated: int
    share_used: int
    vl: Tuple[VlCredit, ...]


def parse(evidence: Evidence) -> Reading[CreditFacts]:
    """Parse `hccn_tool -g -credit -i N -u U -p P`."""
    answer = refused(evidence)
    if answer is not None:
        return answer
    lines = data_lines(evidence)
    if len(lines) < len(_SHARED):
        raise lines[-1].error("the credits in use, after this line")
    allocated, used = (integer(value_of(line, key), line, key) for line, key in zip(lines, _SHARED))
    found = _links(lines[2:])
    if len(found) != _LINKS:
        raise lines[-1].error(f"two numbers for each of {_LINKS} virtual links")
    return CreditFacts(allocated, used, tuple(VlCredit(vl, *found[vl]) for vl in range(_LINKS)))


def _links(lines: List[Line]) -> Dict[int, Tuple[int, int]]:
    """Return both numbers of each virtual link, which follow each other."""
    found: Dict[int, Tuple[int, int]] = {}
    if len(lines) % 2:
        raise lines[-1].error("another line after this one")
    for first, second in zip(lines[::2], lines[1::2]):
        one, other = _PRIORITY.match(first.stripped), _PRIORITY.match(second.stripped)
        if one is None or one.group(1) != "link_alloc_vl_pri_credit" or int(one.group(2)) != len(found):
            raise first.error(f"`link_alloc_vl_pri_credit({len(found)}):N`")
        if other is None or (other.group(1), other.group(2)) != ("link_cur_used_pri_credit", one.group(2)):
            raise second.error(f"`link_cur_used_pri_credit({one.group(2)}):N`")
        found[len(found)] = (int(one.group(3)), int(other.group(3)))
    return found


SOURCE = of_port("credit", parse)
