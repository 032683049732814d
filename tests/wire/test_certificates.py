"""What certificates say, and that the own one is looked at as a collector would."""

from __future__ import annotations

import ssl
from pathlib import Path

import attrs
import pytest

from ascend_doctor.wire import certificates as wire
from ascend_doctor.wire.certificates import Certificate, Validity
from ascend_doctor.wire.credentials import CredentialError, Identity, Role
from certificates import NOW
from revocations import own_folder

DAY_S = 86400.0


def test_the_own_certificate_is_read(certificates):
    """Names, role and dates come out of the files."""
    found = wire.own_certificate(certificates.node)
    assert Identity(frozenset({"node-1"}), frozenset({Role.NODE})) == found.identity
    assert int(NOW.timestamp()) - 3600 == found.validity.not_before
    assert int(NOW.timestamp() + 365 * DAY_S) == found.validity.not_after


@pytest.mark.parametrize("who", ["expired", "early_collector"])
def test_dates_are_told_and_not_judged(certificates, who):
    """A certificate outside its dates is read like any other."""
    found = wire.own_certificate(getattr(certificates, who))
    assert not found.validity.not_before < NOW.timestamp() < found.validity.not_after


def test_a_certificate_of_another_ca_is_told_as_such(certificates):
    """The own certificate has to be from the CA beside it."""
    with pytest.raises(ssl.SSLCertVerificationError):
        wire.own_certificate(certificates.stranger)


@pytest.mark.parametrize("name", ["ca", "certificate", "key"])
@pytest.mark.parametrize("content", [None, b"rubbish"])
def test_files_that_do_not_fit(certificates, tmp_path, name, content):
    """A lost or damaged file of the three is an error that names them."""
    files = own_folder(certificates.node, tmp_path / "x")
    path = Path(getattr(files, name))
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CredentialError, match=r"tls\.crt: cannot be used with .*tls\.key and .*ca\.crt"):
        wire.own_certificate(files)


def test_the_ends_of_all_authorities_are_told(certificates, tmp_path):
    """A file with an old and a new CA gives two."""
    files = own_folder(certificates.node, tmp_path / "x")
    both = Path(certificates.node.ca).read_bytes() + Path(certificates.strange.ca).read_bytes()
    Path(files.ca).write_bytes(both)
    ends = int(NOW.timestamp() + 3650 * DAY_S)
    assert [ends, ends] == [validity.not_after for validity in wire.authorities(files)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file"),
        (b"rubbish", "no certificate"),
        ("leaf", "no certificate of a CA"),
    ],
)
def test_a_file_without_a_ca(certificates, tmp_path, content, expected):
    """A file that is lost, damaged, or holds an ordinary certificate only is named."""
    files = own_folder(certificates.node, tmp_path / "x")
    Path(files.ca).unlink()
    if content is not None:
        Path(files.ca).write_bytes(Path(files.certificate).read_bytes() if content == "leaf" else content)
    with pytest.raises(CredentialError, match=rf"ca\.crt: {expected}"):
        wire.authorities(files)


@pytest.mark.parametrize(
    ("names", "host", "expected"),
    [
        (["head.example"], "head.example", True),
        (["HEAD.example"], "head.Example.", True),
        (["head.example"], "other.example", False),
        (["*.example"], "head.example", True),
        (["*.example"], "a.head.example", False),
        (["*.example"], "example", False),
        (["10.0.0.1"], "10.0.0.1", True),
        (["10.0.0.1"], "10.0.0.2", False),
        (["0:0:0:0:0:0:0:1"], "::1", True),
        ([], "head.example", False),
    ],
)
def test_names_are_compared(names, host, expected):
    """An address is compared as such, a name without regard to case, and a star stands for one label."""
    certificate = Certificate(Identity(frozenset(names), frozenset()), Validity(0, 1))
    assert expected is wire.is_for(certificate, host)


def test_a_certificate_without_names(certificates):
    """Fields without alternative names give a certificate of nobody."""
    fields = {"notBefore": "Jan  1 00:00:00 1970 GMT", "notAfter": "Jan  1 00:00:10 1970 GMT"}
    found = wire.from_openssl(fields)
    assert Certificate(Identity(frozenset(), frozenset()), Validity(0, 10)) == found
    assert attrs.asdict(found.validity) == {"not_before": 0, "not_after": 10}
