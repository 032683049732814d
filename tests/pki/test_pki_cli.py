"""`ascend-doctor pki`: what it prints, and that each refusal is one line."""

from __future__ import annotations

import datetime as dt

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
    assert own.endswith("(8 days left)")
    assert ": ascend-doctor cluster CA, certificate authority, for no names, until 20" in root


def test_show_calls_the_expired_expired(ca, capsys):
    """A certificate after its end is marked."""
    long_ago = NOW - dt.timedelta(days=400)
    folder = authority.issue(ca, "old", Role.NODE, long_ago, into=ca / "old")
    assert 0 == run(["pki", "show", str(folder / "tls.crt")])
    assert capsys.readouterr().out.endswith("(EXPIRED)\n")


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
    ],
)
def test_refusals_are_one_line(ca, capsys, args, expected):
    """Every mistake is one line that names it, and exit code 2."""
    assert 2 == run(["pki", *(word.format(ca=ca) for word in args)])
    said = capsys.readouterr()
    assert "" == said.out
    (line,) = said.err.splitlines()
    assert expected.format(ca=ca) in line
