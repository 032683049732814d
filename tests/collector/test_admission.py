"""Who may call what of a collector that really listens, and whose calls are ended when they are revoked."""

from __future__ import annotations

import asyncio
import logging
import time

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ascend_doctor.collector import admission
from ascend_doctor.collector.admission import RULES, Admission, Rule
from ascend_doctor.model.state import NodeState
from ascend_doctor.report import exposition
from ascend_doctor.v1 import ingest_pb2, report_pb2, report_pb2_grpc
from ascend_doctor.wire import frames
from ascend_doctor.wire.caller import Caller
from ascend_doctor.wire.channels import client_channel, server_options
from ascend_doctor.wire.credentials import OPERATORS, Address, CredentialError, Role
from ascend_doctor.wire.metadata import SERVER_TIME
from certificates import NOW
from collecting import Node, RawStream, ask, collecting, fetch
from node_states import told
from revocations import bring, list_of, lose, own_folder, put, serial_of
from waiting import PATIENCE_S, until


@pytest.fixture
def theirs(certificates, tmp_path):
    """The files of the collector in a folder of their own."""
    return own_folder(certificates.collector, tmp_path / "theirs")


async def _metrics(web):
    _, body = await fetch(web, "/metrics")
    families = text_string_to_metric_families(body.decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


async def _metrics_with(web, key, value):
    """Return the metrics once one of them has a value; a page is kept for a second."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = await _metrics(web)
        if found[key] == value:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{key} is {found[key]}")


async def _refusal(here, files):
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await ask(here.listen, files)
    return refusal.value


def test_every_method_of_ours_has_a_rule():
    """A method that is added and has no rule yet can be called by nobody, and this test says so."""
    methods = {
        f"/{service.full_name}/{method.name}"
        for module in (ingest_pb2, report_pb2)
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert methods == {name for name in RULES if not name.startswith("/grpc.health.")}


async def test_roles_are_kept_apart_and_refusals_counted(tmp_path, certificates):
    """Each role may what its rule says, and what it may not is refused with the reason and counted."""
    async with collecting(tmp_path, certificates.collector) as here:
        for who in (certificates.reader, certificates.operator, certificates.collector):
            assert () == (await ask(here.listen, who)).nodes
        refusal = await _refusal(here, certificates.node)
        assert grpc.StatusCode.PERMISSION_DENIED is refusal.code()
        for who in (certificates.reader, certificates.operator, certificates.collector):
            async with client_channel(here.listen, who) as channel:
                refusal = await RawStream(channel).end()
            assert grpc.StatusCode.PERMISSION_DENIED is refusal.code()
            assert "may not send results; issue a certificate with --role node" in refusal.details()
        found = await _metrics(here.web)
    assert 4 == found["ascend_doctor_collector_refused_calls_total", "role"]
    assert 0 == found["ascend_doctor_collector_refused_calls_total", "revoked"]
    assert 7 <= found["ascend_doctor_collector_tls_handshakes_total",]


class _Service(report_pb2_grpc.ReportServiceServicer):
    async def ListNodes(self, request, context):  # noqa: N802 - the generated name
        return report_pb2.ListNodesResponse()


@pytest.mark.parametrize(
    ("who", "rules", "expected"),
    [
        ("operator", {"/ascend_doctor.v1.ReportService/ListNodes": Rule(OPERATORS, "tidy up", Role.OPERATOR)}, ""),
        (
            "reader",
            {"/ascend_doctor.v1.ReportService/ListNodes": Rule(OPERATORS, "tidy up", Role.OPERATOR)},
            "anne (reader) may not tidy up; issue a certificate with --role operator",
        ),
        ("operator", {}, "nobody may call /ascend_doctor.v1.ReportService/ListNodes"),
    ],
)
async def test_what_a_method_needs_is_data(certificates, who, rules, expected):
    """A rule that asks for an operator lets operators in only, and a method without a rule nobody."""
    guard = Admission(certificates.collector, rules=rules)
    server = grpc.aio.server(options=server_options(), interceptors=[guard])
    report_pb2_grpc.add_ReportServiceServicer_to_server(_Service(), server)
    port = server.add_secure_port("127.0.0.1:0", guard.follower.credentials())
    await server.start()
    try:
        async with client_channel(Address("127.0.0.1", port), getattr(certificates, who)) as channel:
            call = report_pb2_grpc.ReportServiceStub(channel).ListNodes(report_pb2.ListNodesRequest())
            assert expected == (await call.details() or "")
    finally:
        await server.stop(0)


async def test_a_method_that_is_none(tmp_path, certificates):
    """What no service serves stays unimplemented."""
    async with (
        collecting(tmp_path, certificates.collector) as here,
        client_channel(here.listen, certificates.reader) as channel,
    ):
        call = channel.unary_unary("/ascend_doctor.v1.ReportService/Nothing")(b"", timeout=PATIENCE_S)
        assert grpc.StatusCode.UNIMPLEMENTED is await call.code()


async def test_every_answer_tells_the_time(tmp_path, certificates):
    """The collector's clock goes along with the end of every call, refused or not, with TLS or without."""
    async with collecting(tmp_path, certificates.collector) as here:
        for who in (certificates.reader, certificates.node):
            async with client_channel(here.listen, who) as channel:
                call = report_pb2_grpc.ReportServiceStub(channel).ListNodes(report_pb2.ListNodesRequest())
                await call.code()
                assert abs(NOW.timestamp() - float(dict(await call.trailing_metadata())[SERVER_TIME])) < 3600


# --- Revocation ------------------------------------------------------------------------------------------------------


async def test_the_revoked_are_refused_at_the_beginning_of_a_call(tmp_path, certificates, theirs):
    """A certificate on the list is refused with its number; who is not on the list goes on."""
    put(list_of(certificates, [certificates.reader, certificates.second]), theirs)
    async with collecting(tmp_path, theirs) as here:
        refusal = await _refusal(here, certificates.reader)
        assert grpc.StatusCode.UNAUTHENTICATED is refusal.code()
        assert (
            f"the certificate of anne (reader) has been revoked (serial number {serial_of(certificates.reader):x}); "
            "ask for a new one"
        ) == refusal.details()
        async with client_channel(here.listen, certificates.second) as channel:
            assert grpc.StatusCode.UNAUTHENTICATED is (await RawStream(channel).end()).code()
        assert () == (await ask(here.listen, certificates.operator)).nodes
        found = await _metrics(here.web)
    assert 2 == found["ascend_doctor_collector_refused_calls_total", "revoked"]
    assert 2 == found["ascend_doctor_tls_revoked_certificates",]
    assert int(NOW.timestamp()) + 100 * 86400 == found["ascend_doctor_tls_revocations_expiry_timestamp_seconds",]


async def test_an_open_stream_of_the_revoked_ends(tmp_path, certificates, theirs):
    """Once the list names a node, its stream ends with the reason; the streams of others go on."""
    async with (
        collecting(tmp_path, theirs) as here,
        Node(tmp_path, "node-2", here.listen, certificates.second) as other,
    ):
        async with client_channel(here.listen, certificates.node) as channel:
            stream = RawStream(channel)
            await stream.say(frames.Hello("node-1", "e", 0, 0))
            assert isinstance(await stream.hear(), frames.Welcome)
            other.become(NodeState.of([], {"other": told("x", 1.0)}))
            await other.heard()
            put(list_of(certificates, [certificates.node]), theirs)
            refusal = await stream.end()
        assert grpc.StatusCode.UNAUTHENTICATED is refusal.code()
        assert "the certificate of node-1 (node) has been revoked" in refusal.details()
        other.become(NodeState.of([], {"other": told("y", 2.0)}))
        await other.heard()
        assert 1 == other.uplink.connections
        found = await _metrics_with(here.web, ("ascend_doctor_collector_streams",), 1)
    assert 1 == found["ascend_doctor_collector_refused_calls_total", "revoked"]


async def test_a_stream_that_merely_breaks_is_no_refusal(tmp_path, certificates, theirs):
    """A node that goes away is not counted among the refused."""
    async with collecting(tmp_path, theirs) as here:
        async with client_channel(here.listen, certificates.node) as channel:
            stream = RawStream(channel)
            await stream.say(frames.Hello("node-1", "e", 0, 0))
            await stream.hear()
            await _metrics_with(here.web, ("ascend_doctor_collector_streams",), 1)
            stream.call.cancel()
        found = await _metrics_with(here.web, ("ascend_doctor_collector_streams",), 0)
    assert 0 == found["ascend_doctor_collector_refused_calls_total", "revoked"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (lambda _: b"rubbish", r"revoked\.crl: no revocation list"),
        (lambda c: list_of(c, ca="other"), r"revoked\.crl: not from a CA of this cluster"),
        (lambda c: list_of(c, age_days=200), r"revoked\.crl: expired on"),
    ],
    ids=["damaged", "foreign", "expired"],
)
async def test_a_bad_list_keeps_a_collector_from_starting(tmp_path, certificates, theirs, content, expected):
    """A collector that cannot know who is revoked does not begin to let anybody in."""
    put(content(certificates), theirs)
    with pytest.raises(CredentialError, match=expected):
        async with collecting(tmp_path, theirs):
            pass


