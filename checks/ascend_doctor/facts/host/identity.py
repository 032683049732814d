"""Who the node is: when it was started, which devices it shows, as whom the doctor looks at it."""

from __future__ import annotations

from typing import Mapping, Tuple

import attrs

from ascend_doctor.facts.host.section import COMMAND, reader
from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.model.reading import NOT_REPORTED, Reading


@attrs.frozen
class HostFacts:
    """Facts of the host.

    `boot_time` and `file_times` (modification times by path) are in seconds since the epoch. `davinci` are the numbers
    N of /dev/davinciN. `euid` is the effective user id of the doctor; `has_passwd_entry` whether that user has a name:
    `hccn_tool` fails without a word when it has none (vendor source, hccn_comm.c). `container` tells that the doctor
    itself runs in one, so that some devices and files may be hidden from it. `machine` is `aarch64` or `x86_64`.
    """

    boot_time: Reading[float] = NOT_REPORTED
    davinci: Reading[Tuple[int, ...]] = NOT_REPORTED
    euid: Reading[int] = NOT_REPORTED
    has_passwd_entry: Reading[bool] = NOT_REPORTED
    container: Reading[bool] = NOT_REPORTED
    machine: Reading[str] = NOT_REPORTED
    kernel: Reading[str] = NOT_REPORTED
    file_times: Mapping[str, float] = attrs.field(factory=dict)


SOURCE: Source[HostFacts] = Source(
    name="host/facts",
    scope=Scope.NODE,
    medium=Medium.HOST,
    argv=(COMMAND,),
    parse=reader(HostFacts),
    cost=Cost.CHEAP,
)
