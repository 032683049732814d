"""`ascend-doctor pki`: what it prints, and that each refusal is one line."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from ascend_doctor.cli.main import run
from ascend_doctor.collector import authority
from ascend_doctor.wire import credentials
from ascend_doctor.wire.credentials import Role
from certificates import NOW, files


@pytest.fixture
def ca(tmp_path, capsys):
    """The folder of a CA, made by the command."""
    assert 0 == run(["pki", "init", str(tmp_path / "ca")])
    capsys.readouterr()
    return tmp_path / "ca"


def test_from_nothing_to_usable_files(tmp_path, capsys):
    """`init` and `issue` make files that both ends can load, and say what to do next."""
    assert 0 == run(["pki", "init", str(tmp_path / "ca")])
    said = capsys.readouterr().out.splitlines()
    assert f"made the CA: {tmp_path / 'ca' / 'ca.crt'}" == said[0]
    assert said[1].startswith(f"next: ascend-doctor pki issue --ca {tmp_path / 'ca'} ")
    assert 0 == run(["pki", "issue", "node-1", "--ca", str(tmp_path / "ca")])
    folder = tmp_path / "ca" / "node-1"
    said = capsys.readouterr().out.splitlines()
    assert f"issued: {folder}/{{ca.crt,tls.crt,tls.key}}" == said[0]
    assert credentials.load(files(folder)).key.startswith(b"-----BEGIN PRIVATE KEY")


def test_show(ca, capsys):
    """`show` says whose a certificate is, what for, and until when."""
    assert 0 == run(
        ["pki", "issue", "--ca", str(ca), "head", "--role", "collector", "--address", "10.0.0.1", "--days", "9"]
    )
    capsys.readouterr()
    path = ca / "head" / "tls.crt"
    assert 0 == run(["pki", "show", str(path), str(ca / "ca.crt")])
    own, root = capsys.readouterr().out.splitlines()
    assert own.startswith(f"{path}: head, collector, for head, 10.0.0.1, until 20")
    assert re.search(r" \(8 days left: renew it\), serial number [0-9a-f]{10,}$", own)
    assert ": ascend-doctor cluster CA, certificate authority, for no names, until 20" in root


def test_show_calls_the_expired_expired(ca, capsys):
    """A certificate after its end is marked."""
    long_ago = NOW - dt.timedelta(days=400)
    folder = authority.issue(ca, "old", Role.NODE, long_ago, into=ca / "old")
    assert 0 == run(["pki", "show", str(folder / "tls.crt")])
    assert " (EXPIRED), serial number " in capsys.readouterr().out


def test_renew_says_what_it_did(ca, capsys):
    """A certificate that is not due is left alone, and one that is gets a new end; both are fine for a timer."""
    assert 0 == run(["pki", "issue", "--ca", str(ca), "node-1", "--days", "20"])
    folder = ca / "node-1"
    before = (folder / "tls.crt").read_bytes()
    capsys.readouterr()
    assert 0 == run(["pki", "renew", "--ca", str(ca), str(folder), "--if-within", "10"])
    assert f"not due: {folder / 'tls.crt'}: until " in capsys.readouterr().out
    assert before == (folder / "tls.crt").read_bytes()
    assert 0 == run(["pki", "renew", "--ca", str(ca), str(folder), "--if-within", "30"])
    said = capsys.readouterr().out
    assert re.fullmatch(rf"renewed: {folder / 'tls.crt'}: until 20\S+ \(364 days left\)\n", said)


def test_revoke_says_what_it_did(ca, capsys):
    """Each certificate that is revoked has a line with its number and holder, and the next step is named."""
    for name in ("node-1", "node-2"):
        assert 0 == run(["pki", "issue", "--ca", str(ca), name])
    serial = authority.describe(ca / "node-2" / "tls.crt").serial
    colons = ":".join(re.findall("..", f"{serial:040x}"))
    capsys.readouterr()
    assert 0 == run(["pki", "revoke", "--ca", str(ca), "--name", "node-1", "--serial", colons, "--serial", "0x1f"])
    said = capsys.readouterr().out.splitlines()
    assert [f"revoked: {serial:x}: node-2, node, ", "revoked: 1f: not on record here"] == [
        said[0].partition("until")[0],
        said[1],
    ]
    assert ": node-1, node, until 20" in said[2]
    assert f"wrote list 1 with 3 certificates: {ca / 'revoked.crl'}" == said[3]
    assert "next: copy it beside the ca.crt of every collector" == said[4]
    assert 0 == run(["pki", "revoke", "--ca", str(ca), "--name", "node-1", "--days", "9"])
    said = capsys.readouterr().out.splitlines()
    assert "revoked: nothing that was not revoked before" == said[0]
    assert f"wrote list 2 with 3 certificates: {ca / 'revoked.crl'}" == said[1]


def test_revoke_counts_in_english(ca, capsys):
    """One certificate is no certificates."""
    assert 0 == run(["pki", "revoke", "--ca", str(ca), "--serial", "1f"])
    assert f"wrote list 1 with 1 certificate: {ca / 'revoked.crl'}\n" in capsys.readouterr().out


def test_show_of_a_ca_s_folder(ca, capsys):
    """The folder tells what was issued, what ends first on top, what is revoked, and what has been renewed."""
    for name, days in (("node-1", "300"), ("node-2", "10"), ("node-3", "200")):
        assert 0 == run(["pki", "issue", "--ca", str(ca), name, "--days", days])
    authority.issue(ca, "old", Role.NODE, NOW - dt.timedelta(days=400), into=ca / "old")
    assert 0 == run(["pki", "renew", "--ca", str(ca), str(ca / "node-2")])
    assert 0 == run(["pki", "revoke", "--ca", str(ca), "--name", "node-1", "--serial", "1f"])
    capsys.readouterr()
    assert 0 == run(["pki", "show", str(ca)])
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{ca / 'ca.crt'}: ascend-doctor cluster CA, certificate authority, ")
    assert said[1].startswith(f"{ca / 'revoked.crl'}: revocation list 1, 2 revoked, until 20")
    assert re.fullmatch(r"  revoked 1f since 20\d\d-\d\d-\d\d", said[2])
    assert re.fullmatch(r"  revoked [0-9a-f]+ since 20\d\d-\d\d-\d\d: node-1, node", said[3])
    rest = [re.sub(r"issued [0-9a-f]+|until \S+", "", line).strip() for line in said[4:]]
    assert [
        ": node-2, node,  (9 days left: there is a newer one)",
        ": node-3, node,  (199 days left)",
        ": node-1, node, REVOKED",
        ": node-2, node,  (364 days left)",
    ] == rest


def test_show_of_a_list_that_ends(ca, capsys):
    """A list that has to be replaced soon, or had to be, says so; one without an end says that."""
    assert 0 == run(["pki", "revoke", "--ca", str(ca), "--days", "8"])
    capsys.readouterr()
    assert 0 == run(["pki", "show", str(ca / "revoked.crl")])
    assert "(7 days left: sign it anew (`pki revoke` with nothing named))" in capsys.readouterr().out


def test_show_of_a_holder_s_folder(ca, capsys):
    """Of a holder's folder both certificates are shown."""
    assert 0 == run(["pki", "issue", "--ca", str(ca), "node-1"])
    capsys.readouterr()
    assert 0 == run(["pki", "show", str(ca / "node-1")])
    assert ["ca.crt", "tls.crt"] == [
        line.partition(":")[0].rpartition("/")[2] for line in capsys.readouterr().out.splitlines()
    ]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["init", "{ca}"], "{ca}/ca.key exists and is not overwritten; choose another folder, or move it away"),
        (["init", "{ca}/x", "--name", "x" * 65], "is no name for a CA: write 1 to 64 characters"),
        (["issue", "a b", "--ca", "{ca}"], "'a b' is no host name: use letters, digits, hyphens and dots"),
        (["issue", "a", "--ca", "{ca}/x"], "{ca}/x/ca.key: No such file or directory; make the CA first"),
        (["issue", "a", "--ca", "{ca}", "--role", "king"], "'king' is not one of 'node', 'reader', 'operator'"),
        (["issue", "a", "--ca", "{ca}", "--days", "0"], "--days"),
        (["issue", "a"], "Missing option '--ca'"),
        (["issue", "a", "--ca", "{ca}", "--into", "{ca}"], "{ca}/ca.crt exists and is not overwritten"),
        (["show", "{ca}/ca.key"], "{ca}/ca.key: no certificate; give a .crt file that `ascend-doctor pki` made"),
        (["show", "{ca}/none"], "{ca}/none: No such file or directory"),
        (
            ["show", "{ca}/revoked.crl"],
            "{ca}/revoked.crl: No such file or directory; `ascend-doctor pki revoke` makes it",
        ),
        (["show", "/proc/self"], "/proc/self: has no ca.crt; give a folder that `ascend-doctor pki` made"),
        (["renew", "--ca", "{ca}", "{ca}/none"], "{ca}/none/tls.crt: No such file or directory"),
        (["renew", "--ca", "{ca}", "{ca}"], "{ca}/tls.crt: No such file or directory"),
        (["renew", "{ca}"], "Missing option '--ca'"),
        (["revoke", "--ca", "{ca}", "--serial", "xyz"], "--serial 'xyz': is no serial number; take it from"),
        (["revoke", "--ca", "{ca}", "--serial", "-1f"], "--serial '-1f': is no serial number"),
        (["revoke", "--ca", "{ca}", "--serial", "f" * 80], "is no serial number"),
        (["revoke", "--ca", "{ca}", "--serial", "f" * 40], "f: is no serial number; take it from `ascend-doctor"),
        (["revoke", "--ca", "{ca}", "--serial", "0"], "0: is no serial number"),
        (
            ["revoke", "--ca", "{ca}", "--name", "nobody"],
            "'nobody': the CA in {ca} has no certificate for it on record",
        ),
        (["revoke", "--ca", "{ca}", "--certificate", "{ca}/ca.key"], "{ca}/ca.key: no certificate"),
        (["revoke", "--ca", "{ca}/none"], "{ca}/none/ca.key: No such file or directory; make the CA first"),
    ],
)
def test_refusals_are_one_line(ca, capsys, args, expected):
    """Every mistake is one line that names it, and exit code 2."""
    assert 2 == run(["pki", *(word.format(ca=ca) for word in args)])
    said = capsys.readouterr()
    assert "" == said.out
    (line,) = said.err.splitlines()
    assert expected.format(ca=ca) in line
