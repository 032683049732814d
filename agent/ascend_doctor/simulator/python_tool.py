"""The Python of the jobs, as far as the doctor's own script asks it."""

from __future__ import annotations

import json
from typing import Any, Dict, Sequence

from ascend_doctor.facts.runtime.answers import SCRIPT
from ascend_doctor.simulator.hardware import Answer, Machine

_HEALTHY_MS = 1.8


def answer(machine: Machine, words: Sequence[str]) -> Answer:
    """Return what the script prints for the words behind the interpreter."""
    if len(words) != 2 or words[0] != SCRIPT or words[1] not in ("stack", "devices", "compute"):
        return Answer(stderr=b"usage: ascend_runtime.py stack|devices|compute\n", exit_code=2)
    shown = {**_found(machine, words[1]), "what": words[1]}
    return Answer(stdout=f"{json.dumps(shown)}\n".encode())


def _found(machine: Machine, what: str) -> Dict[str, Any]:
    python = machine.python
    seen = [chip.phy_id for chip in machine.chips][: python.visible_npus]
    if what == "stack":
        return {"python": python.version, "packages": python.packages}
    if what == "devices":
        return {"count": len(seen)}
    times = [python.durations_ms.get(phy_id, _HEALTHY_MS + 0.01 * (phy_id % 3)) for phy_id in seen]
    return {
        "devices": [
            {"device": index, "duration_ms": time, "is_right": not python.wrong.get(phy_id, False)}
            for index, (phy_id, time) in enumerate(zip(seen, times))
        ]
    }
