"""A topic: a few facts that every node tells its cluster, for checks over several nodes.

The answers of the tools stay on their node. The node parses and judges them, and of what a cluster check compares it
tells the facts alone, which change only when something happens.
"""

from __future__ import annotations

import functools
from typing import Any, Callable, Dict, Generic, Iterable, Mapping, Tuple, TypeVar

import attrs

from ascend_doctor.checks import told_forms
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.source import Source
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.forms import CodecError, Form, an_object
from ascend_doctor.model.reading import Absence, Missing, Reading
from ascend_doctor.model.state import Told

T = TypeVar("T")
R = TypeVar("R")

Quotes = Mapping[str, Tuple[Quote, ...]]
"""The lines that prove what is told, by the name of the subject within the node (`3`), empty for the node itself."""

SHORT_BYTES = 4_096
"""Facts of at most this size are remembered, so that what is remembered stays small."""
MAX_SUBJECT_QUOTES = 8
_SUBJECT_QUOTES = told_forms.tuple_of(told_forms.QUOTE, MAX_SUBJECT_QUOTES)


def in_short(quotes: Tuple[Quote, ...]) -> Tuple[Quote, ...]:
    """Return quotes as they may travel: a few lines of each."""
    return tuple(attrs.evolve(quote, lines=quote.lines[: told_forms.MAX_LINES]) for quote in quotes)


def _no_quotes(_view: NodeView) -> Quotes:
    return {}


@attrs.frozen(eq=False)
class Topic(Generic[T]):
    """One topic.

    `name` is permanent; it is lower case and has no dot, unlike the id of a check. `about` says what is told, in the
    words of a report. `reads` are the sources that `tell` and `quote` look at; reading any other is a bug.
    `tell` returns the facts, a frozen attrs class that `form` writes. They hold nothing that changes while nothing
    happens: no counters, no temperatures, no times of collection. What the node could not see is `Missing` in them.
    `quote` returns the few lines that prove them.
    """

    name: str
    about: str
    reads: Tuple[Source[Any], ...]
    tell: Callable[[NodeView], T]
    form: Form[T]
    quote: Callable[[NodeView], Quotes] = _no_quotes

    def facts_of(self, view: NodeView) -> Reading[T]:
        """Return what a node tells."""
        return self._guarded(self.tell, view)

    def quotes_of(self, view: NodeView) -> Quotes:
        """Return the lines that prove what a node tells, none where it cannot tell."""
        found = self._guarded(self.quote, view)
        return {} if isinstance(found, Missing) else found

    def told_by(self, view: NodeView) -> Told:
        """Return what a node tells, as it travels."""
        quotes = {key: _SUBJECT_QUOTES.encode(items) for key, items in self.quotes_of(view).items() if items}
        return Told(self.encode(self.facts_of(view)), told_forms.write(quotes), view.collected_at(self.reads))

    def encode(self, facts: Reading[T]) -> bytes:
        """Return the facts as canonical bytes: the same for the same facts."""
        return told_forms.write(told_forms.reading(self.form).encode(facts))

    def decode(self, data: bytes) -> Reading[T]:
        """Return the facts that bytes hold. Raises `CodecError` for what no honest node tells."""
        found: Reading[T] = (_decode_short if len(data) <= SHORT_BYTES else _decode)(self, data)
        return found

    def _guarded(self, look: Callable[[NodeView], R], view: NodeView) -> Reading[R]:
        """Return what a function of the topic makes of a node. As with checks, a bug of it fails nothing else."""
        try:
            return look(view.limited_to(self.reads))
        except Exception as bug:  # noqa: BLE001 - a bug in a topic is the doctor's own trouble
            return Missing(Absence.TOOL_FAILED, f"{type(bug).__name__} in the topic {self.name}: {bug}")


def _decode(topic: Topic[Any], data: bytes) -> Any:
    return told_forms.reading(topic.form).decode(told_forms.read(data))


# Most nodes of a fleet tell the same of most topics: they share one object for it.
_decode_short = functools.lru_cache(maxsize=256)(_decode)


def read_quotes(data: bytes, keys: Iterable[str]) -> Tuple[Quote, ...]:
    """Return the quotes about some subjects. Raises `CodecError` for what no honest node tells."""
    document = an_object(told_forms.read(data))
    found: Dict[str, Tuple[Quote, ...]] = {}
    for key in keys:
        try:
            found[key] = _SUBJECT_QUOTES.decode(document.get(key, []))
        except CodecError as error:  # noqa: PERF203 - the place is told in the error
            raise error.within(f"[{key!r}]") from None
    return tuple(quote for items in found.values() for quote in items)
