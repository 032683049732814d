"""Small mappings of which there are many with the same keys: the keys are kept once."""

from __future__ import annotations

import functools
from array import array
from typing import Any, Dict, Generic, ItemsView, Iterator, Mapping, Optional, Sequence, Tuple, TypeVar, ValuesView

V = TypeVar("V")

MAX_LAYOUTS = 256
MAX_KEYS = 512
"""So many sets of so many keys are remembered; a row with another one has its own."""


class _Layout:
    """The keys of a row in their order, and the place of each."""

    __slots__ = ("keys", "place")

    def __init__(self, keys: Tuple[str, ...]) -> None:
        self.keys = keys
        self.place: Dict[str, int] = {key: place for place, key in enumerate(keys)}


_remembered = functools.lru_cache(maxsize=MAX_LAYOUTS)(_Layout)


def _layout(keys: Tuple[str, ...]) -> _Layout:
    return _remembered(keys) if len(keys) <= MAX_KEYS else _Layout(keys)


class Row(Mapping[str, V], Generic[V]):
    """A mapping that is never changed in place, in the order in which its keys were given."""

    __slots__ = ("_layout", "_values")

    def __init__(self, layout: _Layout, values: Sequence[V]) -> None:
        """Use `row` or `numbers`."""
        self._layout = layout
        self._values = values

    def __getitem__(self, key: str) -> V:
        return self._values[self._layout.place[key]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layout.keys)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._layout.place

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, or else the default."""
        place = self._layout.place.get(key)
        return default if place is None else self._values[place]

    def values(self) -> ValuesView[V]:
        """Return all values."""
        return _Values(self)

    def items(self) -> ItemsView[str, V]:
        """Return all keys with their values."""
        return _Items(self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Row) and other._layout is self._layout and type(other._values) is type(self._values):
            return bool(self._values == other._values)
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment] # as a dict has none

    def __repr__(self) -> str:
        return repr(dict(self))

    def __reduce__(self) -> Tuple[object, ...]:
        return (numbers if isinstance(self._values, array) else row, (dict(self),))

    def with_known(self, changes: Mapping[str, V]) -> Optional[Row[V]]:
        """Return the row with other values for some keys, None where it does not have one of them."""
        place = self._layout.place
        values = self._values[:] if isinstance(self._values, array) else list(self._values)
        try:
            for key, value in changes.items():
                values[place[key]] = value
        except KeyError:
            return None
        return Row(self._layout, values if isinstance(values, array) else tuple(values))


class _Values(ValuesView[V]):
    """The values side by side as they are, without looking up each by its key."""

    _mapping: Row[V]

    def __iter__(self) -> Iterator[V]:
        return iter(self._mapping._values)  # noqa: SLF001 - its own class


class _Items(ItemsView[str, V]):
    """The same with the keys."""

    _mapping: Row[V]

    def __iter__(self) -> Iterator[Tuple[str, V]]:
        row = self._mapping
        return zip(row._layout.keys, row._values)  # noqa: SLF001 - its own class


def row(items: Mapping[str, V]) -> Row[V]:
    """Return a row with these items; the same when it is one."""
    return items if isinstance(items, Row) else Row(_layout(tuple(items)), tuple(items.values()))


def numbers(items: Mapping[str, float]) -> Row[float]:
    """Return a row of numbers, which are kept side by side without an object for each."""
    if isinstance(items, Row):
        return items
    return Row(_layout(tuple(items)), array("d", items.values()))
