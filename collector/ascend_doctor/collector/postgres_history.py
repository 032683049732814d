"""Questions about the history in the shared store: on a connection of their own, and none without an end."""

from __future__ import annotations

import math
import threading
from typing import Any, Callable, List, Sequence, Tuple

import attrs
import psycopg

from ascend_doctor.collector.history_rows import COLUMNS, FEW, read_row
from ascend_doctor.collector.postgres_link import SNAPSHOT, Connection, Link
from ascend_doctor.collector.postgres_schema import prepare
from ascend_doctor.collector.store import QUESTION_S, HistoryQuery, StoreError, TooWideError
from ascend_doctor.model.transition import Recorded

_CUT_EVERY_S = 0.05
# Rows are to be found by an index, and no more of them than are wanted, also before the server has statistics.
_SETTINGS = (
    "SELECT set_config('statement_timeout', %s, true),"
    " set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)"
)


class PostgresHistory:
    """Answers questions, one after the other, whatever threads they come from.

    `skew_s` tells how far the server's clock is ahead of ours.
    """

    def __init__(self, url: str, skew_s: Callable[[], float]) -> None:
        self._link = Link(url, prepare)
        self._skew_s = skew_s
        self._lock = threading.Lock()
        self._is_closing = False

    def find(self, query: HistoryQuery) -> Sequence[Recorded]:
        """Return transitions, newest in the store first. Raises `StoreError` and `TooWideError`."""
        with self._lock:
            if self._is_closing:
                raise StoreError("the collector is ending")
            with self._link.transaction(SNAPSHOT) as connection:
                try:
                    rows = _rows(connection, query)
                except psycopg.errors.QueryCanceled:
                    raise TooWideError from None
        skew_s = self._skew_s()
        return [read_row(row, skew_s) for row in rows]

    def close(self) -> None:
        """Break off what is being asked, and close the connection."""
        self._is_closing = True
        while not self._lock.acquire(timeout=_CUT_EVERY_S):
            self._link.cut()  # more than once: who is just connecting has nothing yet that could be cut
        self._link.close()
        self._lock.release()


@attrs.frozen
class _Condition:
    """A part of a question: a test of one column, which has an index."""

    column: str
    test: str
    values: Tuple[object, ...]


def _rows(connection: Connection, query: HistoryQuery) -> List[Any]:
    """Return rows, by way of the first condition that only a few of them meet.

    When there is none the newest rows are looked through: those that meet all are not rare among them. The server's
    own guess of what is rare is wrong where most of it is old.
    """
    connection.execute(_SETTINGS, (f"{QUESTION_S * 1000:.0f}",))
    conditions = _conditions(query)
    narrow = next((item for item in conditions if _is_narrow(connection, item)), None)
    tests = [item.test for item in conditions]
    values = [value for item in conditions for value in item.values]
    if query.before_id is not None:
        tests.append("id < %s")
        values.append(query.before_id)
    if narrow is not None:
        tests.append(f"id = ANY(ARRAY(SELECT id FROM ascend_doctor.transitions WHERE {narrow.test}))")
        values += narrow.values
    return connection.execute(
        f"SELECT id, {COLUMNS} FROM ascend_doctor.transitions"
        f" WHERE {' AND '.join(tests) or 'true'} ORDER BY id DESC LIMIT %s",
        [*values, query.limit],
    ).fetchall()


def _is_narrow(connection: Connection, condition: _Condition) -> bool:
    rows = f"SELECT FROM ascend_doctor.transitions WHERE {condition.test} ORDER BY {condition.column} LIMIT {FEW}"
    found = connection.execute(f"SELECT count(*) FROM ({rows}) AS few", condition.values).fetchone()
    return found is not None and bool(found[0] < FEW)


def _conditions(query: HistoryQuery) -> Sequence[_Condition]:
    found: List[_Condition] = []
    if query.since > 0.0 or query.until is not None:
        until = math.inf if query.until is None else query.until
        found.append(_Condition("at", "at BETWEEN %s AND %s", (query.since, until)))
    for column, words in (("node", query.nodes), ("check_id", query.checks)):
        if len(words) == 1:
            found.append(_Condition(column, f"{column} = %s", words))
        elif words:
            found.append(_Condition(column, f"{column} = ANY(%s)", (list(words),)))
    return found
