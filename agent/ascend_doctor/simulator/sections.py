"""The parts of a scenario as people write them in YAML. What the keys mean is in docs/simulator.md too."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, List, Literal, Optional

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Version = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]*$")]
NodeName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
NodeRange = Annotated[
    str,
    Field(
        min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[0-9]{1,9}-[0-9]{1,9}\][A-Za-z0-9._-]*)?$"
    ),
]

_RANGE = re.compile(r"(?P<head>.*)\[(?P<first>[0-9]+)-(?P<last>[0-9]+)\](?P<tail>.*)\Z")


class Section(BaseModel):
    """A part of a scenario: frozen, and no key is accepted that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nodes(Section):
    """Machines of one kind. `name` may hold one range: `node-[1-16]` or `node-[001-128]` stands for that many nodes.

    `npus` is how many NPUs are installed, as many as the product holds when it is left out.
    `tls` is the TLS switch of their RoCE ports. `used` machines have a past: counters that have counted long ago.
    """

    name: NodeRange
    product: str = "atlas-800i-a2"
    driver: Version = "25.5.1"
    firmware: Version = "7.8.0.6.201"
    npus: Optional[int] = Field(default=None, ge=1)
    tls: Literal[0, 1] = 0
    used: bool = False

    def numbers(self) -> range:
        """Return the numbers that the range in the name stands for; one number without a range."""
        found = _RANGE.match(self.name)
        return range(1) if found is None else range(int(found["first"]), int(found["last"]) + 1)

    def names(self) -> List[str]:
        """Return the name of each node. A number is as wide as the range's start where that has leading zeros."""
        found = _RANGE.match(self.name)
        if found is None:
            return [self.name]
        width = len(found["first"]) if found["first"].startswith("0") else 0
        return [f"{found['head']}{number:0{width}}{found['tail']}" for number in self.numbers()]


class FabricPlan(Section):
    """How the RoCE ports are wired: to leaf switches, or two nodes back to back.

    `leaves` says which NPUs share a leaf: `pair` gives NPUs 2k and 2k+1 the two halves of one 400GE port
    (`400GE1/1/5:1` and `:2`), `npu` gives each NPU its own leaf, `one` puts all of them on one modular switch.
    `lldp` tells whether the switches announce themselves.
    """

    kind: Literal["switched", "direct"] = "switched"
    leaves: Literal["pair", "npu", "one"] = "pair"
    lldp: bool = True
    speed_mbps: int = Field(default=200_000, ge=1_000, le=1_600_000)


class AddressPlan(Section):
    """Where the addresses of the RoCE ports come from.

    `plan` `rail` gives each NPU index a subnet of its own, `flat` puts all ports into one.
    The first host of a subnet is its gateway.
    """

    network: ipaddress.IPv4Network = ipaddress.IPv4Network("192.168.0.0/16")
    plan: Literal["rail", "flat"] = "rail"


class Timing(Section):
    """How long the tools take, in seconds.

    `info` is for what covers the whole node, `query` for one question about one NPU, `slow` for TLS and optics,
    `ping` for a ping of three packets.
    """

    info: Seconds = 0.3
    query: Seconds = 0.1
    slow: Seconds = 0.4
    ping: Seconds = 0.2
