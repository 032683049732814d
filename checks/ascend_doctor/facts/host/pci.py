"""The NPUs as the PCI bus shows them, whether a driver has them or not."""

from __future__ import annotations

from typing import Tuple, TypeVar

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading

Number = TypeVar("Number", int, float)

VENDOR_ID = "19e5"
NPU_IDS = ("d100", "d500", "d801", "d802", "d803", "d806")
"""Device ids of NPUs: 310, 310P, 910, 910B, 910_93, 950 (vendor source, npu_log_collect.sh).

On an A3 machine the bus shows further accelerator functions with other ids, which are no NPUs.
"""


@attrs.frozen
class PciDevice:
    """One NPU on the bus.

    `address` is its PCI address in small letters (`0000:c1:00.0`), `device_id` four hexadecimal digits. `driver` is the
    kernel driver that has it, missing when none has. `speed_gts` (GT/s per lane) and `width` (lanes) are those of the
    link now, `max_` what the device can do, `port_` what the slot above it can do; missing where the bus does not say.
    `numa_node` is -1 where the firmware does not tell. `aer_fatal` and `aer_nonfatal` count uncorrectable errors since
    the start; requests that a device does not support are not among them, as reading its registers causes some.
    """

    address: str
    device_id: str
    driver: Reading[str] = NOT_REPORTED
    speed_gts: Reading[float] = NOT_REPORTED
    max_speed_gts: Reading[float] = NOT_REPORTED
    port_speed_gts: Reading[float] = NOT_REPORTED
    width: Reading[int] = NOT_REPORTED
    max_width: Reading[int] = NOT_REPORTED
    port_width: Reading[int] = NOT_REPORTED
    numa_node: Reading[int] = NOT_REPORTED
    aer_fatal: Reading[int] = NOT_REPORTED
    aer_nonfatal: Reading[int] = NOT_REPORTED

    @property
    def best_width(self) -> Reading[int]:
        """The widest link that device and slot can have together."""
        return _less(self.max_width, self.port_width)

    @property
    def best_speed_gts(self) -> Reading[float]:
        """The fastest link that device and slot can have together."""
        return _less(self.max_speed_gts, self.port_speed_gts)


def _less(own: Reading[Number], port: Reading[Number]) -> Reading[Number]:
    if isinstance(own, Missing) or isinstance(port, Missing):
        return own
    return min(own, port)


@attrs.frozen
class PciFacts:
    """`devices` are the NPUs, in the order of their addresses. `numa_nodes` is how many NUMA nodes the machine has."""

    devices: Reading[Tuple[PciDevice, ...]] = NOT_REPORTED
    numa_nodes: Reading[int] = NOT_REPORTED


SOURCE = attrs.evolve(source_of("pci", PciFacts, interval_s=60.0), keeps=3)
