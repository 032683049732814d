"""The agent's end of TLS while it runs: renewal, a new CA, and certificates that are revoked."""

from __future__ import annotations

import contextlib
import logging
import shutil
import socket
from pathlib import Path

import pytest

from ascend_doctor.agent import metrics, streams
from ascend_doctor.collector import authority, renewing
from ascend_doctor.model.state import NodeState
from ascend_doctor.report import exposition
from ascend_doctor.wire import frames
from ascend_doctor.wire.channels import client_channel
from ascend_doctor.wire.credentials import Address, Role
from certificates import LOOPBACK, NOW, files
from collecting import Node, RawStream, collecting
from node_states import told
from revocations import both_cas, bring, list_of, lose, own_folder, put
from waiting import until


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(streams, "STAMP_S", 0.05)


@pytest.fixture
def mine(certificates, tmp_path):
    """The files of a node in a folder of their own."""
    return own_folder(certificates.node, tmp_path / "mine")


@pytest.fixture
def theirs(certificates, tmp_path):
    """The files of the collector in a folder of their own."""
    return own_folder(certificates.collector, tmp_path / "theirs")


@contextlib.asynccontextmanager
async def _connected(tmp_path, here, tls):
    async with Node(tmp_path, "node-1", here.listen, tls) as node:
        node.become(NodeState.of([], {"other": told("x", 1.0)}))
        await node.heard()
        yield node


async def _goes_on(node, text):
    node.become(NodeState.of([], {"other": told(text, 2.0)}))
    await node.heard()


async def test_half_a_renewal_changes_nothing(tmp_path, certificates, mine, caplog):
    """A new key beside the old certificate, or no key at all, leaves the stream as it is; a whole pair is taken up."""
    async with collecting(tmp_path, certificates.collector) as here, _connected(tmp_path, here, mine) as node:
        renewed = certificates.issue("node-1", Role.NODE, age_days=1)
        bring(renewed.key, mine.key)
        await until(lambda: "the last good files stay in force" in caplog.text)
        lose(mine.key)
        await until(lambda: "tls.key: No such file" in caplog.text)
        await _goes_on(node, "y")
        assert 1 == node.uplink.connections
        bring(renewed.key, mine.key)
        bring(renewed.certificate, mine.certificate)
        await until(lambda: node.uplink.connections == 2 and node.uplink.streaming)
        await _goes_on(node, "z")
        assert "" == node.uplink.caller.trouble


async def test_a_lost_key_does_not_keep_a_node_from_coming_back(tmp_path, certificates, mine):
    """While the key cannot be read, a stream that breaks is opened again with the last good files."""
    async with contextlib.AsyncExitStack() as stack:
        here = await stack.enter_async_context(collecting(tmp_path, certificates.collector))
        node = await stack.enter_async_context(_connected(tmp_path, here, mine))
        lose(mine.key)
        await until(lambda: node.uplink.caller.trouble)
        async with client_channel(here.listen, certificates.node) as channel:
            other = RawStream(channel)
            await other.say(frames.Hello("node-1", "another epoch", 0, 0))
            assert isinstance(await other.hear(), frames.Welcome)
            await until(lambda: node.uplink.connections == 2 and node.uplink.streaming)
        await _goes_on(node, "y")
        assert "tls.key: No such file" in node.uplink.caller.trouble


