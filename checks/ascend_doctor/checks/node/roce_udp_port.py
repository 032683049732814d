"""A port chooses the UDP source port of its packets otherwise than the others.

What it reads: `hccn_tool -i N -udp -g`.

Why it matters: switches spread flows over their paths by this number. A port with a fixed one sends everything over one
    path, which fills while others stay empty.

What to do: let the device choose, or set what the site's plan says on every port.

Disruption: none for the setting; connections take it over when they are set up anew.

Limits: none. Ports are compared by how the number is chosen; a plan with a fixed number of its own for each port is
    right where every port has one.

Sources: hicann/driver, tool_roce.c and the tool's help (auto, custom, multi_qp, code); DemonCAT catalogue of faults.
"""

from __future__ import annotations

from typing import Hashable, Iterator, Sequence

from ascend_doctor.checks import alike, ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import udp
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.status import Severity

WHAT = "the choice of the UDP port"


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare how the ports choose."""
    found, gaps = alike.settings(view, udp.SOURCE, WHAT, lambda facts: facts.status)
    yield from gaps
    yield from alike.compare(view, udp.SOURCE, found, what=WHAT, shown=_shown, remedies=_steps, say=warned)


def _shown(value: Hashable) -> str:
    return str(value)


def _steps(target: Target) -> Sequence[Remedy]:
    return [
        Remedy(
            "Let the device choose, or set what the plan says on every port.",
            f"hccn_tool -i {remedies.which(target.phy_id)} -udp -s auto",
        )
    ]


CHECK = Check(
    id="roce.udp-port",
    reads=(udp.SOURCE, *ports.USE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
    generations=ROCE,
)
