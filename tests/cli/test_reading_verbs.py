"""`ascend-doctor history`, `nodes` and `report` against a collector: who changed, who is there, what passed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time

import jsonschema
import pytest

from ascend_doctor.cli import history as verb
from ascend_doctor.cli.main import run
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Recorded, Transition
from ascend_doctor.report import json_history, json_report
from collecting import PROGRAM
from reading import ReadingProcess
from waiting import PATIENCE_S


@pytest.fixture(scope="module")
def collector(tmp_path_factory):
    """A collector with a broken node-1, a healthy node-2, a node-9 that was never seen, and a history."""
    with ReadingProcess(tmp_path_factory.mktemp("collector")) as process:
        yield process


@pytest.fixture
def asked(collector, capsys, monkeypatch):
    """Run a verb against the collector and return its exit code and what it printed."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()

    def ask(*words):
        code = run([*words, "--collector", collector.listen])
        return code, capsys.readouterr().out

    yield ask
    monkeypatch.undo()
    time.tzset()


def test_history_tells_what_changed_and_when(asked) -> None:
    """The newest last, in the time of the machine; hostile text cannot steer the terminal."""
    code, out = asked("history", "--node", "node-1")
    lines = out.splitlines()
    assert (0, 3) == (code, len(lines))
    assert lines[0].startswith("2026-09-21 22:13:20 +0800  node-1 NPU 3 port  roce.link  pass > fail  the link is DOWN")
    assert "(learnt " in lines[0]
    assert "node-1 NPU 0  npu.ecc  new > warn  one bit\\x1b[31m" in lines[1]
    assert lines[2].endswith("node-1 NPU 3 port  roce.link  fail > gone")


def test_history_is_narrowed(asked) -> None:
    """By check, time and number; `--utc` tells times in UTC."""
    assert asked("history", "--check", "npu.ecc")[1].count("\n") == 1
    assert "the link is DOWN" not in asked("history", "--node", "node-1", "--since", "1h")[1]
    assert asked("history", "--node", "node-1", "--limit", "1")[1].rstrip().endswith("fail > gone")
    assert asked("history", "--node", "node-1", "--utc")[1].startswith("2026-09-21 14:13:20 UTC  ")
    assert (0, "nothing has changed, as far as the collector remembers\n") == asked("history", "--node", "node-9")


def test_history_for_programs(asked) -> None:
    """One document by the published schema, or a line for each change, the newest last."""
    document = json.loads(asked("history", "--node", "node-1", "--format", "json")[1])
    jsonschema.Draft202012Validator(json_history.schema()).validate(document)
    lines = [json.loads(line) for line in asked("history", "--node", "node-1", "--format", "jsonl")[1].splitlines()]
    assert document["transitions"] == lines[::-1]
    assert "" == asked("history", "--node", "node-9", "--format", "jsonl")[1]


