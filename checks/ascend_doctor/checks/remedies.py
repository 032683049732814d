"""Steps that several checks advise. Printed for the operator; the doctor runs none of them."""

from __future__ import annotations

from typing import Optional

from ascend_doctor.model.finding import Remedy
from ascend_doctor.model.status import Disruption

REBOOT = Remedy(
    "Reboot the node; after a firmware upgrade some boards need a cold power cycle.", "reboot", Disruption.REBOOT
)
REPLACE = Remedy("Take the NPU out of use and have the module replaced.", "", Disruption.REBOOT)
REINSTALL_PAIR = Remedy(
    "Install driver and firmware of one HDK release (over an existing installation the firmware first, then the "
    "driver), then reboot.",
    "",
    Disruption.REBOOT,
)
POWER_CYCLE = Remedy("If a reset does not bring it back, power-cycle the node.", "", Disruption.REBOOT)

FROM_THE_HOST = Remedy(
    "Look from the host before anything else: inside a container this is often its devices and mounts, and a reset "
    "would hit every job on the NPU.",
    "npu-smi info",
)
POWER_OFF = Remedy(
    "Power-cycle the node. If the bus does not show the NPU afterwards, reseat or replace the module.",
    "lspci -D -d 19e5:",
    Disruption.REBOOT,
)
WATCH_ALARM = Remedy("Look up what the code asks for, and watch the NPU.", "ascend-doctor explain CODE")


def which(number: Optional[int]) -> str:
    """Return a device's number for a command line, `N` where it is not known."""
    return "N" if number is None else str(number)


def reset(npu: object = "N", chip: Optional[object] = "0") -> Remedy:
    """Return the advice to reset one NPU, addressed as `npu-smi` does: without a chip for the tool of the 950."""
    whole = f"npu-smi set -t reset -i {npu}"
    return Remedy(
        "Stop every job on the node, then reset the NPU. On boards with an HCCS ring the whole ring is reset.",
        f"{whole} -m 1" if chip is None else f"{whole} -c {chip} -m 1",
        Disruption.NPU_RESET,
    )


def recover_network(phy_id: Optional[int]) -> Remedy:
    """Return the advice to apply the settings of /etc/hccn.conf to one port again."""
    return Remedy(
        "Apply the saved network settings again; a reset of the NPU loses them.",
        f"hccn_tool -i {which(phy_id)} -cfg recovery",
        Disruption.TRAFFIC,
    )


def set_address(phy_id: Optional[int], address: str = "ADDRESS", netmask: str = "NETMASK") -> Remedy:
    """Return the advice to give a port its address."""
    return Remedy(
        "Give the port its address.",
        f"hccn_tool -i {which(phy_id)} -ip -s address {address} netmask {netmask}",
        Disruption.TRAFFIC,
    )


def set_netdetect(phy_id: Optional[int], address: str = "ADDRESS") -> Remedy:
    """Return the advice to set the address that the device probes."""
    return Remedy(
        "Let the device probe its gateway or, on a cable straight to another NPU, the address of that NPU.",
        f"hccn_tool -i {which(phy_id)} -netdetect -s address {address}",
    )
