"""Somebody has switched something of a port's module off.

What it reads: `tx disable status` and `loopback status` of `hccn_tool -i N -optical -g dfx_cfg`, and
    `high power enable reg` of `hccn_tool -i N -optical -g`.

Why it matters: a switched-off transmitter, or a module that sends back what it gets, takes the link down; without
    enough power a module of the high-power kind gives too little light.

What to do: switch the transmitter on again, end the loopback, or switch the high-power mode on.

Disruption: each of these interrupts the network of the NPU for a moment.

Limits: none. Whether a module needs the high-power mode it does not tell: it is missed only where another module with
    the same part number on this node has it. A tool that does not know the command is no fault, nor is a module that
    does not tell.

Sources: Ascend/mind-cluster toolkit; hicann/driver, tool_optical.c and the help of `hccn_tool`.
"""

from __future__ import annotations

from typing import Iterator, Optional, Set

from ascend_doctor.checks import modules
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, skipped, unknown
from ascend_doctor.checks.remedies import which
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import optical, optical_dfx
from ascend_doctor.facts.hccn_tool.optical import OpticalFacts
from ascend_doctor.facts.hccn_tool.optical_dfx import NO_LOOPBACK, OpticalDfxFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing, known
from ascend_doctor.model.status import Disruption
from ascend_doctor.model.subject import Subject

ENABLED = "enabled"


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge what is switched on every module."""
    found = list(modules.each(view, "what is switched on the module"))
    powered = {
        facts.part_number
        for _, _, facts in (item for item in found if not isinstance(item, Finding))
        if facts.high_power_enable == ENABLED and isinstance(facts.part_number, str)
    }
    for item in found:
        if isinstance(item, Finding):
            yield item
        else:
            yield _judge(view, item, powered)


def _judge(view: NodeView, module: modules.Module, powered: Set[str]) -> Finding:
    target, subject, facts = module
    settings = view.read(optical_dfx.SOURCE, target)
    if isinstance(settings, Missing) and settings.why is not Absence.NOT_SUPPORTED:
        return unknown(subject, "what is switched on the module", settings, view.quote(optical_dfx.SOURCE, target))
    wrong = None if isinstance(settings, Missing) else _switched(view, target, subject, settings)
    if wrong is not None:
        return wrong
    if known(facts.part_number) in powered and known(facts.high_power_enable) not in (None, ENABLED):
        return _low_power(view, target, subject, facts)
    if isinstance(settings, Missing):
        return skipped(subject, "this hccn_tool does not tell what is switched on the module")
    if isinstance(settings.tx_disable, Missing):
        return skipped(subject, "the module does not tell whether its transmitter is on")
    return passed(subject, "the transmitter is on and nothing is looped back")


def _switched(view: NodeView, target: Target, subject: Subject, settings: OpticalDfxFacts) -> Optional[Finding]:
    number = which(target.phy_id)
    loopback = known(settings.loopback)
    if settings.dark_lanes:
        return failed(
            subject,
            f"the transmitter of {modules.named(settings.dark_lanes)} is switched off",
            expected="0x0",
            remedies=[Remedy("Switch it on.", f"hccn_tool -i {number} -optical -s tx_enable all", Disruption.TRAFFIC)],
            quotes=view.quote(optical_dfx.SOURCE, target, "tx disable"),
        )
    if loopback not in (None, NO_LOOPBACK):
        return failed(
            subject,
            f"the module is in {loopback}",
            expected=NO_LOOPBACK,
            remedies=[Remedy("End the loopback.", f"hccn_tool -i {number} -optical -t 0", Disruption.TRAFFIC)],
            quotes=view.quote(optical_dfx.SOURCE, target, "loopback"),
        )
    return None


def _low_power(view: NodeView, target: Target, subject: Subject, facts: OpticalFacts) -> Finding:
    number = which(target.phy_id)
    return failed(
        subject,
        f"the high-power mode of the module is off, and on in others of the same kind ({known(facts.part_number)})",
        expected=ENABLED,
        remedies=[
            Remedy(
                "Switch the high-power mode on.", f"hccn_tool -i {number} -optical -s high_power", Disruption.TRAFFIC
            )
        ],
        quotes=view.quote(optical.SOURCE, target, "high power", "part number"),
    )


CHECK = Check(
    id="roce.optical.state",
    reads=(*modules.USE, optical_dfx.SOURCE),
    judge=judge,
    limits=NoLimits(),
    generations=ROCE,
)
