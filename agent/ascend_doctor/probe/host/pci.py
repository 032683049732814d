"""The NPUs on the PCI bus."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping, Optional

from ascend_doctor.facts.host.pci import NPU_IDS, VENDOR_ID
from ascend_doctor.probe.host.tree import Tree

DEVICES = "/sys/bus/pci/devices"
_NUMA_NODES = "/sys/devices/system/node"
_NODE = re.compile(r"node[0-9]+\Z")
_SPEED = re.compile(r"([0-9]{1,3}(?:\.[0-9])?) GT/s")
_MOST_LANES = 64
"""A device that has fallen off the bus shows 255 lanes, a virtual one 0."""


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return the NPUs on the bus, and how many NUMA nodes the machine has."""
    addresses = tree.names(DEVICES)
    found = [_device(tree, address) for address in addresses or ()]
    nodes = [name for name in tree.names(_NUMA_NODES) or () if _NODE.match(name)]
    return {
        "devices": None if addresses is None else [device for device in found if device is not None],
        "numa_nodes": len(nodes) or None,
    }


def _device(tree: Tree, address: str) -> Optional[Dict[str, Any]]:
    """Return one device, None when it is no NPU."""
    folder = f"{DEVICES}/{address}"
    settings = dict(line.partition("=")[::2] for line in (tree.text(f"{folder}/uevent") or "").splitlines())
    vendor, _, device_id = settings.get("PCI_ID", "").lower().partition(":")
    if vendor != VENDOR_ID or device_id not in NPU_IDS:
        return None
    # The entry is a link to the device's folder; the one above that folder is the slot it sits in.
    return {
        "address": address,
        "device_id": device_id,
        "driver": settings.get("DRIVER"),
        "speed_gts": _speed(tree.text(f"{folder}/current_link_speed")),
        "max_speed_gts": _speed(tree.text(f"{folder}/max_link_speed")),
        "port_speed_gts": _speed(tree.text(f"{folder}/../max_link_speed")),
        "width": _width(tree.text(f"{folder}/current_link_width")),
        "max_width": _width(tree.text(f"{folder}/max_link_width")),
        "port_width": _width(tree.text(f"{folder}/../max_link_width")),
        "numa_node": _number(tree.text(f"{folder}/numa_node")),
        "aer_fatal": _errors(tree.text(f"{folder}/aer_dev_fatal")),
        "aer_nonfatal": _errors(tree.text(f"{folder}/aer_dev_nonfatal")),
    }


def _number(text: Optional[str]) -> Optional[int]:
    stripped = (text or "").strip()
    return int(stripped) if re.match(r"-?[0-9]{1,15}\Z", stripped) else None


def _width(text: Optional[str]) -> Optional[int]:
    lanes = _number(text)
    return lanes if lanes is not None and 0 < lanes <= _MOST_LANES else None


def _speed(text: Optional[str]) -> Optional[float]:
    found = _SPEED.match(text or "")
    return float(found.group(1)) if found else None


def _errors(text: Optional[str]) -> Optional[int]:
    """Return how many errors a table counts, without the requests that the device does not support."""
    if text is None:
        return None
    rows = [line.split() for line in text.splitlines()]
    counts = {words[0]: _number(words[1]) or 0 for words in rows if len(words) == 2}
    total = sum(count for name, count in counts.items() if name.startswith("TOTAL_ERR_"))
    return max(total - counts.get("UnsupReq", 0), 0)
