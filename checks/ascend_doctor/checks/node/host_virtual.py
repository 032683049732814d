"""The node is a virtual machine.

What it reads: the names of vendor and product in the firmware (DMI), and what the kernel says of a hypervisor.

Why it matters: in a virtual machine the tools of the NPU refuse part of their commands, PCIe and NUMA look other than
    they are, and the neighbours on the same hardware take their share.

What to do: use the bare machine for training and for serving large models. Where the virtual machine is meant, disable
    this check.

Disruption: none.

Limits: none. Firmware that says nothing leaves it unknown.

Sources: Ascend-msit, msprechecker (bare metal is expected); hicann/driver, hccn_tool source (commands that a virtual
    machine does not support).
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import system
from ascend_doctor.facts.host.system import BARE_METAL
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Severity

MOVE = Remedy("Run the job on a bare machine, or disable this check where the virtual machine is meant.")


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge what the machine runs on."""
    hypervisor = host.told(view, system.SOURCE, lambda found: found.hypervisor)
    if isinstance(hypervisor, Missing):
        yield unknown(view.subject, "whether the node is a virtual machine", hypervisor, view.quote(system.SOURCE))
    elif hypervisor == BARE_METAL:
        yield passed(view.subject, "the node is no virtual machine", observed=hypervisor)
    else:
        yield warned(
            view.subject,
            f"the node is a virtual machine: {hypervisor}",
            expected="a bare machine",
            remedies=[MOVE],
            observed=hypervisor,
            quotes=host.lines(view, system.SOURCE, "hypervisor"),
        )


CHECK = Check(
    id="host.virtual",
    reads=(system.SOURCE,),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
