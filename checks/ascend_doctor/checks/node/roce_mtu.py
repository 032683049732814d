"""A port has another MTU than the others of its node, or all have a small one.

What it reads: `hccn_tool -i N -mtu -g`.

Why it matters: packets longer than the MTU of the way are lost without a word, so that a connection is set up and hangs
    with its first large message (EI0013); a small MTU costs bandwidth.

What to do: set the same MTU on all ports, and at least that on every switch between them.

Disruption: setting the MTU interrupts the network of the NPU.

Limits: `min_mtu` is our own policy: below it a RoCE message of 4096 bytes does not fit into one packet. A small MTU
    on all ports warns, one that differs from the others fails.

Sources: hicann/driver, hccn_tool source (68 to 9702); DemonCAT catalogue of faults (MTU mismatch).
"""

from __future__ import annotations

from typing import Hashable, Iterator, List, Sequence

import attrs

from ascend_doctor.checks import alike, ports, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import mtu
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.status import Disruption

WHAT = "the MTU"


@attrs.frozen
class Limits:
    """`min_mtu`: the smallest MTU in bytes that needs no word."""

    min_mtu: int = 4200


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Compare the MTUs of the ports; where all are small, say so once for the node."""
    found, gaps = alike.settings(view, mtu.SOURCE, WHAT, lambda facts: facts.mtu)
    yield from gaps
    small: List[alike.Setting] = [item for item in found if isinstance(item.value, int) and item.value < limits.min_mtu]
    if found and len(small) == len(found) and alike.common(found) is not None:
        yield warned(
            view.subject,
            f"the MTU of the ports is {small[0].value}: a RoCE message of 4096 bytes does not fit into one packet",
            expected=f"at least {limits.min_mtu}",
            remedies=_steps(small[0].target),
            observed=str(small[0].value),
            quotes=view.quote(mtu.SOURCE, small[0].target),
            affected=[item.subject for item in small],
        )
        if len({item.value for item in found}) == 1:
            return
    yield from alike.compare(view, mtu.SOURCE, found, what=WHAT, shown=_shown, remedies=_steps)


def _shown(value: Hashable) -> str:
    return str(value)


def _steps(target: Target) -> Sequence[Remedy]:
    return [
        Remedy(
            "Set the same MTU on all ports, and at least that on the switches.",
            f"hccn_tool -i {remedies.which(target.phy_id)} -mtu -s size 4200",
            Disruption.TRAFFIC,
        )
    ]


CHECK = Check(
    id="roce.mtu",
    reads=(mtu.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    own_limits=("min_mtu",),
)
