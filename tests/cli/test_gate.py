"""`ascend-doctor gate` and `report`: what opens the gate, and what is said when nobody can answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import threading
import time
from types import SimpleNamespace

import attrs
import grpc
import pytest

import small_cluster
from ascend_doctor.checks import catalogue
from ascend_doctor.checks.view import NOT_ASKED
from ascend_doctor.cli import asking, gate
from ascend_doctor.cli.asking import Collector, NoAnswerError
from ascend_doctor.cli.errors import NO_VERDICT, NOT_READY, READY, UserError
from ascend_doctor.cli.gate import Demand, decide
from ascend_doctor.cli.main import run
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.verdict import Verdict, worst
from ascend_doctor.probe.round import Round
from ascend_doctor.wire.credentials import Address, read_address
from collecting import HEALTHY_NODE, CollectorProcess, Node, judged_now
from ports import free_port
from waiting import PATIENCE_S

NOW = 1_790_000_000.0


def _node(name, word="ready", age_s=10.0):
    """Return a node by one word: a verdict, or how silent it is."""
    silent = {item.value: item for item in Liveness if item is not Liveness.LIVE}
    if word in silent:
        seen_at = None if word == "never-seen" else NOW - 1000
        return NodeSummary(name, Verdict.INCOMPLETE, silent[word], seen_at)
    return NodeSummary(name, Verdict(word), seen_at=NOW - age_s)


def _report(*words, verdict=None, age_s=10.0):
    nodes = tuple(_node(f"n{number}", word, age_s) for number, word in enumerate(words, 1))
    return Report(NOW, Verdict(verdict) if verdict else worst(node.verdict for node in nodes), nodes, ())


@pytest.mark.parametrize(
    ("report", "demand", "code", "final"),
    [
        (_report("ready", "ready"), Demand(), READY, True),
        (_report("ready", "degraded"), Demand(), READY, True),
        (_report("ready", "degraded"), Demand(strict=True), NOT_READY, True),
        (_report("ready", "ready", verdict="degraded"), Demand(), READY, True),
        (_report("ready", "ready", verdict="degraded"), Demand(strict=True), NOT_READY, True),
        (_report("ready", "not-ready"), Demand(), NOT_READY, True),
        (_report("ready", "ready", verdict="not-ready"), Demand(), NOT_READY, True),
        (_report("ready", "ready", verdict="incomplete"), Demand(), NO_VERDICT, False),
        (_report("ready", "incomplete"), Demand(), NO_VERDICT, False),
        (_report("ready", "stale"), Demand(), NO_VERDICT, False),
        (_report("ready", "lost"), Demand(), NO_VERDICT, False),
        (_report("ready", "never-seen"), Demand(), NO_VERDICT, False),
        (_report("not-ready", "never-seen"), Demand(), NOT_READY, True),
        (_report(), Demand(), NO_VERDICT, False),
        (_report(), Demand(need=1), NO_VERDICT, False),
        (_report("ready", age_s=119), Demand(max_age_s=120), READY, True),
        (_report("ready", age_s=121), Demand(max_age_s=120), NO_VERDICT, False),
        (_report("ready", "ready", "lost"), Demand(need=2), READY, True),
        (_report("ready", "ready", "not-ready"), Demand(need=2), READY, True),
        (_report("ready", "degraded", "not-ready"), Demand(need=2, strict=True), NOT_READY, True),
        (_report("ready", "degraded", "not-ready"), Demand(need=2), READY, True),
        (_report("ready", "not-ready", "not-ready"), Demand(need=2), NOT_READY, True),
        (_report("ready", "not-ready", "lost"), Demand(need=2), NO_VERDICT, False),
        (_report("ready", "ready"), Demand(need=3), NO_VERDICT, False),
    ],
)
def test_decisions(report, demand, code, final):
    """What is ready passes, what is broken is final, and whatever is not known never passes but may be waited for."""
    found = decide(report, demand)
    assert (code, final) == (found.code, found.final)


def test_a_node_without_a_time_is_not_ready():
    """A live node of which nobody knows when it was looked at does not pass."""
    report = Report(NOW, Verdict.READY, (NodeSummary("n1", Verdict.READY),), ())
    assert NO_VERDICT == decide(report, Demand()).code


@pytest.mark.parametrize(
    ("report", "demand", "text"),
    [
        (_report("ready", "ready"), Demand(), "2 of 2 nodes ready, 2 needed"),
        (_report("ready", "lost", "ready"), Demand(need=2), "2 of 3 nodes ready, 2 needed: n1, n3"),
        (_report("ready", "not-ready"), Demand(), "1 of 2 nodes ready, 2 needed; not ready: n2"),
        (_report("ready", verdict="not-ready"), Demand(), "1 of 1 nodes ready, 1 needed; not ready: the cluster"),
        (_report("stale", "ready"), Demand(), "1 of 2 nodes ready, 2 needed; no verdict on: n1"),
        (_report("ready", verdict="incomplete"), Demand(), "1 of 1 nodes ready, 1 needed; no verdict on: the cluster"),
        (_report("ready"), Demand(need=2), "1 of 1 nodes ready, 2 needed; no verdict on: any other node"),
        (
            _report("ready", verdict="degraded"),
            Demand(strict=True),
            "1 of 1 nodes ready, 1 needed; degraded, and --strict asks for more",
        ),
        (_report(), Demand(), "no node is known to the collector"),
    ],
)
def test_reasons(report, demand, text):
    """One line says how many are ready and which nodes stand in the way; with a number needed, which to use."""
    assert text == decide(report, demand).text


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("90", 90), ("90s", 90), ("10m", 600), ("1h", 3600)])
def test_spans(text, seconds):
    """Spans of time are seconds, or have a unit."""
    assert seconds == gate.span(text)


@pytest.mark.parametrize("text", ["", "m", "1.5m", "-1", "1d", "1 m", "1234567", "\u0661"])
def test_bad_spans(text):
    """Anything else is refused."""
    with pytest.raises(UserError, match="is no span of time; write 90s, 10m or 1h"):
        gate.span(text)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, certificates):
    """A collector with a healthy node-1 and a node-2 of which one port is dark."""
    folder = tmp_path_factory.mktemp("collector")
    tls = str(certificates.folder_of(certificates.collector))
    with CollectorProcess(folder, "--tls", tls) as collector:
        asyncio.run(_feed(folder, collector.listen, certificates))
        yield collector
        assert 0 == collector.end()


async def _feed(folder, address, certificates):
    down = {**small_cluster.node(2, 1), **small_cluster.dark(1)}
    for name, files, answers in (
        ("node-1", certificates.node, small_cluster.node(1, 2)),
        ("node-2", certificates.second, down),
    ):
        async with Node(folder, name, read_address(address), files, current_s=3600.0) as node:
            node.become(judged_now(name, answers))
            await node.heard()


@pytest.fixture
def asked(cluster, certificates):
    """Run a verb against the collector as a reader."""

    def ask(*words, who=certificates.reader, address=cluster.listen):
        files = [] if who is None else ["--tls", str(certificates.folder_of(who))]
        return run([*words, "--collector", address, *files])

    return ask


@pytest.mark.parametrize(
    ("words", "code", "last"),
    [
        (["--hosts", "node-1"], 0, "gate open: 1 of 1 nodes ready, 1 needed"),
        (["--hosts", "node-2"], 1, "gate closed: 0 of 1 nodes ready, 1 needed; not ready: node-2"),
        (["--all"], 1, "gate closed: 1 of 2 nodes ready, 2 needed; not ready: node-2"),
        (["--all", "--need", "1"], 0, "gate open: 1 of 2 nodes ready, 1 needed: node-1"),
        (
            ["--hosts", "node-1,node-9"],
            2,
            "gate closed, no verdict: 1 of 2 nodes ready, 2 needed; no verdict on: node-9",
        ),
        (["--hosts", "node-1", "--max-age", "0s"], 2, "gate closed, no verdict: 0 of 1 nodes ready, 1 needed; "),
    ],
)
def test_the_gate(asked, capsys, words, code, last):
    """The exit code is the answer, the last line the reason; a gate that stays closed shows the report."""
    assert code == asked("gate", *words)
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].startswith(last)
    assert "" == said.err
    assert (code != 0) == (len(said.out.splitlines()) > 1)


def test_a_host_file(asked, tmp_path, capsys):
    """Names come one a line, with slots or a port behind them, comments and empty lines left out; twice is once."""
    (tmp_path / "hosts").write_text("# the job\n\nnode-1 slots=8\nnode-1:8  # again\n")
    assert 0 == asked("gate", "--hostfile", str(tmp_path / "hosts"))
    assert "gate open: 1 of 1 nodes ready, 1 needed\n" == capsys.readouterr().out


def test_json(asked, capsys):
    """Programs get the report alone."""
    assert 1 == asked("gate", "--all", "--format", "json")
    document = json.loads(capsys.readouterr().out)
    assert ["node-1", "node-2"] == [node["name"] for node in document["nodes"]]


def test_the_report(asked, capsys):
    """`report` prints the same page as `check`, for all nodes or some, and exits with the verdict."""
    assert 1 == asked("report")
    assert "roce.link" in capsys.readouterr().out
    assert 0 == asked("report", "--node", "node-1")
    assert "node-2" not in capsys.readouterr().out
    assert 2 == asked("report", "--node", "node-9")
    assert "node-9" in capsys.readouterr().out
    assert 1 == asked("report", "--node", "node-2", "--check", "npu.ecc", "--passes", "--format", "json")
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {"npu.ecc"} == {item["check"] for item in findings}


def _one_line(capsys):
    said = capsys.readouterr()
    assert "" == said.out
    (line,) = said.err.splitlines()
    return line


@pytest.mark.parametrize("verb", [["report"], ["gate", "--all"]])
@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (None, "the collector uses TLS; give a folder with certificates"),
        ("strange", "the collector's certificate is not from the CA in "),
        ("expired", "tls.crt: refused by the collector; see with `ascend-doctor pki show` whether it has expired"),
        ("node", "refused: node-1 (node) may not read reports; issue a certificate with --role reader"),
    ],
)
def test_wrong_certificates_are_one_line(asked, certificates, capsys, *, verb, who, expected):
    """Whoever may not ask is told in one line why, and gets no verdict."""
    assert 2 == asked(*verb, who=who and getattr(certificates, who))
    assert expected in _one_line(capsys)


def test_a_plaintext_collector_asked_with_tls(tmp_path, certificates, capsys):
    """TLS to a collector that has none is told from an unreachable one."""
    folder = str(certificates.folder_of(certificates.reader))
    with CollectorProcess(tmp_path) as collector:
        assert 2 == run(["report", "--collector", collector.listen, "--tls", folder])
    assert "no TLS there; the collector listens in plaintext" in _one_line(capsys)


def test_nobody_listens(capsys):
    """A collector that is not there is asked after, in one line."""
    address = f"127.0.0.1:{free_port()}"
    assert 2 == run(["gate", "--all", "--collector", address])
    expected = (
        f"ascend-doctor: {address}: connection refused; is the collector running there? (`ascend-doctor collector`)"
    )
    assert expected == _one_line(capsys)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "name the nodes with exactly one of --hosts, --hostfile, --all and --local"),
        (["--all", "--hosts", "a"], "name the nodes with exactly one of"),
        (["--hosts", "a,,b"], "--hosts: '' is no name of a node; write names parted by commas, or one a line"),
        (["--hosts", "a;reboot"], "--hosts: 'a;reboot' is no name of a node"),
        (["--hosts", "a", "--need", "2"], "--need 2: 1 named; name more, or need fewer"),
        (["--hosts", "a", "--need", "0"], "--need"),
        (["--hostfile", "{}/none"], "/none: No such file or directory; give a file with one node a line"),
        (["--hostfile", "{}/empty"], "/empty: names no node"),
        (["--hostfile", "{}/binary"], "/binary: is no text in UTF-8; give a file with one node a line"),
        (["--hostfile", "{}/huge"], "/huge: is longer than 4194304 bytes; give a file with one node a line"),
        (["--hostfile", "{}/bad"], "/bad: 'a_b' is no name of a node"),
        (["--all", "--wait", "soon"], "'soon' is no span of time; write 90s, 10m or 1h"),
        (["--all", "--max-age", "1d"], "'1d' is no span of time"),
        (["--all", "--collector", "head"], "'head' is no address; write HOST:PORT"),
        (["--all", "--collector", "192.0.2.1:7443"], "plaintext is for loopback only; give the TLS files"),
        (["--all", "--tls", "{}"], "/ca.crt: No such file or directory; `ascend-doctor pki issue` makes it"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path, capsys, words, expected):
    """Each mistake is named before anybody is asked."""
    (tmp_path / "empty").write_text("# nobody\n\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "huge").write_bytes(b"n" * (gate.MAX_HOSTFILE + 1))
    (tmp_path / "bad").write_text("a_b\n")
    assert 2 == run(["gate", *(word.format(tmp_path) for word in words)])
    assert expected in _one_line(capsys)


def test_waiting_ends_when_the_node_arrives(tmp_path, monkeypatch, capsys):
    """The gate waits for a collector that is not there yet and for a node that is on its way, and opens then."""
    monkeypatch.setattr(gate, "POLL_S", 0.05)
    address = f"127.0.0.1:{free_port()}"
    collectors = contextlib.ExitStack()

    def later():
        time.sleep(0.3)
        collectors.enter_context(CollectorProcess(tmp_path, listen=address))
        subprocess.run([*HEALTHY_NODE, str(tmp_path), address], check=True, timeout=PATIENCE_S)

    thread = threading.Thread(target=later)
    thread.start()
    try:
        assert 0 == run(["gate", "--hosts", "node-1", "--wait", "10m", "--collector", address])
    finally:
        thread.join()
        collectors.close()
    assert "gate open: 1 of 1 nodes ready, 1 needed\n" == capsys.readouterr().out


def test_waiting_comes_to_an_end(asked, monkeypatch, capsys):
    """A node that does not come is no verdict after the time, and one that is broken is not waited for."""
    monkeypatch.setattr(gate, "POLL_S", 0.05)
    began = time.monotonic()
    assert 2 == asked("gate", "--hosts", "node-9", "--wait", "1s")
    assert time.monotonic() - began >= 1.0
    assert "no verdict on: node-9" in capsys.readouterr().out
    assert 1 == asked("gate", "--hosts", "node-2,node-9", "--wait", "1h")


@pytest.mark.parametrize(
    ("change", "code", "last"),
    [({}, 0, "gate open: 1 of 1 nodes ready, 1 needed"), (small_cluster.dark(1), 1, "gate closed: 0 of 1 nodes ready")],
    ids=["healthy", "dark"],
)
def test_the_local_gate(monkeypatch, capsys, change, code, last):
    """`--local` looks at this node now, and asks nobody else."""
    now = time.time()
    answers = {**small_cluster.node(1, 2), **change}
    evidence = {key: attrs.evolve(item, started_at=now) for key, item in answers.items()}
    monkeypatch.setattr("ascend_doctor.cli.looking.look", lambda *_: Round(evidence, NOT_ASKED))
    entries = small_cluster.answerable(catalogue.load())
    monkeypatch.setattr("ascend_doctor.checks.catalogue.load", lambda: entries)
    assert code == run(["gate", "--local"])
    assert capsys.readouterr().out.splitlines()[-1].startswith(last)


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (grpc.StatusCode.DEADLINE_EXCEEDED, NoAnswerError, "no answer within 30 s; look at the collector's log"),
        (grpc.StatusCode.UNAVAILABLE, NoAnswerError, "no answer (so it says); is it a collector, and does it use TLS"),
        (grpc.StatusCode.UNIMPLEMENTED, UserError, "is no collector of this release; check the address"),
        (grpc.StatusCode.INVALID_ARGUMENT, UserError, "invalid argument: so it says"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, NoAnswerError, "cannot answer now: so it says"),
        (grpc.StatusCode.ABORTED, NoAnswerError, "cannot answer now: so it says"),
    ],
)
def test_what_a_collector_may_say_instead_of_a_report(monkeypatch, status, kind, expected):
    """Each status is a sentence; only for what may pass by itself is there any use in waiting."""

    async def refuse(*_, **__):
        raise grpc.aio.AioRpcError(status, grpc.aio.Metadata(), grpc.aio.Metadata(), "so it says")
        yield

    monkeypatch.setattr(asking.report_pb2_grpc, "ReportServiceStub", lambda _: SimpleNamespace(GetReport=refuse))
    monkeypatch.setattr(asking, "diagnose", lambda *_: "")
    with pytest.raises(UserError) as error:
        Collector(Address("127.0.0.1", 1), None).report()
    assert kind is type(error.value)
    assert f"127.0.0.1:1: {expected}" in str(error.value)


def test_a_report_that_breaks_off(monkeypatch):
    """An answer that is not whole is none."""

    async def nothing(*_, **__):
        for message in ():
            yield message

    monkeypatch.setattr(asking.report_pb2_grpc, "ReportServiceStub", lambda _: SimpleNamespace(GetReport=nothing))
    with pytest.raises(UserError, match="the answer is none of a collector"):
        Collector(Address("127.0.0.1", 1), None).report()
