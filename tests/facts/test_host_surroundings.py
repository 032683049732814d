"""The host facts about bus, network and kernel log: what follows from the values."""

from __future__ import annotations

from typing import Optional

import pytest

from ascend_doctor.facts.host import kernel_log
from ascend_doctor.facts.host.network import Nic, PortRange
from ascend_doctor.facts.host.pci import SOURCE, PciDevice
from ascend_doctor.model.reading import NOT_REPORTED, known
from samples import answer


def test_a_device_is_limited_by_its_slot() -> None:
    """The best link is what device and slot can have together; without the slot, what the device can."""
    alone = PciDevice("0000:c1:00.0", "d802", max_width=16, max_speed_gts=32.0)
    assert (16, 32.0) == (alone.best_width, alone.best_speed_gts)
    placed = PciDevice("0000:c1:00.0", "d802", max_width=16, port_width=8, max_speed_gts=16.0, port_speed_gts=32.0)
    assert (8, 16.0) == (placed.best_width, placed.best_speed_gts)
    assert NOT_REPORTED == PciDevice("0000:c1:00.0", "d802", port_width=8).best_width


def test_devices_are_read_from_json() -> None:
    """Whole numbers are speeds too."""
    facts = SOURCE.read(answer(b'{"devices": [{"address": "a", "device_id": "d802", "speed_gts": 32}]}\n'))
    assert (PciDevice("a", "d802", speed_gts=32.0),) == known(facts).devices  # type: ignore[union-attr]


@pytest.mark.parametrize(("state", "up"), [("up", True), ("unknown", True), ("down", False), ("lowerlayerdown", False)])
def test_an_interface_is_up(state: str, up: bool) -> None:
    """One without a sense of a link counts as up."""
    assert up == Nic("eth0", state).is_up


def test_a_range_holds_its_ends() -> None:
    """Both ends belong to it."""
    assert [True, True, False] == [PortRange(60000, 60031).holds(port) for port in (60000, 60031, 60032)]


@pytest.mark.parametrize(
    ("level", "text", "kind"),
    [
        (3, "pcieport 0000:c0:00.0: AER: Uncorrected (Non-Fatal) error received: 0000:c1:00.0", kernel_log.AER),
        (3, "npu 0000:c1:00.0: PCIe Bus Error: severity=Uncorrectable (Fatal), type=Transaction Layer", kernel_log.AER),
        (6, "pcieport 0000:c0:00.0: AER: Corrected error received: 0000:c1:00.0", None),
        (4, "npu 0000:c1:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer", None),
        (3, "{1}[Hardware Error]: event severity: recoverable", kernel_log.MACHINE_CHECK),
        (6, "{1}[Hardware Error]: event severity: corrected", None),
        (3, "Memory failure: 0x2000: recovery action for dirty LRU page: Recovered", kernel_log.MACHINE_CHECK),
        (3, "Out of memory: Killed process 4711 (python3)", kernel_log.OUT_OF_MEMORY),
        (3, "Memory cgroup out of memory: Killed process 4711 (python3)", kernel_log.OUT_OF_MEMORY),
        (3, "INFO: task python3:4711 blocked for more than 120 seconds.", kernel_log.HUNG_TASK),
        (0, "watchdog: BUG: soft lockup - CPU#3 stuck for 22s!", kernel_log.HUNG_TASK),
        (3, "[ascend] [uda] [uda_occupy_dev_by_ns 745] Conflict open udevid. (udevid=3)", kernel_log.DEVICE_CONFLICT),
        (3, "[ascend] [hdc] [hdcdrv_send 2210] session send failed", kernel_log.DRIVER_ERROR),
        (5, "[ascend] [ERROR] [devmng] [devdrv_manager_ioctl 12] failed", kernel_log.DRIVER_ERROR),
        (6, "[ascend] [hdc] [hdcdrv_open 100] session opened", None),
        (3, "[fault_manager] event lost", kernel_log.DRIVER_ERROR),
        (3, "EXT4-fs error (device sda1)", None),
    ],
)
def test_trouble_has_a_kind(level: int, text: str, kind: Optional[str]) -> None:
    """Corrected errors and ordinary words of the driver are no trouble."""
    assert kind == kernel_log.kind_of(level, text)
