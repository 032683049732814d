"""The certificate authority: what it issues, and what it refuses."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ascend_doctor.collector import authority
from ascend_doctor.wire.credentials import CredentialError, Role
from certificates import NOW

PEM = serialization.Encoding.PEM


@pytest.fixture
def ca(tmp_path):
    """The folder of a CA."""
    return authority.init(tmp_path / "ca", "a cluster", NOW).parent


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def _read(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_keys_are_for_their_owner_alone(ca, tmp_path):
    """The folders that are made and the keys in them are closed to everybody else."""
    folder = authority.issue(ca, "node-1", Role.NODE, NOW, into=tmp_path / "node-1")
    assert [0o700, 0o700] == [_mode(ca), _mode(folder)]
    assert [0o600, 0o600] == [_mode(ca / "ca.key"), _mode(folder / "tls.key")]
    assert ["ca.crt", "tls.crt", "tls.key"] == sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("role", list(Role))
def test_a_certificate_says_who_and_what(ca, tmp_path, role):
    """Names, addresses, role and end can be read back; only a collector's is good for a server."""
    addresses = ("10.0.0.1", "2001:db8::1", "head")
    folder = authority.issue(ca, "head.example", role, NOW, addresses=addresses, days=30, into=tmp_path / "x")
    found = authority.describe(folder / "tls.crt")
    assert "head.example" == found.holder
    assert role.value == found.role
    assert ("head.example", *addresses) == found.names
    assert (NOW + dt.timedelta(days=30)).replace(microsecond=0) == found.not_after
    purposes = _read(folder / "tls.crt").extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert (role is Role.COLLECTOR) == (ExtendedKeyUsageOID.SERVER_AUTH in purposes)


def test_the_ca_is_described_as_such(ca):
    """The CA's own certificate has no role and no names, and is called what it is."""
    found = authority.describe(ca / "ca.crt")
    assert ("a cluster", "certificate authority", ()) == (found.holder, found.role, found.names)


def test_the_same_name_twice_is_one_name(ca, tmp_path):
    """An address that repeats the name adds nothing."""
    folder = authority.issue(ca, "head", Role.COLLECTOR, NOW, addresses=["head", "head"], into=tmp_path / "x")
    assert ("head",) == authority.describe(folder / "tls.crt").names


def test_a_long_name_fits(ca, tmp_path):
    """A host name beyond the 64 characters of a common name is whole among the names."""
    name = f"{'a' * 60}.{'b' * 60}.example"
    found = authority.describe(authority.issue(ca, name, Role.NODE, NOW, into=tmp_path / "x") / "tls.crt")
    assert (name[:64], (name,)) == (found.holder, found.names)


def test_nothing_outlives_the_ca(ca, tmp_path):
    """A certificate that would be valid for longer than its CA ends with it."""
    late = NOW + dt.timedelta(days=authority.CA_DAYS - 10)
    folder = authority.issue(ca, "node-1", Role.NODE, late, into=tmp_path / "x")
    assert authority.describe(ca / "ca.crt").not_after == authority.describe(folder / "tls.crt").not_after


def test_an_expired_ca_issues_nothing(ca, tmp_path):
    """After its end a CA is refused, with the way out."""
    late = NOW + dt.timedelta(days=authority.CA_DAYS + 1)
    with pytest.raises(CredentialError, match=r"ca\.crt: expired on 20\d\d-\d\d-\d\d; make a new CA"):
        authority.issue(ca, "node-1", Role.NODE, late, into=tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["ca.key", "ca.crt"])
def test_a_ca_is_not_overwritten(ca, name):
    """One file of a CA is enough to keep another from being made, and nothing is half made."""
    other = ({"ca.key", "ca.crt"} - {name}).pop()
    (ca / other).unlink()
    before = (ca / name).read_bytes()
    with pytest.raises(CredentialError, match=rf"{name} exists and is not overwritten"):
        authority.init(ca, "another", NOW)
    assert before == (ca / name).read_bytes()
    assert not (ca / other).exists()


@pytest.mark.parametrize("name", ["tls.key", "tls.crt", "ca.crt"])
def test_a_certificate_is_not_overwritten(ca, tmp_path, name):
    """A file that is there, or a link that leads nowhere, keeps all three from being written."""
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / name).symlink_to(tmp_path / "nowhere")
    with pytest.raises(CredentialError, match=rf"{name} exists and is not overwritten"):
        authority.issue(ca, "node-1", Role.NODE, NOW, into=tmp_path / "x")
    assert [name] == [path.name for path in (tmp_path / "x").iterdir()]


