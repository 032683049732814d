"""When certificates end, for metrics."""

from __future__ import annotations

from pathlib import Path

import attrs

from ascend_doctor.wire.expiry import Expiry
from certificates import NOW
from revocations import own_folder

DAY_S = 86400


def test_the_ends_follow_the_files(certificates, tmp_path):
    """New files change what is told; files that cannot be used do not, for the old ones stay in force."""
    files = own_folder(certificates.node, tmp_path / "x")
    expiry = Expiry(files)
    expected = {"own": int(NOW.timestamp()) + 365 * DAY_S, "authority": int(NOW.timestamp()) + 3650 * DAY_S}
    assert expected == expiry.ends()
    assert expected == expiry.ends()
    for name in ("key", "certificate"):
        Path(getattr(files, name)).write_bytes(Path(getattr(certificates.expired, name)).read_bytes())
    renewed = {**expected, "own": int(NOW.timestamp()) - 35 * DAY_S}
    assert renewed == expiry.ends()
    Path(files.key).unlink()
    assert renewed == expiry.ends()


def test_without_usable_files_nothing_is_told(certificates):
    """What never could be read is left out, not told as 0."""
    assert {} == Expiry(attrs.evolve(certificates.node, key="/nowhere/tls.key")).ends()
    assert {} == Expiry(certificates.stranger).ends()
