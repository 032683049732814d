"""The host's own network, read from the kernel's tables."""

from __future__ import annotations

import ipaddress
import re
import sys
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ascend_doctor.probe.host.tree import MAX_TEXT, Tree

INTERFACES = "/sys/class/net"
MAX_INTERFACES = 512
_OF_CONTAINERS = ("veth", "cali", "lxc", "tap", "vnet")
"""How the ends of containers and virtual machines are called: hundreds on a busy node, none with an address."""
_LISTENING = "0A"
_LOCAL = re.compile(r"\|-- ([0-9.]+)\n(?:\s+/[0-9]+ (?!host LOCAL).*\n)*\s+/32 host LOCAL")
_PORT = re.compile(r"[0-9A-F]{8,32}:([0-9A-F]{4})\Z")
_NETWORK = re.compile(r"[0-9A-F]{8}\Z")
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
    if addresses is None:
        return None
    known = [name for name in names if name in addresses or not name.startswith(_OF_CONTAINERS)]
    found = []
    for name in sorted(known, key=lambda name: name not in addresses)[:MAX_INTERFACES]:
        state = tree.text(f"{INTERFACES}/{name}/operstate")
        if state is not None:
            found.append({"name": name, "state": state.strip(), "addresses": addresses.get(name, [])})
    return found


def _local_addresses(tree: Tree) -> Optional[Dict[str, List[str]]]:
    """Return the IPv4 addresses of each interface: the kernel's local addresses, each in the network it is part of.

    Where several interfaces are in one network the tables do not tell whose an address is: each of them is said to have
    it, so that none is taken for useless. None where the tables are longer than is read, as with a full routing table.
    """
    routes, trie = tree.text("/proc/net/route") or "", tree.text("/proc/net/fib_trie") or ""
    if max(len(routes), len(trie)) >= MAX_TEXT:
        return None
    networks = list(_networks(routes))
    found: Dict[str, List[str]] = {}
    for text in dict.fromkeys(_LOCAL.findall(trie)):
        address = ipaddress.IPv4Address(text)
        around = [(network, name) for network, name in networks if address in network]
        narrowest = max((network.prefixlen for network, _ in around), default=0)
        names = dict.fromkeys(name for network, name in around if network.prefixlen == narrowest)
        if not address.is_loopback:
            for name in names:
                found.setdefault(name, []).append(text)
    return found


def _networks(table: str) -> Iterator[_Network]:
    """Yield the networks that are reached without a gateway, with their interfaces."""
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) < 8 or not (_NETWORK.match(words[1]) and _NETWORK.match(words[7])):
            continue
        if words[2] == "00000000" and words[7] != "00000000":
            length = f"{int(_address(words[7])):b}".count("1")
            yield ipaddress.IPv4Network(f"{_address(words[1])}/{length}", strict=False), words[0]


def _address(word: str) -> ipaddress.IPv4Address:
    """Return an address of the kernel's table: eight hexadecimal digits in the byte order of the machine."""
    return ipaddress.IPv4Address(int(word, 16).to_bytes(4, sys.byteorder))


def _listening(tree: Tree) -> Optional[List[int]]:
    tables = [tree.text(f"/proc/net/{name}") for name in ("tcp", "tcp6")]
    if tables[0] is None:
        return None
    # The kernel lists those that listen first, so that a table that is cut holds all of them.
    rows = [line.split(None, 4) for table in tables for line in (table or "").splitlines()[1:]]
    ports = [_PORT.match(row[1]) for row in rows if len(row) > 3 and row[3] == _LISTENING]
    return sorted({int(port[1], 16) for port in ports if port})


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
    rows = [line.partition("#")[0].casefold().split() for line in hosts.splitlines()]
    return [row[0] for row in rows if hostname.casefold() in row[1:]]
