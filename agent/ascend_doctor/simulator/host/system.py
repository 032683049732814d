"""The files by which the host tells of its bus, modules, network, services and logs."""

from __future__ import annotations

import ipaddress
import sys
import zlib
from typing import Dict, Iterator, List, Mapping, Tuple

from ascend_doctor.probe.host.kernel_modules import MODULES
from ascend_doctor.probe.host.network import INTERFACES
from ascend_doctor.probe.host.pci import DEVICES
from ascend_doctor.probe.host.services import CONTROL_GROUPS, ENABLED
from ascend_doctor.probe.host.ssh import AUTHORIZED, FOLDER
from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.hardware.system import Interface, LogRecord, Slot

DRIVER_MODULES = ("drv_pcie_host", "drv_devmng_host", "drv_seclib_host")
DRIVER_GROUP = 1000
_TABLE_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
_ROUTE_HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
_HEALTHY = Slot()


def system_files(machine: Machine) -> Dict[str, bytes]:
    """Return the files by path. A container does not see the services, modules and log of its host."""
    shown = {**_bus(machine), **_device_nodes(machine), **_modules(machine), **_network(machine)}
    if not machine.in_container:
        shown.update(_services(machine))
        shown["/dev/kmsg"] = "".join(map(_record, machine.system.kernel_log))
    return {path: content.encode() for path, content in shown.items()}


def on_the_bus(machine: Machine) -> List[Tuple[Chip, Slot]]:
    """Return the chips that the PCI bus shows, each with its slot; none on a board without PCI."""
    slots = machine.system.slots
    found = [(chip, slots.get(chip.phy_id, _HEALTHY)) for chip in machine.chips]
    return [(chip, slot) for chip, slot in found if slot.present and chip.bus_id]


def driven(machine: Machine) -> List[Chip]:
    """Return the chips that have a device node: those that a driver has."""
    slots = machine.system.slots
    if machine.system.modules_built_for is not None:
        return []
    found = [(chip, slots.get(chip.phy_id, _HEALTHY)) for chip in machine.chips]
    return [chip for chip, slot in found if slot.present and slot.driver]


def _bus(machine: Machine) -> Mapping[str, str]:
    numa_nodes = machine.host.numa_nodes
    shown = {f"/sys/devices/system/node/node{number}/distance": "10 20\n" for number in range(numa_nodes)}
    # The bridge of the host; a node whose NPUs are on a bus of their own has little else there.
    shown[f"{DEVICES}/0000:00:00.0/uevent"] = "PCI_CLASS=60400\nPCI_ID=19E5:A120\nPCI_SLOT_NAME=0000:00:00.0\n"
    for chip, slot in on_the_bus(machine):
        folder = f"{DEVICES}/{chip.bus_id.lower()}"
        loaded = machine.system.modules_built_for is None
        driver = f"DRIVER={slot.driver}\n" if slot.driver and loaded else ""
        place = chip.phy_id * numa_nodes // len(machine.chips) % numa_nodes
        shown[f"{folder}/uevent"] = (
            f"{driver}PCI_CLASS=120000\nPCI_ID=19E5:{machine.board.pci_device_id:04X}\n"
            f"PCI_SLOT_NAME={chip.bus_id.lower()}\n"
        )
        shown[f"{folder}/current_link_speed"] = f"{slot.speed_gts} GT/s PCIe\n"
        shown[f"{folder}/max_link_speed"] = f"{slot.max_speed_gts} GT/s PCIe\n"
        shown[f"{folder}/current_link_width"] = f"{slot.width}\n"
        shown[f"{folder}/max_link_width"] = f"{slot.max_width}\n"
        shown[f"{folder}/numa_node"] = f"{place if slot.numa_node is None else slot.numa_node}\n"
        shown[f"{folder}/aer_dev_fatal"] = f"DLP {slot.fatal_errors}\nTOTAL_ERR_FATAL {slot.fatal_errors}\n"
        # Reading its registers has cost every device a few requests that it does not support.
        shown[f"{folder}/aer_dev_nonfatal"] = (
            f"CmpltTO {slot.nonfatal_errors}\nUnsupReq 4\nTOTAL_ERR_NONFATAL {slot.nonfatal_errors + 4}\n"
        )
    return shown


