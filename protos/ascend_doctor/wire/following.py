"""The revocation list beside the CA's certificate, followed while a program runs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional, Tuple

from ascend_doctor.wire.credentials import CredentialError, TlsFiles, mark

if TYPE_CHECKING:
    from ascend_doctor.wire.revocation import RevocationList


class Revocations:
    """Which certificates count no more. A list that becomes unusable leaves the last good one in force.

    Made with what is on disk now: raises `CredentialError` for a list that cannot be used. Without a list nothing is
    revoked.
    """

    def __init__(self, files: TlsFiles, *, clock: Callable[[], float] = time.time) -> None:
        self._files = files
        self._clock = clock
        self._seen = self._stamp()
        self._list = self._read()
        self.trouble = ""
        """Why the newest list is not in force, or should no longer be; empty when all is well."""

    @property
    def is_known(self) -> bool:
        """Whether there is a list."""
        return self._list is not None

    @property
    def ends_at(self) -> Optional[float]:
        """When the list has to be replaced, in seconds since the epoch; None without a list, or without such a time."""
        return None if self._list is None else self._list.ends_at

    @property
    def count(self) -> int:
        """How many certificates are revoked."""
        return 0 if self._list is None else len(self._list.revoked)

    def serial_of(self, certificate: bytes) -> Optional[int]:
        """Return the serial number of a certificate, PEM or DER, if it has been revoked; None otherwise."""
        return None if self._list is None else self._list.serial_of(certificate)

    def look(self) -> bool:
        """Take in what was replaced on disk, and tell whether another list is in force now."""
        stamp = self._stamp()
        if stamp == self._seen:
            if self.ends_at is not None and self.ends_at <= self._clock():
                self.trouble = f"{self._files.revocations}: has expired and stays in force; replace it"
            return False
        try:
            fresh = self._read()
        except CredentialError as error:
            self.trouble = f"{error}; the last one stays in force"
            return False
        if fresh is None and self._list is not None:
            self.trouble = f"{self._files.revocations}: is gone; the last one stays in force"
            return False
        self._seen, self.trouble = stamp, ""
        changed = fresh != self._list
        self._list = fresh
        return changed

    def _stamp(self) -> Tuple[Tuple[int, int], ...]:
        return tuple(mark(Path(name)) for name in (self._files.revocations, self._files.ca))

    def _read(self) -> Optional[RevocationList]:
        if not os.path.exists(self._files.revocations):  # noqa: PTH110 - that of `Path` raises where it may not look
            return None
        # It brings another 10 MiB of libraries into a process, and most have no list.
        from ascend_doctor.wire.revocation import read_revocations  # noqa: PLC0415

        return read_revocations(self._files, self._clock())
