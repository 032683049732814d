"""Renewal: the same holder with a new key, all files at one moment."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ascend_doctor.collector import authority, placing, renewing, revoking
from ascend_doctor.collector.revoking import Wanted
from ascend_doctor.wire import channels
from ascend_doctor.wire.credentials import CredentialError, Role
from certificates import NOW, files

LATER = NOW + dt.timedelta(days=340)
NAMES = ("tls.key", "tls.crt", "ca.crt")


@pytest.fixture
def ca(tmp_path):
    """The folder of a CA."""
    return authority.init(tmp_path / "ca", "a cluster", NOW).parent


@pytest.fixture
def folder(ca):
    """The folder of a collector."""
    return authority.issue(ca, "head.example", Role.COLLECTOR, NOW, addresses=["10.0.0.1", "::1"], into=ca / "head")


def _contents(folder):
    return [(folder / name).read_bytes() for name in NAMES]


def _fits(folder):
    key = load_pem_private_key((folder / "tls.key").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((folder / "tls.crt").read_bytes())
    return key.public_key() == certificate.public_key()


def test_a_renewed_certificate_says_the_same_for_longer(ca, folder):
    """Names, addresses and role stay; key, number and end are new; both ends of TLS can load it."""
    before, key = authority.describe(folder / "tls.crt"), (folder / "tls.key").read_bytes()
    done = renewing.renew(ca, folder, LATER, days=100)
    after = authority.describe(folder / "tls.crt")
    assert done == renewing.Renewal(after, is_new=True)
    assert (before.holder, before.role, before.names) == (after.holder, after.role, after.names)
    assert (LATER + dt.timedelta(days=100)).replace(microsecond=0) == after.not_after
    assert before.serial != after.serial
    assert key != (folder / "tls.key").read_bytes()
    assert channels.load_fitting(files(folder)).certificate == (folder / "tls.crt").read_bytes()
    assert {before.serial, after.serial} == {serial for serial, _ in revoking.on_record(ca)}


@pytest.mark.parametrize(("days", "is_due"), [(24, False), (26, True), (0, False)])
def test_nothing_is_done_before_it_is_due(ca, folder, days, is_due):
    """With a span the certificate is renewed only when it ends within it."""
    before = _contents(folder)
    done = renewing.renew(ca, folder, LATER, within=dt.timedelta(days=days))
    assert is_due is done.is_new
    assert is_due is (before != _contents(folder))
    assert authority.describe(folder / "tls.crt") == done.issued


def test_modes_and_other_files_stay(ca, folder):
    """A key for a group stays one for the group, and what else is in the folder is left alone."""
    (folder / "tls.key").chmod(0o640)
    (folder / "README").write_text("ours")
    for _ in range(3):
        renewing.renew(ca, folder, NOW)
        modes = [stat.S_IMODE((folder / name).stat().st_mode) for name in NAMES]
        assert [0o640, 0o644, 0o644] == modes
    assert 0o700 == stat.S_IMODE((folder / placing.CURRENT).stat().st_mode)
    assert "ours" == (folder / "README").read_text()
    left = sorted(path.name for path in folder.iterdir() if not path.name.startswith(".set-"))
    assert [".current", "README", "ca.crt", "tls.crt", "tls.key"] == left
    assert 1 == len(list(folder.glob(".set-*")))


def test_a_reader_never_finds_a_mixed_pair(ca, folder):
    """Who reads all the time gets a key and a certificate that fit, from the first replacement to the last."""
    over, misfits, reads = threading.Event(), [], []

    def read():
        while not over.is_set():
            try:
                channels.load_fitting(files(folder))
            except CredentialError as error:
                # Replaced at every one of its tries, as nobody but a test does: that is no mixed pair.
                if "again and again" not in str(error):
                    misfits.append(str(error))
            reads.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(25):
            renewing.renew(ca, folder, NOW)
    finally:
        over.set()
        reader.join()
    assert [] == misfits
    assert len(reads) > 1


@pytest.mark.parametrize("is_first", [True, False])
def test_a_crash_at_any_moment_leaves_a_pair_that_fits(ca, folder, monkeypatch, is_first):
    """After each single step of the replacement the files fit together, and the next renewal goes through."""
    if not is_first:
        renewing.renew(ca, folder, NOW)
    steps = {"count": 0, "at": 0}

    class Crash(BaseException):
        pass

    def crashing(real):
        def step(*args, **more):
            steps["count"] += 1
            if steps["count"] == steps["at"]:
                raise Crash
            return real(*args, **more)

        return step

    for owner, name in ((placing, "_link"), (placing, "_write"), (placing, "_sync"), (placing.shutil, "rmtree")):
        monkeypatch.setattr(owner, name, crashing(getattr(owner, name)))
    crashes = 0
    while True:
        steps["count"], steps["at"] = 0, crashes + 1
        copy = Path(shutil.copytree(folder, folder.parent / f"crash-{crashes}", symlinks=True))
        try:
            renewing.renew(ca, copy, NOW)
        except Crash:
            crashes += 1
            assert _fits(copy)
            steps["at"] = 0
            renewing.renew(ca, copy, NOW)
            assert _fits(copy)
        else:
            break
    assert crashes >= (10 if is_first else 5)


def test_a_disk_that_is_full_changes_nothing(ca, folder, monkeypatch):
    """What cannot be written is told, and everything stays as it was."""
    renewing.renew(ca, folder, NOW)
    before = _contents(folder)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(placing.os, "fsync", full)
    with pytest.raises(CredentialError, match="head: No space left on device; run this as the owner of the folder"):
        renewing.renew(ca, folder, NOW)
    assert before == _contents(folder)
    assert 1 == len(list(folder.glob(".set-*")))


def test_a_link_that_cannot_be_turned(ca, folder, monkeypatch):
    """A link that cannot take its place leaves nothing behind."""
    (folder / placing.CURRENT).mkdir()
    before = _contents(folder)
    with pytest.raises(CredentialError, match="head: "):
        renewing.renew(ca, folder, NOW)
    assert before == _contents(folder)
    assert [] == list(folder.glob(".current.*")) + list(folder.glob(".set-*"))


def test_a_new_ca_is_added_to_what_is_trusted(ca, folder, tmp_path):
    """Going over to a new CA: the old one vouches for the holder, the new one signs, and both are trusted."""
    new = authority.init(tmp_path / "new", "a cluster", NOW).parent
    with pytest.raises(CredentialError, match=r"tls\.crt: not from the CA in .*new; give the folder of its CA"):
        renewing.renew(new, folder, NOW)
    renewing.renew(new, folder, NOW, old_ca=ca / "ca.crt")
    both = (ca / "ca.crt").read_bytes() + (new / "ca.crt").read_bytes()
    assert both == (folder / "ca.crt").read_bytes()
    renewing.renew(new, folder, NOW)
    assert both == (folder / "ca.crt").read_bytes()


def test_a_revoked_certificate_is_not_renewed(ca, folder):
    """Renewal is no way back in."""
    revoking.revoke(ca, Wanted(names=("head.example",)), NOW)
    with pytest.raises(CredentialError, match=r"tls\.crt: has been revoked; issue a new one into another folder"):
        renewing.renew(ca, folder, NOW)


def test_a_certificate_of_nobody_s_is_not_renewed(ca, folder, tmp_path):
    """One from another CA is refused: its names are not vouched for."""
    other = authority.init(tmp_path / "other", "another", NOW).parent
    stranger = authority.issue(other, "head.example", Role.COLLECTOR, NOW, into=tmp_path / "stranger")
    with pytest.raises(CredentialError, match=r"tls\.crt: not from the CA in "):
        renewing.renew(ca, stranger, NOW)


@pytest.mark.parametrize("role", ["emperor", None])
def test_a_role_of_another_release_is_not_guessed(ca, tmp_path, monkeypatch, role):
    """A certificate with a role that this release does not know, or without one, is left as it is."""
    prefix = authority.ROLE_PREFIX + (f"{role}#" if role else "")
    monkeypatch.setattr(authority, "ROLE_PREFIX", prefix if role else "https://elsewhere/")
    folder = authority.issue(ca, "node-1", Role.NODE, NOW, into=tmp_path / "x")
    with pytest.raises(CredentialError, match=r"tls\.crt: has no role of this release; issue a new certificate"):
        renewing.renew(ca, folder, NOW)


@pytest.mark.parametrize(("name", "content"), [("ca.crt", None), ("ca.crt", b"rubbish"), ("tls.crt", None)])
def test_files_that_are_needed(ca, folder, name, content):
    """A lost or damaged file is named, and nothing is replaced."""
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(CredentialError, match=name.replace(".", r"\.")):
        renewing.renew(ca, folder, NOW)
    assert not os.path.lexists(folder / placing.CURRENT)
