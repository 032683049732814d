"""What a reader asks for, read from the query of a URL. Strict: a typing error must not become a wider question."""

from __future__ import annotations

import difflib
from typing import FrozenSet, Optional, Tuple

from starlette.datastructures import QueryParams

from ascend_doctor.collector.api.problems import ParameterError
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.report.moments import ADVICE, read_moment

MAX_NAMES = 2_000
MAX_CHECK_LENGTH = 128
_FLAGS = {"true": True, "false": False}
_SHOWN = 80


class Parameters:
    """The parameters of one request. Raises `ParameterError` for one that is not among the `known`."""

    def __init__(self, query: QueryParams, *known: str) -> None:
        self._query = query
        for name in query:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                there = f"there are {', '.join(known)}" if known else "this takes none"
                raise ParameterError(
                    name[:_SHOWN], "is no parameter of this", f"did you mean {close[0]}?" if close else there
                )

    def nodes(self) -> FrozenSet[str]:
        """Return the names of nodes in `node`."""
        names = self._many("node")
        wrong = next((name for name in names if not is_node_name(name)), None)
        if wrong is not None:
            raise ParameterError("node", f"{wrong[:_SHOWN]!r} is no name of a node", "write a host name")
        return frozenset(names)

    def checks(self) -> FrozenSet[str]:
        """Return the ids of checks in `check`."""
        names = self._many("check")
        wrong = next((name for name in names if not name.isprintable() or not 0 < len(name) <= MAX_CHECK_LENGTH), None)
        if wrong is not None:
            remedy = "`ascend-doctor explain` lists all ids"
            raise ParameterError("check", f"{wrong[:_SHOWN]!r} is no id of a check", remedy)
        return frozenset(names)

    def flag(self, name: str) -> bool:
        """Return a flag, False where it is not given."""
        text = self._one(name)
        if text is None:
            return False
        if text not in _FLAGS:
            raise ParameterError(name, f"{text[:_SHOWN]!r} is neither true nor false", "write true or false")
        return _FLAGS[text]

    def moment(self, name: str, now: float) -> Optional[float]:
        """Return a time in seconds since the epoch, None where it is not given."""
        text = self._one(name)
        if text is None:
            return None
        found = read_moment(text, now)
        if found is None:
            advice = f"{ADVICE} (a + in a URL is written %2B)"
            raise ParameterError(name, f"{text[:_SHOWN]!r} is no time", advice)
        return found

    def count(self, name: str, default: int, most: int) -> int:
        """Return a number from 1 to `most`."""
        text = self._one(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
            raise ParameterError(name, f"{text[:_SHOWN]!r} is not within 1 and {most}", f"write a number up to {most}")
        return int(text)

    def name(self, name: str) -> str:
        """Return the name of a node, empty where it is not given."""
        text = self._one(name) or ""
        if text and not is_node_name(text):
            raise ParameterError(name, f"{text[:_SHOWN]!r} is no cursor of this", "take `next` of the page before")
        return text

    def number(self, name: str) -> Optional[int]:
        """Return a whole number, None where it is not given."""
        text = self._one(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise ParameterError(name, f"{text[:_SHOWN]!r} is no cursor of this", "take `next` of the page before")
        return int(text)

    def _one(self, name: str) -> Optional[str]:
        texts = self._query.getlist(name)
        if len(texts) > 1:
            raise ParameterError(name, f"is given {len(texts)} times", "give it once")
        return texts[0] if texts else None

    def _many(self, name: str) -> Tuple[str, ...]:
        texts = self._query.getlist(name)
        if len(texts) > MAX_NAMES:
            raise ParameterError(name, f"is given {len(texts)} times", f"give it {MAX_NAMES} times at most")
        return tuple(texts)
