"""A laser of a port's module draws a current that it should not.

What it reads: `Tx Bias` of `hccn_tool -i N -optical -g`, and the module's own limits for it from
    `hccn_tool -i N -optical -g v2`.

Why it matters: a laser at its end needs more and more current for less and less light; the link goes soon.

What to do: replace the module of this port.

Disruption: replacing the module interrupts the network of the NPU.

Limits: the module's own ones: outside its alarm limits fails, outside its warning limits warns. Where it states none,
    on A3 `a3_min_ma` to `a3_max_ma` (the vendor's toolkit); on other products nothing is judged, because modules of
    other kinds need other currents.

Sources: Ascend/mind-cluster, threshold_config.py; hicann/driver, tool_optical.c.
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Tuple

import attrs

from ascend_doctor.checks import modules
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, skipped, unknown
from ascend_doctor.checks.versions import generation
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import optical, optical_v2
from ascend_doctor.facts.hccn_tool.optical_v2 import Measure
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.model.product import ROCE, Generation
from ascend_doctor.model.reading import Absence, Missing, known
from ascend_doctor.model.status import Status

Range = Tuple[Optional[float], Optional[float]]


@attrs.frozen
class Limits:
    """Milliamperes, for modules of A3 that state no limits of their own."""

    a3_min_ma: float = 6.0
    a3_max_ma: float = 10.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the current of every laser."""
    for item in modules.each(view, "the current of the lasers"):
        if isinstance(item, Finding):
            yield item
            continue
        target, subject, facts = item
        stated = view.read(optical_v2.SOURCE, target)
        if not modules.lanes(facts.tx_bias_ma):
            yield skipped(subject, "the module does not report the current of its lasers")
        elif isinstance(stated, Missing) and stated.why is not Absence.NOT_SUPPORTED:
            yield unknown(subject, "which current the module allows", stated, view.quote(optical_v2.SOURCE, target))
        else:
            yield _judge(view, item, () if isinstance(stated, Missing) else stated.tx_bias_ma, limits)


def _judge(view: NodeView, module: modules.Module, own: Tuple[Measure, ...], limits: Limits) -> Finding:
    target, subject, facts = module
    currents = modules.lanes(facts.tx_bias_ma)
    alarms = {lane: (known(measure.low_alarm), known(measure.high_alarm)) for lane, measure in enumerate(own)}
    warnings = {lane: (known(measure.low_warn), known(measure.high_warn)) for lane, measure in enumerate(own)}
    if not any(known(measure.high_alarm) for measure in own):  # 0 is what a module prints that has no limits
        if generation(view) is not Generation.A3:
            return skipped(subject, "the module states no limits for the current of its lasers")
        alarms = {lane: (limits.a3_min_ma, limits.a3_max_ma) for lane, _ in currents}
        warnings = {}
    for status, ranges in ((Status.FAIL, alarms), (Status.WARN, warnings)):
        odd = [(lane, current) for lane, current in currents if not _within(current, ranges.get(lane, (None, None)))]
        if odd:
            lanes: List[int] = [lane for lane, _ in odd]
            low, high = ranges[lanes[0]]
            return failed(
                subject,
                f"the laser of {modules.named(lanes)} draws {odd[0][1]:g} mA",
                expected=f"{low:g} to {high:g} mA" if low is not None and high is not None else "within the limits",
                remedies=[modules.REPLACE],
                observed=Quantity(odd[0][1], "mA"),
                quotes=view.quote(optical.SOURCE, target, "Tx Bias"),
                status=status,
            )
    return passed(subject, "the current of every laser is in range", observed=Quantity(currents[0][1], "mA"))


def _within(current: float, limits: Range) -> bool:
    low, high = limits
    return (low is None or current >= low) and (high is None or current <= high)


CHECK = Check(
    id="roce.optical.bias",
    reads=(*modules.USE, optical_v2.SOURCE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    metric="npu_optical_bias_milliamperes",
)
