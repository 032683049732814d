"""`npu-smi info -t template-info` and `-t info-vnpu`: how a chip can be split. The simulated ones are whole."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Machine

_Template = Tuple[str, Tuple[int, int, int, int, int, int], Tuple[int, int, int]]

# Name; aicore, memory in GB, aicpu, vpc, venc, jpegd; pngd, vdec, jpege. As the published tool prints them.
_TEMPLATES: Dict[Generation, Sequence[_Template]] = {
    Generation.A2: (
        ("vir10_3c_16g", (10, 16, 3, 4, 0, 12), (0, 1, 2)),
        ("vir10_4c_16g_m", (10, 16, 4, 9, 0, 24), (0, 2, 4)),
        ("vir10_3c_16g_nm", (10, 16, 3, 0, 0, 0), (0, 0, 0)),
        ("vir05_1c_8g", (5, 8, 1, 2, 0, 6), (0, 0, 1)),
    ),
    Generation.P310P: (
        ("vir01", (1, 3, 1, 1, 0, 2), (0, 1, 1)),
        ("vir02", (2, 6, 2, 3, 1, 4), (0, 3, 2)),
        ("vir02_1c", (2, 6, 1, 3, 0, 4), (0, 3, 2)),
        ("vir04", (4, 12, 4, 6, 2, 8), (0, 6, 4)),
        ("vir04_3c", (4, 12, 3, 6, 1, 8), (0, 6, 4)),
        ("vir04_3c_ndvpp", (4, 12, 3, 0, 0, 0), (0, 0, 0)),
        ("vir04_4c_dvpp", (4, 12, 4, 12, 3, 16), (0, 12, 8)),
    ),
}
_TEMPLATES_OF_910B1: Sequence[_Template] = (
    ("vir10_3c_32g", (10, 32, 3, 4, 0, 12), (0, 1, 2)),
    ("vir05_1c_16g", (5, 16, 1, 2, 0, 6), (0, 0, 1)),
)
_BOARD_OF_910B1 = 0x32
"""Which templates there are depends on the board of an A2 (vendor source, dcmi_inner_info_get.c)."""
_WIDE = "+" + "-" * 90 + "+"


def template_lines(machine: Machine) -> List[str]:
    """Return the lines of `-t template-info`."""
    lines = [
        _WIDE,
        f"|{'NPU instance template info is:':<90}|",
        f"|{'Name':<20}{'AICORE':<10}{'Memory':<10}{'AICPU':<10}{'VPC':<15}{'VENC':<15}{'JPEGD':<10}|",
        f"|{'':<31}{'GB':<19}{'PNGD':<15}{'VDEC':<15}{'JPEGE':<10}|",
        "|" + "=" * 90 + "|",
    ]
    of_910b1 = machine.generation is Generation.A2 and machine.board.board_id == _BOARD_OF_910B1
    templates = _TEMPLATES_OF_910B1 if of_910b1 else _TEMPLATES[machine.generation]
    for name, (aicore, memory, aicpu, vpc, venc, jpegd), (pngd, vdec, jpege) in templates:
        lines += [
            f"|{name:<19} {aicore:<9} {memory:<9} {aicpu:<9} {vpc:<14} {venc:<14} {jpegd:<10}|",
            f"|{'':<49} {pngd:<14} {vdec:<14} {jpege:<10}|",
            _WIDE,
        ]
    return lines


# Totals of aicpu, vpc, venc, vdec, jpegd and jpege: recorded on 910B4s that were whole (with vNPUs it is one aicpu
# more), and for a 310P from the row of all resources in the vendor's table of templates.
_MEDIA = {Generation.A2: (6, 9, 0, 2, 24, 4), Generation.P310P: (7, 12, 3, 12, 16, 8)}
_KEPT_GB = {Generation.A2: 4, Generation.P310P: 0}
"""Memory that no vNPU can have: whole 910B4s print `28/32` and `60/64`."""
_NARROW = "+" + "-" * 79 + "+"


def vnpu_lines(machine: Machine, chip: Chip) -> List[str]:
    """Return the lines of `-t info-vnpu` for a chip that is not split: all that can be given away is free."""
    memory_gb = (chip.hbm_mb[1] if machine.generation.has_hbm else chip.ddr_total_mb) >> 10
    memory = f"{memory_gb - _KEPT_GB[machine.generation]}/{memory_gb}"
    aicpu, *media = (f"{total}/{total}" for total in _MEDIA[machine.generation])
    shares = [f"{chip.aicore_count}/{chip.aicore_count}", memory, aicpu, *media]
    widths = (9, 9, 8, 6, 7, 7, 8, 8, 8)
    return [
        _NARROW,
        f"| {'NPU resource static info as follow:':<78}|",
        f"| {'Format:Free/Total                   NA: Currently, query is not supported.':<78}|",
        f"| {'AICORE    Memory    AICPU    VPC    VENC    VDEC    JPEGD    JPEGE    PNGD':<78}|",
        f"|{'':<12}{'GB':<67}|",
        "|" + "=" * 79 + "|",
        "| " + " ".join(f"{text:<{width}}" for text, width in zip([*shares, "NA/NA"], widths)) + "|",
        _NARROW,
        f"| {'Total number of vnpu: 0 ':<78}|",
        _NARROW,
        "|  Vnpu ID  |  Vgroup ID     |  Container ID  |  Status  |  Template Name       |",
        _NARROW,
    ]
