"""`npu-smi info -t TYPE`: the blocks of one chip for each type, and what of them a failed call leaves.

Each module has the types of one subject in `QUERIES`, and in `QUERIES_A5` those that the tool of an A5 prints
otherwise.
"""

from __future__ import annotations

from typing import Dict, Optional

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.npu_smi.blocks import Query
from ascend_doctor.simulator.npu_smi.queries import (
    common,
    ecc,
    events,
    health,
    instruments,
    interconnect,
    parts,
    pcie,
    processes,
    settings,
    usages,
)

_QUERIES: Dict[str, Query] = {
    **health.QUERIES,
    **ecc.QUERIES,
    **usages.QUERIES,
    **common.QUERIES,
    **instruments.QUERIES,
    **parts.QUERIES,
    **processes.QUERIES,
    **pcie.QUERIES,
    **settings.QUERIES,
    **interconnect.QUERIES,
}
_OF_A5: Dict[str, Query] = {
    **_QUERIES,
    **health.QUERIES_A5,
    **instruments.QUERIES_A5,
    **events.QUERIES_A5,
    **settings.QUERIES_A5,
    **interconnect.QUERIES_A5,
}


def query_for(generation: Generation, name: str) -> Optional[Query]:
    """Return the query with this name on a generation, None for one that is not simulated."""
    return (_OF_A5 if generation is Generation.A5 else _QUERIES).get(name)
