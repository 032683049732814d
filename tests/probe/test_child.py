"""Running a program: whatever it does, the run ends and tells how."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ascend_doctor.model.evidence import Ending
from ascend_doctor.probe import child
from fake_tools import children, descriptors, write_tool
from scripted_runner import complete
from waiting import PATIENCE_S, until

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


async def run(program, *words, timeout_s=PATIENCE_S, limit=child.MAX_OUTPUT, abandoned=None):
    """Run a program under the name `tool`."""
    return await child.run(
        str(program),
        ("tool", *words),
        environment=ENVIRONMENT,
        timeout_s=timeout_s,
        abandoned=abandoned or child.Abandoned(),
        limit=limit,
    )


def alive(pid):
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def gone(pid):
    """Tell that a process has ended, as soon as it has."""
    await until(lambda: not alive(pid))
    return True


async def run_overdue(tool, **more):
    """Run a tool that does not end, with a deadline that leaves it the time to say something."""
    for timeout_s in (0.3, 3.0, 30.0):
        outcome = await run(tool, timeout_s=timeout_s, **more)
        if outcome.stdout:
            break
    return outcome, timeout_s


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """A busy machine may take its time to end a process that was killed."""
    monkeypatch.setattr(child, "KILL_GRACE_S", PATIENCE_S)


async def test_streams_apart_and_exit_code(tmp_path):
    """Standard output, standard error and the exit code come back as they were."""
    outcome = await run(write_tool(tmp_path, "tool", "echo out; echo err >&2; exit 13"))

    assert child.Outcome(Ending.EXITED, 13, b"out\n", b"err\n") == outcome


async def test_binary_output(tmp_path):
    """Bytes are bytes: zeros, bad UTF-8 and escapes come through untouched."""
    outcome = await run(write_tool(tmp_path, "tool", r"printf '\000\377\033[2J\n'"))

    assert b"\x00\xff\x1b[2J\n" == outcome.stdout


async def test_surroundings_of_a_run(tmp_path):
    """A tool sees the given environment, `/` as its folder, nothing to read, and is the leader of its own session."""
    script = r'env | grep -v "^PWD=\|^_=\|^SHLVL=\|^OLDPWD="; pwd; wc -c; ps -o pid=,sid=,pgid= -p $$'
    outcome = await run(write_tool(tmp_path, "tool", script))

    environment, folder, size, ids = outcome.stdout.decode().splitlines()
    assert ("PATH=/usr/bin:/bin", "/", "0") == (environment, folder, size.strip())
    assert 1 == len(set(ids.split()))


async def test_hanging_tool_is_killed_at_its_deadline(tmp_path):
    """A tool that does not end is killed with everything it started, and its output so far is kept."""
    tool = write_tool(tmp_path, "tool", "sleep 3600 & echo $!; sleep 3601")
    began = time.monotonic()
    outcome, timeout_s = await run_overdue(tool)

    note = f"did not end within {timeout_s:g} s"
    assert (Ending.TIMED_OUT, None, note) == (outcome.ending, outcome.exit_code, outcome.note)
    assert timeout_s <= time.monotonic() - began
    assert await gone(int(outcome.stdout))


async def test_tool_that_ignores_sigterm(tmp_path):
    """SIGTERM is asked first, SIGKILL is not ignored."""
    tool = write_tool(tmp_path, "tool", "trap '' TERM; echo deaf; while :; do sleep 0.05; done")
    outcome, _ = await run_overdue(tool)

    assert (Ending.TIMED_OUT, b"deaf\n") == (outcome.ending, outcome.stdout)


async def test_process_left_behind_holds_the_pipes(tmp_path):
    """A tool that ended is not waited for because of what it left behind; that is killed with its group."""
    outcome = await run(write_tool(tmp_path, "tool", "sleep 3600 & echo $!"))

    assert (Ending.EXITED, 0) == (outcome.ending, outcome.exit_code)
    assert "it left a process behind that held its output open" == outcome.note
    assert await gone(int(outcome.stdout))


async def test_process_left_behind_in_another_session(tmp_path):
    """A process that made itself a session of its own is out of reach, and still nobody waits for it."""
    there = tmp_path / "there"
    script = f"setsid sh -c 'echo $$; : > {there}; exec sleep 3600' & until [ -e {there} ]; do sleep 0.02; done"
    outcome = await run(write_tool(tmp_path, "tool", script))
    try:
        assert Ending.EXITED is outcome.ending
        assert alive(int(outcome.stdout))
    finally:
        os.kill(int(outcome.stdout), signal.SIGKILL)


async def test_huge_output_is_capped(tmp_path):
    """A tool that prints without end is stopped; what is kept is the beginning, up to the cap."""
    outcome = await run(write_tool(tmp_path, "tool", "echo first; exec yes"), limit=100_000)

    assert (Ending.SIGNALLED, True) == (outcome.ending, outcome.truncated)
    assert (100_000, b"first\ny\n") == (len(outcome.stdout), outcome.stdout[:8])
    assert "stopped: it printed more than 100000 bytes" == outcome.note


async def test_output_of_exactly_the_cap_is_whole(tmp_path):
    """The cap itself is allowed, on each stream."""
    outcome = await run(write_tool(tmp_path, "tool", "printf abcd; printf efgh >&2"), limit=4)

    assert (Ending.EXITED, False, b"abcd", b"efgh") == (
        outcome.ending,
        outcome.truncated,
        outcome.stdout,
        outcome.stderr,
    )


async def test_signal_from_elsewhere(tmp_path):
    """A tool that crashes is told by the name of its signal."""
    outcome = await run(write_tool(tmp_path, "tool", "kill -SEGV $$"))

    assert (Ending.SIGNALLED, None, "ended by SIGSEGV") == (outcome.ending, outcome.exit_code, outcome.note)


def test_signal_without_a_name():
    """Real-time signals have numbers only."""
    assert "signal 50" == child._signal_name(50)


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (b"\x7fELF garbage", 0o700, "Exec format error"),
        (b"#!/no/such/interpreter\n", 0o700, "No such file or directory"),
        (b"#!/bin/sh\n", 0o600, "Permission denied"),
    ],
)
async def test_program_that_cannot_be_started(tmp_path, content, mode, reason):
    """The system's own words say why."""
    tool = tmp_path / "tool"
    tool.write_bytes(content)
    tool.chmod(mode)
    outcome = await run(tool)

    assert (Ending.FAILED_TO_START, f"{tool} could not be started: {reason}") == (outcome.ending, outcome.note)


