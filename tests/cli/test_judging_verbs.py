"""`check`, `replay` and `record`: from answers to a printed report and an exit code."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import attrs
import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

import simulated
from ascend_doctor.cli import orders_process, output
from ascend_doctor.cli.configuration import Configuration
from ascend_doctor.cli.main import run
from ascend_doctor.cli.orders import AGENT, PROBE, UPLINK
from ascend_doctor.cli.progress import ProgressLine
from ascend_doctor.facts.host import identity
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.probe import recording
from ascend_doctor.probe.recording import Recording
from ascend_doctor.report import json_report
from waiting import PATIENCE_S, wait_until

SCENARIO = "nodes:\n  - {name: 'n[1-2]', product: atlas-800i-a2}\n"


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch, tmp_path):
    monkeypatch.setattr("ascend_doctor.cli.configuration.DEFAULT_PATH", str(tmp_path / "none.yaml"))


def _recorded(folder, faults=""):
    """Record a simulated cluster of two nodes."""
    cluster = simulated.make(SCENARIO + faults, 900.0)
    taken = []
    for node in cluster.nodes:
        queries = list(simulated.queries(cluster, node))
        evidence = {query.key: simulated.evidence_of(cluster, node, query) for query in queries}
        evidence = {key: attrs.evolve(item, started_at=1_790_000_000.0) for key, item in evidence.items()}
        taken.append(Recording(node, evidence))
    recording.write(folder, taken)
    return str(folder)


@pytest.fixture
def healthy(tmp_path):
    """A recording of two nodes on which all is well."""
    return _recorded(tmp_path / "healthy")


@pytest.fixture
def broken(tmp_path):
    """A recording in which a cable of the first node is out."""
    return _recorded(tmp_path / "broken", "faults:\n  - {fault: cable-pulled, node: n1, npu: 3}\n")


def test_a_healthy_recording_is_ready(healthy, capsys):
    """Two nodes on which all is well are READY, and the exit code is 0."""
    assert 0 == run(["replay", healthy])
    out = capsys.readouterr().out
    assert "READY\n2 of 2 nodes ready, 16 NPUs;" in out


def test_a_pulled_cable_is_one_problem(broken, capsys):
    """A cable that is out gives exit code 1 and one culprit; what follows from it is folded under it."""
    assert 1 == run(["replay", broken, "--ascii"])
    out = capsys.readouterr().out
    assert out.startswith("NOT READY: 1 failure\n")
    assert "n1 NPU 3 port" in out
    assert "explains" in out
    assert out.isascii()
    assert "\x1b" not in out


def test_json_is_as_promised(broken, capsys):
    """`--format json` prints the published document."""
    assert 1 == run(["replay", broken, "--format", "json"])
    shown = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(json_report.schema()).validate(shown)
    assert ("not-ready", 2) == (shown["verdict"], len(shown["nodes"]))
    assert ["roce.link|port:n1:3"] == shown["problems"]


def test_metrics_of_several_nodes(broken, capsys):
    """`--format prometheus` prints valid metrics; the hardware of several nodes carries the node."""
    assert 1 == run(["replay", broken, "--format", "prometheus"])
    families = {item.name: item for item in text_string_to_metric_families(capsys.readouterr().out)}
    links = {(item.labels["node"], item.labels["npu"]): item.value for item in families["ascend_npu_link_up"].samples}
    assert 16 == len(links)
    assert [("n1", "3")] == [key for key, value in links.items() if not value]


def test_metrics_of_one_node(broken, capsys):
    """The metrics of one node carry no node: that is the scraper's business. They stay within the budget of series."""
    assert 1 == run(["replay", f"{broken}/n1", "--format", "prometheus"])
    samples = [item for family in text_string_to_metric_families(capsys.readouterr().out) for item in family.samples]
    assert not [item for item in samples if "node" in item.labels]
    assert 300 < len(samples) <= 1500
    assert len(samples) == len({(item.name, tuple(sorted(item.labels.items()))) for item in samples})


