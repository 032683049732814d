"""The host's own network: interfaces, ports, and what its name stands for."""

from __future__ import annotations

import re
from typing import Tuple

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Reading

_FORM = re.compile(r"(?P<sign>\^?=?)(?P<names>.*)")


@attrs.frozen
class Nic:
    """One interface. `state` is the kernel's word: up, down, lowerlayerdown, unknown (no sense of a link) ...

    `addresses` are its IPv4 addresses.
    """

    name: str
    state: Reading[str] = NOT_REPORTED
    addresses: Tuple[str, ...] = ()

    @property
    def is_up(self) -> bool:
        """Whether it can carry traffic; one without a sense of a link is taken at its word."""
        return self.state in ("up", "unknown")


@attrs.frozen
class PortRange:
    """Port numbers from `first` to `last`, both included."""

    first: int
    last: int

    def holds(self, port: int) -> bool:
        """Tell whether a port is in the range."""
        return self.first <= port <= self.last


@attrs.frozen
class NetworkFacts:
    """The network of the namespace that the doctor is in.

    `listening` are the TCP ports on which somebody listens. `local_ports` is the range from which the kernel takes the
    port of an outgoing connection, `reserved_ports` what it leaves out of it. `hostname_addresses` are the addresses
    that /etc/hosts has for `hostname`, in the order of the file; none when it has no line for it.
    """

    nics: Reading[Tuple[Nic, ...]] = NOT_REPORTED
    listening: Reading[Tuple[int, ...]] = NOT_REPORTED
    local_ports: Reading[PortRange] = NOT_REPORTED
    reserved_ports: Reading[Tuple[PortRange, ...]] = NOT_REPORTED
    hostname: Reading[str] = NOT_REPORTED
    hostname_addresses: Reading[Tuple[str, ...]] = NOT_REPORTED


def selects(text: str, name: str) -> bool:
    """Tell whether HCCL_SOCKET_IFNAME allows an interface: `eth` begins so, `=eth0` exactly, `^` anything but."""
    form = _FORM.match(text)
    sign, names = (form["sign"], form["names"].split(",")) if form else ("", [])
    exact, but = "=" in sign, "^" in sign
    hit = any(name == word if exact else name.startswith(word) for word in names if word)
    return hit != but


SOURCE = source_of("network", NetworkFacts, interval_s=60.0)
