"""Promises of a benchmark: figures, and the limits that they must not pass."""

from __future__ import annotations

from typing import List, Sequence

import attrs


@attrs.frozen
class Gate:
    """One promise: a figure and the limit that it must not pass."""

    name: str
    figure: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    def __str__(self) -> str:
        bound = "at least" if self.at_least else "at most"
        word = "holds" if self.holds else "falls short"
        return f"{self.name}: {_shown(self.figure)}{self.unit}, {bound} {_shown(self.limit)}{self.unit}, {word}"


def _shown(figure: float) -> str:
    return f"{figure:.3g}" if abs(figure) < 1000 else f"{figure:.0f}"


def finish(name: str, gates: Sequence[Gate]) -> int:
    """Print all gates and the one that counts them, and return the exit code."""
    print()
    for gate in gates:
        print(gate)
    short: List[Gate] = [gate for gate in gates if not gate.holds]
    figure = Gate(name, len(short), 0, " gates fall short")
    print(figure)
    return 0 if figure.holds else 1
