"""Which NPU sits at which PCI address."""

from __future__ import annotations

from typing import Dict, List, Mapping, Sequence, Tuple

from ascend_doctor.checks import chips
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import pci
from ascend_doctor.facts.host.pci import PciDevice
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.facts.npu_smi.info import InfoChip
from ascend_doctor.model.reading import Missing, known, part
from ascend_doctor.model.subject import Subject


def rows_by_address(view: NodeView) -> Mapping[str, InfoChip]:
    """Return the rows of `npu-smi info` by PCI address in small letters; none where the tool did not answer."""
    table = view.read(info.SOURCE)
    if isinstance(table, Missing):
        return {}
    return {row.bus_id.lower(): row for row in table.chips if not isinstance(row.bus_id, Missing)}


def shows_no(view: NodeView, device_id: str) -> bool:
    """Tell whether the bus shows NPUs and none of a kind, also where `npu-smi` cannot tell the product.

    An empty bus tells nothing: a 950 may be reached over UB, and a container may be shown no bus.
    """
    facts = view.read(pci.SOURCE)
    devices = known(part(facts, lambda found: found.devices))
    return bool(devices) and all(device.device_id != device_id for device in devices or ())


def by_subject(view: NodeView, devices: Sequence[PciDevice]) -> List[Tuple[Subject, List[PciDevice]]]:
    """Return the devices with the NPU that each of them is; those that `npu-smi` does not show belong to the node."""
    rows = rows_by_address(view)
    found: Dict[Subject, List[PciDevice]] = {}
    for device in devices:
        row = rows.get(device.address.lower())
        found.setdefault(view.subject if row is None else chips.subject(view, row), []).append(device)
    return list(found.items())
