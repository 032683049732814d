"""A port's module is too hot, too cold, or gets the wrong voltage.

What it reads: `temperature` and `Vcc` of `hccn_tool -i N -optical -g`, and the module's own limits for them.

Why it matters: outside its limits a module gives wrong light and dies early.

What to do: look at the airflow and at the cages beside it; replace the module if only this one is outside.

Disruption: replacing the module interrupts the network of the NPU.

Limits: the module's own ones; where it names none there is nothing to judge.

Sources: Ascend/mind-cluster, npu_info_parser.py.
"""

from __future__ import annotations

from typing import Iterator, Tuple

from ascend_doctor.checks import modules
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, skipped, unknown
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import optical
from ascend_doctor.facts.hccn_tool.optical import OpticalFacts
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing, Reading, known
from ascend_doctor.model.status import Disruption

COOL = Remedy(
    "Look at the airflow and at the cages beside it; replace the module if only this one is outside.",
    "",
    Disruption.TRAFFIC,
)
Measured = Tuple[str, Reading[float], Reading[float], Reading[float], str]


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge temperature and voltage of every module."""
    for item in modules.each(view, "temperature and voltage of the module"):
        if isinstance(item, Finding):
            yield item
            continue
        target, subject, facts = item
        measured = [
            (name, value, known(low), known(high), unit)
            for name, value, low, high, unit in _measured(facts)
            if not isinstance(value, Missing)
        ]
        outside = [
            (name, value, low, high, unit)
            for name, value, low, high, unit in measured
            # Nobody wrote limits into a module that prints 0 as its highest.
            if high != 0 and ((low is not None and value < low) or (high is not None and value > high))
        ]
        unread = facts.temperature_c
        if outside:
            name, value, low, high, unit = outside[0]
            yield failed(
                subject,
                f"the {name} of the module is {value:g} {unit}",
                expected=f"{low:g} to {high:g} {unit}" if None not in (low, high) else "within the module's limits",
                remedies=[COOL],
                observed=Quantity(value, unit),
                quotes=view.quote(optical.SOURCE, target, "temperature", "Temp ", "Vcc"),
            )
        elif isinstance(unread, Missing) and unread.why is Absence.TOOL_FAILED:
            quotes = view.quote(optical.SOURCE, target, "temperature")
            yield unknown(subject, "the temperature of the module", unread, quotes)
        elif measured:
            shown = ", ".join(f"{name} {value:g} {unit}" for name, value, _, _, unit in measured)
            yield passed(subject, f"inside the module's limits: {shown}")
        else:
            yield skipped(subject, "the module does not report its temperature and voltage")


def _measured(facts: OpticalFacts) -> Tuple[Measured, Measured]:
    return (
        ("temperature", facts.temperature_c, facts.temp_low_c, facts.temp_high_c, "C"),
        ("voltage", facts.vcc_mv, facts.vcc_low_mv, facts.vcc_high_mv, "mV"),
    )


CHECK = Check(id="roce.optical.env", reads=modules.USE, judge=judge, limits=NoLimits(), generations=ROCE)