async def test_a_bad_list_later_is_told_and_changes_nothing(tmp_path, certificates, theirs, caplog):
    """The last good list stays in force; the log says so once, the metric for as long as it lasts."""
    caplog.set_level(logging.INFO)
    put(list_of(certificates, [certificates.reader]), theirs)
    async with collecting(tmp_path, theirs) as here:
        assert 1 == (await _metrics(here.web))["ascend_doctor_tls_files_up",]
        put(b"rubbish", theirs)
        await until(lambda: "the last one stays in force" in caplog.text)
        await _metrics_with(here.web, ("ascend_doctor_tls_files_up",), 0)
        assert grpc.StatusCode.UNAUTHENTICATED is (await _refusal(here, certificates.reader)).code()
        put(list_of(certificates, number=2), theirs)
        await until(lambda: "0 certificates are revoked" in caplog.text)
        assert () == (await ask(here.listen, certificates.reader)).nodes
    assert 1 == caplog.text.count("the last one stays in force")


async def test_own_files_that_do_not_fit_are_told(tmp_path, certificates, theirs, caplog):
    """A collector whose new files cannot be used goes on with the old ones and says so."""
    async with collecting(tmp_path, theirs) as here:
        lose(theirs.key)
        assert () == (await ask(here.listen, certificates.reader)).nodes
        await until(lambda: "tls.key: No such file" in caplog.text)
        await _metrics_with(here.web, ("ascend_doctor_tls_files_up",), 0)
        assert () == (await ask(here.listen, certificates.reader)).nodes


