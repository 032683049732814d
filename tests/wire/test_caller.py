"""The client's end of TLS: files that are replaced, and collectors whose certificate was revoked."""

from __future__ import annotations

import socket

import grpc
import pytest

from ascend_doctor.v1 import report_pb2, report_pb2_grpc
from ascend_doctor.wire import caller as wire
from ascend_doctor.wire.caller import Caller, NotVettedError
from ascend_doctor.wire.credentials import Address, CredentialError, Role
from collecting import collecting
from revocations import bring, bring_back, content_of, list_of, lose, own_folder, put, serial_of
from waiting import PATIENCE_S


@pytest.fixture
def mine(certificates, tmp_path):
    """The files of a reader in a folder of their own."""
    return own_folder(certificates.reader, tmp_path / "mine")


async def _nodes(way):
    async with way.channel as channel:
        stub = report_pb2_grpc.ReportServiceStub(channel)
        return await stub.ListNodes(report_pb2.ListNodesRequest(), timeout=PATIENCE_S)


def _replace(holder, source, *names):
    for name in names:
        bring(getattr(source, name), getattr(holder, name))


async def test_without_tls_only_loopback_is_called():
    """A caller without files makes plain channels, which are never outdated."""
    caller = Caller(None)
    way = await caller.open(Address("127.0.0.1", 1))
    assert not caller.is_outdated(way)
    assert (None, None, "") == (caller.expiry, caller.revocations, caller.trouble)
    await way.channel.close()
    with pytest.raises(CredentialError, match="plaintext is for loopback only"):
        await caller.open(Address("192.0.2.1", 1))


async def test_without_a_list_the_ca_is_trusted(tmp_path, certificates, mine):
    """No handshake of its own where there is nothing to look for."""
    async with collecting(tmp_path, certificates.collector) as here:
        way = await Caller(mine).open(here.listen)
        assert way.vetted is None
        await _nodes(way)


async def test_a_collector_is_vetted_where_there_is_a_list(tmp_path, certificates, mine):
    """Its certificate is fetched once and is then all that is trusted."""
    put(list_of(certificates, [certificates.second]), mine)
    caller = Caller(mine)
    async with collecting(tmp_path, certificates.collector) as here:
        way = await caller.open(here.listen)
        assert (content_of(certificates.collector.certificate),) == way.vetted
        await _nodes(way)
        again = await caller.open(here.listen)
        assert way.vetted == again.vetted
        assert not caller.is_outdated(again)
        await again.channel.close()


async def test_a_revoked_collector_is_not_spoken_to(tmp_path, certificates, mine):
    """The error names the collector and the number of its certificate."""
    put(list_of(certificates, [certificates.collector]), mine)
    async with collecting(tmp_path, certificates.collector) as here:
        with pytest.raises(CredentialError) as refusal:
            await Caller(mine).open(here.listen)
    assert (
        f"{here.listen}: the collector's certificate has been revoked "
        f"(serial number {serial_of(certificates.collector):x}); issue it a new one"
    ) == str(refusal.value)


async def test_who_shows_another_certificate_than_was_vetted_is_not_spoken_to(
    tmp_path, certificates, mine, monkeypatch
):
    """A man in the middle who lets the look through to the collector, and then shows a revoked certificate, fails."""
    put(list_of(certificates, [certificates.collector]), mine)
    good = content_of(certificates.issue("other.example", Role.COLLECTOR, ("127.0.0.1",)).certificate)
    monkeypatch.setattr(wire, "_shown_by", lambda *_: good)
    async with collecting(tmp_path, certificates.collector) as here:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await _nodes(await Caller(mine).open(here.listen))
    assert grpc.StatusCode.UNAVAILABLE is refusal.value.code()


async def test_a_collector_with_a_new_certificate_is_looked_at_again(tmp_path, certificates, mine):
    """After a channel that led nowhere the certificate is fetched again, and those known before stay known."""
    put(list_of(certificates), mine)
    caller = Caller(mine)
    theirs = own_folder(certificates.collector, tmp_path / "theirs")
    async with collecting(tmp_path, theirs) as here:
        first = await caller.open(here.listen)
        await _nodes(first)
        renewed = certificates.issue("renewed.example", Role.COLLECTOR, ("127.0.0.1",))
        _replace(theirs, renewed, "key", "certificate")
        with pytest.raises(grpc.aio.AioRpcError):
            await _nodes(await caller.open(here.listen))
        caller.doubt(here.listen)
        second = await caller.open(here.listen)
        await _nodes(second)
    assert (*first.vetted, content_of(renewed.certificate)) == second.vetted


