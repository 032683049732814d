"""Nobody knows which CPUs are near an NPU.

What it reads: `numa_node` of the NPUs in /sys/bus/pci/devices, and how many NUMA nodes the machine has.

Why it matters: an engine binds the processes of an NPU to the CPUs beside it. Without the place every access may
    cross the machine, and launching operators becomes the slowest part.

What to do: update the BIOS or turn on its NUMA settings; in a virtual machine pass the topology through.

Disruption: the server has to be restarted.

Limits: none. A machine with one NUMA node has no far and near, and is passed over. Whether the processes of a job are
    bound to the near CPUs is not looked at. Where no NPU has a place the node has one finding.

Sources: vllm-project/vllm-ascend, CPU binding; hicann/driver, manual of npu-smi (topo, CPU affinity).
"""

from __future__ import annotations

from typing import Iterator, Sequence

from ascend_doctor.checks.buses import by_subject
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import pci
from ascend_doctor.facts.host.pci import PciDevice
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known, part
from ascend_doctor.model.status import Disruption, Severity
from ascend_doctor.model.subject import Subject

STEP = Remedy(
    "Turn on NUMA in the BIOS, or pass the topology through to the virtual machine.",
    "cat /sys/bus/pci/devices/*/numa_node",
    Disruption.REBOOT,
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the place of every NPU that the bus shows."""
    facts = view.read(pci.SOURCE)
    devices = part(facts, lambda found: found.devices)
    if isinstance(devices, Missing):
        yield unknown(view.subject, "where the NPUs sit", devices, view.quote(pci.SOURCE))
        return
    if not devices or (known(part(facts, lambda found: found.numa_nodes)) or 1) < 2:
        yield skipped(view.subject, "no NPU on a PCI bus here, or a machine with one NUMA node")
        return
    placed = by_subject(view, devices)
    lost = [subject for subject, found in placed if not all(map(_has_place, found))]
    lost.sort(key=lambda subject: subject.sort_key)
    if len(lost) == len(placed) > 1:
        yield _finding(view, view.subject, devices, lost)
        return
    for subject, found in placed:
        if subject in lost:
            yield _finding(view, subject, found, ())
        else:
            yield passed(subject, f"it is at NUMA node {', '.join(str(device.numa_node) for device in found)}")


def _has_place(device: PciDevice) -> bool:
    return (known(device.numa_node) or 0) >= 0 and not isinstance(device.numa_node, Missing)


def _finding(view: NodeView, subject: Subject, devices: Sequence[PciDevice], affected: Sequence[Subject]) -> Finding:
    return warned(
        subject,
        f"the firmware does not tell at which NUMA node {'the NPUs are' if affected else 'it is'}",
        expected="a NUMA node for every NPU",
        remedies=[STEP],
        quotes=view.quote(pci.SOURCE, WHOLE_NODE, *(f'"{device.address}"' for device in devices)),
        affected=affected,
    )


CHECK = Check(
    id="npu.numa",
    reads=(pci.SOURCE, info.SOURCE, mapping.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
