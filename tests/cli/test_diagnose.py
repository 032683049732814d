"""`ascend-doctor agent diagnose`: each thing that can be wrong on the way, on a way that is really there."""

from __future__ import annotations

import asyncio
import functools
import json
import re
import socket
import time

import attrs
import grpc.aio
import jsonschema
import pytest
import yaml

from ascend_doctor.cli import diagnose
from ascend_doctor.cli.main import run
from ascend_doctor.collector import main
from ascend_doctor.collector.admission import Admission
from ascend_doctor.v1 import ingest_pb2_grpc
from ascend_doctor.wire.credentials import Address, Role
from ascend_doctor.wire.steps import State, worst
from collecting import PROGRAM, collecting
from revocations import both_cas, list_of, own_folder, put
from waiting import PATIENCE_S

WORDS = {"fine": 0, "warning": 0, "wrong": 1, "unknown": 2}


def _configuration(folder, addresses, files=None, node="node-1"):
    section = {"collectors": [str(address) for address in addresses]}
    if files is not None:
        section["tls"] = {"authority": files.ca, "certificate": files.certificate, "key": files.key}
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({"node": node, "agent": section}))
    return path


async def _run(*words):
    """Run the verb as a process of its own and return exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, "agent", "diagnose", *map(str, words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return process.returncode, out.decode(), err.decode()


async def _diagnosed(address, files=None, node="node-1"):
    """Return what the exit code would be, and every step that is not fine, as `part: step: text`, by its state."""
    parts = [part async for part in diagnose.look(node, files, [address])]
    code = WORDS[worst(step for part in parts for step in part.steps).value]
    return code, [
        (step.state.value, f"{part.title}: {step.what}: {step.text}")
        for part in parts
        for step in part.steps
        if step.state is not State.FINE
    ]


async def test_nothing_is_wrong(tmp_path, certificates):
    """On a sound way every step is fine."""
    async with collecting(tmp_path, certificates.collector) as here:
        assert (0, []) == await _diagnosed(here.listen, certificates.node)


async def test_the_page(tmp_path, certificates):
    """Each step has a line with a symbol, what is wrong one more with the remedy; and every collector has its turn."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = Address("127.0.0.1", listener.getsockname()[1])
    async with collecting(tmp_path, certificates.collector) as here:
        path = _configuration(tmp_path, [closed, here.listen], certificates.node)
        code, out, err = await _run("--config", path, "--ascii")
    assert (1, "") == (code, err)
    lines = out.splitlines()
    assert "this node's files" == lines[0]
    at = lines.index(f"  x  connection: {closed}: connection refused")
    assert "       -> is the collector running there? (`ascend-doctor collector`)" == lines[at + 1]
    assert f"collector {here.listen}" == lines[at + 2]
    assert "  +  admission: the collector lets this node in" in lines
    assert "something is wrong" == lines[-1]


@pytest.mark.parametrize(
    ("server", "who", "expected"),
    [
        ("collector", None, "TLS: {address}: the collector uses TLS"),
        (None, "node", "TLS: {address}: no TLS there"),
        ("strange_collector", "node", "collector's CA: {address}: the collector's certificate is not from the CA in "),
        ("collector", "strange", "collector's CA: {address}: the collector's certificate is not from the CA in "),
        ("elsewhere", "node", "collector's names: {address}: the collector's certificate is for another name "),
        ("expired_collector", "node", "collector's dates: {address}: the collector's certificate has expired on "),
        ("early_collector", "node", "collector's dates: {address}: the collector's certificate is not valid yet"),
        ("posing", "node", "collector's role: {address}: shows no collector's certificate"),
    ],
)
async def test_what_is_wrong_between_both_ends(tmp_path, certificates, server, who, expected):
    """Plaintext against TLS, another CA, another name, the wrong dates and the wrong role are told apart."""
    files = None if who is None else getattr(certificates, who)
    async with collecting(tmp_path, None if server is None else getattr(certificates, server)) as here:
        code, found = await _diagnosed(here.listen, files)
    assert 1 == code
    ((state, text),) = found
    assert "wrong" == state
    assert text.startswith(f"collector {here.listen}: {expected.format(address=here.listen)}")


