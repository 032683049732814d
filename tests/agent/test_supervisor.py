"""The parent of both halves: what dies is started again, and nothing outlives the parent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from ascend_doctor.agent import supervisor
from ascend_doctor.agent.supervisor import Program, Supervisor
from waiting import PATIENCE_S, until

SLEEP = "import sys, time; time.sleep(3600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(3600)"
)


def _program(code: str, log: Path) -> Program:
    return Program("half", (sys.executable, "-S", "-c", code), log)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(supervisor, "STOP_S", 0.3)


async def test_what_is_killed_is_started_again(tmp_path: Path):
    """A process that dies by `kill -9` has a successor soon; the stop ends that one too."""
    found = Supervisor([_program(SLEEP, tmp_path / "log")])
    stop = asyncio.Event()
    running = asyncio.ensure_future(found.run(stop))
    await until(lambda: "half" in found.pids)
    first = found.pids["half"]
    os.kill(first, signal.SIGKILL)
    await until(lambda: found.pids.get("half", first) != first)
    second = found.pids["half"]
    stop.set()
    await asyncio.wait_for(running, PATIENCE_S)
    assert found.restarts == 1
    assert not _is_there(second)


async def test_one_that_ignores_the_signal_is_killed(tmp_path: Path):
    """The stop does not hang on a process that does not want to go."""
    log = tmp_path / "log"
    found = Supervisor([_program(STUBBORN, log)])
    stop = asyncio.Event()
    running = asyncio.ensure_future(found.run(stop))
    await until(lambda: "half" in found.pids and log.exists() and log.read_text() == "up\n")
    pid = found.pids["half"]
    stop.set()
    await asyncio.wait_for(running, PATIENCE_S)
    assert not _is_there(pid)


async def test_pauses_grow_and_begin_anew_after_a_steady_run():
    """A process that dies at once is not started over and over without a pause."""
    now = [0.0]
    found = Supervisor([], monotonic=lambda: now[0])
    program = Program("half", ())
    pauses = [found._pause(program, lived_s=1.0) for _ in range(4)]
    assert [0.02, 0.04, 0.08, 0.16] == pauses
    assert found._pause(program, lived_s=supervisor.STEADY_S) == 0.02


async def test_pauses_have_a_limit(monkeypatch: pytest.MonkeyPatch):
    """However often it dies, it is tried again."""
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_S", 0.1)
    found = Supervisor([])
    program = Program("half", ())
    assert 0.1 == [found._pause(program, lived_s=1.0) for _ in range(10)][-1]


async def test_a_program_that_cannot_be_started_ends_it():
    """A wrong installation is told at once, and what already runs is ended."""
    with pytest.raises(FileNotFoundError):
        await Supervisor([Program("half", ("/nowhere/at/all",))]).run(asyncio.Event())


async def test_cancelling_leaves_nothing_running(tmp_path: Path):
    """A parent that is torn down takes its processes along."""
    found = Supervisor([_program(SLEEP, tmp_path / "log")])
    running = asyncio.ensure_future(found.run(asyncio.Event()))
    await until(lambda: "half" in found.pids)
    pid = found.pids["half"]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not _is_there(pid)


PARENT = """
import asyncio, pathlib, sys
from ascend_doctor.agent.supervisor import Program, Supervisor
code = "import os, sys; print('up', flush=True); os.read(0, 1); print('ended', flush=True)"
program = Program("half", (sys.executable, "-S", "-c", code), pathlib.Path(sys.argv[1]))

async def supervise():
    await Supervisor([program]).run(asyncio.Event())

asyncio.run(supervise())
"""


async def test_a_program_learns_of_the_death_of_its_parent(tmp_path: Path):
    """The standard input of a program ends with the parent, also when that is killed by `kill -9`."""
    log = tmp_path / "log"
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(log))
    await until(lambda: log.exists() and log.read_text() == "up\n")
    parent.kill()
    await parent.wait()
    await until(lambda: log.read_text() == "up\nended\n")
