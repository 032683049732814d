"""Pages of nodes that stay valid while nodes come and go."""

from __future__ import annotations

from typing import Mapping, Sequence, Tuple

from ascend_doctor.model.report import NodeSummary
from ascend_doctor.model.subject import natural


def nodes_after(nodes: Mapping[str, NodeSummary], last: str, size: int) -> Tuple[Sequence[NodeSummary], bool]:
    """Return so many of the nodes (natural order) that come after a name, and whether there are more.

    The name may be of a node that is not there any more; an empty one begins at the first.
    """
    names = list(nodes)
    start = 0
    if last in nodes:
        start = names.index(last) + 1
    elif last:
        start = _place(names, last)
    page = names[start : start + size]
    return [nodes[name] for name in page], start + size < len(names)


def _place(names: Sequence[str], name: str) -> int:
    """Return how many of the names (natural order) come before one that is not among them."""
    wanted, low, high = natural(name), 0, len(names)
    while low < high:
        middle = (low + high) // 2
        if natural(names[middle]) < wanted:
            low = middle + 1
        else:
            high = middle
    return low
