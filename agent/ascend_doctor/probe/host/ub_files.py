"""The files by which frameworks learn how the NPUs of a 950 server are wired."""

from __future__ import annotations

from typing import Any, Mapping

from ascend_doctor.facts.host.ub_files import TOPOLOGIES, WANTED
from ascend_doctor.probe.host.tree import Tree


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return which of the files there are; none is opened."""
    topologies = [name for name in tree.names(TOPOLOGIES) or () if name.endswith(".json")]
    return {"present": [path for path in WANTED if tree.exists(path)], "topologies": len(topologies)}
