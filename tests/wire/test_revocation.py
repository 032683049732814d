"""Revocation lists: what they revoke, and which are refused."""

from __future__ import annotations

import contextlib
import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519

from ascend_doctor.collector.authority import Signer
from ascend_doctor.wire import revocation
from ascend_doctor.wire.credentials import CredentialError
from certificates import NOW
from revocations import list_of, own_folder, put, revoke, serial_of

TIME = NOW.timestamp()


@pytest.fixture
def holder(certificates, tmp_path):
    """The files of a node in a folder of their own."""
    return own_folder(certificates.node, tmp_path / "holder")


def _pem(files):
    return Path(files.certificate).read_bytes()


def test_without_a_list_nothing_is_revoked(holder):
    """No file, no list."""
    assert revocation.read_revocations(holder, TIME) is None


def test_a_list_names_certificates(certificates, tmp_path, holder):
    """A certificate on the list is found by its number, as PEM and as DER; one that is not on it is not."""
    put(revoke(certificates, tmp_path / "ca", certificates.second, certificates.reader), holder)
    found = revocation.read_revocations(holder, TIME)
    number = serial_of(certificates.second)
    assert number == found.serial_of(_pem(certificates.second))
    assert number == found.serial_of(ssl.PEM_cert_to_DER_cert(_pem(certificates.second).decode()))
    assert found.serial_of(_pem(certificates.node)) is None
    assert {number, serial_of(certificates.reader)} == {entry.serial for entry in found.revoked}
    assert 1 == found.number


def test_a_number_counts_within_its_ca_only(certificates, holder):
    """The same serial number in a certificate of another CA is another certificate."""
    put(list_of(certificates, [certificates.strange]), holder)
    found = revocation.read_revocations(holder, TIME)
    assert 1 == len(found.revoked)
    assert found.serial_of(_pem(certificates.strange)) is None


def test_a_certificate_that_cannot_be_read_is_not_let_through(certificates, holder):
    """Nobody gets around the list with something that only OpenSSL understands."""
    put(list_of(certificates), holder)
    assert 0 == revocation.read_revocations(holder, TIME).serial_of(b"\x30\x00")


def test_lists_of_two_cas_in_one_file(certificates, holder):
    """While a new CA takes the place of an old one the file holds a list of each; the earlier end counts."""
    Path(holder.ca).write_bytes(Path(certificates.strange.ca).read_bytes() + Path(holder.ca).read_bytes())
    first = list_of(certificates, [certificates.second], number=7, days=10)
    put(first + b"some remark\n" + list_of(certificates, [certificates.strange], ca="other", days=9), holder)
    found = revocation.read_revocations(holder, TIME)
    for who in (certificates.second, certificates.strange):
        assert serial_of(who) == found.serial_of(_pem(who))
    assert (7, int(TIME) + 9 * 86400) == (found.number, found.ends_at)


def test_a_list_that_never_ends(certificates, holder):
    """A list without a number and without a time of the next one is taken: foreign authorities make such."""
    made = x509.load_pem_x509_crl(list_of(certificates, number=None))
    found = revocation.parse_revocations(
        _without_next_update(certificates), x509.load_pem_x509_certificates(Path(holder.ca).read_bytes()), "x"
    )
    assert made.next_update_utc is not None
    assert (0, None) == (found.number, found.ends_at)


def _without_next_update(certificates):
    """Sign a list that says nothing of the next one, which the library does not build: cut the field out of one."""
    made = x509.load_pem_x509_crl(list_of(certificates, number=None))
    inner = made.tbs_certlist_bytes
    end = made.next_update_utc.strftime("%y%m%d%H%M%SZ").encode()
    field = b"\x17\x0d" + end
    assert 1 == inner.count(field)
    body = inner[_header(inner) :].replace(field, b"")
    signed = _sequence(body)
    key = Signer.of(certificates.folder / "ca").key
    signature = b"\x00" + key.sign(signed, ec.ECDSA(hashes.SHA256()))
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256
    whole = _sequence(signed + algorithm + b"\x03" + _length(signature) + signature)
    return x509.load_der_x509_crl(whole).public_bytes(serialization.Encoding.PEM)


def _header(data):
    return 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)


