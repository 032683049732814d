"""Who a peer is, which addresses need TLS, and which files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascend_doctor.wire import credentials
from ascend_doctor.wire.credentials import Address, AddressError, CredentialError, Identity, Role, TlsFiles


def _files(folder: Path) -> TlsFiles:
    for name in ("ca.crt", "tls.crt", "tls.key"):
        (folder / name).write_bytes(b"-----BEGIN X-----\n")
        (folder / name).chmod(0o600)
    return TlsFiles(str(folder / "ca.crt"), str(folder / "tls.crt"), str(folder / "tls.key"))


def test_identity_takes_names_and_known_roles():
    """Role URIs become roles, everything else is a name, and a role of a newer release is ignored."""
    found = credentials.identity_of([b"n1", b"10.0.0.1", b"ascend-doctor://role/node", b"ascend-doctor://role/emperor"])
    assert Identity(frozenset({"n1", "10.0.0.1"}), frozenset({Role.NODE})) == found
    assert found.may([Role.NODE, Role.READER])
    assert not found.may(credentials.READERS)
    assert str(found) == "10.0.0.1, n1 (node)"


def test_plaintext_peer_is_nobody():
    """A call without a certificate has neither names nor roles."""
    found = credentials.identity_from_context({})
    assert str(found) == "nobody (no role)"


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:1", "127.0.0.1", 1, True),
        ("127.9.9.9:65535", "127.9.9.9", 65535, True),
        ("localhost:0", "localhost", 0, True),
        ("[::1]:7443", "::1", 7443, True),
        ("10.0.0.1:7443", "10.0.0.1", 7443, False),
        ("0.0.0.0:7443", "0.0.0.0", 7443, False),
        ("localhost.example:7443", "localhost.example", 7443, False),
        ("collector_1.example:7443", "collector_1.example", 7443, False),
    ],
)
def test_addresses_are_read(text, host, port, loopback):
    """Host and port are parted, and only true loopback addresses count as such."""
    found = credentials.read_address(text)
    assert Address(host, port) == found
    assert loopback == found.is_loopback
    assert str(found) == text


@pytest.mark.parametrize(
    "text", ["", "host", ":7443", "host:", "host:x", "host:70000", "::1:7443", "a b:1", "h\x1b[1m:1", "host:\u0661"]
)
def test_what_is_no_address_is_refused(text):
    """Anything else is refused with a text that says what would be understood."""
    with pytest.raises(AddressError):
        credentials.read_address(text)


def test_plaintext_is_for_loopback_only(tmp_path):
    """Without files only a loopback address passes; with files any address does."""
    credentials.require_tls(Address("::1", 1), None)
    credentials.require_tls(Address("192.0.2.1", 1), _files(tmp_path))
    with pytest.raises(CredentialError, match="plaintext is for loopback only"):
        credentials.require_tls(Address("192.0.2.1", 1), None)


def test_files_are_loaded(tmp_path):
    """All three files are read, and the key does not show in a representation."""
    material = credentials.load(_files(tmp_path))
    assert material.key == b"-----BEGIN X-----\n"
    assert "key" not in repr(material)


def test_a_lost_file_is_named(tmp_path):
    """The error names the missing file and what makes it."""
    files = _files(tmp_path)
    Path(files.ca).unlink()
    with pytest.raises(CredentialError, match=r"ca\.crt: No such file.*pki issue"):
        credentials.load(files)


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    """A key readable by others, or writable by more than its owner, is not used."""
    files = _files(tmp_path)
    Path(files.key).chmod(mode)
    with pytest.raises(CredentialError, match="chmod 0600"):
        credentials.load(files)


def test_a_file_that_is_no_pem_is_refused(tmp_path):
    """A file of another kind is named."""
    files = _files(tmp_path)
    Path(files.certificate).write_bytes(b"\x30\x82")
    with pytest.raises(CredentialError, match="no PEM file"):
        credentials.load(files)


def test_the_stamp_follows_the_files(tmp_path):
    """The stamp changes when a file is replaced or lost."""
    files = _files(tmp_path)
    before = credentials.stamp(files)
    assert before == credentials.stamp(files)
    replacement = tmp_path / "new"
    replacement.write_bytes(b"-----BEGIN Y-----\n")
    replacement.rename(files.certificate)
    changed = credentials.stamp(files)
    assert before != changed
    Path(files.key).unlink()
    assert (0, 0) == credentials.stamp(files)[2]
