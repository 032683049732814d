"""The driver's kernel modules: which are loaded, and for which kernels they were built."""

from __future__ import annotations

import re
from typing import Tuple

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Reading

OF_THE_DRIVER = re.compile(r"(?:drv_|asdrv_|ascend_)\w")
"""How the names of the driver's modules begin (vendor source: deal_ko.sh and, for the 950, host_sys_init.sh)."""


@attrs.frozen
class KernelModuleFacts:
    """`release` is the running kernel. `loaded` are the driver's modules in it.

    `built_for` are the kernels below whose /lib/modules/RELEASE/updates the driver's modules lie.
    """

    release: Reading[str] = NOT_REPORTED
    loaded: Reading[Tuple[str, ...]] = NOT_REPORTED
    built_for: Reading[Tuple[str, ...]] = NOT_REPORTED


SOURCE = source_of("kernel-modules", KernelModuleFacts)