def test_only_the_checks_that_were_asked_for(broken, capsys):
    """`--check` judges by these checks alone, also where the configuration disables them."""
    assert 0 == run(["replay", broken, "--check", "npu.ecc", "--format", "json"])
    found = {finding["check"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert {"npu.ecc"} == found


def test_configuration_is_obeyed(broken, tmp_path, capsys):
    """A check that the configuration disables is not run; its absence is no failure."""
    config = tmp_path / "c.yaml"
    config.write_text("checks:\n  npu.ecc: {enabled: false}\n")
    assert 1 == run(["replay", broken, "--config", str(config), "--format", "json"])
    assert "npu.ecc" not in {finding["check"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert 0 == run(["replay", broken, "--config", str(config), "--check", "npu.ecc"])


def test_a_node_without_tools_has_no_verdict(tmp_path, capsys):
    """Where no tool can be found there is nothing to judge by: never 0."""
    config = tmp_path / "c.yaml"
    config.write_text(
        f"node: n9\ntools: {{npu-smi: [/no/npu-smi], hccn_tool: [/no/hccn_tool], lock_folder: {tmp_path}/locks}}\n"
    )
    assert run(["check", "--config", str(config)]) in (1, 2)
    out = capsys.readouterr().out
    assert "n9" in out
    assert not out.startswith(("READY", "DEGRADED"))


def test_a_node_can_be_recorded_and_replayed(tmp_path, capsys):
    """What `record` writes is what `replay` reads; a folder that is there is never written over."""
    tool = tmp_path / "npu-smi"
    tool.write_text("#!/bin/sh\necho secret host $(id -u) >&2\nexit 3\n")
    tool.chmod(0o700)
    config = tmp_path / "c.yaml"
    config.write_text(
        f"node: n9\ntools: {{npu-smi: [{tool}], trusted_folders: [{tmp_path}], lock_folder: {tmp_path}/locks}}\n"
    )
    folder = tmp_path / "taken"
    assert 0 == run(["record", str(folder), "--config", str(config)])
    assert f"judge them with: ascend-doctor replay {folder}" in capsys.readouterr().out
    [taken] = recording.read(folder)
    assert ("n9", 3) == (taken.node, taken.evidence["npu-smi/mapping"].exit_code)
    assert run(["replay", str(folder)]) in (1, 2)
    assert 2 == run(["record", str(folder), "--config", str(config)])
    assert "is there already" in capsys.readouterr().err


def test_a_redacted_recording_keeps_its_map_apart(tmp_path, capsys):
    """`--map` redacts and writes what stands behind the masks to a file of its own, which only its owner can read."""
    config = tmp_path / "c.yaml"
    config.write_text(f"node: n9\ntools: {{npu-smi: [/no/npu-smi], lock_folder: {tmp_path}/locks}}\n")
    private = tmp_path / "map.json"
    assert 0 == run(["record", str(tmp_path / "taken"), "--map", str(private), "--config", str(config)])
    [taken] = recording.read(tmp_path / "taken")
    assert "node-1" == taken.node
    assert "n9" in private.read_text()
    assert 0o600 == private.stat().st_mode & 0o777
    assert 2 == run(["record", str(tmp_path / "again"), "--map", str(private), "--config", str(config)])
    assert "cannot be written: File exists" in capsys.readouterr().err


def test_a_redacted_recording_can_still_be_read(tmp_path):
    """Masking leaves the facts of the host, which speak of a passwd entry, as they were."""
    config = tmp_path / "c.yaml"
    config.write_text(f"tools: {{npu-smi: [/no/npu-smi], lock_folder: {tmp_path}/locks}}\n")
    assert 0 == run(["record", str(tmp_path / "taken"), "--redact", "--config", str(config)])
    [taken] = recording.read(tmp_path / "taken")
    facts = identity.SOURCE.read(taken.evidence["host/facts"])
    assert not isinstance(facts, Missing), facts
    assert isinstance(facts.has_passwd_entry, bool)


def test_an_unwritable_place_is_named(tmp_path, capsys):
    """A recording that cannot be written is one line that says so."""
    config = tmp_path / "c.yaml"
    config.write_text(f"tools: {{npu-smi: [/no/npu-smi], lock_folder: {tmp_path}/locks}}\n")
    assert 2 == run(["record", str(tmp_path / "no" / "such" / "place"), "--config", str(config)])
    assert "cannot be written: No such file or directory; choose another place" in capsys.readouterr().err


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("verdict", "code", "strict_code"),
    [(Verdict.READY, 0, 0), (Verdict.DEGRADED, 0, 1), (Verdict.INCOMPLETE, 2, 2), (Verdict.NOT_READY, 1, 1)],
)
def test_exit_codes(verdict, code, strict_code, strict):
    """0 ready, degraded too unless strict; 1 not ready; 2 no verdict."""
    assert (strict_code if strict else code) == output.exit_code(verdict, strict=strict)


class _Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("choice", "stream", "environment", "expected"),
    [
        ("auto", _Terminal(), {}, True),
        ("auto", _Terminal(), {"NO_COLOR": "1"}, False),
        ("auto", _Terminal(), {"NO_COLOR": ""}, True),
        ("auto", _Terminal(), {"TERM": "dumb"}, False),
        ("auto", io.StringIO(), {}, False),
        ("always", io.StringIO(), {"NO_COLOR": "1"}, True),
        ("never", _Terminal(), {}, False),
    ],
)
def test_colour(choice, stream, environment, expected, monkeypatch):
    """Colour goes to terminals only, unless asked for, and never against NO_COLOR."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert expected is output.wants_colour(choice, stream)


def test_colour_on_demand(healthy, capsys):
    """`--color always` colours a pipe too."""
    assert 0 == run(["replay", healthy, "--color", "always"])
    assert "\x1b[" in capsys.readouterr().out


def test_an_unknown_encoding_gets_ascii(monkeypatch):
    """Where the encoding of standard output is not known, symbols stay in ASCII."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert output.can_print("x")
    assert not output.can_print("\u2717")


def test_progress_appears_after_a_while():
    """Nothing is shown for two seconds; then one line is written over and over, and taken away at the end."""
    now = [0.0]
    stream = _Terminal()
    line = ProgressLine(stream, clock=lambda: now[0])
    line.update(0, 9, "npu-smi info")
    line.clear()
    assert "" == stream.getvalue()
    now[0] = 2.5
    line.update(1, 9, "npu-smi info\x1b[2J")
    line.update(2, 9, "too soon after the last")
    line.clear()
    line.clear()
    assert "\r\x1b[K1 of 9: npu-smi info\\x1b[2J\r\x1b[K" == stream.getvalue()


def test_no_progress_in_a_file():
    """Progress is for those who wait at a terminal."""
    now = [0.0]
    stream = io.StringIO()
    line = ProgressLine(stream, clock=lambda: now[0])
    now[0] = 60.0
    line.update(1, 9, "npu-smi info")
    assert "" == stream.getvalue()


@pytest.mark.parametrize("whom", [AGENT, PROBE, UPLINK])
def test_an_agent_needs_a_name_that_a_node_can_have(whom, tmp_path, monkeypatch, capsys):
    """Where the host's name is no name for a node the agent says in one line what to set; `check` goes on."""
    config = tmp_path / "c.yaml"
    config.write_text(f"tools: {{npu-smi: [/no/npu-smi], hccn_tool: [/no/t], lock_folder: {tmp_path}/locks}}\n")
    monkeypatch.setattr(Configuration, "node_name", lambda _: "gpu_node_1")
    assert 2 == orders_process.main([whom, str(config)])
    err = capsys.readouterr().err
    assert 1 == len(err.splitlines())
    assert "'gpu_node_1'" in err
    assert "set `node` in the configuration" in err
    assert run(["check", "--config", str(config)]) in (1, 2)
    assert "gpu_node_1" in capsys.readouterr().out


@pytest.mark.parametrize("only", [[], ["--only", PROBE], ["--only", UPLINK]], ids=[AGENT, PROBE, UPLINK])
def test_an_agent_tells_of_a_broken_configuration(only, tmp_path, capfd):
    """What the process that reads the configuration says of a mistake is all that is said, and the exit code is 2."""
    config = tmp_path / "c.yaml"
    config.write_text("agnet: {}\n")
    assert 2 == run(["agent", "--config", str(config), *only])
    out, err = capfd.readouterr()
    assert "" == out
    assert 1 == len(err.splitlines())
    assert "c.yaml:1" in err


@pytest.mark.parametrize("verb", [["agent"], ["collector"]], ids=" ".join)
def test_who_is_ended_while_it_starts_leaves_nothing_behind(verb, tmp_path):
    """SIGTERM while the configuration is read ends the process that reads it too; that is no failure."""
    config = tmp_path / "c.yaml"
    os.mkfifo(config)  # it is read for as long as nobody writes
    words = [sys.executable, "-c", "import sys; from ascend_doctor.cli.main import main; sys.exit(main())"]
    process = subprocess.Popen([*words, *verb, "--config", str(config)])
    reader = []

    def is_reading():
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        reader[:] = [int(pid) for pid in children]
        return bool(reader) and b"orders_process" in Path(f"/proc/{reader[0]}/cmdline").read_bytes()

    wait_until(is_reading)
    process.terminate()
    assert 0 == process.wait(PATIENCE_S)
    assert not Path(f"/proc/{reader[0]}").exists()


def test_a_tool_that_hangs_before_there_is_a_map_is_one_problem(tmp_path, capsys):
    """When `npu-smi info -m` hangs nothing else is asked, and the report holds one finding, about the node."""
    tool = tmp_path / "npu-smi"
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    tool.chmod(0o700)
    config = tmp_path / "c.yaml"
    config.write_text(
        f"node: n9\ntools: {{npu-smi: [{tool}], hccn_tool: [{tool}], trusted_folders: [{tmp_path}],"
        f" lock_folder: {tmp_path}/locks, timeouts_s: {{npu-smi/mapping: 0.5}}}}\n"
    )
    assert 1 == run(["check", "--config", str(config), "--format", "json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    problems = [item for item in findings if item["status"] in ("fail", "warn", "unknown") and not item.get("cause")]
    # What the host's own checks say is about the machine on which the tests run.
    assert ["tool.timeout"] == [item["check"] for item in problems if not item["check"].startswith("host.")]
