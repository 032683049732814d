"""The shapes in which products connect their NPUs, and which pairs are missing from one."""

from __future__ import annotations

from itertools import combinations
from typing import AbstractSet, Dict, List, Optional, Sequence, Set, Tuple

Pair = Tuple[int, int]
DIRECT = frozenset({"HCCS", "HCCS_SW", "UB"})
SIO = "SIO"
LONE_IN = (4, 8)
"""Sizes of servers in which every NPU is connected to every other one, so that a lonely one has lost its links."""


def missing_from_groups(pairs: AbstractSet[Pair], count: int, *, whole_mesh: bool) -> Optional[List[Pair]]:
    """Return the pairs that are missing where NPUs are directly connected within groups of the same size.

    `pairs` are those that are connected, `count` is how many NPUs there are. None for a shape that is no such thing.
    `whole_mesh` tells that the product knows one group only: one NPU apart from all others has then lost its links.
    """
    groups = _groups(pairs, count)
    missing: List[Pair] = []
    for group in groups:
        wanted = list(combinations(sorted(group), 2))
        lacking = [pair for pair in wanted if pair not in pairs]
        if 2 * len(lacking) > len(wanted):
            return None
        missing += lacking
    if len({len(group) for group in groups}) == 1:
        return missing
    alone = [group for group in groups if len(group) == 1]
    if missing or not whole_mesh or len(groups) != 2 or len(alone) != 1 or count not in LONE_IN:
        return None
    (one,) = alone[0]
    return [(min(one, other), max(one, other)) for other in range(count) if other != one]


def _groups(pairs: AbstractSet[Pair], count: int) -> List[Set[int]]:
    found: Dict[int, Set[int]] = {number: {number} for number in range(count)}
    for one, other in sorted(pairs):
        if found[one] is not found[other]:
            found[one] |= found[other]
            for member in found[other]:
                found[member] = found[one]
    return [group for number, group in sorted(found.items()) if number == min(group)]


def missing_from_modules(relations: Sequence[Sequence[str]], numbers: Sequence[int]) -> Optional[List[Pair]]:
    """Return the pairs of dies that are not connected as on an A3; None where most of them are not.

    `numbers` are the phy-ids: two neighbours are the dies of one module, connected by SIO, all others by HCCS.
    """
    pairs = list(combinations(range(len(numbers)), 2))
    wrong = [
        (one, other)
        for one, other in pairs
        if relations[one][other] not in ({SIO} if numbers[one] // 2 == numbers[other] // 2 else DIRECT)
    ]
    return None if 2 * len(wrong) > len(pairs) else wrong