async def test_word_that_no_program_can_get(tmp_path):
    """A zero byte in an argument is a failure to start, not an exception."""
    outcome = await run(write_tool(tmp_path, "tool", "true"), "a\0b")

    assert Ending.FAILED_TO_START is outcome.ending


async def test_stuck_process_is_abandoned_and_counted(tmp_path, monkeypatch):
    """A process that no signal ends is left behind at once, counted while it lives, and forgotten when it ends."""
    pids = []
    monkeypatch.setattr(child, "KILL_GRACE_S", 0.1)
    monkeypatch.setattr(child.os, "killpg", lambda pid, _: pids.append(pid))
    abandoned = child.Abandoned()
    tool = write_tool(tmp_path, "tool", "echo before; exec sleep 3600")
    outcome, timeout_s = await run_overdue(tool, abandoned=abandoned)

    assert (Ending.ABANDONED, b"before\n") == (outcome.ending, outcome.stdout)
    assert f"did not end within {timeout_s:g} s and could not be killed: it is stuck in the kernel" == outcome.note
    stuck = set(pids)
    assert (len(stuck), 0) == (abandoned.count("tool"), abandoned.count("other"))
    for pid in stuck:
        os.kill(pid, signal.SIGKILL)
    await until(lambda: not abandoned.count("tool"))


