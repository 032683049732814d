"""Who gets in: certificates of every kind against a collector that really listens."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import attrs
import grpc
import pytest

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.sections import Sections, whole
from ascend_doctor.model.state import NodeState
from ascend_doctor.model.status import Status
from ascend_doctor.wire import credentials, frames
from ascend_doctor.wire.channels import client_channel
from ascend_doctor.wire.sections import write_check
from collecting import Node, RawStream, ask, collecting, fetch
from node_states import finding
from waiting import PATIENCE_S
from wire_pair import sections

HELLO = frames.Hello("node-1", "e", 0, 1)
FINE = NodeState.of([finding("npu.ecc", Status.PASS)])


async def _counted(here, *names):
    """Return what the collector counts of itself."""
    lines = (await fetch(here.web, "/metrics"))[1].decode().splitlines()
    values = dict(line.rpartition(" ")[::2] for line in lines if not line.startswith("#"))
    return [float(values[f"ascend_doctor_collector_{name}"]) for name in names]


async def test_a_node_with_its_certificate_is_heard(tmp_path, certificates):
    """The right certificate lets a node send, and a reader's lets people see it."""
    async with collecting(tmp_path, certificates.collector) as here:
        async with Node(tmp_path, "node-1", here.listen, certificates.node) as node:
            node.become(FINE)
            await node.heard()
        for who in (certificates.reader, certificates.operator, certificates.collector):
            assert ["node-1"] == [item.name for item in (await ask(here.listen, who)).nodes]


@pytest.mark.parametrize("who", ["stranger", "expired", "strange", "none"])
async def test_strangers_get_no_stream(tmp_path, certificates, who):
    """Without a valid certificate of the cluster's CA not a word of the protocol is spoken; the try is counted."""
    async with collecting(tmp_path, certificates.collector) as here:
        files = None if who == "none" else getattr(certificates, who)
        async with client_channel(here.listen, files) as channel:
            refusal = await RawStream(channel).end()
        handshakes, opened = await _counted(here, "tls_handshakes_total", "opened_streams_total")
        assert (True, 0) == (handshakes >= 1, opened)
    assert grpc.StatusCode.UNAVAILABLE is refusal.code()


@pytest.mark.parametrize("server", ["elsewhere", "strange_collector", "expired_collector", "early_collector", "posing"])
async def test_a_node_talks_to_its_collector_only(tmp_path, certificates, server):
    """A server with another name, another CA, dates that are wrong, or a mere node's certificate is not spoken to."""
    async with (
        collecting(tmp_path, getattr(certificates, server)) as here,
        client_channel(here.listen, certificates.node) as channel,
    ):
        refusal = await RawStream(channel).end()
    assert grpc.StatusCode.UNAVAILABLE is refusal.code()


async def test_a_node_may_not_lie_about_its_name(tmp_path, certificates):
    """Hello under another name than the certificate's is refused, counted, and nothing is known of either."""
    async with collecting(tmp_path, certificates.collector) as here:
        async with client_channel(here.listen, certificates.second) as channel:
            stream = RawStream(channel)
            await stream.say(HELLO)
            refusal = await stream.end()
        report = await ask(here.listen, certificates.reader)
        assert [1] == await _counted(here, 'refused_streams_total{reason="identity"}')
    assert grpc.StatusCode.PERMISSION_DENIED is refusal.code()
    assert "the certificate is not that of node node-1" == refusal.details()
    assert () == report.nodes


