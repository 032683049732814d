"""What does not change while the node is up: its operating system, its processors, what it runs on."""

from __future__ import annotations

from typing import Tuple

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.facts.source import Cost
from ascend_doctor.model.reading import NOT_REPORTED, Reading

BARE_METAL = "none"


@attrs.frozen
class SystemFacts:
    """The system.

    `os_id`, `os_version` and `os_name` are `ID`, `VERSION_ID` and `PRETTY_NAME` of os-release. `page_size` is in bytes.
    `hypervisor` is the name of what the machine runs on, `none` where its firmware names none. `cpus` are online
    processors. `numa_nodes` counts them. `entropy_daemon` names the service that feeds the kernel's random numbers,
    and is empty where none runs. `allocators` are the paths of jemalloc and tcmalloc that are installed.
    """

    os_id: Reading[str] = NOT_REPORTED
    os_version: Reading[str] = NOT_REPORTED
    os_name: Reading[str] = NOT_REPORTED
    page_size: Reading[int] = NOT_REPORTED
    hypervisor: Reading[str] = NOT_REPORTED
    cpus: Reading[int] = NOT_REPORTED
    numa_nodes: Reading[int] = NOT_REPORTED
    entropy_daemon: Reading[str] = NOT_REPORTED
    allocators: Reading[Tuple[str, ...]] = NOT_REPORTED


SOURCE = source_of("system", SystemFacts, Cost.STATIC, 3600.0)
