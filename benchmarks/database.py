"""A PostgreSQL to measure with: the one that the tests start from a wheel, where there is one for this Python."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any, Iterator, Optional

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))


@contextlib.contextmanager
def temporary_postgres(**settings: str) -> Iterator[Optional[str]]:
    """Give the URL of an empty database, whose server runs until the block ends; say so and give None without one."""
    server = _server(settings)
    if server is None:
        yield None
        return
    with contextlib.closing(server):
        server.start()
        with server.database() as url:
            yield url


def _server(settings: Any) -> Any:
    """Return the server of the tests, which is not started yet; None where there is none."""
    try:
        import postgres  # noqa: PLC0415 - of the tests, and of an extra
    except ImportError as error:
        print(f"  PostgreSQL is not measured: {error}")
        return None
    try:
        return postgres.Server(**settings)
    except postgres.NoServerError as error:
        print(f"  PostgreSQL is not measured: {error}")
        return None
