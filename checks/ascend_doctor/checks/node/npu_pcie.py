"""The PCIe link of an NPU is narrower or slower than it can be, or has errors.

What it reads: the NPUs in /sys/bus/pci/devices: width and speed of the link now, what the device and its slot can do,
    and the counts of uncorrectable errors (AER); from `npu-smi info` which NPU sits where and whether it computes.

Why it matters: a job that exchanges data with the host waits for the link, and one slow NPU holds up all others. A
    link with errors is often the step before the NPU drops off the bus.

What to do: look into the kernel log for the device. Seat the module or riser again, compare the settings of the slot
    in the BIOS with those of a healthy server, and have the part replaced when that does not help.

Disruption: the server has to be switched off.

Limits: none. Fewer lanes than device and slot have together, or uncorrectable errors since the answer before, are a
    failure. A lower speed is a warning while the NPU computes; an idle link may save power. Errors from before the
    first answer are not judged, as some come with every start. The error counters of `npu-smi` do not exist on A2 and
    A3, so the bus is asked. A device without a visible link, as in a virtual machine, is passed over.

Sources: hicann/driver, npu_log_collect.sh (LnkSta) and documentation of dcmi_get_device_pcie_error_cnt; the rules are
    ours.
"""

from __future__ import annotations

from typing import Iterator, List, Mapping, Optional, Sequence, Tuple

from ascend_doctor.checks.buses import by_subject, rows_by_address
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, skipped, unknown
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import pci
from ascend_doctor.facts.host.pci import PciDevice
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.npu_smi.info import InfoChip
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, Reading, known, part
from ascend_doctor.model.status import Disruption, Status

Trouble = Tuple[Status, str]


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the link of every NPU that the bus shows."""
    facts = view.read(pci.SOURCE)
    devices = part(facts, lambda found: found.devices)
    if isinstance(devices, Missing):
        yield unknown(view.subject, "the PCIe links", devices, view.quote(pci.SOURCE))
        return
    if not devices:
        yield skipped(view.subject, "no NPU is on a PCI bus here")
    rows = rows_by_address(view)
    before = _before(view)
    for subject, found in by_subject(view, devices):
        visible = [device for device in found if known(device.width) is not None]
        troubles = [
            (status, f"{device.address} {words}")
            for device in found
            for status, words in _troubles(device, rows.get(device.address.lower()), before.get(device.address))
        ]
        if troubles:
            status = Status.FAIL if any(status is Status.FAIL for status, _ in troubles) else Status.WARN
            yield failed(
                subject,
                "; ".join(words for _, words in troubles),
                expected="the widest and fastest link that device and slot can have, and no errors",
                remedies=_steps(found),
                quotes=view.quote(pci.SOURCE, WHOLE_NODE, *(f'"{device.address}"' for device in found)),
                status=status,
            )
        elif visible:
            yield passed(subject, "; ".join(map(_state, visible)))
        else:
            yield skipped(subject, "the bus shows no link of its own, as in a virtual machine")


def _before(view: NodeView) -> Mapping[str, PciDevice]:
    """Return the devices of the answer before, by address."""
    earlier = view.earlier(pci.SOURCE, WHOLE_NODE)
    devices = known(earlier[0].facts.devices) if earlier else None
    return {device.address: device for device in devices or ()}


def _troubles(device: PciDevice, row: Optional[InfoChip], before: Optional[PciDevice]) -> Iterator[Trouble]:
    width, best = known(device.width), known(device.best_width)
    if width is not None and best is not None and width < best:
        yield Status.FAIL, f"runs with {width} of {best} lanes"
    speed, fastest = known(device.speed_gts), known(device.best_speed_gts)
    if speed is not None and fastest is not None and speed < fastest and _computes(row):
        yield Status.WARN, f"runs at {speed:g} of {fastest:g} GT/s while the NPU computes"
    if before is not None:
        fatal = _rise(before.aer_fatal, device.aer_fatal)
        other = _rise(before.aer_nonfatal, device.aer_nonfatal)
        if fatal or other:
            yield Status.FAIL, f"had {fatal} fatal and {other} other uncorrectable errors since the last look"


def _rise(before: Reading[int], now: Reading[int]) -> int:
    """Return by how much a count rose; nothing where it fell, as it does when the device starts again."""
    if isinstance(before, Missing) or isinstance(now, Missing):
        return 0
    return max(now - before, 0)


def _computes(row: Optional[InfoChip]) -> bool:
    loads: Sequence[object] = () if row is None else (row.aicore_pct, row.npu_util_pct)
    return any(isinstance(load, int) and load > 0 for load in loads)


def _state(device: PciDevice) -> str:
    speed = known(device.speed_gts)
    rate = "" if speed is None else f" at {speed:g} GT/s"
    return f"{device.address} has {device.width} lanes{rate}"


def _steps(devices: Sequence[PciDevice]) -> List[Remedy]:
    return [
        *(Remedy("See how the link is.", f"lspci -vvs {device.address}") for device in devices[:1]),
        Remedy(
            "Seat the module or its riser again; compare the slot's BIOS settings with a healthy server.",
            "",
            Disruption.REBOOT,
        ),
    ]


CHECK = Check(
    id="npu.pcie",
    reads=(pci.SOURCE, info.SOURCE, mapping.SOURCE),
    judge=judge,
    limits=NoLimits(),
)
