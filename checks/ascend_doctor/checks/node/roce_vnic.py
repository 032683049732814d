"""The virtual network card of an A3 die is down or has no address.

What it reads: `hccn_tool -i N -vnic -g`.

Why it matters: inside a super pod the dies talk over it; without it a job of several nodes uses the slower way or does
    not start.

What to do: reset the NPU; if that does not help, install the driver again.

Disruption: a reset of the NPU ends every job on it.

Limits: none. The tool fails without a reason where the card has no address, and it does the same while somebody else
    drives the device: that is unknown. Only the address 0.0.0.0 says that there is none.

Sources: Ascend-msit, msprechecker (the card has to be up and have an address on A3); vllm-ascend, guide for several
    nodes; hicann/driver, tool_ops.c.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import vnic
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.subject import Subject

EXPECTED = "vnic link status: UP, and an address"


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the virtual network card of every die."""
    for target, subject, facts in view.each(vnic.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the virtual network card", facts, view.quote(vnic.SOURCE, target))
        elif facts.link != "UP":
            yield _broken(view, target, subject, "the virtual network card is down")
        elif isinstance(facts.ipaddr, Missing):
            yield _broken(view, target, subject, "the virtual network card has no address")
        else:
            yield passed(subject, f"the virtual network card is up at {facts.ipaddr}", observed=facts.ipaddr)


def _broken(view: NodeView, target: Target, subject: Subject, words: str) -> Finding:
    found = () if isinstance(view.devices, Missing) else view.devices.devices
    device = next((item for item in found if item.phy_id == target.phy_id), None)
    return failed(
        subject,
        words,
        expected=EXPECTED,
        remedies=[remedies.reset() if device is None else remedies.reset(device.npu, device.chip)],
        quotes=view.quote(vnic.SOURCE, target),
    )


CHECK = Check(
    id="roce.vnic",
    reads=(vnic.SOURCE,),
    judge=judge,
    limits=NoLimits(),
    generations=frozenset({Generation.A3}),
)
