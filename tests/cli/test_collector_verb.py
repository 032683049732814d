"""`ascend-doctor collector` as a verb: how it starts, how it ends, and what is forgotten."""

from __future__ import annotations

import signal
import socket
import subprocess

import pytest

from ascend_doctor.cli.main import run
from collecting import HEALTHY_NODE, PROGRAM, CollectorProcess
from waiting import PATIENCE_S


def test_the_collector_ends_on_a_signal(tmp_path):
    """SIGINT and SIGTERM end a collector with 0."""
    for number in (signal.SIGINT, signal.SIGTERM):
        assert 0 == CollectorProcess(tmp_path).end(number)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--listen", "here"], "'here' is no address"),
        (["--web", "0.0.0.0:80"], "--web 0.0.0.0:80: only loopback here; for the network set collector.web"),
        (["--forget", "node-1", "--store", "/nowhere"], "/nowhere: there is no store; name it with --store"),
        (["--backup", "copy", "--store", "/nowhere"], "/nowhere: there is no store; name it with --store"),
        (["--backup", "copy", "--store", "postgresql://me:secret@h/d"], "postgresql://h/d: back it up with pg_dump"),
    ],
)
def test_a_mistake_is_one_line(capsys, words, expected):
    """What cannot be meant is told before anything is started."""
    assert 2 == run(["collector", *words])
    out, err = capsys.readouterr()
    assert ("", 1) == (out, len(err.splitlines()))
    assert expected in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--listen", "192.0.2.1:7443"], "plaintext is for loopback only; give the TLS files"),
        (["--listen", "{taken}"], "{taken}: cannot be listened on; is the port taken"),
        (["--web", "{taken}"], "{taken}: Address already in use; choose another address"),
        (["--store", "/proc/nowhere/x"], "No such file or directory; choose a file that you may write to"),
    ],
)
def test_a_collector_that_cannot_start_says_so_in_one_line(tmp_path, words, expected):
    """Whatever keeps a collector from listening is one line and exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        given = [word.format(taken=where) for word in words]
        usual = ["--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--store", str(tmp_path / "store.sqlite")]
        ended = subprocess.run(
            [*PROGRAM, "collector", *usual, *given], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    assert (2, "") == (ended.returncode, ended.stdout)
    (line,) = ended.stderr.splitlines()
    assert expected.format(taken=where) in line


def test_a_node_that_is_no_more_can_be_forgotten(tmp_path, capsys):
    """`collector --forget` drops a node from the store of a collector that does not run."""
    words = ["collector", "--store", str(tmp_path / "store.sqlite"), "--forget", "node-1"]
    with CollectorProcess(tmp_path) as collector:
        subprocess.run([*HEALTHY_NODE, str(tmp_path), collector.listen], check=True, timeout=PATIENCE_S)
        assert 2 == run(words)
        assert "another collector uses it; stop that one" in capsys.readouterr().err
    assert 0 == run(words)
    assert 2 == run(words)
    assert "has no node node-1; `ascend-doctor report` lists the names" in capsys.readouterr().err


def test_a_copy_is_made_while_the_collector_runs(tmp_path, capsys):
    """`collector --backup` takes along what a running collector has, and what is forgotten after it."""
    store, copy = str(tmp_path / "store.sqlite"), str(tmp_path / "copy of ?mode=memory.sqlite")
    with CollectorProcess(tmp_path) as collector:
        subprocess.run([*HEALTHY_NODE, str(tmp_path), collector.listen], check=True, timeout=PATIENCE_S)
        assert 0 == run(["collector", "--store", store, "--backup", copy])
        assert 2 == run(["collector", "--store", store, "--backup", copy])
        assert f"{copy}: is there already; choose another name" in capsys.readouterr().err
        assert 0 == collector.end()
    later = str(tmp_path / "later.sqlite")
    assert 0 == run(["collector", "--store", copy, "--backup", later, "--forget", "node-1"])
    assert (2, 0) == tuple(run(["collector", "--store", place, "--forget", "node-1"]) for place in (copy, later))
