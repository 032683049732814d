"""Until when the certificates of a process hold, for metrics: their end should surprise nobody."""

from __future__ import annotations

import ssl
from typing import Dict, Mapping

from ascend_doctor.wire.certificates import authorities, own_certificate
from ascend_doctor.wire.credentials import CredentialError, TlsFiles, stamp

OWN = "own"
AUTHORITY = "authority"


class Expiry:
    """The ends of the certificates in the files of one holder. They are read again only when they are replaced."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._seen: object = None
        self._ends: Dict[str, float] = {}

    def ends(self) -> Mapping[str, float]:
        """Return when each ends, in seconds since the epoch: `own`, and `authority`, the CA that holds the longest.

        Files that cannot be used change nothing: those of before are in force. Empty when there were none.
        """
        now = stamp(self._files)
        if now != self._seen:
            try:
                self._ends = {
                    OWN: own_certificate(self._files).validity.not_after,
                    AUTHORITY: max(validity.not_after for validity in authorities(self._files)),
                }
            except (CredentialError, ssl.SSLError):
                return self._ends
            self._seen = now
        return self._ends
