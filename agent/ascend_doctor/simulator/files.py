"""The files of the vendor's packages on a simulated machine, in the form of recorded ones."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple

from ascend_doctor.facts.files.cann import FOLDERS
from ascend_doctor.facts.files.cann_parts import CORE
from ascend_doctor.facts.files.hccn_conf import PATH as HCCN_CONF
from ascend_doctor.facts.files.install_info import PATH as INSTALL_INFO
from ascend_doctor.facts.files.version_info import DRIVER_PATH, FIRMWARE_PATH
from ascend_doctor.knowledge import hdk
from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.hardware.software import Cann

_DAY_S = 86_400.0
_INSTALLED_BEFORE_BOOT_S = 30 * _DAY_S
_INSTALLED_AFTER_BOOT_S = 3_600.0


def files(machine: Machine) -> Dict[str, bytes]:
    """Return the files of the vendor's packages by path; a container sees only what is usually mounted into it."""
    shown = {DRIVER_PATH: _driver_version(machine)}
    if machine.hccn_conf:
        shown[HCCN_CONF] = _hccn_conf(machine)
    if machine.cann is not None:
        shown.update(_cann(machine, machine.cann))
    shown.update(dict.fromkeys(machine.ub_files, b"{}\n"))
    if not machine.in_container:
        shown[FIRMWARE_PATH] = _firmware_version(machine)
        if machine.install_status is not None:
            shown[INSTALL_INFO] = _install_info(machine.install_status)
    return shown


def file_times(machine: Machine) -> Dict[str, float]:
    """Return when the files of the vendor's packages were changed, by path.

    A package that is installed and not running yet was installed after the boot, the others long before.
    """
    pending = {
        DRIVER_PATH: machine.driver_version != machine.running_driver_version,
        FIRMWARE_PATH: machine.firmware_version != machine.running_firmware_version,
    }
    shown = files(machine)
    before, after = machine.boot_time - _INSTALLED_BEFORE_BOOT_S, machine.boot_time + _INSTALLED_AFTER_BOOT_S
    return {path: after if waits else before for path, waits in pending.items() if path in shown}


def _settings(rows: Sequence[Tuple[str, str]]) -> bytes:
    return "".join(f"{key}={value}\n" for key, value in rows).encode()


def _driver_version(machine: Machine) -> bytes:
    version = machine.driver_version
    inner = _INNER_VERSIONS.get(version)
    rows = [
        ("Version", version),
        ("ascendhal_version", "7.35.23"),
        ("aicpu_version", "1.0"),
        ("tdt_version", "1.0"),
        ("log_version", "1.0"),
        ("prof_version", "2.0"),
        ("dvppkernels_version", "1.1"),
        ("tsfw_version", "1.0"),
        *([("Innerversion", inner)] if inner else []),
        ("compatible_version_fw", _ranges(_firmware_accepted(machine))),
        ("package_version", version),
    ]
    return _settings(rows)


def _firmware_version(machine: Machine) -> bytes:
    rows = (
        ("Version", machine.firmware_version),
        ("firmware_version", "1.0"),
        ("package_version", _release_of(machine)),
        ("compatible_version_drv", _ranges(_drivers_accepted(machine))),
    )
    return _settings(rows)


def _hccn_conf(machine: Machine) -> bytes:
    return _settings(
        [
            (f"{name}_{phy_id}", value)
            for phy_id, settings in sorted(machine.hccn_conf.items())
            for name, value in settings.items()
        ]
    )


def _cann(machine: Machine, cann: Cann) -> Dict[str, bytes]:
    folder, architecture = FOLDERS[0], f"{machine.machine}-linux"
    rows = (
        ("package_name", "Ascend-cann-toolkit"),
        ("version", cann.version),
        ("innerversion", cann.innerversion),
        ("compatible_version", "[V100R001C21],[V100R001C23]"),
        ("arch", machine.machine),
        ("os", "linux"),
        ("path", f"{folder}-{cann.version}/{architecture}"),
    )
    releases = {part: cann.odd_parts.get(part, cann.version) for part in CORE}
    parts = [
        (f"{part}_{use}_version", f"[{release}:{release}]")
        for use in ("running", "upgrade", "installed")
        for part, release in releases.items()
    ]
    return {
        f"{folder}/{architecture}/ascend_toolkit_install.info": _settings(rows),
        f"{folder}/version.cfg": b"# version: 1.0\n" + _settings(parts),
    }


