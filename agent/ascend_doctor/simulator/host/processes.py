"""The folders of the processes that have NPUs open."""

from __future__ import annotations

from typing import Dict, Iterator

from ascend_doctor.simulator.hardware import Machine, Service
from ascend_doctor.simulator.host.linux import limits

_FIRST_DEVICE = 16
"""The number of the first open file that is a device: the ones before it are the program's own."""


def process_files(machine: Machine) -> Dict[str, bytes]:
    """Return the files about processes, by path."""
    found: Dict[str, bytes] = {}
    for service in _services(machine):
        folder = f"/proc/{service.pid}"
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", **service.environment}
        found[f"{folder}/stat"] = f"{service.pid} ({service.name}) S 1\n".encode()
        found[f"{folder}/comm"] = f"{service.name[:15]}\n".encode()
        found[f"{folder}/limits"] = f"{limits(service.open_files, service.locked_bytes)}\n".encode()
        found[f"{folder}/environ"] = b"".join(f"{name}={value}\0".encode() for name, value in environment.items())
        found.update({f"{folder}/root{path}": b"" for path in ("/usr/bin/migratepages", *service.libraries)})
    return found


def process_links(machine: Machine) -> Dict[str, str]:
    """Return what the processes have open: symbolic links by path."""
    return {
        f"/proc/{service.pid}/fd/{_FIRST_DEVICE + place}": f"/dev/davinci{phy_id}"
        for service in _services(machine)
        for place, phy_id in enumerate(service.devices)
    }


def _services(machine: Machine) -> Iterator[Service]:
    """Yield the services, and the processes that hold memory of a chip; one without a /proc entry has no name."""
    yield from machine.host.services
    held: Dict[int, Service] = {}
    for chip in machine.chips:
        for process in chip.processes:
            if process.name is not None:
                service = held.setdefault(process.pid, Service(process.pid, process.name, ()))
                service.devices += (chip.phy_id,)
    yield from held.values()