@pytest.mark.parametrize(
    ("who", "node", "expected"),
    [
        ("stranger", "node-1", "own CA: {who}: is not from the CA in "),
        ("expired", "node-1", "own dates: {who}: this certificate has expired on "),
        ("early", "node-1", "own dates: {who}: this certificate is not valid yet"),
        ("reader", "anne", "own role: {who}: this certificate is no node's, but that of anne (reader)"),
        ("second", "node-1", "own name: {who}: this certificate is not that of node-1, but of node-2 (node)"),
    ],
)
async def test_what_is_wrong_with_the_own_certificate(tmp_path, certificates, who, node, expected):
    """The own files are looked at first: CA, dates, role and name each have a line of their own."""
    files = getattr(certificates, who)
    async with collecting(tmp_path, certificates.collector) as here:
        code, found = await _diagnosed(here.listen, files, node)
    assert 1 == code
    state, text = found[0]
    assert "wrong" == state
    assert text.startswith(f"this node's files: {expected.format(who=files.certificate)}")


async def test_a_collector_that_does_not_trust_our_ca(tmp_path, certificates):
    """Sound files of another cluster's CA, which trust this one's too, are refused by the collector alone."""
    files = attrs.evolve(certificates.strange, ca=both_cas(certificates, tmp_path / "both.crt"))
    async with collecting(tmp_path, certificates.collector) as here:
        code, found = await _diagnosed(here.listen, files)
    expected = f"collector {here.listen}: own certificate: {files.certificate}: refused by the collector"
    assert (1, [("wrong", expected)]) == (code, found)


@pytest.mark.parametrize("whose", ["ours", "the collector's"])
async def test_what_was_revoked(tmp_path, certificates, whose):
    """Our certificate on the collector's list, and the collector's on ours."""
    mine = own_folder(certificates.node, tmp_path / "mine")
    theirs = own_folder(certificates.collector, tmp_path / "theirs")
    if whose == "ours":
        put(list_of(certificates, [certificates.node]), theirs)
        expected = "admission: {address}: refused: the certificate of node-1 (node) has been revoked"
    else:
        put(list_of(certificates, [certificates.collector]), mine)
        expected = "collector's revocation: {address}: the collector's certificate has been revoked"
    async with collecting(tmp_path, theirs) as here:
        code, found = await _diagnosed(here.listen, mine)
    assert 1 == code
    ((state, text),) = found
    assert ("wrong", True) == (
        state,
        text.startswith(f"collector {here.listen}: {expected.format(address=here.listen)}"),
    )


async def test_a_certificate_that_ends_soon_is_a_warning(tmp_path, certificates):
    """From 30 days on it is told, and the exit code is still 0."""
    files = certificates.issue("node-1", Role.NODE, age_days=345)
    async with collecting(tmp_path, certificates.collector) as here:
        code, found = await _diagnosed(here.listen, files)
    ((state, text),) = found
    assert (0, "warning") == (code, state)
    assert text.startswith(f"this node's files: own dates: {files.certificate}: this certificate holds until 20")
    assert text.endswith("19 more days")


@pytest.mark.parametrize(("ahead_s", "expected"), [(-3600, (1, "wrong")), (600, (1, "wrong")), (-10, (0, "warning"))])
async def test_clocks_that_differ(tmp_path, certificates, monkeypatch, ahead_s, expected):
    """The difference is measured on the real call, not guessed from dates."""
    shifted = functools.partial(Admission, clock=lambda: time.time() + ahead_s)
    monkeypatch.setattr(main, "Admission", shifted)
    async with collecting(tmp_path, certificates.collector) as here:
        code, found = await _diagnosed(here.listen, certificates.node)
    ((state, text),) = found
    assert expected == (code, state)
    how = "behind" if ahead_s > 0 else "ahead of"
    assert re.search(rf"clock: this machine's clock is \d+ (s|min) {how} the collector's, give or take ", text)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (Address("no-such-host.invalid", 7443), "name: {address}: no such host"),
        (Address("255.255.255.255", 7443), "connection: {address}: unreachable ("),
    ],
)
async def test_what_cannot_be_reached(tmp_path, certificates, address, expected):
    """A name that nobody knows, and an address to which there is no way."""
    code, found = await _diagnosed(address, certificates.node)
    ((state, text),) = found
    assert (1, "wrong") == (code, state)
    assert text.startswith(f"collector {address}: {expected.format(address=address)}")


