"""Questions about the history in the embedded store: on a connection of their own, and none without an end.

Commits do not wait for them: with a write-ahead log who reads sees the file as it was when he began.
"""

from __future__ import annotations

import itertools
import math
import sqlite3
import threading
import time
from typing import Any, List, Sequence, Tuple

import attrs

from ascend_doctor.collector import sqlite_file
from ascend_doctor.collector.history_rows import COLUMNS, FEW, read_row
from ascend_doctor.collector.store import QUESTION_S, HistoryQuery, StoreError, TooWideError
from ascend_doctor.model.transition import Recorded

MAX_REST_S = 0.5
_OPERATIONS = 5_000
"""After so many operations of SQLite it is looked what time it is: that is some hundred rows."""
_WORDS_AT_ONCE = 400
"""So many names go into one statement at most: SQLite takes 999 of them."""


class SqliteHistory:
    """Answers questions, one after the other, whatever threads they come from. It owns the connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._deadline = self._rest_until = 0.0
        connection.set_progress_handler(self._has_to_end, _OPERATIONS)

    def find(self, query: HistoryQuery) -> Sequence[Recorded]:
        """Return transitions, newest in the store first. Raises `StoreError` and `TooWideError`."""
        with self._lock, sqlite_file.errors_told("read"):
            # The log of the writer begins anew only where nobody was reading it for a moment: without a rest between
            # them, questions without end would let it grow without end.
            self._closing.wait(self._rest_until - time.monotonic())
            began = time.monotonic()
            self._deadline = began + QUESTION_S
            try:
                return self._find(query)
            finally:
                now = time.monotonic()
                self._rest_until = now + min(now - began, MAX_REST_S)

    def close(self) -> None:
        """Break off what is being asked, and close the connection."""
        self._closing.set()
        with self._lock:
            self._connection.close()

    def _has_to_end(self) -> bool:
        return self._closing.is_set() or time.monotonic() > self._deadline

    def _find(self, query: HistoryQuery) -> Sequence[Recorded]:
        found: List[Recorded] = []
        self._execute("BEGIN")  # all parts are of the same moment
        try:
            for nodes, checks in itertools.product(_slices(query.nodes), _slices(query.checks)):
                found += map(read_row, self._some(query, nodes, checks))
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        found.sort(key=lambda item: item.id, reverse=True)
        return found[: query.limit]

    def _some(self, query: HistoryQuery, nodes: Sequence[str], checks: Sequence[str]) -> List[Any]:
        """Return rows of some nodes and checks, by way of the first condition that only a few rows meet.

        When there is none the newest rows are looked through: those that meet all are not rare among them.
        """
        conditions = _conditions(query, nodes, checks)
        narrow = next((item for item in conditions if self._is_narrow(item)), None)
        way = "" if narrow is None else f"INDEXED BY {narrow.index}"
        tests = [item.test if item is narrow else item.test_on_the_way for item in conditions]
        values = [value for item in conditions for value in item.values]
        if query.before_id is not None:
            tests.append("id < ?")
            values.append(query.before_id)
        return self._execute(
            f"SELECT id, {COLUMNS} FROM transitions {way} WHERE {' AND '.join(tests) or 1} ORDER BY id DESC LIMIT ?",
            (*values, query.limit),
        )

    def _is_narrow(self, condition: _Condition) -> bool:
        rows = f"SELECT 1 FROM transitions INDEXED BY {condition.index} WHERE {condition.test} LIMIT {FEW}"
        ((count,),) = self._execute(f"SELECT count(*) FROM ({rows})", condition.values)
        return bool(count < FEW)

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> List[Any]:
        """Return the rows of a statement, if there is still time for it."""
        try:
            if not self._has_to_end():
                return self._connection.execute(statement, values).fetchall()
        except sqlite3.OperationalError:
            if not self._has_to_end():
                raise
        if self._closing.is_set():
            raise StoreError("the collector is ending")
        raise TooWideError


@attrs.frozen
class _Condition:
    """A part of a question. `is_ordered` tells whether the index has the rows that meet it newest first."""

    column: str
    comparison: str
    values: Tuple[object, ...]
    is_ordered: bool = False

    @property
    def index(self) -> str:
        """The index that leads to the rows that meet it."""
        return _INDEXES[self.column]

    @property
    def test(self) -> str:
        """The condition."""
        return f"{self.column} {self.comparison}"

    @property
    def test_on_the_way(self) -> str:
        """The condition, so that no index is used that would have all rows that meet it sorted first."""
        return self.test if self.is_ordered else f"+{self.test}"


_INDEXES = {"at": "transitions_by_time", "node": "transitions_by_node", "check_id": "transitions_by_check"}


def _conditions(query: HistoryQuery, nodes: Sequence[str], checks: Sequence[str]) -> Sequence[_Condition]:
    found: List[_Condition] = []
    if query.since > 0.0 or query.until is not None:
        until = math.inf if query.until is None else query.until
        found.append(_Condition("at", "BETWEEN ? AND ?", (query.since, until)))
    for column, words in (("node", nodes), ("check_id", checks)):
        if words:
            marks = ", ".join("?" * len(words))
            found.append(_Condition(column, f"IN ({marks})", tuple(words), is_ordered=len(words) == 1))
    return found


def _slices(words: Sequence[str]) -> Sequence[Sequence[str]]:
    return [words[start : start + _WORDS_AT_ONCE] for start in range(0, len(words), _WORDS_AT_ONCE)] or [()]
