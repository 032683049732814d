"""The process of an earlier job still runs on a device.

What it reads: `hccn_tool -i N -process -g`, and the table of processes of `npu-smi info`.

Why it matters: the process that sets up connections for HCCL belongs to one job. One that was left behind keeps the
    next job from starting (EJ0001, `Maybe the last training process is running`).

What to do: end what is left of the job on the host; if the process stays, reset the NPU.

Disruption: a reset of the NPU ends every job on it.

Limits: none. With a process of a job on the NPU it belongs there. Where nobody can tell whether there is a job, as
    inside a container, it is unknown. The outcome never decides whether a node is ready.

Sources: hicann/driver, tool.c; hicann/hccl, fault diagnosis (EJ0001).
"""

from __future__ import annotations

from typing import Iterator, Optional

from ascend_doctor.checks import chips, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import missing, passed, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.devices import Device
from ascend_doctor.facts.hccn_tool import process
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.facts.source import Target
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Severity

NOBODY_TELLS = Missing(Absence.NOT_REPORTED, "nobody tells whether a job uses the NPU")
END = Remedy("End what is left of the job on the host.", "fuser -v /dev/davinci_manager")


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the process of every device."""
    for target, port, facts in view.each(process.SOURCE):
        subject = port if target.phy_id is None else subjects.npu(view.name, target.phy_id)
        quotes = view.quote(process.SOURCE, target)
        busy = _has_job(view, target)
        if isinstance(facts, Missing):
            yield missing(subject, "the process of a job on the device", facts, quotes)
        elif facts.hccp == "not exist":
            yield passed(subject, "no process of a job runs on the device", observed=facts.hccp)
        elif busy is None:
            yield unknown(subject, "whether the process on the device belongs to a job", NOBODY_TELLS, quotes)
        elif busy:
            yield passed(subject, "the process on the device belongs to a job", observed=facts.hccp)
        else:
            yield warned(
                subject,
                "the process of an earlier job still runs on the device",
                expected="device hccp process: not exist, as long as no job runs",
                remedies=[END, _reset(view, target)],
                observed=facts.hccp,
                quotes=quotes,
            )


def _has_job(view: NodeView, target: Target) -> Optional[bool]:
    """Tell whether a process uses the NPU, None where nobody can tell."""
    table, device = view.read(info.SOURCE), _device(view, target)
    if isinstance(table, Missing) or device is None:
        return None
    for row in table.chips:
        if row.npu == device.npu and row.chip == device.chip:
            found, certain = chips.processes(table, row)
            return True if found else (False if certain and not in_container(view) else None)
    return None


def _device(view: NodeView, target: Target) -> Optional[Device]:
    found = () if isinstance(view.devices, Missing) else view.devices.devices
    return next((device for device in found if device.phy_id == target.phy_id), None)


def _reset(view: NodeView, target: Target) -> Remedy:
    device = _device(view, target)
    return remedies.reset() if device is None else remedies.reset(device.npu, device.chip)


CHECK = Check(
    id="npu.hccp",
    reads=(process.SOURCE, info.SOURCE, identity.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
    generations=frozenset({Generation.A2, Generation.A3}),
)
