"""The operating system of a simulated node around its NPUs."""

from __future__ import annotations

import json
from typing import Any, Dict

import pytest

from ascend_doctor.knowledge.strict_yaml import DocumentError
from ascend_doctor.simulator import host, scenario, tools
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.hardware.system import BmcEvent, LogRecord
from ascend_doctor.simulator.profiles import PRODUCTS


def machine(product: str = "atlas-800i-a2") -> Machine:
    """Return a healthy machine."""
    return PRODUCTS[product].machine("node-1")


def ask(node: Machine, section: str) -> Dict[str, Any]:
    """Return what a look at a section gives."""
    found: Dict[str, Any] = json.loads(host.answer(("host-facts", section), host.tree_of(node)) or b"")
    return found


@pytest.mark.parametrize("product", sorted(PRODUCTS))
def test_every_product_shows_its_npus(product: str) -> None:
    """On the bus, where the board has one, with a driver and a place; and all of them in /dev."""
    node = machine(product)
    devices = ask(node, "pci")["devices"] if not node.board.ub_bus else []
    nodes = [each["path"] for each in ask(node, "device-nodes")["nodes"]]

    assert (0 if node.board.ub_bus else len(node.chips)) == len(devices)
    assert {device["numa_node"] for device in devices} <= set(range(node.host.numa_nodes))
    assert all(device["driver"] for device in devices)
    assert len(node.chips) + 3 == len(nodes)


def test_nodes_have_addresses_of_their_own() -> None:
    """Two nodes do not share the address of their interface, and each has it in /etc/hosts."""
    one, other = (PRODUCTS["atlas-800i-a2"].machine(name) for name in ("node-1", "node-2"))
    addresses = [ask(each, "network")["hostname_addresses"][0] for each in (one, other)]
    assert addresses[0] != addresses[1]


def test_a_container_sees_less() -> None:
    """No services, no log and no modules on disk; the loaded modules are the kernel's."""
    node = machine()
    node.in_container = True
    node.system.kernel_log.append(LogRecord(1.0, 3, "Out of memory: Killed process 1 (a)"))

    assert "running" not in ask(node, "services")
    assert {} == ask(node, "kernel-log")
    assert ask(node, "kernel-modules")["loaded"]
    assert "built_for" not in ask(node, "kernel-modules")


def test_a_chip_without_driver_has_no_device_node() -> None:
    """The bus shows a chip that no driver has; one that is off the bus is nowhere."""
    node = machine()
    node.system.slot(3).driver = ""
    node.system.slot(4).present = False
    buses = [device["address"] for device in ask(node, "pci")["devices"]]
    nodes = [each["path"] for each in ask(node, "device-nodes")["nodes"]]

    assert node.chip(3).bus_id.lower() in buses
    assert node.chip(4).bus_id.lower() not in buses
    assert {"/dev/davinci3", "/dev/davinci4"}.isdisjoint(nodes)


def test_the_log_of_the_controller() -> None:
    """Events are numbered and have the time at which they began; other commands are refused."""
    node = machine()
    node.boot_time = 1_767_225_600.0
    node.system.bmc_events.append(BmcEvent(90.0, "Fan #0x30", "Failure detected", asserted=False))
    lines = tools.answer(node, ["ipmitool", "sel", "list"], 0.0).stdout.decode().splitlines()

    assert "   2 | 01/01/2026 | 00:01:30 | Fan #0x30 | Failure detected | Deasserted" == lines[1]
    assert 1 == tools.answer(node, ["ipmitool", "sel", "clear"], 0.0).exit_code


def test_a_board_without_pci_has_no_fault_of_it() -> None:
    """A scenario that wants one is refused."""
    text = "nodes:\n  - {name: n, product: ascend-950}\nfaults:\n  - {fault: numa-unknown, node: n}\n"
    with pytest.raises(DocumentError, match="no NPUs on a PCI bus"):
        scenario.load(text, "test")
