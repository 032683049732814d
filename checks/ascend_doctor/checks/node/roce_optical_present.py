"""The optical module of a port is missing or does not answer.

What it reads: `hccn_tool -i N -optical -g`.

Why it matters: without a module there is no link.

What to do: push the module in until it locks, or replace it. A module that is there and cannot be reached needs the
    same.

Disruption: the port is dead already; where two dies share one module, the other one loses its network too.

Limits: none. A port without address is not in use and is skipped; so is a medium that the tool does not support
    (copper). A module that is said to be absent and gives live readings is a contradiction of the tool: a warning.

Sources: hicann/driver, cmd.c ("Optical module is not present.", "Control link unreachable."); Ascend/mind-cluster
    toolkit.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import ports
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import optical
from ascend_doctor.facts.hccn_tool.optical import OpticalFacts
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing, known
from ascend_doctor.model.status import Confidence, Disruption

RESEAT = Remedy("Push the module in until it locks; if that does not help, replace it.", "", Disruption.TRAFFIC)
EXPECTED = "a module that is present and answers"


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the module of every port."""
    for target, subject, facts in view.each(optical.SOURCE):
        quotes = view.quote(optical.SOURCE, target, "present", "Control link")
        if isinstance(facts, Missing):
            yield missing(subject, "whether the module is there", facts, quotes)
        elif ports.unused(view, target) and facts.present is not True:
            yield skipped(subject, f"has no module that answers, but {ports.UNUSED}")
        elif facts.control_link is False:
            yield failed(
                subject,
                "the module does not answer: its control link cannot be reached",
                expected=EXPECTED,
                remedies=[RESEAT],
                quotes=quotes,
            )
        elif isinstance(facts.present, Missing):
            yield missing(subject, "whether the module is there", facts.present, quotes)
        elif facts.present:
            vendor = " ".join(word for word in (known(facts.vendor), known(facts.part_number)) if word)
            yield passed(subject, f"the module is there{f': {vendor}' if vendor else ''}")
        elif _gives_light(facts):
            yield warned(
                subject,
                "the tool says that the module is not present, and prints its readings",
                expected=EXPECTED,
                remedies=[RESEAT],
                quotes=(*quotes, *view.quote(optical.SOURCE, target, "Power")),
                confidence=Confidence.UNDETERMINED,
                candidates=("the module's seat", "the tool"),
            )
        else:
            yield failed(subject, "the module is not there", expected=EXPECTED, remedies=[RESEAT], quotes=quotes)


def _gives_light(facts: OpticalFacts) -> bool:
    return any(isinstance(power, float) and power > 0 for power in (*facts.tx_power_mw, *facts.rx_power_mw))


CHECK = Check(
    id="roce.optical.present", reads=(optical.SOURCE, *ports.USE), judge=judge, limits=NoLimits(), generations=ROCE
)
