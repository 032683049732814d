"""A connection to PostgreSQL that comes back by itself and never waits for ever."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from typing import Any, Callable, Dict, Iterator, Optional

import psycopg
from psycopg import conninfo

from ascend_doctor.collector.store import StoreError, shown

Connection = psycopg.Connection[Any]

log = logging.getLogger(__name__)
# It warns of every pipeline on a connection that broke; what broke it is told by the error.
logging.getLogger("psycopg").setLevel(logging.ERROR)

DEADLINE_S = 30.0
"""So long a transaction may take, whatever server and network do; then the connection is cut."""
SKEW_KEPT_S = 600.0
TOLD_STEP_S = 60.0
"""A clock that is set by more than that is told: times on all screens change with it."""

# Of the server: so that a collector that is cut off in the middle of a transaction does not hold up the others. Set in
# each transaction, since a pooler may give each of them another session.
_LIMITS = {"statement_timeout": "20s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "10s"}
_SET_LIMITS = "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in _LIMITS.items())

_DEFAULTS: Dict[str, str] = {
    "application_name": "ascend-doctor collector",
    "client_encoding": "utf8",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "target_session_attrs": "read-write",
}
"""What a URL does not say. Of several hosts in it the one that takes writes is chosen."""

READ_COMMITTED = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Link:
    """One connection at a time, opened when it is needed. `prepare` is called with each new one. For one thread.

    `skew_s` is how far the server's clock is ahead of ours, as well as the quickest answer of late can tell.
    `least_skew_s` is the least that it has been: the server's clock may have been set ahead, and ours back.
    """

    def __init__(self, url: str, prepare: Callable[[Connection], None]) -> None:
        self.place = shown(url)
        self._prepare = prepare
        if self.place.endswith("://..."):
            # libpq would take a part of the password for a host, and say so.
            raise StoreError(f"{self.place}: write %40 for an @ in a password, and %2F for a / (collector.store)")
        try:
            words = conninfo.conninfo_to_dict(url)
        except psycopg.Error:
            # What libpq says of it may quote it, with the password.
            raise StoreError(f"{self.place}: is no URL that PostgreSQL understands (collector.store)") from None
        self._conninfo = conninfo.make_conninfo("", **{**_DEFAULTS, **words})
        self._connection: Optional[Connection] = None
        self._skew = (0.0, float("inf"), float("-inf"))
        self.least_skew_s = float("inf")

    @property
    def skew_s(self) -> float:
        """How far the server's clock is ahead of ours."""
        return self._skew[0]

    @contextlib.contextmanager
    def transaction(self, begin: str = READ_COMMITTED) -> Iterator[Connection]:
        """Everything in the block is one transaction.

        Raises `StoreError` when anything goes wrong, and begins with a new connection the next time. Statements go one
        by one: only then does the server, between them, take the transaction for idle, and end it when nothing more
        comes. In a pipeline whose answers are fetched it waits with its locks for ever (seen on PostgreSQL 16 and 18).
        """
        with self._errors(), self._deadline(self._connected()) as connection:
            connection.execute(f"{begin}; {_SET_LIMITS}")
            yield connection
            connection.execute("COMMIT")

    def ask(self, query: str) -> Any:
        """Return the first row of a query that stands by itself; the server's clock has to be the last column of it."""
        with self._errors(), self._deadline(self._connected()) as connection:
            asked = time.time()
            began = time.monotonic()
            row = connection.execute(query).fetchone()
            took = time.monotonic() - began
            if row is None:
                raise StoreError(f"{self.place}: the tables of the store are damaged; drop the schema ascend_doctor")
            self._compare(row[-1] - asked - took / 2, took, began)
            return row

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def cut(self) -> None:
        """Break off what is going on, from any thread: it fails."""
        connection = self._connection
        if connection is not None:
            _cut(connection)

    def _compare(self, skew_s: float, took: float, at: float) -> None:
        """Take in how far the server's clock seems to be ahead, give or take half of what the answer took."""
        kept_s, kept_took, kept_at = self._skew
        is_set = abs(skew_s - kept_s) > (took + kept_took) / 2  # both cannot be: one of the clocks was set
        if is_set or took <= kept_took or at - kept_at > SKEW_KEPT_S:
            self._skew = (skew_s, took, at)
            self.least_skew_s = min(self.least_skew_s, skew_s)
        if is_set and abs(skew_s - kept_s) > TOLD_STEP_S:
            said = "%s: its clock or the one here was set (it is %.0f s ahead, and was %.0f s); keep both synchronised"
            log.warning(said, self.place, skew_s, kept_s)

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            # No prepared statements: a pooler may give each transaction another session.
            self._connection = psycopg.connect(self._conninfo, autocommit=True, prepare_threshold=None)
            with self._deadline(self._connection):
                self._prepare(self._connection)
        return self._connection

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            self.close()
            said = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise StoreError(f"{self.place}: {said}; is it running, and reachable from here?") from None
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def _deadline(self, connection: Connection) -> Iterator[Connection]:
        """Cut the connection when the block takes too long: a server that is stopped answers no time-out of its own."""
        timer = threading.Timer(DEADLINE_S, _cut, (connection,))
        timer.daemon = True
        timer.start()
        try:
            yield connection
        finally:
            timer.cancel()


def _cut(connection: Connection) -> None:
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
