"""The memory of the host."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Reading


@attrs.frozen
class MemoryFacts:
    """All in MB of 1024 * 1024 bytes.

    `available_mb` is the kernel's estimate of what can be used without swapping. `swap_mb` is the size of all swap.
    `shm_mb` is how large `/dev/shm` may become; it is missing where nothing is mounted there.
    """

    total_mb: Reading[int] = NOT_REPORTED
    available_mb: Reading[int] = NOT_REPORTED
    swap_mb: Reading[int] = NOT_REPORTED
    shm_mb: Reading[int] = NOT_REPORTED


SOURCE = source_of("memory", MemoryFacts, interval_s=60.0)