async def test_a_node_may_not_speak_of_another(tmp_path, certificates):
    """The name of another node in a message ends the stream and is counted; neither node is the worse for it."""
    about = attrs.evolve(finding("npu.ecc", Status.FAIL), subject=subjects.node("node-1"))
    lie = Sections({"npu.ecc": write_check("npu.ecc", [about], "node-2")}, {"npu.ecc": 1.0})
    async with (
        collecting(tmp_path, certificates.collector) as here,
        Node(tmp_path, "node-1", here.listen, certificates.node) as node,
        client_channel(here.listen, certificates.second) as channel,
    ):
        node.become(FINE)
        await node.heard()
        stream = RawStream(channel)
        await stream.say(attrs.evolve(HELLO, node="node-2"))
        good = sections({"npu.ecc": Status.PASS})
        for number, state in enumerate((good, lie), 1):
            await stream.say(frames.State(number, whole(state), state.digest, whole=True))
        refusal = await stream.end()
        assert [1] == await _counted(here, 'refused_streams_total{reason="identity"}')
        report = await ask(here.listen, certificates.reader)
        assert (["node-1", "node-2"], ()) == ([item.name for item in report.nodes], report.problems)
        node.become(NodeState.of([finding("npu.ecc", Status.WARN)]))
        await node.heard()
    assert grpc.StatusCode.PERMISSION_DENIED is refusal.code()
    assert "a finding of node node-2 is about node:node-1:" == refusal.details()


async def test_a_reader_is_no_node(tmp_path, certificates):
    """A reader's certificate cannot send results, and the try is counted."""
    async with (
        collecting(tmp_path, certificates.collector) as here,
        client_channel(here.listen, certificates.reader) as channel,
    ):
        refusal = await RawStream(channel).end()
        assert [1] == await _counted(here, 'refused_calls_total{reason="role"}')
    assert grpc.StatusCode.PERMISSION_DENIED is refusal.code()
    assert "anne (reader) may not send results; issue a certificate with --role node" == refusal.details()


async def test_a_node_is_no_reader(tmp_path, certificates):
    """A node's certificate cannot ask for reports."""
    async with collecting(tmp_path, certificates.collector) as here:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await ask(here.listen, certificates.node)
    assert grpc.StatusCode.PERMISSION_DENIED is refusal.value.code()
    assert "node-1 (node) may not read reports; issue a certificate with --role reader" == refusal.value.details()


async def _is_ended(reader):
    """Wait until the server ends a connection."""
    with contextlib.suppress(ConnectionError):
        while await asyncio.wait_for(reader.read(4096), PATIENCE_S):
            pass


async def test_connections_that_never_speak(tmp_path, certificates, monkeypatch):
    """Three hundred that begin no handshake are ended after a while, and everybody else is served meanwhile."""
    monkeypatch.setitem(credentials.SERVER_OPTIONS, "grpc.server_handshake_timeout_ms", 1_500)
    async with collecting(tmp_path, certificates.collector) as here:
        places = [asyncio.open_connection(here.listen.host, here.listen.port) for _ in range(300)]
        idle = await asyncio.gather(*places)
        async with Node(tmp_path, "node-1", here.listen, certificates.node) as node:
            node.become(FINE)
            await node.heard()
            report = await ask(here.listen, certificates.reader)
            assert ["node-1"] == [item.name for item in report.nodes]
            await asyncio.gather(*(_is_ended(reader) for reader, _ in idle))
            assert node.uplink.streaming
        for _, writer in idle:
            writer.close()


async def test_connections_that_say_nothing_after_the_handshake(tmp_path, certificates, monkeypatch):
    """A certificate of the cluster is no licence to hold connections without a word of HTTP/2 on them."""
    monkeypatch.setitem(credentials.SERVER_OPTIONS, "grpc.server_handshake_timeout_ms", 1_500)
    files = certificates.node
    context = ssl.create_default_context(cafile=files.ca)
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["h2"])
    async with collecting(tmp_path, certificates.collector) as here:
        places = [
            asyncio.open_connection(here.listen.host, here.listen.port, ssl=context, server_hostname="localhost")
            for _ in range(10)
        ]
        idle = await asyncio.gather(*places)
        await asyncio.gather(*(_is_ended(reader) for reader, _ in idle))
        assert [True] == [count >= 10 for count in await _counted(here, "tls_handshakes_total")]
        for _, writer in idle:
            writer.close()
