"""The device nodes below /dev through which programs reach the driver."""

from __future__ import annotations

from typing import Tuple

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Reading

MANAGER, MEMORY, CHANNEL = "/dev/davinci_manager", "/dev/devmm_svm", "/dev/hisi_hdc"
"""What every program needs beside /dev/davinciN: the device manager, shared memory, the channel to the device."""


@attrs.frozen
class DeviceNode:
    """One device node that is there. `mode` are its permission bits, `group` the name of its group.

    `usable` tells whether the doctor's user may read and write it.
    """

    path: str
    mode: Reading[int] = NOT_REPORTED
    group: Reading[str] = NOT_REPORTED
    usable: Reading[bool] = NOT_REPORTED


@attrs.frozen
class DeviceNodeFacts:
    """`nodes` are those of the driver that are there, by path; missing where /dev cannot be looked into."""

    nodes: Reading[Tuple[DeviceNode, ...]] = NOT_REPORTED


SOURCE = source_of("device-nodes", DeviceNodeFacts, interval_s=60.0)
