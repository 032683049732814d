"""Who gets in: certificates of every kind against a collector that really listens."""

from __future__ import annotations

import grpc
import pytest

from ascend_doctor.wire import frames
from ascend_doctor.wire.channels import client_channel
from collecting import Node, RawStream, ask, collecting
from wire_pair import answer

HELLO = frames.Hello("node-1", "e", 0, 0)


async def test_a_node_with_its_certificate_is_heard(tmp_path, certificates):
    """The right certificate lets a node send, and a reader's lets people see it."""
    async with collecting(tmp_path, certificates.collector) as here:
        async with Node(tmp_path, "node-1", here.listen, certificates.node) as node:
            node.become(node.state.of([], [answer("npu-smi/info", "x", 1.0)]))
            await node.heard()
        for who in (certificates.reader, certificates.operator, certificates.collector):
            assert ["node-1"] == [item.name for item in (await ask(here.listen, who)).nodes]


@pytest.mark.parametrize("who", ["stranger", "expired", "strange", "none"])
async def test_strangers_get_no_stream(tmp_path, certificates, who):
    """Without a valid certificate of the cluster's CA not a word of the protocol is spoken."""
    async with collecting(tmp_path, certificates.collector) as here:
        files = None if who == "none" else getattr(certificates, who)
        async with client_channel(here.listen, files) as channel:
            refusal = await RawStream(channel).end()
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
    assert grpc.StatusCode.PERMISSION_DENIED is refusal.code()
    assert "the certificate is not that of node node-1" == refusal.details()
    assert () == report.nodes


async def test_a_reader_is_no_node(tmp_path, certificates):
    """A reader's certificate cannot send results."""
    async with (
        collecting(tmp_path, certificates.collector) as here,
        client_channel(here.listen, certificates.reader) as channel,
    ):
        refusal = await RawStream(channel).end()
    assert grpc.StatusCode.PERMISSION_DENIED is refusal.code()
    assert "anne (reader) may not send results; issue a certificate with --role node" == refusal.details()


async def test_a_node_is_no_reader(tmp_path, certificates):
    """A node's certificate cannot ask for reports."""
    async with collecting(tmp_path, certificates.collector) as here:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await ask(here.listen, certificates.node)
    assert grpc.StatusCode.PERMISSION_DENIED is refusal.value.code()
    assert "node-1 (node) may not read reports; issue a certificate with --role reader" == refusal.value.details()
