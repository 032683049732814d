"""How the kernel is tuned: settings that cost speed, not function."""

from __future__ import annotations

from typing import Mapping

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Reading


@attrs.frozen
class TuningFacts:
    """The settings, with the kernel's own names and values.

    `transparent_hugepage` is the word in brackets. `governors` counts the groups of processors by the governor that
    sets their frequency; it is empty where the kernel sets none, as in most virtual machines.
    """

    swappiness: Reading[int] = NOT_REPORTED
    numa_balancing: Reading[int] = NOT_REPORTED
    sched_migration_cost_ns: Reading[int] = NOT_REPORTED
    overcommit_memory: Reading[int] = NOT_REPORTED
    transparent_hugepage: Reading[str] = NOT_REPORTED
    governors: Reading[Mapping[str, int]] = NOT_REPORTED


SOURCE = source_of("tuning", TuningFacts)
