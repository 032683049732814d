"""The commands for drills: `ascend-doctor simulate`."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest

from ascend_doctor.cli.main import run
from waiting import PATIENCE_S

# A healthy 910B3 as the notes of a vendor-code case state it: the values below `npu-smi info -t health -i 0`.
VALUES = """
generation: "Atlas A2 (910B3 board)"
state: "a2-healthy"
build: "hccn_tool"
ip: "192.168.100.101"
netmask: "255.255.255.0"
"""


Drill = Tuple[Path, List[str], "subprocess.Popen[str]"]


PROGRAM = [sys.executable, "-c", "from ascend_doctor.cli.main import main; main()", "simulate"]


def _call(*words: str) -> Tuple[int, str]:
    """Run a command; return its exit code and everything that it printed."""
    streams = io.StringIO()
    with contextlib.redirect_stdout(streams), contextlib.redirect_stderr(streams):
        code = run(["simulate", *words])
    return code, streams.getvalue()


def test_answer_prints_what_the_tool_prints(tmp_path: Path) -> None:
    """The tool's own streams and exit code come out, byte for byte."""
    values = tmp_path / "truth.yaml"
    values.write_text(VALUES, encoding="utf-8")
    command = [*PROGRAM, "answer", "--values", str(values), "--"]
    good = subprocess.run([*command, "hccn_tool", "-i", "0", "-ip", "-g"], capture_output=True, check=False)
    assert (b"ipaddr:192.168.100.101\nnetmask:255.255.255.0\n", b"", 0) == (good.stdout, good.stderr, good.returncode)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("answer", "--values", "/no/such.yaml", "--", "npu-smi"), "/no/such.yaml: cannot be read"),
        (("run", "dem"), "dem: no such scenario: give the path of a file, or one of 310p, a3, a5, demo, direct"),
        (("faults", "--dir", "/no/such"), "no simulator answers at /no/such/socket"),
        (("inject", "--dir", "/x", "cable-pulled", "n1/0", "like"), "'like' is not KEY=VALUE"),
        (("inject", "--dir", "/x", "cable-pulled", "n1/0", "npu=1"), "'npu=1' is not KEY=VALUE with a key of its own"),
        (("inject", "--dir", "/x", "flood", "n1"), "Invalid value for 'FAULT': 'flood' is not one of"),
        (("run",), "Missing argument 'SCENARIO'"),
    ],
)
def test_mistakes_are_told_in_a_line(words: Tuple[str, ...], message: str) -> None:
    """Every mistake ends with code 2 and says what to do."""
    code, told = _call(*words)
    assert 2 == code
    assert told.startswith(f"ascend-doctor: {message}")
    assert 1 == told.count("\n")


def test_values_have_to_be_a_mapping(tmp_path: Path) -> None:
    """A list in place of the values is told with its place."""
    values = tmp_path / "truth.yaml"
    values.write_text("- a\n", encoding="utf-8")
    told = f"ascend-doctor: {values}:1:1: a mapping of values is expected\n"
    assert (2, told) == _call("answer", "--values", str(values), "--", "npu-smi")


@pytest.fixture
def drill() -> Iterator[Drill]:
    """Run `simulate run demo`; give its folder, the lines that it printed, and the process."""
    # Not pytest's folder: the path of a socket has to be short.
    folder = Path(tempfile.mkdtemp(prefix="sim-"))
    command = [*PROGRAM, "run", "demo", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield folder, [process.stdout.readline().rstrip("\n") for _ in range(4)], process
        process.terminate()
    shutil.rmtree(folder)


def test_a_drill_from_start_to_end(drill: Drill) -> None:
    """Run, put a node's tools on PATH, break, look, list, mend, and end with Ctrl-C."""
    folder, lines, process = drill
    assert ["# node-1", "# node-2"] == lines[0::2]
    path = re.sub(r"^export PATH=(.*):\$PATH$", r"\1", lines[1])
    environment = {**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}"}

    def link() -> bytes:
        return subprocess.run(
            ["hccn_tool", "-i", "3", "-link", "-g"], env=environment, capture_output=True, check=True
        ).stdout

    assert b"link status: UP\n" == link()
    place = ("--dir", str(folder))
    listed = (0, "0  cable-pulled  node-1/3  found by roce.link\n")
    assert listed == _call("inject", *place, "cable-pulled", "node-1/3")
    assert b"link status: DOWN\n" == link()
    assert listed == _call("faults", *place)
    refused = (2, "ascend-doctor: like: there is no RoCE port 'node-9/3' here: write node/npu\n")
    assert refused == _call("inject", *place, "address-duplicate", "node-1/3", "like=node-9/3")
    again = (2, f"ascend-doctor: a simulator already runs in {folder}: end it, or choose another folder\n")
    assert again == _call("run", "demo", *place)
    assert listed == _call("repair", *place, "0")
    assert b"link status: UP\n" == link()
    process.send_signal(signal.SIGINT)
    assert 0 == process.wait(PATIENCE_S)
