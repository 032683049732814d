"""The processes that have an NPU open: their limits, and what their environment says."""

from __future__ import annotations

from typing import Tuple

import attrs

from ascend_doctor.facts.host.limits import UNSEEN, ProcessLimits
from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Reading


@attrs.frozen
class NpuProcess:
    """One process.

    `devices` are the numbers N of the /dev/davinciN that it has open. `log_level` is its ASCEND_GLOBAL_LOG_LEVEL as
    written, empty when it has none. `preloads` are the libraries of its LD_PRELOAD that are given by their path below
    a system folder, `absent_preloads` those of them that are not there for the process. `migratepages` tells whether
    the process finds that program. `hccl_nics` are the interfaces of the doctor's network that the process allows HCCL
    to take; missing where it names none, an address takes their place, or it has a network of its own.
    """

    pid: int
    name: str
    devices: Tuple[int, ...]
    limits: ProcessLimits = UNSEEN
    log_level: Reading[str] = NOT_REPORTED
    preloads: Reading[Tuple[str, ...]] = NOT_REPORTED
    absent_preloads: Reading[Tuple[str, ...]] = NOT_REPORTED
    migratepages: Reading[bool] = NOT_REPORTED
    hccl_nics: Reading[Tuple[str, ...]] = NOT_REPORTED

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


@attrs.frozen
class ProcessFacts:
    """`unseen` counts the processes of which the doctor may not see what they have open: it is no super user."""

    processes: Reading[Tuple[NpuProcess, ...]] = NOT_REPORTED
    unseen: int = 0


SOURCE = source_of("npu-processes", ProcessFacts)
