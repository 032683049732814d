"""Knocking at a collector: what it says, and what its clock says."""

from __future__ import annotations

import contextlib
import re
import socket

import grpc
import grpc.aio
import pytest

from ascend_doctor.agent.knock import ADMISSION, CLOCK, knock
from ascend_doctor.model.state import NodeState
from ascend_doctor.v1 import ingest_pb2_grpc
from ascend_doctor.wire.credentials import Address
from ascend_doctor.wire.metadata import SERVER_TIME
from ascend_doctor.wire.steps import State
from certificates import NOW
from collecting import Node, collecting
from node_states import told
from revocations import list_of, own_folder, put

TIME = NOW.timestamp()


async def _knocked(address, files=None, **more):
    found = {step.what: step for step in await knock(address, files, **more)}
    assert [ADMISSION, CLOCK] == list(found)
    return found


async def test_a_node_is_let_in_and_leaves_no_trace(tmp_path, certificates):
    """The stream of a node that is connected goes on, nothing is known of a node that only knocked."""
    async with (
        collecting(tmp_path, certificates.collector) as here,
        Node(tmp_path, "node-1", here.listen, certificates.node) as node,
    ):
        node.become(NodeState.of([], {"other": told("x", 1.0)}))
        await node.heard()
        found = await _knocked(here.listen, certificates.node)
        assert {State.FINE} == {step.state for step in found.values()}
        node.become(NodeState.of([], {"other": told("y", 2.0)}))
        await node.heard()
        assert 1 == node.uplink.connections
    assert re.match(r"this machine's clock is \d\S* s (ahead of|behind) the collector's", found[CLOCK].text)


@pytest.mark.parametrize("files", ["reader", "revoked"])
async def test_a_refusal_is_told_in_the_collector_s_words(tmp_path, certificates, files):
    """The wrong role and a revoked certificate are told apart."""
    theirs = own_folder(certificates.collector, tmp_path / "theirs")
    put(list_of(certificates, [certificates.second]), theirs)
    who = certificates.second if files == "revoked" else certificates.reader
    expected = "has been revoked (serial number" if files == "revoked" else "anne (reader) may not send results"
    async with collecting(tmp_path, theirs) as here:
        found = await _knocked(here.listen, who)
    assert State.WRONG is found[ADMISSION].state
    assert expected in found[ADMISSION].text
    assert found[ADMISSION].remedy


@pytest.mark.parametrize(
    ("offset_s", "state", "text"),
    [
        (0.0, State.FINE, "this machine's clock is 0."),
        (10.0, State.WARNING, "this machine's clock is 10 s ahead of the collector's, give or take "),
        (-10.0, State.WARNING, "this machine's clock is 10 s behind the collector's, give or take "),
        (7500.0, State.WRONG, "this machine's clock is 2 h ahead of the collector's, give or take "),
        (-86400.0 * 3, State.WRONG, "this machine's clock is 3 days behind the collector's, give or take "),
    ],
)
async def test_the_clocks_are_compared(offset_s, state, text):
    """How far the clocks are apart is measured over the call; a network explains no more than its length."""
    async with _pretending(((SERVER_TIME, f"{TIME:.3f}"),)) as address:
        found = await _knocked(address, clock=lambda: TIME + offset_s)
    assert state is found[CLOCK].state
    assert found[CLOCK].text.startswith(text)
    assert (state is State.FINE) == (not found[CLOCK].remedy)


@pytest.mark.parametrize("told", [(), ((SERVER_TIME, "soon"),), ((SERVER_TIME, "nan"),), ((SERVER_TIME, "1e300"),)])
async def test_a_collector_that_tells_no_time(told):
    """An older release, or nonsense, leaves the difference unknown; this machine's clock is shown."""
    async with _pretending(told) as address:
        found = await _knocked(address, clock=lambda: 0.0)
    assert State.FINE is found[ADMISSION].state
    assert State.UNKNOWN is found[CLOCK].state
    assert "the collector tells no time; this machine's clock says 1970-01-01 00:00:00 UTC" == found[CLOCK].text


async def test_a_server_that_is_no_collector():
    """A gRPC server without our service is called so."""
    async with _pretending((), serves=False) as address:
        found = await _knocked(address)
    assert f"{address}: is no collector of this release" == found[ADMISSION].text
    assert State.UNKNOWN is found[CLOCK].state


async def test_a_collector_in_trouble():
    """Any other status is told with its text, made fit for a terminal."""
    async with _pretending((), fails=True) as address:
        found = await _knocked(address)
    assert f"{address}: resource exhausted: full\\x1b[31m" == found[ADMISSION].text
    assert "look at the collector's log" == found[ADMISSION].remedy


async def test_nobody_answers(certificates):
    """A port that takes connections and says nothing is given up after a while."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("127.0.0.1", listener.getsockname()[1])
        found = await _knocked(address, certificates.node, timeout_s=0.2)
    assert f"{address}: no answer within 0.2 s" == found[ADMISSION].text


async def test_files_that_cannot_be_used(certificates, tmp_path):
    """Nothing is asked without a certificate; the error is a step, no traceback."""
    mine = own_folder(certificates.node, tmp_path / "mine")
    put(b"rubbish", mine)
    found = await _knocked(Address("127.0.0.1", 1), mine)
    assert f"{mine.revocations}: no revocation list" == found[ADMISSION].text
    put(list_of(certificates), mine)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("127.0.0.1", listener.getsockname()[1])
    found = await _knocked(address, mine)
    assert f"{address}: connection refused" == found[ADMISSION].text


@contextlib.asynccontextmanager
async def _pretending(trailers, *, serves=True, fails=False):
    """Run a server that takes the stream of a node and ends it at once, on a port of its own."""

    class Service(ingest_pb2_grpc.IngestServiceServicer):
        async def Connect(self, request_iterator, context):  # noqa: N802 - the generated name
            context.set_trailing_metadata(trailers)
            if fails:
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "full\x1b[31m")

    server = grpc.aio.server()
    if serves:
        ingest_pb2_grpc.add_IngestServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield Address("127.0.0.1", port)
    finally:
        await server.stop(0)