@pytest.mark.parametrize(
    "name", ["", "a b", "node_1", "-a", "a-", "a..b", "a/b", "../x", "ü", "a" * 64, "a." * 130 + "a"]
)
def test_bad_names_are_refused(ca, tmp_path, name):
    """What can be no host name gets no certificate, as the holder or as a further address."""
    with pytest.raises(CredentialError, match="is no host name: use letters, digits, hyphens and dots"):
        authority.issue(ca, name, Role.NODE, NOW, into=tmp_path / "x")
    with pytest.raises(CredentialError, match="is no host name"):
        authority.issue(ca, "node-1", Role.NODE, NOW, addresses=[name], into=tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["", "x" * 65, "a\x1b[31mb"])
def test_bad_names_of_a_ca_are_refused(tmp_path, name):
    """The name of a CA has 1 to 64 characters that can be shown."""
    with pytest.raises(CredentialError, match="is no name for a CA: write 1 to 64 characters"):
        authority.init(tmp_path / "ca", name, NOW)
    assert not (tmp_path / "ca").exists()


def test_without_a_ca_nothing_is_issued(tmp_path):
    """The error names the missing file and the command that makes it."""
    with pytest.raises(CredentialError, match=r"ca\.key: No such file.*make the CA first: ascend-doctor pki init"):
        authority.issue(tmp_path, "node-1", Role.NODE, NOW, into=tmp_path / "x")


def _locked(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret"))


def _open(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"rubbish", "no private key"),
        (_locked(ec.generate_private_key(ec.SECP256R1())), "no private key"),
        (_open(ed25519.Ed25519PrivateKey.generate()), r"not the key of ca\.crt"),
        (_open(ec.generate_private_key(ec.SECP256R1())), r"not the key of ca\.crt"),
    ],
    ids=["rubbish", "with a passphrase", "another kind", "another key"],
)
def test_a_ca_key_that_cannot_be_used(ca, tmp_path, content, expected):
    """A key that is none, asks for a passphrase, or is not that of the CA's certificate is named."""
    (ca / "ca.key").write_bytes(content)
    with pytest.raises(
        CredentialError, match=rf"ca\.key: {expected}; take the folder that `ascend-doctor pki init` made"
    ):
        authority.issue(ca, "node-1", Role.NODE, NOW, into=tmp_path / "x")


def test_a_folder_that_is_a_file(ca, tmp_path):
    """A place that cannot be a folder is named."""
    (tmp_path / "x").write_text("")
    with pytest.raises(CredentialError, match="x: File exists; choose a folder that you may write to"):
        authority.issue(ca, "node-1", Role.NODE, NOW, into=tmp_path / "x")


def test_a_disk_that_is_full(ca, tmp_path, monkeypatch):
    """A file that cannot be written is named."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(authority.os, "open", full)
    with pytest.raises(CredentialError, match=r"tls\.key: No space left on device; choose a folder"):
        authority.issue(ca, "node-1", Role.NODE, NOW, into=tmp_path / "x")


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_not_described(tmp_path, content):
    """A lost file and one that holds no certificate are told apart from certificates."""
    if content is not None:
        (tmp_path / "x.crt").write_bytes(content)
    with pytest.raises(CredentialError, match=r"x\.crt: .*give a \.crt file that `ascend-doctor pki` made"):
        authority.describe(tmp_path / "x.crt")


def _foreign(path, *extensions):
    """Write a certificate that this CA would not make."""
    key = ec.generate_private_key(ec.SECP256R1())
    nobody = x509.Name([])
    builder = x509.CertificateBuilder().subject_name(nobody).issuer_name(nobody).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + dt.timedelta(days=1))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(PEM))
    return path


def test_a_foreign_certificate_is_described(tmp_path):
    """A certificate without names and roles of ours is described as far as it goes."""
    found = authority.describe(_foreign(tmp_path / "x.crt"))
    assert ("", "no role", ()) == (found.holder, found.role, found.names)


def test_a_malformed_certificate_is_refused(tmp_path):
    """An extension that cannot be read makes an error of one line."""
    broken = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x02\x81")
    with pytest.raises(CredentialError, match=r"x\.crt: a malformed certificate \("):
        authority.describe(_foreign(tmp_path / "x.crt", broken))


def test_further_extensions_do_no_harm(tmp_path):
    """A directory name among the names is shown as text."""
    person = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")]))
    found = authority.describe(_foreign(Path(tmp_path / "x.crt"), x509.SubjectAlternativeName([person])))
    assert ("<Name(CN=somebody)>",) == found.names
