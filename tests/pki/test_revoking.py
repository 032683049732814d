"""Revocation: what the list of a CA says, and who can be put on it."""

from __future__ import annotations

import datetime as dt
import shutil
import threading

import pytest
from cryptography import x509

from ascend_doctor.collector import authority, revoking
from ascend_doctor.collector.revoking import Wanted
from ascend_doctor.wire.credentials import CredentialError, Role
from certificates import NOW


@pytest.fixture
def ca(tmp_path):
    """The folder of a CA with three certificates."""
    folder = authority.init(tmp_path / "ca", "a cluster", NOW).parent
    for name, role in (("node-1", Role.NODE), ("node-2", Role.NODE), ("anne", Role.READER)):
        authority.issue(folder, name, role, NOW, into=folder / name)
    return folder


def _serial(ca, name):
    return authority.describe(ca / name / "tls.crt").serial


def test_by_file_by_number_and_by_name(ca):
    """Each way finds its certificate, and one that is named twice is on the list once."""
    wanted = Wanted(
        files=(ca / "node-1" / "tls.crt",), serials=(0x1234, _serial(ca, "node-2")), names=("anne", "node-2")
    )
    done = revoking.revoke(ca, wanted, NOW)
    expected = [_serial(ca, "node-1"), 0x1234, _serial(ca, "node-2"), _serial(ca, "anne")]
    assert expected == [serial for serial, _ in done.added]
    assert ["node-1", None, "node-2", "anne"] == [item and item.holder for _, item in done.added]
    assert set(expected) == revoking.revoked_serials(ca)
    assert {NOW.replace(microsecond=0)} == {entry.since for entry in done.content.revoked}


def test_a_list_grows_and_counts(ca):
    """The second list has the next number, keeps what the first has with its time, and adds only what is new."""
    revoking.revoke(ca, Wanted(names=("node-1",)), NOW)
    later = NOW + dt.timedelta(days=3)
    done = revoking.revoke(ca, Wanted(names=("node-1", "anne")), later)
    assert [_serial(ca, "anne")] == [serial for serial, _ in done.added]
    since = {entry.serial: entry.since for entry in done.content.revoked}
    assert NOW.replace(microsecond=0) == since[_serial(ca, "node-1")]
    assert later.replace(microsecond=0) == since[_serial(ca, "anne")]
    assert 2 == done.content.number
    third = revoking.revoke(ca, Wanted(), later)
    assert ((), 3, 2) == (third.added, third.content.number, len(third.content.revoked))


def test_the_list_is_one_by_the_rules(ca):
    """Issuer, times, number and the key's identifier are there; it lasts as long as the CA, or for as long as asked."""
    revoking.revoke(ca, Wanted(names=("anne",)), NOW)
    found = x509.load_pem_x509_crl((ca / "revoked.crl").read_bytes())
    root = authority.load_certificate(ca / "ca.crt")
    assert root.subject == found.issuer
    assert found.is_signature_valid(root.public_key())
    assert (NOW - dt.timedelta(hours=1)).replace(microsecond=0) == found.last_update_utc
    assert root.not_valid_after_utc == found.next_update_utc
    key = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert key.digest == found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert 1 == found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    revoking.revoke(ca, Wanted(), NOW, days=7)
    found = x509.load_pem_x509_crl((ca / "revoked.crl").read_bytes())
    assert (NOW + dt.timedelta(days=7)).replace(microsecond=0) == found.next_update_utc


def test_every_certificate_of_a_name_that_still_holds(ca, tmp_path):
    """Two certificates of one name are both revoked, an expired one is not, and an address is a name too."""
    second = authority.issue(ca, "node-1", Role.NODE, NOW, into=tmp_path / "second")
    authority.issue(ca, "node-1", Role.NODE, NOW - dt.timedelta(days=400), into=tmp_path / "old")
    done = revoking.revoke(ca, Wanted(names=("node-1",)), NOW)
    expected = {_serial(ca, "node-1"), authority.describe(second / "tls.crt").serial}
    assert expected == {serial for serial, _ in done.added}
    authority.issue(ca, "head", Role.COLLECTOR, NOW, addresses=["10.0.0.1"], into=tmp_path / "head")
    assert 1 == len(revoking.revoke(ca, Wanted(names=("10.0.0.1",)), NOW).added)


