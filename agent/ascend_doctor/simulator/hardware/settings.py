"""Settings of a whole node that `npu-smi` shows: keys, splitting into vNPUs, two dies, saved system logs."""

from __future__ import annotations

from typing import Optional, Tuple

import attrs


@attrs.define
class NodeSettings:
    """What is set for the node as a whole.

    `key_service` is whether the service for keys starts by itself and whether it runs, None where it is not installed.
    `syslog` is how often system logs are saved, and where to; None where nothing is configured.
    """

    key_service: Optional[Tuple[bool, bool]] = None
    vnpu_for_vm: bool = False
    vnpu_recovery: bool = True
    multi_die_recovery: bool = False
    syslog: Optional[Tuple[int, str]] = None