def _device_nodes(machine: Machine) -> Mapping[str, str]:
    if machine.system.modules_built_for is not None:
        return {}
    return {"/etc/group": f"HwHiAiUser:x:{DRIVER_GROUP}:\n", **{f"/dev/{name}": "" for name in _nodes(machine)}}


def _nodes(machine: Machine) -> List[str]:
    return [*machine.system.device_nodes, *(f"davinci{chip.phy_id}" for chip in driven(machine))]


def _modules(machine: Machine) -> Mapping[str, str]:
    built_for = machine.system.modules_built_for
    names = ("nf_conntrack", *(DRIVER_MODULES if built_for is None else ()))
    shown = {"/proc/modules": "".join(f"{name} 65536 1 - Live 0x0000000000000000\n" for name in names)}
    if not machine.in_container:
        folder = f"{MODULES}/{built_for or machine.kernel}/updates"
        shown.update({f"{folder}/{name}.ko": "" for name in DRIVER_MODULES})
    return shown


def _record(record: LogRecord) -> str:
    return f"{record.level},1,{record.at_s * 1e6:.0f},-;{record.text}\n"


def _network(machine: Machine) -> Mapping[str, str]:
    system = machine.system
    interfaces = {"lo": Interface(state="unknown"), "docker0": Interface("down", "172.17.0.1", 16), **system.interfaces}
    for name, interface in interfaces.items():
        if name in system.interfaces and interface.address:
            interfaces[name] = Interface(interface.state, _own(machine, interface.address), interface.prefix)
    own = next((interfaces[name].address for name in system.interfaces if interfaces[name].address), "")
    hostname = machine.name
    hosts = "127.0.0.1 localhost\n::1 localhost\n"
    if system.hostname_address or own:
        hosts += f"{system.hostname_address or own} {hostname}\n"
    return {
        **{f"{INTERFACES}/{name}/operstate": f"{interface.state}\n" for name, interface in interfaces.items()},
        "/proc/net/route": _ROUTE_HEAD + "".join(_routes(interfaces)),
        "/proc/net/fib_trie": "Local:\n" + "".join(_tries(interfaces)),
        "/proc/net/tcp": _TABLE_HEAD + "".join(map(_socket, range(len(system.listening)), system.listening)),
        "/proc/net/tcp6": _TABLE_HEAD,
        "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
        "/proc/sys/net/ipv4/ip_local_reserved_ports": f"{system.reserved_ports}\n",
        "/proc/sys/kernel/hostname": f"{hostname}\n",
        "/etc/hosts": hosts,
    }


def _own(machine: Machine, address: str) -> str:
    """Return the address of this node in the network of an address: every node has another."""
    return str(ipaddress.IPv4Address(address) + zlib.crc32(machine.name.encode()) % 200)


def _routes(interfaces: Mapping[str, Interface]) -> Iterator[str]:
    for name, interface in interfaces.items():
        if interface.address and interface.state == "up":
            network = ipaddress.IPv4Network(f"{interface.address}/{interface.prefix}", strict=False)
            words = (_word(network.network_address), "00000000", "0001", "0", "0", "100", _word(network.netmask))
            yield "\t".join((name, *words, "0", "0", "0")) + "\n"


def _word(address: ipaddress.IPv4Address) -> str:
    return f"{int.from_bytes(address.packed, sys.byteorder):08X}"


def _tries(interfaces: Mapping[str, Interface]) -> Iterator[str]:
    yield "     |-- 127.0.0.1\n        /32 host LOCAL\n"
    for interface in interfaces.values():
        if interface.address:
            yield f"     |-- {interface.address}\n        /32 host LOCAL\n"


def _socket(number: int, port: int) -> str:
    return f"{number:4d}: 00000000:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 0 1\n"


def _services(machine: Machine) -> Mapping[str, str]:
    system = machine.system
    shown = {f"{CONTROL_GROUPS[0]}/{name}.service/cgroup.procs": "1\n" for name in ("dbus", *system.running)}
    shown.update({f"{ENABLED}/{name}.service": "" for name in ("sshd", *system.enabled)})
    if system.root_has_ssh_key:
        shown[f"{FOLDER}/id_ed25519"] = ""
        shown[AUTHORIZED] = "# no key of anybody: the doctor counts lines\nssh-ed25519 AAAA root@head\n"
    return shown