@pytest.mark.parametrize("name", ["node-9", "", "NODE-1"])
def test_a_name_without_a_certificate(ca, name):
    """A name that nobody carries is an error: nothing would be revoked, and nobody would notice."""
    with pytest.raises(CredentialError, match="has no certificate for it on record that still holds; give the file"):
        revoking.revoke(ca, Wanted(names=("node-1", name)), NOW)
    assert not (ca / "revoked.crl").exists()


def test_a_certificate_of_another_ca(ca, tmp_path):
    """A list names certificates of its own CA only."""
    other = authority.init(tmp_path / "other", "another", NOW).parent
    folder = authority.issue(other, "x", Role.NODE, NOW, into=tmp_path / "x")
    with pytest.raises(CredentialError, match=r"tls\.crt: not from the CA in .*; give the folder of its CA"):
        revoking.revoke(ca, Wanted(files=(folder / "tls.crt",)), NOW)


def test_an_expired_ca(ca):
    """After the end of a CA there is nothing left to revoke."""
    with pytest.raises(CredentialError, match=r"ca\.crt: has expired, and with it all that it issued"):
        revoking.revoke(ca, Wanted(), NOW + dt.timedelta(days=authority.CA_DAYS + 1))


def test_a_damaged_list_is_not_overwritten(ca):
    """Who was revoked on a list that cannot be read would be let in again, so that is an error."""
    (ca / "revoked.crl").write_bytes(b"rubbish")
    with pytest.raises(CredentialError, match=r"revoked\.crl: no revocation list"):
        revoking.revoke(ca, Wanted(names=("anne",)), NOW)
    assert b"rubbish" == (ca / "revoked.crl").read_bytes()


def test_a_disk_that_is_full(ca, monkeypatch):
    """A list that cannot be written leaves the one before."""
    revoking.revoke(ca, Wanted(names=("anne",)), NOW)
    before = (ca / "revoked.crl").read_bytes()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(revoking.os, "fsync", full)
    with pytest.raises(CredentialError, match=r"revoked\.crl: No space left on device"):
        revoking.revoke(ca, Wanted(names=("node-1",)), NOW)
    assert before == (ca / "revoked.crl").read_bytes()
    assert [] == list(ca.glob(".revoked*"))


def test_two_at_a_time_lose_nothing(ca):
    """Lists that are made at the same moment come one after the other."""
    threads = [
        threading.Thread(target=revoking.revoke, args=(ca, Wanted(serials=(number,)), NOW)) for number in range(1, 13)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(range(1, 13)) == revoking.revoked_serials(ca)
    assert 12 == revoking.read(ca).number


def test_a_new_holder_gets_the_list_along(ca, tmp_path):
    """A folder that is issued after a revocation has the list beside the CA's certificate."""
    assert not (ca / "anne" / "revoked.crl").exists()
    revoking.revoke(ca, Wanted(names=("anne",)), NOW)
    folder = authority.issue(ca, "node-3", Role.NODE, NOW, into=tmp_path / "x")
    assert (ca / "revoked.crl").read_bytes() == (folder / "revoked.crl").read_bytes()


def test_what_is_no_certificate_among_the_issued_is_left_out(ca):
    """A stray file in the record keeps nobody from being revoked."""
    (ca / "issued" / "0.crt").write_bytes(b"rubbish")
    assert 1 == len(revoking.revoke(ca, Wanted(names=("anne",)), NOW).added)


def test_a_ca_from_before_the_record(ca):
    """Without a record names cannot be found, and numbers and files still can."""
    shutil.rmtree(ca / "issued")
    with pytest.raises(CredentialError, match="no certificate for it on record"):
        revoking.revoke(ca, Wanted(names=("anne",)), NOW)
    ((serial, issued),) = revoking.revoke(ca, Wanted(files=(ca / "anne" / "tls.crt",)), NOW).added
    assert (_serial(ca, "anne"), None) == (serial, issued)


@pytest.mark.parametrize("content", [None, b"rubbish"])
def test_a_list_without_its_ca_is_not_read(ca, content):
    """A list counts beside the certificate of the CA that signed it."""
    revoking.revoke(ca, Wanted(), NOW)
    (ca / "ca.crt").unlink()
    if content is not None:
        (ca / "ca.crt").write_bytes(content)
    with pytest.raises(CredentialError, match=r"ca\.crt: "):
        revoking.read(ca)
