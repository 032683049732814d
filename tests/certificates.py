"""The certificates that tests of TLS share: made once, as `ascend-doctor pki` makes them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Sequence

from ascend_doctor.collector import authority
from ascend_doctor.wire.credentials import Role, TlsFiles

NOW = dt.datetime.now(dt.timezone.utc)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def files(folder: Path) -> TlsFiles:
    """Return the three files of a folder that `issue` made."""
    return TlsFiles(*(str(folder / name) for name in (authority.CA_CERTIFICATE, authority.CERTIFICATE, authority.KEY)))


class Certificates:
    """One CA with a certificate of each kind, and another CA that nobody trusts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        authority.init(folder / "ca", "a cluster", NOW)
        authority.init(folder / "other", "another cluster", NOW)
        self.collector = self.issue("collector.example", Role.COLLECTOR, LOOPBACK)
        self.elsewhere = self.issue("elsewhere.example", Role.COLLECTOR)
        self.node = self.issue("node-1", Role.NODE)
        self.second = self.issue("node-2", Role.NODE)
        self.reader = self.issue("anne", Role.READER)
        self.operator = self.issue("otto", Role.OPERATOR)
        self.posing = self.issue("node-3", Role.NODE, LOOPBACK)
        self.strange = self.issue("node-1", Role.NODE, ca="other")
        self.strange_collector = self.issue("collector.example", Role.COLLECTOR, LOOPBACK, ca="other")
        self.expired = self.issue("node-1", Role.NODE, age_days=400)
        self.early = self.issue("node-1", Role.NODE, age_days=-10)
        self.expired_collector = self.issue("collector.example", Role.COLLECTOR, LOOPBACK, age_days=400)
        self.early_collector = self.issue("collector.example", Role.COLLECTOR, LOOPBACK, age_days=-10)
        # Trusts the right CA, and shows what another one gave: the server alone can see it.
        self.stranger = TlsFiles(self.node.ca, self.strange.certificate, self.strange.key)

    def issue(
        self, holder: str, role: Role, addresses: Sequence[str] = (), *, ca: str = "ca", age_days: int = 0
    ) -> TlsFiles:
        """Issue one more certificate."""
        into = self.folder / f"{ca}-{holder}-{role.value}-{age_days}"
        when = NOW - dt.timedelta(days=age_days)
        return files(authority.issue(self.folder / ca, holder, role, when, addresses=addresses, into=into))

    @staticmethod
    def folder_of(holder: TlsFiles) -> Path:
        """Return the folder in which the files of a holder are, for `--tls`."""
        return Path(holder.key).parent
