"""`npu-smi info -t health`, `-t ecc` and `-t usages`: the blocks of one chip, and what of them a failed call leaves."""

from __future__ import annotations

from typing import List, Optional, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import NOT_SUPPORTED, Block, Query
from ascend_doctor.simulator.npu_smi.layout import ECC_KEY_WIDTH, Value, key_line, key_lines

_UNHEALTHY = frozenset({"Warning", "Alarm", "Critical"})


def _health_word(_machine: Machine, chip: Chip) -> Block:
    return Block([key_line("Health", chip.health)])


def _health(machine: Machine, chip: Chip) -> Block:
    failure = chip.query_failures.get("dsmi_get_device_errorcode", codes.OK)
    if failure:
        # Before A5 the library makes an inner error of any (vendor source, dcmi_fault_manage_intf.c).
        return Block((), codes.tool_code(failure) if machine.generation is Generation.A5 else codes.TOOL_INNER)
    if not chip.fault_codes:
        # The tool does not believe a bad state without a code, and says so only in its log.
        return _no_faults("OK" if chip.health in _UNHEALTHY else chip.health)
    lines = [
        key_line("Health Status", chip.health),
        key_line("Error Code", " ".join(f"{code:04X}" for code in chip.fault_codes)),
    ]
    for position, code in enumerate(chip.fault_codes):
        # A code without a description is printed as a number.
        text = machine.fault_texts.get(code, str(code))
        lines += [key_line("Error Information", text)] if not position else ["", key_line(" ", text)]
    return Block(lines)


def _no_faults(state: str) -> Block:
    return Block(key_lines((("Health Status", state), ("Error Code", "NA"), ("Error Information", "NA"))))


def _ecc(machine: Machine, chip: Chip) -> Block:
    failure = chip.query_failures.get("dsmi_get_ecc_info", codes.OK)
    if failure:
        return Block((), codes.tool_code(failure))
    ecc = chip.ecc
    # The tool subtracts unsigned numbers: fewer records than pages give one near 2^32.
    next_isolated = (ecc.record_count - ecc.double_bit_isolated_pages) & 0xFFFFFFFF
    rows = (
        ("Single Bit Error Count", ecc.single_bit),
        ("Double Bit Error Count", ecc.double_bit),
        ("Single Bit Aggregate Total Err Cnt", ecc.single_bit_aggregate),
        ("Double Bit Aggregate Total Err Cnt", ecc.double_bit_aggregate),
        ("Single Bit Isolated Pages Count", ecc.single_bit_isolated_pages),
        ("Double Bit Isolated Pages Count", ecc.double_bit_isolated_pages),
        ("Single Bit Next-Isolated Pages Count", 0),
        ("Double Bit Next-Isolated Pages Count", next_isolated),
    )
    memory = "HBM" if machine.generation.has_hbm else "DDR"
    return Block([key_line(f"{memory} {key}", value, ECC_KEY_WIDTH) for key, value in rows])


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


_HEALTH = Query("health", _health_word, _health, Block([key_line("Health", "OK")]), _no_faults("OK"))
_HEALTH_A5 = Query("health", _health, _health)
_ECC = Query("ecc", _ecc, _ecc, width=ECC_KEY_WIDTH, needs_chip_name=True)
_USAGES = Query("usages", _usages, _usages)


def query_for(generation: Generation, name: str) -> Optional[Query]:
    """Return the query with this name on a generation, None for one that is not simulated."""
    if name == "health":
        return _HEALTH_A5 if generation is Generation.A5 else _HEALTH
    return {"ecc": _ECC, "usages": _USAGES}.get(name)
