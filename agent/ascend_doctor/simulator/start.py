"""A machine that has just been started: nothing is wrong with it, and it does not know yet what it will say.

After a start the tool prints UNKNOWN for the health of a chip, the device has not judged its network, its saved
settings are still being applied, and the link comes up, goes down and comes up again within seconds (vendor documents
on restarts, and field reports of checks that took this for faults).
"""

from __future__ import annotations

from typing import Tuple

from ascend_doctor.simulator.hardware import Machine

STARTING_S = 60.0
"""How long after the boot of its node an NPU is still starting."""

LINK_SETTLES: Tuple[float, float] = (12.0, 15.0)
"""From when until when after the boot the link is down once more."""

_JUDGED = "Success"
_NOT_JUDGED = "Init"
_NOT_KNOWN = "UNKNOWN"
_HEALTHY = "OK"
_APPLYING = 1
"""The device's number for START, while it applies its saved settings."""


def is_starting(booted_at: float, now: float) -> bool:
    """Tell whether the NPUs of a node are still starting."""
    return now < booted_at + STARTING_S


def start(machine: Machine) -> None:
    """Bring a machine into the state of the first minute after its boot."""
    for chip in machine.chips:
        if chip.health == _HEALTHY:
            chip.health = _NOT_KNOWN
    for port in machine.ports.values():
        port.settings.config_status = _APPLYING
        if port.net_health == _JUDGED:
            port.net_health = _NOT_JUDGED
