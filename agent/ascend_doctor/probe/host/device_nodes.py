"""The driver's device nodes."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping

from ascend_doctor.facts.host.device_nodes import CHANNEL, MANAGER, MEMORY
from ascend_doctor.probe.host.tree import Tree

_OF_AN_NPU = re.compile(r"davinci[0-9]{1,4}\Z")


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return the driver's device nodes that are there. None is opened: that alone would occupy a device."""
    names = tree.names("/dev")
    if names is None:
        return {"nodes": None}
    groups = _groups(tree)
    wanted = [path for path in map("/dev/{}".format, names) if path in (MANAGER, MEMORY, CHANNEL)]
    wanted += [f"/dev/{name}" for name in names if _OF_AN_NPU.match(name)]
    return {"nodes": [_node(tree, path, groups) for path in wanted]}


def _node(tree: Tree, path: str, groups: Mapping[int, str]) -> Dict[str, Any]:
    owner = tree.permissions(path)
    return {
        "path": path,
        "mode": None if owner is None else owner.mode,
        "group": None if owner is None else groups.get(owner.group_id, str(owner.group_id)),
        "usable": tree.is_usable(path),
    }


def _groups(tree: Tree) -> Dict[int, str]:
    rows = [line.split(":") for line in (tree.text("/etc/group") or "").splitlines()]
    return {int(row[2]): row[0] for row in rows if len(row) == 4 and row[2].isascii() and row[2].isdecimal()}
