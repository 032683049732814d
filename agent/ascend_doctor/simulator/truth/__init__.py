"""A machine from the note of the values that one run of the vendor's tool code was fed with (`truth.yaml`).

Such a note holds what its one answer shows, not the whole machine: the rest is the healthy product's. What a note says
only by its `state` or in its `note`, such as a container or a lost die, is read from there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Mapping, Sequence

from ascend_doctor.simulator.hardware import Answer, Machine
from ascend_doctor.simulator.profiles import PRODUCTS
from ascend_doctor.simulator.tools import answer
from ascend_doctor.simulator.truth import hccn, npu_smi

Truth = Mapping[str, Any]


def answer_from_truth(truth: Truth, argv: Sequence[str]) -> Answer:
    """Return what the tool prints on the machine that a note describes."""
    return answer(machine_from_truth(truth, argv), argv, hccn.time_of(truth, argv))


def machine_from_truth(truth: Truth, argv: Sequence[str]) -> Machine:
    """Return the machine that a note describes. `argv` is the command that was run: it tells what the note is about."""
    generation = str(truth.get("generation", ""))
    product = PRODUCTS[_product_of(generation)]
    cards = re.search(r"(\d+) NPU", generation)
    machine = product.machine("truth", int(cards[1]) * product.chips_per_card if cards else None)
    if argv and Path(argv[0]).name == "hccn_tool":
        hccn.feed(machine, truth, argv)
    else:
        npu_smi.feed(machine, truth)
    return machine


_PRODUCT_BY_WORD = (
    ("950", "ascend-950"),
    ("310P", "atlas-300i-pro"),
    ("A3", "atlas-800t-a3"),
    ("910B4", "atlas-800i-a2"),
    ("910B1", "atlas-800t-a2-x86"),
)


def _product_of(generation: str) -> str:
    return next((product for word, product in _PRODUCT_BY_WORD if word in generation), "atlas-800t-a2")
