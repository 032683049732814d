"""A port does not correct bit errors.

What it reads: `hccn_tool -i N -fec -g`.

Why it matters: at 100 Gb/s and more a link without forward error correction has bit errors all the time: packets are
    lost, the link goes down now and then.

What to do: set the mode to `rs` on the port and on the switch.

Disruption: setting the mode interrupts the network of the NPU.

Limits: none. Newer tools on A2 and A3 do not tell the mode, because it cannot be changed there: nothing to judge.

Sources: Ascend/mind-cluster, npu_info_parser.py (`no FEC mode` is a fault); hicann/driver, tool_ext.c.
"""

from __future__ import annotations

from typing import Hashable, Iterator, List, Sequence

from ascend_doctor.checks import alike, ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import fec
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED
from ascend_doctor.model.status import Disruption

WHAT = "the FEC mode"
NONE = "no FEC mode"


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the mode of every port, and compare the ports that correct errors."""
    found, gaps = alike.settings(view, fec.SOURCE, WHAT, lambda facts: facts.fec_mode or NOT_REPORTED)
    yield from gaps
    correcting: List[alike.Setting] = [item for item in found if item.value != NONE]
    for item in found:
        if item.value == NONE:
            yield failed(
                item.subject,
                "does not correct bit errors",
                expected="rs FEC mode",
                remedies=_steps(item.target),
                observed=NONE,
                quotes=view.quote(fec.SOURCE, item.target),
            )
    yield from alike.compare(view, fec.SOURCE, correcting, what=WHAT, shown=_shown, remedies=_steps)


def _shown(value: Hashable) -> str:
    return str(value)


def _steps(target: Target) -> Sequence[Remedy]:
    return [
        Remedy(
            "Set the mode to rs, on the port and on the switch.",
            f"hccn_tool -i {remedies.which(target.phy_id)} -fec -s encoding rs",
            Disruption.TRAFFIC,
        )
    ]


CHECK = Check(id="roce.fec", reads=(fec.SOURCE, *ports.USE), judge=judge, limits=NoLimits(), generations=ROCE)
