"""What a port hears from its neighbour by LLDP.

The device passes the text on and `hccn_tool -lldp -g` prints it as it is.
The form is that of recorded switches (Huawei data centre switches, VRP software) and, for a cable straight to another
NPU, the mark `AscendNPU` in the system description by which the vendor's own pre-check tells it.
"""

from __future__ import annotations

from ascend_doctor.simulator.fabric import SwitchPort

_SWITCH = """\
Chassis ID TLV
\tMAC: {mac}
Port ID TLV
\tIfname: {port}
Time to Live TLV
\t120
System Name TLV
\t{switch}
System Description TLV
\tVersatile Routing Platform Software
VRP (R) software, Version 8.211 (DX511 V200R021C10SPC600)

Huarong DX511

System Capabilities TLV
\tSystem capabilities:  Bridge, Router
\tEnabled capabilities: Bridge, Router
Management Address TLV
\tIPv4: {address}
Maximum Frame Size TLV
\t9216
End of LLDPDU TLV
"""

_NPU = """\
Chassis ID TLV
\tMAC: {mac}
Port ID TLV
\tIfname: eth{phy_id}
Time to Live TLV
\t120
System Description TLV
\tAscendNPU
End of LLDPDU TLV
"""


def of_switch(port: SwitchPort) -> str:
    """Return the text that a switch announces on one of its ports."""
    return _SWITCH.format(mac=port.mac, port=port.name, switch=port.switch, address=port.address)


def of_npu(mac: str, phy_id: int) -> str:
    """Return the text that an NPU announces at the other end of a direct cable."""
    return _NPU.format(mac=mac, phy_id=phy_id)
