"""Channels and server credentials: what is refused, and certificates that are replaced while the server runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import attrs
import grpc
import pytest

from ascend_doctor.wire import channels, limits
from ascend_doctor.wire.credentials import Address, CredentialError, Role
from certificates import files
from collecting import ask, collecting
from revocations import both_cas


@pytest.fixture
def folder(tmp_path, certificates):
    """A folder of the collector's own, to be changed while it runs."""
    return Path(shutil.copytree(Path(certificates.collector.key).parent, tmp_path / "tls"))


def _replace(folder, source):
    """Replace the files of a folder as a careful administrator does: each at once, the key first."""
    for old, new in ((source.key, "tls.key"), (source.certificate, "tls.crt")):
        shutil.copy(old, folder / "new")
        (folder / "new").replace(folder / new)


async def test_plaintext_does_not_leave_the_machine():
    """A channel without TLS files is made to loopback addresses only."""
    with pytest.raises(CredentialError, match="plaintext is for loopback only"):
        channels.client_channel(Address("192.0.2.1", 7443), None)
    await channels.client_channel(Address("127.0.0.1", 7443), None).close()


def test_both_ends_bound_the_size_of_messages():
    """The server takes and sends no message beyond the limit of the wire."""
    options = dict(channels.server_options())
    assert limits.MAX_MESSAGE_BYTES == options["grpc.max_receive_message_length"]
    assert limits.MAX_MESSAGE_BYTES == options["grpc.max_send_message_length"]


def test_a_lost_key_is_told_when_the_server_starts(folder):
    """Files that cannot be used are an error at the start."""
    (folder / "tls.key").unlink()
    with pytest.raises(CredentialError, match=r"tls\.key: No such file"):
        channels.Follower(files(folder)).credentials()


async def test_a_new_certificate_is_used_without_a_restart(tmp_path, certificates, folder):
    """After the files are replaced, new connections get the new certificate."""
    async with collecting(tmp_path, files(folder)) as here:
        assert () == (await ask(here.listen, certificates.reader)).nodes
        _replace(folder, certificates.elsewhere)
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await ask(here.listen, certificates.reader)
        assert grpc.StatusCode.UNAVAILABLE is refusal.value.code()
        _replace(folder, certificates.collector)
        assert () == (await ask(here.listen, certificates.reader)).nodes


async def test_broken_files_leave_the_last_good_ones_in_force(tmp_path, certificates, folder):
    """A key that is lost while the server runs does not stop it."""
    async with collecting(tmp_path, files(folder)) as here:
        (folder / "tls.key").unlink()
        assert () == (await ask(here.listen, certificates.reader)).nodes


def test_files_are_read_again_only_when_they_change(certificates, folder):
    """What was read once is not read again before it changes, and a file that is lost changes nothing and is told."""
    follower = channels.Follower(files(folder))
    assert follower.changed() is None
    _replace(folder, certificates.elsewhere)
    assert isinstance(follower.changed(), grpc.ServerCertificateConfiguration)
    assert follower.changed() is None
    assert "" == follower.trouble
    (folder / "tls.key").rename(folder / "away")
    assert follower.changed() is None
    assert f"{folder / 'tls.key'}: No such file or directory" in follower.trouble
    assert follower.trouble.endswith("; the last good files stay in force")
    (folder / "away").rename(folder / "tls.key")
    assert follower.changed() is None
    assert "" == follower.trouble
    assert 5 == follower.handshakes


async def test_a_mixed_pair_is_never_shown(tmp_path, certificates, folder):
    """Between a new key and its certificate a collector goes on with the old pair."""
    async with collecting(tmp_path, files(folder)) as here:
        shutil.copy(certificates.elsewhere.key, folder / "new")
        (folder / "new").replace(folder / "tls.key")
        assert () == (await ask(here.listen, certificates.reader)).nodes
        shutil.copy(certificates.elsewhere.certificate, folder / "new")
        (folder / "new").replace(folder / "tls.crt")
        with pytest.raises(grpc.aio.AioRpcError):
            await ask(here.listen, certificates.reader)


async def test_a_new_ca_takes_the_place_of_the_old_one(tmp_path, certificates, folder):
    """With both CAs in one file peers of either get in; once the old one is gone, its peers do not."""
    newcomer = certificates.issue("bert", Role.READER, ca="other")
    trusting = both_cas(certificates, tmp_path / "both.crt")
    old, new = (attrs.evolve(who, ca=trusting) for who in (certificates.reader, newcomer))
    async with collecting(tmp_path, files(folder)) as here:
        with pytest.raises(grpc.aio.AioRpcError):
            await ask(here.listen, new)
        shutil.copy(trusting, folder / "new")
        (folder / "new").replace(folder / "ca.crt")
        for who in (old, new):
            assert () == (await ask(here.listen, who)).nodes
        _replace(folder, certificates.strange_collector)
        for who in (old, new):
            assert () == (await ask(here.listen, who)).nodes
        shutil.copy(certificates.strange.ca, folder / "new")
        (folder / "new").replace(folder / "ca.crt")
        assert () == (await ask(here.listen, new)).nodes
        with pytest.raises(grpc.aio.AioRpcError):
            await ask(here.listen, old)


def test_files_that_change_while_they_are_read_are_read_again(certificates, folder, monkeypatch):
    """What is read is all of before or all of after: never a part of each."""
    real, calls = channels.load, []

    def load(wanted):
        calls.append(wanted)
        found = real(wanted)
        if len(calls) == 1:
            _replace(folder, certificates.elsewhere)
        return found

    monkeypatch.setattr(channels, "load", load)
    found = channels.load_fitting(files(folder))
    assert 2 == len(calls)
    assert Path(certificates.elsewhere.key).read_bytes() == found.key


def test_a_pair_that_is_mended_while_it_is_read(certificates, folder, monkeypatch):
    """A mixed pair that has become a good one meanwhile is no error."""
    shutil.copy(certificates.elsewhere.key, folder / "tls.key")
    real, calls = channels.load_into, []

    def load_into(context, wanted):
        calls.append(wanted)
        try:
            real(context, wanted)
        finally:
            if len(calls) == 1:
                _replace(folder, certificates.elsewhere)

    monkeypatch.setattr(channels, "load_into", load_into)
    assert Path(certificates.elsewhere.key).read_bytes() == channels.load_fitting(files(folder)).key


def test_files_that_never_rest(certificates, folder, monkeypatch):
    """Files that are replaced at every look are given up, with a word on why."""
    real = channels.load

    def load(wanted):
        found = real(wanted)
        _replace(folder, certificates.elsewhere)
        return found

    monkeypatch.setattr(channels, "load", load)
    with pytest.raises(CredentialError, match=r"tls\.crt: replaced again and again while it is read"):
        channels.load_fitting(files(folder))


@pytest.mark.parametrize("name", ["ca.crt", "tls.crt", "tls.key"])
def test_files_that_do_not_fit_together(certificates, folder, name):
    """Each of the three files has to be what the others need; the error names them all."""
    (folder / name).write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(
        CredentialError, match=r"tls\.crt: cannot be used with .*tls\.key and .*ca\.crt \(.+\); issue it"
    ):
        channels.client_channel(Address("127.0.0.1", 1), files(folder))