async def test_a_port_that_says_nothing(tmp_path, certificates):
    """A program that takes the connection and hangs is told from one that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("127.0.0.1", listener.getsockname()[1])
        code, found = await _diagnosed(address, certificates.node)
    assert (1, [("wrong", f"collector {address}: TLS: {address}: takes connections and says nothing")]) == (code, found)


async def test_a_collector_that_tells_no_time(tmp_path):
    """An older collector leaves one thing unknown: the exit code says that it cannot be told."""

    class Older(ingest_pb2_grpc.IngestServiceServicer):
        async def Connect(self, request_iterator, context):  # noqa: N802 - the generated name
            pass

    server = grpc.aio.server()
    ingest_pb2_grpc.add_IngestServiceServicer_to_server(Older(), server)
    address = Address("127.0.0.1", server.add_insecure_port("127.0.0.1:0"))
    await server.start()
    try:
        _, found = await _diagnosed(address)
        code, out, err = await _run("--config", _configuration(tmp_path, [address]))
    finally:
        await server.stop(0)
    ((state, text),) = found
    assert (2, "", "unknown") == (code, err, state)
    assert "not everything could be looked at" == out.splitlines()[-1]
    assert text.startswith(f"collector {address}: clock: the collector tells no time; this machine's clock says ")


# --- The command line ------------------------------------------------------------------------------------------------


def test_without_a_collector_there_is_no_way(tmp_path, capsys):
    """An agent that keeps to itself has nothing to look at."""
    assert 2 == run(["agent", "diagnose", "--config", str(_configuration(tmp_path, []))])
    assert "ascend-doctor: no collector is configured: set agent.collectors" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["agent", "--config", "{}", "diagnose"], ["agent", "diagnose", "--config", "{}"]])
def test_the_configuration_can_be_named_before_and_after(tmp_path, capsys, words):
    """The option means the same on either side of the verb, and a mistake in the file is one line."""
    path = tmp_path / "c.yaml"
    path.write_text("agent: {collectors: [x]}\n")
    assert 2 == run([word.format(path) for word in words])
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{path}:1:" in line


def test_the_agent_still_has_its_own_help(capsys):
    """The verb below it is listed, and what the agent itself takes."""
    assert 0 == run(["agent", "--help"])
    out = capsys.readouterr().out
    assert "--only [probe|uplink]" in out
    assert "diagnose  Say what is wrong on the way to the collectors." in out


def test_a_verb_that_is_none(capsys):
    """A mistyped verb below the agent does not start an agent."""
    assert 2 == run(["agent", "diagnos"])
    assert "diagnos" in capsys.readouterr().err


async def test_the_document_is_as_promised(tmp_path, certificates):
    """The JSON has the same shape for whatever is found."""
    async with collecting(tmp_path, certificates.collector) as here:
        path = _configuration(tmp_path, [here.listen], certificates.node)
        code, out, err = await _run("--config", path, "--format", "json")
    assert (0, "") == (code, err)
    text = {"type": "string"}
    state = {"enum": ["fine", "warning", "unknown", "wrong"]}
    step = {
        "type": "object",
        "properties": {"what": text, "state": state, "text": text, "remedy": text},
        "required": ["what", "state", "text", "remedy"],
        "additionalProperties": False,
    }
    part = {
        "type": "object",
        "properties": {"title": text, "state": state, "steps": {"type": "array", "items": step}},
        "required": ["title", "state", "steps"],
        "additionalProperties": False,
    }
    schema = {
        "type": "object",
        "properties": {
            "format_version": {"const": "1.0"},
            "node": text,
            "state": state,
            "parts": {"type": "array", "items": part},
        },
        "required": ["format_version", "node", "state", "parts"],
        "additionalProperties": False,
    }
    jsonschema.validate(json.loads(out), schema)
