"""How a die of an A3 super-pod is named: its SDID, and the address of its virtual NIC that is made of it."""

from __future__ import annotations

import ipaddress
from typing import Optional

import attrs

VNIC_NETWORK = ipaddress.IPv4Network("192.0.0.0/8")
SERVERS = 48
"""How many servers a super-pod holds at most."""
_DIES_PER_CHIP = 2
_LAST_OCTET = 199


@attrs.frozen
class Sdid:
    """A die: the index of its server in the super-pod and its phy-id on it.

    Bits 31 to 22 of the number are the server, 21 to 18 the module, 17 and 16 the die, the rest the phy-id; the address
    is 192.SERVER.(2+DIE).(199-PHY_ID) (vendor source, tool_cmd.c).
    """

    server: int
    phy_id: int

    @property
    def number(self) -> int:
        """The SDID as one number."""
        chip, die = divmod(self.phy_id, _DIES_PER_CHIP)
        return self.server << 22 | chip << 18 | die << 16 | self.phy_id

    @property
    def address(self) -> ipaddress.IPv4Address:
        """The address of the die's virtual NIC."""
        return ipaddress.IPv4Address(bytes((192, self.server, 2 + self.phy_id % _DIES_PER_CHIP, 199 - self.phy_id)))

    @classmethod
    def of_number(cls, number: int) -> Optional[Sdid]:
        """Return the die that an SDID names, None when it names none."""
        found = cls(number >> 22 & 0xFF, number & 0xFFFF)
        return found if found.server < SERVERS and found.number == number else None

    @classmethod
    def of_address(cls, address: ipaddress.IPv4Address) -> Optional[Sdid]:
        """Return the die that an address names, None when it names none."""
        _, server, _, last = address.packed
        if server >= SERVERS or last > _LAST_OCTET:
            return None
        found = cls(server, _LAST_OCTET - last)
        return found if found.address == address else None