def _install_info(status: str) -> bytes:
    rows = (
        ("Driver_Install_Type", "full"),
        ("UserName", "HwHiAiUser"),
        ("UserGroup", "HwHiAiUser"),
        ("Driver_Install_Path_Param", "/usr/local/Ascend"),
        ("Driver_Install_For_All", "no"),
        ("Driver_Install_Status", status),
    )
    return _settings(rows)


_INNER_VERSIONS = {
    "25.0.rc1.1": "V100R001C21SPC002B220",
    "25.5.0": "V100R001C23SPC005B219",
    "25.5.1": "V100R001C23SPC006B220",
}
"""Inner versions of drivers as recorded; the line is left out for a driver without one here."""

_FIRMWARE_BY_DRIVER: Tuple[Tuple[str, str], ...] = (
    ("23.0", "7.1.99"),
    ("24.1.rc1", "7.2.99"),
    ("24.1.rc2", "7.2.99"),
    ("24.1.rc3", "7.5.99"),
    ("24.1", "7.6.99"),
    ("25.0", "7.7.99"),
    ("25.2", "7.7.99"),
)
_NEWEST_FIRMWARE = "8.9.9"
"""The highest firmware that recorded drivers accept, by how their version begins; later ones accept the last."""

_DRIVER_LINES = ("23.0.0", "24.0", "24.1", "25.0", "25.2", "25.3", "25.5", "26.0", "26.1")
_LINES_BY_FIRMWARE: Tuple[Tuple[str, str], ...] = (
    ("7.1", "23.0.0"),
    ("7.3", "24.1"),
    ("7.5", "24.1"),
    ("7.6", "24.1"),
    ("7.7", "25.2"),
    ("7.8", "25.5"),
    ("9.", "26.1"),
)
"""The newest line of drivers that a firmware accepts, by how its version begins."""


def _firmware_accepted(machine: Machine) -> List[hdk.Range]:
    highest = next(
        (limit for start, limit in _FIRMWARE_BY_DRIVER if machine.driver_version.lower().startswith(start)),
        _NEWEST_FIRMWARE,
    )
    ranges = [("7.0.0", highest)]
    if machine.generation is Generation.P310P:
        ranges.insert(0, ("6.4.0", "6.4.99"))
    if machine.compatibility == "NOK":
        # What the tool says and what the files say must not contradict each other.
        ranges = [accepted for accepted in ranges if not hdk.lies_in(machine.firmware_version, [accepted])]
    return ranges


def _drivers_accepted(machine: Machine) -> List[hdk.Range]:
    newest = next((line for start, line in _LINES_BY_FIRMWARE if machine.firmware_version.startswith(start)), None)
    lines = _DRIVER_LINES[: _DRIVER_LINES.index(newest) + 1] if newest else (_release_of(machine),)
    ranges = [(line, f"{line}.") for line in lines]
    if machine.compatibility == "NOK":
        ranges = [accepted for accepted in ranges if not hdk.lies_in(machine.driver_version, [accepted])]
    return ranges


def _release_of(machine: Machine) -> str:
    """Return the driver of the firmware's release: the installed one when that is it, or when none is known."""
    known: Optional[str] = None
    for driver, firmware in hdk.pairs():
        if firmware == machine.firmware_version and hdk.is_one_release(driver, firmware, None):
            if driver == machine.driver_version:
                return driver
            known = known or driver
    return known or machine.driver_version


def _ranges(ranges: Sequence[hdk.Range]) -> str:
    return ",".join(f"[{low},{high}]" for low, high in ranges)