async def test_cancelled_run_kills_its_tool(tmp_path):
    """Whoever gives up takes the tool with him."""
    marker = tmp_path / "pid"
    tool = write_tool(tmp_path, "tool", f"echo $$ > {marker}.new; mv {marker}.new {marker}; exec sleep 3600")
    task = asyncio.ensure_future(run(tool))
    await until(marker.exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await gone(int(marker.read_text()))


async def test_many_runs_leave_nothing_open(tmp_path):
    """Runs leave no descriptor and no zombie, whichever way they end."""
    write_tool(tmp_path, "hangs", "exec sleep 3600")
    before, others = descriptors(), children()
    outcomes = await asyncio.gather(
        *(run("/bin/true") for _ in range(20)), run(tmp_path / "hangs", timeout_s=0.1), run(tmp_path / "no-such")
    )

    assert 20 == [outcome.ending for outcome in outcomes].count(Ending.EXITED)
    assert set() == descriptors() - before
    assert [] == [child for child in children() if child not in others]


async def test_nothing_of_the_doctors_reaches_a_tool(tmp_path):
    """A tool gets three descriptors, whatever the doctor was given by its own parent, and ordinary signals."""
    handle = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(handle, True)
    try:
        outcome = await run(write_tool(tmp_path, "tool", "ls /proc/$$/fd; grep SigIgn /proc/$$/status"))
    finally:
        os.close(handle)

    # The shell itself holds its script open, above 2 and closed on exec.
    found = outcome.stdout.decode().split()
    assert ["0", "1", "2"] == [name for name in found[:-2] if name not in ("10", "255")]
    assert 0 == int(found[-1], 16) & 0x7FFFFFFF


def test_doctor_without_standard_streams(tmp_path):
    """A doctor that was itself started with its standard streams closed keeps the streams of its tools apart."""
    tool = write_tool(tmp_path, "tool", "echo out; echo err >&2")
    script = f"""
import asyncio, os, sys
sys.path[:0] = {sys.path!r}
from ascend_doctor.probe import child
for fd in (0, 1, 2):
    os.close(fd)
bounds = {{"timeout_s": {PATIENCE_S}, "abandoned": child.Abandoned()}}
outcome = asyncio.run(child.run({str(tool)!r}, ("tool",), environment={{}}, **bounds))
with open({str(tmp_path / "found")!r}, "w") as file:
    print(outcome.stdout, outcome.stderr, file=file)
"""
    subprocess.run([sys.executable, "-c", script], check=True)

    assert "b'out\\n' b'err\\n'\n" == (tmp_path / "found").read_text()


async def test_doctor_stays_in_its_folder(tmp_path, monkeypatch):
    """The doctor's own folder is what it was, also after a program that could not be started."""
    monkeypatch.chdir(tmp_path)
    await run("/bin/true")
    await run(tmp_path / "no-such")

    assert str(tmp_path) == str(Path.cwd())


async def test_kernel_without_pidfd(tmp_path, monkeypatch):
    """On an old kernel a thread waits for the tool; the outcome is the same."""

    def refuse(_):
        raise OSError("Function not implemented")

    monkeypatch.setattr(child.os, "pidfd_open", refuse, raising=False)
    quick = await run(write_tool(tmp_path, "tool", "echo x; exit 3"))
    slow = await run(write_tool(tmp_path, "tool", "exec sleep 3600"), timeout_s=0.1)

    assert child.Outcome(Ending.EXITED, 3, b"x\n") == quick
    assert Ending.TIMED_OUT is slow.ending


async def test_exit_status_that_is_lost(tmp_path, monkeypatch):
    """When somebody else in the process takes the exit status, nothing is guessed."""
    genuine = os.waitpid

    def taken(pid, options):
        genuine(pid, options)
        raise ChildProcessError

    monkeypatch.setattr(child.os, "waitpid", taken)
    outcome = await run("/bin/true")

    assert (Ending.SIGNALLED, None) == (outcome.ending, outcome.exit_code)
    assert "its exit status was taken by another part of the doctor's process" == outcome.note


def test_loop_that_is_closed_before_the_tool_ends(tmp_path, monkeypatch):
    """A thread that waits longer than the loop lives ends quietly."""
    monkeypatch.setattr(child.os, "pidfd_open", lambda _: os.close(-1), raising=False)
    monkeypatch.setattr(child.os, "killpg", lambda *_: None)
    monkeypatch.setattr(child, "KILL_GRACE_S", 0.1)
    over = tmp_path / "over"
    complete(run(write_tool(tmp_path, "tool", f"until [ -e {over} ]; do sleep 0.05; done"), timeout_s=0.01))
    (thread,) = [item for item in threading.enumerate() if item.name.startswith("waits for")]
    over.touch()
    thread.join(PATIENCE_S)

    assert not thread.is_alive()