async def test_the_log_is_bounded(certificates, monkeypatch):
    """The same refusal is told once, and the memory of what was told does not grow without end."""
    monkeypatch.setattr(admission, "MAX_TOLD", 3)
    guard = Admission(None)

    class Context:
        def peer(self):
            return "ipv4:127.0.0.1:1"

        async def abort(self, *_):
            pass

    for number in (1, 1, 2, 3, 4):
        await guard._refuse(Context(), admission.ROLE, grpc.StatusCode.PERMISSION_DENIED, f"x{number}")
    assert {"x4"} == guard._told
    assert 5 == guard.refused[admission.ROLE]


async def test_without_tls_everybody_may_everything(tmp_path):
    """On loopback without certificates there is nobody to tell apart, and no certificate that could end."""
    async with collecting(tmp_path) as here:
        assert () == (await ask(here.listen)).nodes
        found = await _metrics(here.web)
    assert 0 == found["ascend_doctor_collector_refused_calls_total", "role"]
    assert [] == [name for name, *_ in found if "_tls_" in name]


async def test_the_end_of_the_certificates_is_told(tmp_path, certificates, theirs):
    """The metric follows a renewal without a restart."""
    ends = int(NOW.timestamp()) + 365 * 86400
    name = "ascend_doctor_tls_certificate_expiry_timestamp_seconds"
    async with collecting(tmp_path, theirs) as here:
        found = await _metrics(here.web)
        assert (ends, ends + (3650 - 365) * 86400) == (found[name, "own"], found[name, "authority"])
    guard = Admission(theirs)
    for part in ("key", "certificate"):
        bring(getattr(certificates.expired_collector, part), getattr(theirs, part))
    assert f'{name}{{certificate="own"}} {ends - 400 * 86400}' in exposition.render(guard.families())


async def test_a_reader_refuses_a_revoked_collector(tmp_path, certificates):
    """A reader that has the list says why it does not talk to a collector on it."""
    mine = own_folder(certificates.reader, tmp_path / "mine")
    put(list_of(certificates, [certificates.collector]), mine)
    async with collecting(tmp_path, certificates.collector) as here:
        with pytest.raises(CredentialError, match="the collector's certificate has been revoked"):
            await Caller(mine).open(here.listen)
