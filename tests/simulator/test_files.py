"""The files of a simulated machine read by the doctor's own parsers, and agreeing with what its tools say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ascend_doctor.facts.catalogue import BY_NAME
from ascend_doctor.facts.files.hccn_conf import PATH as HCCN_CONF
from ascend_doctor.facts.files.install_info import PATH as INSTALL_INFO
from ascend_doctor.facts.files.version_info import DRIVER_PATH, FIRMWARE_PATH
from ascend_doctor.knowledge import hdk
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.simulator import host
from ascend_doctor.simulator.files import files
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.profiles import PRODUCTS


def _facts(machine: Machine, name: str) -> Any:
    source = BY_NAME[name]
    return source.read(Evidence(name, source.argv, exit_code=0, stdout=files(machine)[source.argv[-1]]))


def _judged(machine: Machine) -> hdk.Compatibility:
    driver, firmware = _facts(machine, "file/driver-version"), _facts(machine, "file/firmware-version")
    return hdk.compatibility(
        driver.version, firmware.version, driver.compatible_version_fw, firmware.compatible_version_drv
    )


@pytest.mark.parametrize("product", sorted(PRODUCTS))
@pytest.mark.parametrize(
    ("driver", "firmware"), [("25.5.1", "7.8.0.6.201"), ("24.1.rc3", "7.5.0.1.129"), ("23.0.7", "7.1.0.11.220")]
)
def test_a_pair_that_fits_fits_by_its_lists(product: str, driver: str, firmware: str) -> None:
    """The vendor's own rule, applied to the lists in the files, comes to the word that the tool prints."""
    machine = PRODUCTS[product].machine("node-1")
    machine.driver_version, machine.firmware_version = driver, firmware
    assert hdk.Compatibility.OK is _judged(machine)


@pytest.mark.parametrize("product", sorted(PRODUCTS))
@pytest.mark.parametrize("firmware", ["6.4.12.1.241", "7.8.0.6.201"])
def test_a_pair_that_does_not_fit_does_not_fit_by_its_lists(product: str, firmware: str) -> None:
    """Whatever firmware a machine says does not fit, its files say the same."""
    machine = PRODUCTS[product].machine("node-1")
    machine.firmware_version, machine.compatibility = firmware, "NOK"
    driver = files(machine)[DRIVER_PATH].decode()
    drivers = files(machine)[FIRMWARE_PATH].decode()
    ranges = [line.partition("=")[2] for line in driver.splitlines() if line.startswith("compatible_version_fw")]
    lines = [line.partition("=")[2] for line in drivers.splitlines() if line.startswith("compatible_version_drv")]

    def listed(text: str) -> Any:
        return [tuple(part.split(",")) for part in text.strip("[]").split("],[") if part]

    assert hdk.Compatibility.NOK is hdk.compatibility(machine.driver_version, firmware, listed(*ranges), listed(*lines))


def test_the_firmware_names_the_driver_of_its_release() -> None:
    """`package_version` is the driver of the same release, as far as that is known."""
    machine = PRODUCTS["atlas-800t-a2"].machine("node-1")
    for driver, firmware, expected in (
        ("25.5.1", "7.8.0.6.201", "25.5.1"),
        ("25.5.1", "6.4.12.1.241", "23.0.rc2"),
        ("25.5.1", "7.8.0.99.1", "25.5.1"),
    ):
        machine.driver_version, machine.firmware_version = driver, firmware
        assert expected == _facts(machine, "file/firmware-version").package_version


def test_hccn_conf_is_what_was_written_not_what_is_live() -> None:
    """The file keeps its own settings, in their order."""
    machine = PRODUCTS["atlas-800t-a2"].machine("node-1", 2)
    machine.ports[1].address = "10.0.0.9"
    machine.hccn_conf = {1: {"address": "10.0.0.2", "tls_enable": "0"}, 0: {"netmask": "255.255.0.0"}}
    assert b"netmask_0=255.255.0.0\naddress_1=10.0.0.2\ntls_enable_1=0\n" == files(machine)[HCCN_CONF]


def test_a_container_sees_less() -> None:
    """The firmware's file and the installation's are not mounted into containers; nor has everybody a hccn.conf."""
    machine = PRODUCTS["atlas-800t-a2"].machine("node-1")
    assert {DRIVER_PATH, FIRMWARE_PATH, INSTALL_INFO} == set(files(machine))
    assert "complete" == _facts(machine, "file/install-info").driver_install_status
    machine.install_status = None
    assert INSTALL_INFO not in files(machine)
    machine.in_container = True
    assert {DRIVER_PATH} == set(files(machine))
    assert [DRIVER_PATH] == list(json.loads(host.answer(("host-facts",), host.tree_of(machine)) or b"")["file_times"])


def test_a_package_that_waits_for_a_reboot_is_younger_than_the_boot() -> None:
    """A driver that is installed and not running was written after the boot."""
    machine = PRODUCTS["atlas-800t-a2"].machine("node-1")
    machine.driver_version = "25.5.2"
    facts = json.loads(host.answer(("host-facts",), host.tree_of(machine)) or b"")
    assert facts["file_times"][FIRMWARE_PATH] < facts["boot_time"] < facts["file_times"][DRIVER_PATH]
    assert "25.5.2" == _facts(machine, "file/driver-version").version


def test_host_facts_are_the_machines() -> None:
    """The devices are those of the chips, the user is the one who asks."""
    machine = PRODUCTS["atlas-800t-a2-x86"].machine("node-1", 3)
    machine.root = False
    facts = json.loads(host.answer(("host-facts",), host.tree_of(machine)) or b"")
    assert ([0, 1, 2], 1000, "x86_64") == (facts["davinci"], facts["euid"], facts["machine"])
