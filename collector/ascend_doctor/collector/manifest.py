"""Which sections a node has: numbers of contents, each of which a store keeps once for all nodes.

Most nodes of a fleet say the same, so that what a node costs is its numbers and times.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from typing import Callable, Dict, Iterable, Mapping, Sequence, Set, Tuple

import attrs

from ascend_doctor.collector.runs import Run


class ManifestError(ValueError):
    """Packed numbers or times do not belong together: the row is damaged."""


@attrs.frozen
class Manifest:
    """The sections of a node: the number of the content that lists their names, and of each content in that order."""

    names: int
    contents: Tuple[int, ...] = ()

    def pack(self) -> bytes:
        """Return the numbers of the contents as bytes, the same on every machine."""
        return struct.pack(f"<{len(self.contents)}q", *self.contents)

    @classmethod
    def unpack(cls, names: int, packed: bytes) -> Manifest:
        """Read it back. Raises `ManifestError`."""
        return cls(names, _unpack("q", packed))

    def revised(
        self, run: Run, names_of: Callable[[int], Sequence[str]], number_of: Callable[[bytes], int]
    ) -> Manifest:
        """Return what becomes of it with a run that follows.

        `names_of` tells the names that a content lists, `number_of` the number of a content, new or known.
        """
        if not run.whole and not run.sections and not run.removed:
            return self
        held: Dict[str, int] = {} if run.whole else dict(zip(names_of(self.names), self.contents))
        for name in run.removed:
            held.pop(name, None)
        held.update((name, number_of(content)) for name, content in run.sections.items())
        names = sorted(held)
        return Manifest(number_of(write_names(names)), tuple(held[name] for name in names))


def digest(content: bytes) -> bytes:
    """Return what contents are told apart by."""
    return hashlib.sha256(content).digest()


def write_names(names: Sequence[str]) -> bytes:
    """Return the content that lists names."""
    return json.dumps(names, separators=(",", ":")).encode()


def read_names(content: bytes) -> Tuple[str, ...]:
    """Read it back. Raises `ManifestError`."""
    try:
        names = json.loads(content)
    except ValueError:
        raise ManifestError("a damaged list of names") from None
    if not isinstance(names, list):
        raise ManifestError("a damaged list of names")
    return tuple(names)


def pack_times(names: Sequence[str], times: Mapping[str, float]) -> bytes:
    """Return the times of sections in the order of their names; a section without one has none."""
    return struct.pack(f"<{len(names)}d", *[times.get(name, math.nan) for name in names])


def unpack_times(names: Sequence[str], packed: bytes) -> Dict[str, float]:
    """Read them back. Raises `ManifestError`."""
    found: Tuple[float, ...] = _unpack("d", packed)
    if len(found) != len(names):
        raise ManifestError("times that do not fit its sections")
    return {name: at for name, at in zip(names, found) if at == at}  # noqa: PLR0124 - NaN is not


def _unpack(kind: str, packed: bytes) -> Tuple[int, ...]:
    if len(packed) % 8:
        raise ManifestError("damaged numbers")
    return struct.unpack(f"<{len(packed) // 8}{kind}", packed)


def referenced(rows: Iterable[Tuple[int, bytes]]) -> Set[int]:
    """Return the numbers of all contents to which manifests, as (names, packed), refer. Raises `ManifestError`."""
    found: Set[int] = set()
    for names, packed in rows:
        found.add(names)
        found.update(_unpack("q", packed))
    return found


def unreferenced(numbers: Iterable[int], rows: Iterable[Tuple[int, bytes]]) -> Set[int]:
    """Return those contents to which no manifest, as (names, packed), refers. Raises `ManifestError`."""
    found = set(numbers)
    for names, packed in rows:
        found.discard(names)
        found.difference_update(_unpack("q", packed))
    return found
