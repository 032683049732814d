"""Generations of Ascend products, as far as they change how the tools behave."""

from __future__ import annotations

import enum


class Generation(enum.Enum):
    """A family of products that shares command forms and limits."""

    A1 = "A1"
    """910 (PCI id d801)."""
    A2 = "A2"
    """910B (PCI id d802)."""
    A3 = "A3"
    """910_93, two dies in a module (PCI id d803)."""
    A5 = "A5"
    """Ascend 950 (PCI id d806)."""
    P310 = "310"
    """310 and 310B, inference cards without RoCE."""
    P310P = "310P"
    """310P, inference cards without RoCE (PCI id d500)."""

    @property
    def has_roce(self) -> bool:
        """Whether an NPU of this generation has a RoCE port that `hccn_tool` (A2 form) can ask about."""
        return self in (Generation.A1, Generation.A2, Generation.A3)

    @property
    def has_hbm(self) -> bool:
        """Whether the NPU's memory is HBM."""
        return self not in (Generation.P310, Generation.P310P)


ALL = frozenset(Generation)
ROCE = frozenset(generation for generation in Generation if generation.has_roce)
HBM = frozenset(generation for generation in Generation if generation.has_hbm)