def test_history_has_colours_where_they_are_wanted(asked) -> None:
    """The words of the statuses stand out."""
    assert "\x1b[31mfail\x1b[0m" in asked("history", "--node", "node-1", "--color", "always")[1]
    assert "\x1b[" not in asked("history", "--node", "node-1")[1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--since", "yesterday"], "--since: 'yesterday' is no time; write a span such as 90s"),
        (["--node", "no name"], "--node: 'no name' is no name of a node"),
        (["--check", "roce.lnk"], "did you mean `roce.link`?"),
        (["--follow", "--format", "json"], "--follow goes with terminal and jsonl"),
        (["--limit", "0"], "--limit"),
    ],
)
def test_wrong_usage_is_one_line(capsys, words, expected) -> None:
    """Each mistake is named before anybody is asked."""
    assert 2 == run(["history", *words])
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("words", [["history"], ["history", "--follow"], ["nodes"]])
def test_nobody_listens(capsys, words) -> None:
    """A collector that is not there is asked after, in one line."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    assert 2 == run([*words, "--collector", address])
    assert f"{address}: connection refused" in capsys.readouterr().err


def test_following_prints_what_comes(collector) -> None:
    """Each change once, whatever was there before; Ctrl-C ends it."""
    words = [*PROGRAM, "history", "--follow", "--limit", "1", "--format", "jsonl", "--collector", collector.listen]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        found = []
        for port in ("5", "6"):
            assert "done" == collector.ask(port)
            found.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        assert 130 == process.wait(PATIENCE_S)
        assert "" == process.stdout.read()
    assert "node-1" == first["node"]
    assert [("node-2", "5"), ("node-2", "6")] == [(item["node"], item["subject"]["name"]) for item in found]


def test_what_was_printed_is_known(monkeypatch) -> None:
    """So is what came before it; of very many the newest are remembered."""
    monkeypatch.setattr(verb, "REMEMBERED", 2)
    printed = verb._Printed()
    assert printed.is_empty
    printed.add([7, 9])
    assert [True, True, False, True, False] == [number in printed for number in (1, 7, 8, 9, 10)]
    printed.add([8, 10, 11])
    assert [True, True, True, True, False] == [number in printed for number in (9, 8, 10, 11, 12)]
    nothing = verb._Printed()
    nothing.add([])
    assert (False, False) == (nothing.is_empty, 1 in nothing)


@pytest.mark.parametrize(
    ("at", "received_at", "expected"),
    [
        (1_790_000_000.0, 1_790_000_300.0, "(learnt 5 min later)"),
        (1_790_000_300.0, 1_790_000_000.0, "(learnt 5 min earlier, by another clock)"),
        (0.0, 1_790_000_000.0, "down"),
        (1e18, 1e18, "down"),
    ],
)
def test_times_that_differ_are_told(capsys, at: float, received_at: float, expected: str) -> None:
    """A node that was away, or whose clock is wrong, is seen at once; another subject is named with the node."""
    change = Transition("roce.link", "cable::port:a:1 port:b:1", Status.PASS, Status.FAIL, at, "down")
    look = verb._Look("terminal", in_utc=True, colour=False)
    look.show([Recorded(1, "node-1", received_at, change)])
    out = capsys.readouterr().out.rstrip()
    assert out.endswith(expected)
    assert "node-1: cable port:a:1 port:b:1" in out


def test_nodes_are_listed(asked) -> None:
    """A line each, with the verdict and whether it still sends."""
    code, out = asked("nodes")
    lines = [line.split() for line in out.splitlines()]
    assert 0 == code
    assert ["NODE", "VERDICT", "SENDS", "SEEN", "PRODUCT", "NPUS", "DRIVER", "FIRMWARE"] == lines[0]
    assert [
        ["node-1", "NOT", "READY", "yes"],
        ["node-2", "READY", "yes"],
        ["node-9", "INCOMPLETE", "never", "seen"],
    ] == [
        lines[1][:4],
        lines[2][:3],
        lines[3][:4],
    ]


def test_nodes_for_programs(asked) -> None:
    """The same nodes as in the report."""
    document = json.loads(asked("nodes", "--format", "json")[1])
    assert json_report.FORMAT_VERSION == document["format_version"]
    assert [("node-1", "live"), ("node-2", "live"), ("node-9", "never-seen")] == [
        (node["name"], node["liveness"]) for node in document["nodes"]
    ]


def test_what_passed_is_counted_unless_asked_for(asked) -> None:
    """The report is short; `--passes` tells all."""
    code, out = asked("report", "--node", "node-2")
    assert (0, True) == (code, "8 results as expected" in out)
    counted = json.loads(asked("report", "--format", "json")[1])
    assert (16, 0) == (counted["counts"]["also_passed"], counted["counts"]["findings"]["pass"])
    told = json.loads(asked("report", "--passes", "--format", "json")[1])
    assert (0, 16) == (told["counts"]["also_passed"], told["counts"]["findings"]["pass"])


def test_following_outlives_the_collector(tmp_path) -> None:
    """A collector that goes away is told of once, and waited for."""
    with ReadingProcess(tmp_path) as gone:
        words = [*PROGRAM, "history", "--follow", "--format", "jsonl", "--collector", gone.listen]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert ["node-1"] * 3 == [json.loads(process.stdout.readline())["node"] for _ in range(3)]
            gone.end()
            assert "connection refused" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            assert 130 == process.wait(PATIENCE_S)
            assert "" == process.stderr.read().strip()
