"""The healthy state of a machine in a scenario: a product with its versions, addresses and small differences."""

from __future__ import annotations

import random

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator import past, ub_wiring
from ascend_doctor.simulator.fabric import End, Fabric
from ascend_doctor.simulator.hardware import Host, Machine, Port
from ascend_doctor.simulator.profiles import PRODUCTS
from ascend_doctor.simulator.sections import Nodes

_APPLIED = 3
"""The number by which a device tells that the saved settings were applied."""


def machine(name: str, section: Nodes, wiring: Fabric, seed: int, booted_at: float) -> Machine:
    """Return a machine as nobody has broken it yet. The same arguments give the same machine."""
    made = PRODUCTS[section.product].machine(name, section.npus)
    made.tool_version = made.driver_version = made.running_driver_version = section.driver
    made.firmware_version = made.running_firmware_version = section.firmware
    made.boot_time = booted_at
    _vary_host(made.host, random.Random(f"{seed} {name} host"))  # noqa: S311 - no secret, and the same each time
    if made.generation is Generation.A5:
        made.ub = ub_wiring.devices(made, seed)
        made.ub_files = ub_wiring.files(made)
    for phy_id, port in made.ports.items():
        end = End(name, phy_id)
        planned = wiring.settings[end]
        port.address, port.netmask = planned.address, planned.netmask
        port.gateway, port.netdetect = planned.gateway, planned.netdetect
        port.tls_switch = section.tls
        port.speed_mbps = wiring.speed_mbps
        _set_up(port, wiring.speed_mbps)
        _vary(port, random.Random(f"{seed} {end}"))  # noqa: S311 - no secret, and the same each time
        # The order of a recorded file (910B, eight NPUs with TLS).
        made.hccn_conf[phy_id] = {
            "address": planned.address,
            "netmask": planned.netmask,
            "netdetect": planned.netdetect,
            "gateway": planned.gateway,
            "send_arp_status": "1",
            "tls_enable": str(section.tls),
        }
    if section.used:
        past.use(made, random.Random(f"{seed} {name} past"))  # noqa: S311 - no secret, and the same each time
    return made


def _set_up(port: Port, speed_mbps: int) -> None:
    """Give a port the settings that its machine came up with."""
    port.settings.config_status = _APPLIED
    port.settings.bandwidth_max_mbps = speed_mbps


def _vary_host(host: Host, chance: random.Random) -> None:
    """Give the server what differs from one to the next: how much of its memory and its disks is in use."""
    host.available_mb = int(host.memory_mb * chance.uniform(0.7, 0.97))
    for disk in host.disks:
        disk.free_gb = int(disk.size_gb * chance.uniform(0.3, 0.95))


def _vary(port: Port, chance: random.Random) -> None:
    """Give the optical module what differs from one to the next: its serial number, warmth and light."""
    optic = port.optic
    optic.serial_number = f"SN{chance.randrange(10**10):010d}"
    optic.temperature_c = chance.randint(38, 46)
    optic.vcc_mv = float(chance.randint(3250, 3310))
    optic.tx_power_mw = [round(chance.uniform(0.95, 1.25), 4) for _ in optic.tx_power_mw]
    optic.rx_power_mw = [round(chance.uniform(0.75, 1.05), 4) for _ in optic.rx_power_mw]
    optic.tx_bias_ma = [round(chance.uniform(7.2, 7.8), 2) for _ in optic.tx_bias_ma]
    optic.host_snr_db = [round(chance.uniform(21.5, 23.5), 4) for _ in optic.host_snr_db or ()]
    optic.media_snr_db = [round(chance.uniform(22.0, 24.0), 4) for _ in optic.media_snr_db or ()]
    optic.wavers = True