def _length(data):
    size = len(data)
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def _sequence(body):
    return b"\x30" + _length(body) + body


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda _: b"", "no revocation list; take the revoked.crl that"),
        (lambda _: b"rubbish", "no revocation list"),
        (lambda c: _pem(c.node), "no revocation list"),
        (
            lambda _: b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
            "a damaged revocation list",
        ),
        (lambda c: list_of(c)[:-30], "no revocation list"),
        (lambda c: list_of(c, ca="other"), "not from a CA of this cluster; take the revoked.crl"),
        (lambda c: list_of(c, age_days=100), r"expired on 20\d\d-\d\d-\d\d; make a new one"),
        (
            lambda c: list_of(
                c,
                extensions=[
                    x509.IssuingDistributionPoint(None, None, True, False, None, False, False),
                ],
            ),
            "covers a part of the certificates only",
        ),
    ],
    ids=["empty", "rubbish", "a certificate", "damaged", "cut", "foreign", "expired", "partial"],
)
def test_lists_that_are_refused(certificates, holder, make, expected):
    """Each kind of bad list has an error of its own, which names the file."""
    put(make(certificates), holder)
    with pytest.raises(CredentialError, match=rf"revoked\.crl: {expected}"):
        revocation.read_revocations(holder, TIME)


def test_a_forged_list_is_refused(certificates, holder):
    """A list that names the CA and was not signed with its key is foreign."""
    data = list_of(certificates, [certificates.node])
    raw = bytearray(x509.load_pem_x509_crl(data).public_bytes(serialization.Encoding.DER))
    raw[-1] ^= 1
    forged = x509.load_der_x509_crl(bytes(raw)).public_bytes(serialization.Encoding.PEM)
    put(forged, holder)
    with pytest.raises(CredentialError, match=r"revoked\.crl: not from a CA of this cluster"):
        revocation.read_revocations(holder, TIME)


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), x25519.X25519PrivateKey.generate()], ids=["RSA", "X25519"]
)
def test_a_ca_with_another_kind_of_key_signed_nothing(certificates, holder, key):
    """A CA of the same name with another kind of key, or with one that signs nothing, is none that signed the list."""
    signer = ec.generate_private_key(ec.SECP256R1())
    subject = x509.load_pem_x509_certificate(Path(holder.ca).read_bytes()).subject
    other = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + dt.timedelta(days=1))
        .sign(signer, hashes.SHA256())
    )
    with pytest.raises(CredentialError, match="not from a CA of this cluster"):
        revocation.parse_revocations(list_of(certificates), [other], "x.crl")


def test_a_list_that_cannot_be_read(holder):
    """A folder in the place of the file is named."""
    Path(holder.revocations).mkdir()
    with pytest.raises(CredentialError, match=r"revoked\.crl: Is a directory; take the revoked\.crl"):
        revocation.read_revocations(holder, TIME)


@pytest.mark.parametrize("content", [None, b"rubbish"])
def test_a_list_without_its_ca(certificates, holder, content):
    """Without the CA's certificate no list can be trusted, and that is what is told."""
    put(list_of(certificates), holder)
    Path(holder.ca).unlink()
    if content is not None:
        Path(holder.ca).write_bytes(content)
    with pytest.raises(CredentialError, match=r"ca\.crt: cannot be read; give the ca\.crt of this cluster"):
        revocation.read_revocations(holder, TIME)


def test_openssl_reads_the_list_too(certificates, tmp_path, holder):
    """Other programs can use it: OpenSSL refuses a certificate that `pki revoke` revoked, and takes another."""
    both = tmp_path / "both.pem"
    both.write_bytes(Path(holder.ca).read_bytes() + revoke(certificates, tmp_path / "ca", certificates.node))
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate revoked"):
        _show_to_openssl(certificates.node, both)
    _show_to_openssl(certificates.second, both)


def _show_to_openssl(files, trusted):
    """Show a certificate to a server in memory that looks at the list."""
    client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    server.verify_mode = ssl.CERT_REQUIRED
    server.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    server.load_verify_locations(trusted)
    for context in (client, server):
        context.load_cert_chain(files.certificate, files.key)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (client.wrap_bio(down, up), server.wrap_bio(up, down, server_side=True))
    for _ in range(2):
        for end in ends:
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
