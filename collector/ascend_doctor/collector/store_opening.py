"""Which store a collector has: a file of its own, or a database that it shares."""

from __future__ import annotations

from pathlib import Path

from ascend_doctor.collector import sqlite_file
from ascend_doctor.collector.sqlite_store import open_sqlite
from ascend_doctor.collector.store import Store, StoreError, shown

_SCHEMES = ("postgresql://", "postgres://")


def open_store(place: str, now: float) -> Store:
    """Open the store at a place: `postgresql://...`, or else the path of a file.

    `now` (epoch seconds) names what is set aside. Raises `StoreError`, which never tells a password.
    """
    if place.startswith(_SCHEMES):
        try:
            from ascend_doctor.collector.postgres_store import open_postgres  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise StoreError(
                f"PostgreSQL needs more than is installed ({error}): pip install 'ascend-doctor[postgres]'"
            ) from None
        return open_postgres(place)
    scheme, colon, _ = place.partition("://")
    if colon:
        raise StoreError(f"{scheme}://: no such store; there are postgresql://... and the path of a file")
    return open_sqlite(Path(place), now)


def back_up(place: str, path: Path) -> None:
    """Write a copy of the store at a place, while collectors use it. Raises `StoreError`."""
    if "://" in place:
        raise StoreError(f"{shown(place)}: back it up with pg_dump --schema=ascend_doctor")
    sqlite_file.copy(Path(place), path)