async def test_a_list_that_comes_makes_channels_outdated(tmp_path, certificates, mine):
    """A channel that trusts the whole CA is given up for the first list, a vetted one only for its collector's end."""
    caller = Caller(mine)
    async with collecting(tmp_path, certificates.collector) as here:
        way = await caller.open(here.listen)
        assert not caller.is_outdated(way)
        put(list_of(certificates, [certificates.second]), mine)
        assert caller.is_outdated(way)
        await way.channel.close()
        vetted = await caller.open(here.listen)
        put(list_of(certificates, [certificates.second, certificates.node], number=2), mine)
        assert not caller.is_outdated(vetted)
        put(list_of(certificates, [certificates.collector], number=3), mine)
        assert caller.is_outdated(vetted)
        await vetted.channel.close()
        with pytest.raises(CredentialError, match="the collector's certificate has been revoked"):
            await caller.open(here.listen)


async def test_a_bad_list_is_told_and_the_last_one_stays(tmp_path, certificates, mine):
    """At the start it is an error; later it is trouble, and the good one goes on counting."""
    put(b"rubbish", mine)
    caller = Caller(mine)
    with pytest.raises(CredentialError, match=r"revoked\.crl: no revocation list"):
        await caller.open(Address("127.0.0.1", 1))
    put(list_of(certificates, [certificates.collector]), mine)
    async with collecting(tmp_path, certificates.collector) as here:
        with pytest.raises(CredentialError, match="has been revoked"):
            await caller.open(here.listen)
        assert 1 == caller.revocations.count
        put(b"rubbish", mine)
        with pytest.raises(CredentialError, match="has been revoked"):
            await caller.open(here.listen)
    assert "the last one stays in force" in caller.trouble


async def test_new_files_outdate_a_channel(tmp_path, certificates, mine):
    """Files that fit together are taken up; a mixed pair, or a key that is lost for a while, changes nothing."""
    caller = Caller(mine)
    async with collecting(tmp_path, certificates.collector) as here:
        way = await caller.open(here.listen)
        _replace(mine, certificates.operator, "key")
        assert not caller.is_outdated(way)
        assert "tls.crt: cannot be used with " in caller.trouble
        assert caller.trouble.endswith("; the last good files stay in force")
        await _nodes(await caller.open(here.listen))
        _replace(mine, certificates.operator, "certificate")
        assert caller.is_outdated(way)
        assert "" == caller.trouble
        lose(mine.key)
        await _nodes(await caller.open(here.listen))
        assert "tls.key: No such file" in caller.trouble
        _replace(mine, certificates.operator, "key")
        await _nodes(await caller.open(here.listen))
        assert "" == caller.trouble
        await way.channel.close()


async def test_files_that_come_back_are_no_news(certificates, mine):
    """A file that was moved away for a moment, and is the same again, ends the trouble."""
    caller = Caller(mine)
    way = await caller.open(Address("127.0.0.1", 1))
    away = lose(mine.key)
    assert not caller.is_outdated(way)
    assert caller.trouble
    bring_back(away, mine.key)
    assert not caller.is_outdated(way)
    assert "" == caller.trouble
    await way.channel.close()


async def test_without_files_there_is_no_channel(mine):
    """The first channel needs files that can be used."""
    lose(mine.key)
    with pytest.raises(CredentialError, match=r"tls\.key: No such file"):
        await Caller(mine).open(Address("127.0.0.1", 1))


async def test_a_collector_that_cannot_be_looked_at(certificates, mine, monkeypatch):
    """Where there is a list, an address that does not answer is told in one line, and no channel is made."""
    put(list_of(certificates), mine)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("127.0.0.1", listener.getsockname()[1])
    with pytest.raises(NotVettedError, match="connection refused; is the collector running there"):
        await Caller(mine).open(address)
    monkeypatch.setattr(wire, "diagnose", lambda *_: "")
    with pytest.raises(NotVettedError, match="the TLS handshake failed"):
        await Caller(mine).open(address)


async def test_a_collector_of_another_ca_is_not_vetted(tmp_path, certificates, mine):
    """The look trusts nobody but the CA."""
    put(list_of(certificates), mine)
    async with collecting(tmp_path, certificates.strange_collector) as here:
        with pytest.raises(NotVettedError, match="the collector's certificate is not from the CA in"):
            await Caller(mine).open(here.listen)
