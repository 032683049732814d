"""The demo, as real processes: it names what it breaks, survives any death, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Tuple

import pytest

from waiting import PATIENCE_S, wait_until

WAIT_S = 600.0


class Demo:
    """A running demo. Everything it starts has its temporary folder in its command line."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        self.lines: List[str] = []
        environment = {**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "ascend_doctor.cli.main", "demo", *words]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, encoding="utf-8"
        )

    def read_until(self, text: str) -> str:
        """Read on until a line has the text, and return it. Fails when the demo ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if text in line:
                return line
        raise AssertionError("\n".join([f"no line with {text!r}", *self.lines]))

    def finish(self) -> int:
        """Read to the end, and return the exit code."""
        assert self.process.stdout is not None
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(WAIT_S)

    def processes(self, *words: str, without: str = "") -> List[int]:
        """Return the processes of the demo that have all of these words in their command lines."""
        return [
            pid
            for pid, line in _command_lines()
            if str(self.folder) in line and all(word in line for word in words) and not (without and without in line)
        ]

    def one(self, *words: str, without: str = "") -> int:
        """Return the process of the demo with these words, as soon as it is there."""
        found: List[int] = []

        def is_there() -> bool:
            there = self.processes("leashed", *words, without=without)
            # A probe that is about to start a tool is there twice for a moment.
            found[:] = [pid for pid in there if _parent(pid) not in {None, *there}]
            return len(found) == 1

        wait_until(is_there)
        return found[0]

    def kill(self, *words: str, without: str = "") -> None:
        """`kill -9` that process."""
        os.kill(self.one(*words, without=without), signal.SIGKILL)


def _command_lines() -> Iterator[Tuple[int, str]]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield int(path.parent.name), path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")


def _parent(pid: int) -> Optional[int]:
    with contextlib.suppress(OSError):
        found = re.search(r"^PPid:\s+(\d+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        return None if found is None else int(found.group(1))
    return None


@pytest.fixture
def start() -> Iterator[Callable[..., Demo]]:
    """Start demos in a short folder, because the path of a socket is bounded; whatever happens, they are ended."""
    folder = Path(tempfile.mkdtemp(prefix="d", dir="/tmp"))
    demos: List[Demo] = []

    def started(*words: str) -> Demo:
        demos.append(Demo(folder, *words))
        return demos[-1]

    yield started
    for demo in demos:
        demo.process.kill()
        demo.process.wait()
        demo.process.stdout.close()  # type: ignore[union-attr]
        for pid in demo.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _problems(page: List[str]) -> List[str]:
    """Return the checks of the problems on a page, in their order."""
    return [line.split()[1] for line in page if re.match(r" +check +\S", line)]


def _pages(lines: List[str]) -> List[List[str]]:
    """Return the reports among the lines: each begins with its verdict."""
    starts = [number for number, line in enumerate(lines) if re.match(r"(NOT )?READY(:|$)", line)]
    return [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)])]


def _get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
        return answer.read().decode()


def _loads_grpc(pid: int) -> bool:
    return "cygrpc" in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.timeout(WAIT_S)
def test_the_demo_names_what_it_breaks_and_ends_ready(start: Callable[..., Demo]):
    """Three culprits and nothing else before the repair, READY after it; what `--keep` prints is there to look at."""
    demo = start("--keep")
    demo.read_until("It keeps running until Ctrl-C.")
    healthy, broken, mended = _pages(demo.lines)
    assert ("READY", "NOT READY: 3 failures", "READY") == (healthy[0], broken[0], mended[0])
    assert ["cluster.tls-equal", "roce.link", "version.driver-firmware"] == sorted(_problems(broken))
    assert 3 == len([line for line in broken if re.match(r" +fix +\S", line)])
    assert [] == _problems(mended)
    web = re.search(r"http://\S+/metrics", demo.read_until("collector       grpc"))
    agent = re.search(r"(http://\S+/metrics), state in (\S+)", demo.read_until("node-1"))
    assert web is not None
    assert agent is not None
    assert "ascend_doctor_collector_streams 2\n" in _get(web.group())
    assert "ascend_doctor_uplink_up 1\n" in _get(agent.group(1))
    probe = demo.one("--only probe", "node-1.yaml")
    uplink = demo.one("--only uplink", "node-1.yaml")
    assert (False, True) == (_loads_grpc(probe), _loads_grpc(uplink))
    status = [sys.executable, "-m", "ascend_doctor.cli.main", "status", "--state-dir", agent.group(2)]
    assert subprocess.run(status, stdout=subprocess.PIPE, check=True).stdout.startswith(b"READY  node-1: 0 problems")
    demo.read_until("logs")
    demo.process.send_signal(signal.SIGINT)
    assert demo.finish() == 0
    assert [] == demo.processes()
    assert [] == list(demo.folder.iterdir())


@pytest.mark.timeout(WAIT_S)
def test_any_process_may_be_killed_at_any_point(start: Callable[..., Demo]):
    """`kill -9` of the collector, of an agent and of either half of one: the others recover, the reports are right."""
    demo = start()
    demo.read_until("all 16 NPUs are healthy")
    demo.read_until("fault 1 of 3")
    demo.kill("collector.yaml")
    demo.read_until("fault 2 of 3")
    demo.kill("agent", "node-1.yaml", without="--only")
    demo.read_until("fault 3 of 3")
    demo.kill("--only probe", "node-2.yaml")
    demo.kill("--only uplink", "node-2.yaml")
    demo.read_until("all three are mended")
    demo.kill("collector.yaml")
    demo.kill("--only probe", "node-1.yaml")
    assert demo.finish() == 0
    broken, mended = _pages(demo.lines)[-2:]
    assert ["cluster.tls-equal", "roce.link", "version.driver-firmware"] == sorted(_problems(broken))
    assert "READY" == mended[0]
    assert [] == demo.processes()


@pytest.mark.timeout(WAIT_S)
def test_it_can_be_interrupted_at_once(start: Callable[..., Demo]):
    """Ctrl-C while it starts ends every process and removes the folder; the exit code is that of an interruption."""
    demo = start()
    demo.read_until("a throw-away CA")
    wait_until(lambda: demo.processes("leashed", "--only"))
    demo.process.send_signal(signal.SIGINT)
    assert demo.finish() == 130
    assert [] == demo.processes()
    assert [] == list(demo.folder.iterdir())


@pytest.mark.timeout(WAIT_S)
def test_nothing_outlives_a_demo_that_is_killed(start: Callable[..., Demo]):
    """After `kill -9` of the demo itself its processes end by themselves."""
    demo = start()
    wait_until(lambda: demo.processes("leashed", "--only"))
    demo.process.kill()
    demo.finish()
    wait_until(lambda: not demo.processes())


def test_a_folder_of_no_use_is_told(tmp_path: Path):
    """Where the temporary folder's path is too long for a socket, one line says so."""
    long = tmp_path / ("x" * 120)
    long.mkdir()
    demo = Demo(long)
    assert demo.finish() == 2
    demo.process.stdout.close()  # type: ignore[union-attr]
    assert "set TMPDIR to another folder" in demo.lines[-1]
    assert [] == list(long.iterdir())
