"""`npu-smi info -t usages`."""

from __future__ import annotations

from typing import Dict, List, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import NOT_SUPPORTED, Block, Query
from ascend_doctor.simulator.npu_smi.layout import Value, key_lines

_UTILISATION = "dsmi_get_device_utilization_rate"
_UTILISATIONS_AT_ONCE = "dsmi_get_device_info"
_HBM = "dsmi_get_hbm_info"


def _usages(machine: Machine, chip: Chip) -> Block:
    calls = (_UTILISATION, _UTILISATIONS_AT_ONCE, _HBM) if machine.generation.has_hbm else (_UTILISATION,)
    failures = [chip.query_failures[call] for call in calls if call in chip.query_failures]
    if any(failure != codes.DRIVER_NOT_SUPPORTED for failure in failures):
        return Block((), codes.TOOL_LIBRARY_FAILED)
    if not machine.generation.has_hbm:
        return NOT_SUPPORTED if failures else Block(_usages_310p(chip))
    return Block(_usages_hbm(machine, chip))


def _rate(chip: Chip, call: str, value: int) -> int:
    return 0 if call in chip.query_failures else value


def _usages_hbm(machine: Machine, chip: Chip) -> List[str]:
    used, total = (0, 0) if _HBM in chip.query_failures else chip.hbm_mb
    hbm_pct = _rate(chip, _UTILISATION, chip.hbm_pct)
    if machine.generation is Generation.A2 and total:
        # On an A2 the tool works the rate out itself, and can pass 100.
        hbm_pct = used * 100 // total
    aicore = _rate(chip, _UTILISATIONS_AT_ONCE, chip.aicore_pct)
    rows: Tuple[Tuple[str, Value], ...] = (
        ("DDR Capacity(MB)", 0),
        ("DDR Usage Rate(%)", 0),
        ("DDR Hugepages Total(page)", 0),
        ("DDR Hugepages Usage Rate(%)", 0),
        ("HBM Capacity(MB)", total),
        ("HBM Usage Rate(%)", hbm_pct),
        ("Aicore Usage Rate(%)", aicore),
        ("Aivector Usage Rate(%)", _rate(chip, _UTILISATIONS_AT_ONCE, chip.aivector_pct)),
        ("Aicpu Usage Rate(%)", _rate(chip, _UTILISATION, chip.aicpu_pct)),
        ("Ctrlcpu Usage Rate(%)", _rate(chip, _UTILISATION, chip.ctrlcpu_pct)),
        ("DDR Bandwidth Usage Rate(%)", 0),
        ("HBM Bandwidth Usage Rate(%)", _rate(chip, _HBM, chip.hbm_bandwidth_pct)),
        ("NPU Utilization(%)", max(aicore, _rate(chip, _UTILISATIONS_AT_ONCE, chip.npu_pct))),
        ("Aicube Usage Rate(%)", _rate(chip, _UTILISATIONS_AT_ONCE, chip.aicube_pct)),
    )
    return key_lines(rows)


def _usages_310p(chip: Chip) -> List[str]:
    pages_used, pages = chip.hugepages
    rows: Tuple[Tuple[str, Value], ...] = (
        ("DDR Capacity(MB)", chip.memory_mb[1]),
        ("DDR Usage Rate(%)", chip.memory_pct),
        ("DDR Hugepages Total(page)", pages),
        ("DDR Hugepages Usage Rate(%)", pages_used * 100 // pages if pages else 0),
        ("Aicore Usage Rate(%)", chip.aicore_pct),
        ("Aicpu Usage Rate(%)", chip.aicpu_pct),
        ("Ctrlcpu Usage Rate(%)", chip.ctrlcpu_pct),
        ("Vectorcore Usage Rate(%)", chip.vectorcore_pct),
        ("DDR Bandwidth Usage Rate(%)", 0),
        ("DVPP VDEC Usage Rate(%)", 0),
        ("DVPP VPC Usage Rate(%)", 0),
        ("DVPP JPEGD Usage Rate(%)", 0),
    )
    return key_lines(rows)


QUERIES: Dict[str, Query] = {"usages": Query("usages", _usages, _usages)}
