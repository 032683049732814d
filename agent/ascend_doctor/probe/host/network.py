"""The host's own network, read from the kernel's tables."""

from __future__ import annotations

import ipaddress
import re
import sys
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ascend_doctor.probe.host.tree import Tree

INTERFACES = "/sys/class/net"
_LISTENING = "0A"
_LOCAL = re.compile(r"\|-- ([0-9.]+)\n(?:\s+/[0-9]+ (?!host LOCAL).*\n)*\s+/32 host LOCAL")
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?\Z")

_Network = Tuple[ipaddress.IPv4Network, str]


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return the interfaces with their addresses, the ports in use and reserved, and what the host's name means."""
    hostname = (tree.text("/proc/sys/kernel/hostname") or "").strip() or None
    return {
        "nics": _nics(tree),
        "listening": _listening(tree),
        "local_ports": _local_ports(tree.text("/proc/sys/net/ipv4/ip_local_port_range")),
        "reserved_ports": _reserved(tree.text("/proc/sys/net/ipv4/ip_local_reserved_ports")),
        "hostname": hostname,
        "hostname_addresses": None if hostname is None else _addresses_of(hostname, tree.text("/etc/hosts")),
    }


def _nics(tree: Tree) -> Optional[List[Dict[str, Any]]]:
    names = tree.names(INTERFACES)
    if names is None:
        return None
    addresses = _local_addresses(tree)
    found = []
    for name in names:
        state = tree.text(f"{INTERFACES}/{name}/operstate")
        if state is not None:
            found.append({"name": name, "state": state.strip(), "addresses": addresses.get(name, [])})
    return found


def _local_addresses(tree: Tree) -> Dict[str, List[str]]:
    """Return the IPv4 addresses of each interface: the kernel's local addresses, each in the network it is part of."""
    networks = sorted(_networks(tree.text("/proc/net/route") or ""), key=lambda item: -item[0].prefixlen)
    found: Dict[str, List[str]] = {}
    for text in dict.fromkeys(_LOCAL.findall(tree.text("/proc/net/fib_trie") or "")):
        address = ipaddress.IPv4Address(text)
        name = next((name for network, name in networks if address in network), None)
        if name is not None and not address.is_loopback:
            found.setdefault(name, []).append(text)
    return found


def _networks(table: str) -> Iterator[_Network]:
    """Yield the networks that are reached without a gateway, with their interfaces."""
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) >= 8 and words[2] == "00000000" and words[7] != "00000000":
            yield ipaddress.IPv4Network(f"{_address(words[1])}/{_address(words[7])}", strict=False), words[0]


def _address(word: str) -> ipaddress.IPv4Address:
    """Return an address of the kernel's table: eight hexadecimal digits in the byte order of the machine."""
    return ipaddress.IPv4Address(int(word, 16).to_bytes(4, sys.byteorder))


def _listening(tree: Tree) -> Optional[List[int]]:
    tables = [tree.text(f"/proc/net/{name}") for name in ("tcp", "tcp6")]
    if tables[0] is None:
        return None
    rows = [line.split() for table in tables for line in (table or "").splitlines()[1:]]
    return sorted({int(row[1].rpartition(":")[2], 16) for row in rows if len(row) > 3 and row[3] == _LISTENING})


def _local_ports(text: Optional[str]) -> Optional[Dict[str, int]]:
    words = (text or "").split()
    return _range("-".join(words)) if len(words) == 2 else None


def _reserved(text: Optional[str]) -> Optional[List[Dict[str, int]]]:
    if text is None:
        return None
    found = (_range(part) for part in text.strip().split(","))
    return [each for each in found if each is not None]


def _range(text: str) -> Optional[Dict[str, int]]:
    found = _RANGE.match(text)
    return {"first": int(found[1]), "last": int(found[2] or found[1])} if found else None


def _addresses_of(hostname: str, hosts: Optional[str]) -> Optional[List[str]]:
    if hosts is None:
        return None
    rows = [line.partition("#")[0].split() for line in hosts.splitlines()]
    return [row[0] for row in rows if hostname in row[1:]]
