"""The text format 0.0.4 of Prometheus, written by hand: a few lines, and none of a library's extra series.

Values that nobody gave are left out, never written as 0. Samples carry no time stamps, so that Prometheus' own
staleness works.
"""

from __future__ import annotations

import math
from typing import Dict, Iterable, Iterator, List, Tuple

import attrs

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MAX_LABEL_LENGTH = 128

Labels = Tuple[Tuple[str, str], ...]


@attrs.frozen
class Family:
    """One metric family. `kind` is `gauge` or `counter`; the name of a counter ends in `_total`."""

    name: str
    kind: str
    help: str
    samples: Tuple[Tuple[Labels, float], ...] = ()


class Families:
    """Gathers samples under their families, in the order in which the families first appear."""

    def __init__(self) -> None:
        self._about: Dict[str, Tuple[str, str]] = {}
        self._samples: Dict[str, Dict[Labels, float]] = {}

    def add(self, name: str, about: str, value: float, /, **labels: object) -> None:
        """Add one sample. The family is a counter when its name ends in `_total`.

        A second sample with the same labels takes the place of the first.
        """
        self._about.setdefault(name, ("counter" if name.endswith("_total") else "gauge", about))
        key = tuple(sorted((label, str(text)[:MAX_LABEL_LENGTH]) for label, text in labels.items()))
        self._samples.setdefault(name, {})[key] = float(value)

    def __iter__(self) -> Iterator[Family]:
        for name, (kind, about) in self._about.items():
            yield Family(name, kind, about, tuple(self._samples[name].items()))


def labelled(families: Iterable[Family], **labels: str) -> List[Family]:
    """Return the families with the same labels added to every sample."""
    more = tuple(labels.items())
    return [
        attrs.evolve(family, samples=tuple((tuple(sorted((*own, *more))), value) for own, value in family.samples))
        for family in families
    ]


def merged(families: Iterable[Family]) -> List[Family]:
    """Join families of the same name, because the format allows a name, and a set of labels, only once."""
    found: Dict[str, Family] = {}
    for family in families:
        first = found.get(family.name)
        samples = {**dict(first.samples if first else ()), **dict(family.samples)}
        found[family.name] = attrs.evolve(first or family, samples=tuple(samples.items()))
    return list(found.values())


def render(families: Iterable[Family]) -> str:
    """Return the families as text. Each name must come once; `merged` sees to that."""
    lines: List[str] = []
    for family in families:
        if family.samples:
            lines.append(f"# HELP {family.name} {_escaped(family.help, quotes=False)}")
            lines.append(f"# TYPE {family.name} {family.kind}")
            lines += [f"{family.name}{_braces(labels)} {_number(value)}" for labels, value in family.samples]
    return "".join(f"{line}\n" for line in lines)


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(text)}"' for name, text in labels) + "}"


def _escaped(text: str, *, quotes: bool = True) -> str:
    """Escape as the format asks; other control characters and halves of surrogate pairs become a question mark."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    if quotes:
        text = text.replace('"', '\\"')
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