def _nowhere():
    """Return an address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return Address("127.0.0.1", listener.getsockname()[1])


async def test_renewal_by_the_program_itself(tmp_path, mine, certificates):
    """`pki renew` on the files of a running agent and a running collector: both go over to the new ones."""
    ca = Path(shutil.copytree(certificates.folder / "ca", tmp_path / "ca"))
    theirs = files(authority.issue(ca, "head", Role.COLLECTOR, NOW, addresses=LOOPBACK, into=tmp_path / "head"))
    async with collecting(tmp_path, theirs) as here, _connected(tmp_path, here, mine) as node:
        renewing.renew(ca, tmp_path / "head", NOW)
        renewing.renew(ca, tmp_path / "mine", NOW)
        await until(lambda: node.uplink.connections == 2 and node.uplink.streaming)
        await _goes_on(node, "y")


async def test_going_over_to_a_new_ca(tmp_path, certificates, mine, theirs):
    """First all trust both CAs, then all get certificates of the new one, then the old one goes: nobody restarts."""
    both = both_cas(certificates, tmp_path / "both.crt")
    async with collecting(tmp_path, theirs) as here, _connected(tmp_path, here, mine) as node:
        for number, (holder, name, source) in enumerate(
            (
                (theirs, "ca", both),
                (mine, "ca", both),
                (mine, "key", certificates.strange.key),
                (mine, "certificate", certificates.strange.certificate),
                (theirs, "key", certificates.strange_collector.key),
                (theirs, "certificate", certificates.strange_collector.certificate),
                (theirs, "ca", certificates.strange.ca),
                (mine, "ca", certificates.strange.ca),
            )
        ):
            before = node.uplink.connections
            bring(source, getattr(holder, name))
            if holder is mine and name != "key":
                await until(lambda before=before: node.uplink.connections > before and node.uplink.streaming)
            await _goes_on(node, f"y{number}")


async def test_a_collector_that_is_revoked_is_left(tmp_path, certificates, mine, caplog):
    """Once the node's list names its collector the stream ends, and the log says why; another list lets it back."""
    caplog.set_level(logging.INFO)
    async with collecting(tmp_path, certificates.collector) as here, _connected(tmp_path, here, mine) as node:
        put(list_of(certificates, [certificates.second]), mine)
        await until(lambda: node.uplink.connections == 2 and node.uplink.streaming)
        put(list_of(certificates, [certificates.collector], number=2), mine)
        await until(lambda: "the collector's certificate has been revoked (serial number " in caplog.text)
        assert not node.uplink.streaming
        put(list_of(certificates, number=3), mine)
        await until(lambda: node.uplink.streaming)
        await _goes_on(node, "y")


async def test_a_node_that_is_revoked_is_told(tmp_path, certificates, mine, theirs, caplog):
    """A node whose certificate is revoked finds the reason in its log, and comes back with a new certificate."""
    async with collecting(tmp_path, theirs) as here, _connected(tmp_path, here, mine) as node:
        put(list_of(certificates, [certificates.node]), theirs)
        await until(lambda: "the certificate of node-1 (node) has been revoked" in caplog.text)
        await until(lambda: not node.uplink.streaming)
        renewed = certificates.issue("node-1", Role.NODE, age_days=2)
        bring(renewed.key, mine.key)
        bring(renewed.certificate, mine.certificate)
        await until(lambda: node.uplink.streaming)
        await _goes_on(node, "y")


async def test_a_collector_behind_the_list_that_does_not_answer(tmp_path, certificates, mine, caplog):
    """A node with a list that cannot look at its collector says why in one line."""
    put(list_of(certificates), mine)
    async with Node(tmp_path, "node-1", _nowhere(), mine) as node:
        node.become(NodeState.of([], {"other": told("x", 1.0)}))
        await until(lambda: "connection refused; is the collector running there?" in caplog.text)


async def test_the_metrics_tell_when_it_ends(tmp_path, certificates, mine):
    """A node exports the ends of its certificates and of its list, and whether newer files are not in force."""
    put(list_of(certificates, [certificates.second]), mine)
    own = int(NOW.timestamp()) + 365 * 86400
    async with collecting(tmp_path, certificates.collector) as here, _connected(tmp_path, here, mine) as node:
        page = exposition.render(metrics.uplink_families(node.uplink))
        assert f'ascend_doctor_tls_certificate_expiry_timestamp_seconds{{certificate="own"}} {own}\n' in page
        assert 'ascend_doctor_tls_certificate_expiry_timestamp_seconds{certificate="authority"} ' in page
        assert "ascend_doctor_tls_revoked_certificates 1\n" in page
        assert f"ascend_doctor_tls_revocations_expiry_timestamp_seconds {own - 265 * 86400}\n" in page
        assert "ascend_doctor_tls_files_up 1\n" in page
        lose(mine.key)
        await until(lambda: "ascend_doctor_tls_files_up 0\n" in exposition.render(metrics.uplink_families(node.uplink)))


async def test_without_tls_there_is_nothing_to_tell(tmp_path):
    """On loopback without certificates no series is about them."""
    async with collecting(tmp_path) as here, _connected(tmp_path, here, None) as node:
        assert "_tls_" not in exposition.render(metrics.uplink_families(node.uplink))
