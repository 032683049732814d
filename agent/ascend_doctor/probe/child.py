"""One run of a program: bounded in time, in output and in what it may leave behind."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import threading
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.model.evidence import Ending

MAX_OUTPUT = 1024 * 1024
READ_SIZE = 64 * 1024
TERM_GRACE_S = 0.2
"""Between SIGTERM and SIGKILL. The tools only read; there is little for them to tidy up."""
KILL_GRACE_S = 0.5
"""How long a killed process may take to go before it counts as stuck in the kernel."""
PIPE_GRACE_S = 0.2
"""How long an ended program's output may be held open by a process that it left behind."""
_SIGNALS = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
"""What a tool heeds in the ordinary way, even under a doctor that was started by `nohup` or in the background."""


@attrs.frozen
class Outcome:
    """How a run ended and what it printed; the fields mean what they mean in `Evidence`."""

    ending: Ending
    exit_code: Optional[int] = None
    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False
    note: str = ""


class Abandoned:
    """Counts the children that were left behind, by tool, and forgets those that end after all."""

    def __init__(self) -> None:
        self._counts: Dict[str, int] = {}

    def count(self, tool: str) -> int:
        """Return how many processes of a tool are stuck at present."""
        return self._counts.get(tool, 0)

    def left(self, tool: str, ended: asyncio.Future[None]) -> None:
        """Count a process until it ends."""
        self._counts[tool] = self.count(tool) + 1
        ended.add_done_callback(lambda _: self._gone(tool))

    def _gone(self, tool: str) -> None:
        self._counts[tool] -= 1


async def run(
    program: str,
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    timeout_s: float,
    abandoned: Abandoned,
    limit: int = MAX_OUTPUT,
) -> Outcome:
    """Run a program and return how it went; never raises for anything that the program or the system does.

    `argv[0]` is the name that the program sees. It gets a session and process group of its own, `/` as its folder and
    nothing to read. Cancelling kills it.
    """
    try:
        started = _spawn(program, argv, environment)
    except (OSError, ValueError) as error:
        # The program was there a moment ago: "No such file" is about its interpreter or loader.
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return Outcome(Ending.FAILED_TO_START, note=f"{program} could not be started: {reason}")
    return await _Child(*started, limit=limit).finish(timeout_s, argv[0], abandoned)


def _spawn(program: str, argv: Sequence[str], environment: Mapping[str, str]) -> Tuple[int, int, int]:
    """Start a program. Return its process id and the ends from which its standard output and error are read.

    Not by `subprocess`, nor by asyncio, which uses it: before Python 3.10 that copies the whole process for a run, for
    thirty times the CPU time (measured with 3.9), and asyncio's ways to watch children differ from release to release.
    posix_spawn knows no folder, so the doctor steps into `/` and back; it starts tools from one thread only.
    """
    with contextlib.ExitStack() as kept, contextlib.ExitStack() as opened:
        stdout, stdout_end = _pipe(kept, opened)
        stderr, stderr_end = _pipe(kept, opened)
        here = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        opened.callback(os.close, here)
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, stdout_end, 1),
            (os.POSIX_SPAWN_DUP2, stderr_end, 2),
            *((os.POSIX_SPAWN_CLOSE, fd) for fd in _inheritable()),
        ]
        os.chdir("/")
        try:
            pid = os.posix_spawn(
                program,
                list(argv),
                environment,
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                setsigdef=_SIGNALS,
            )
        finally:
            os.fchdir(here)
        kept.pop_all()
    return pid, stdout, stderr


def _pipe(*owners: contextlib.ExitStack) -> Tuple[int, ...]:
    """Return the reading and the writing end of a pipe, each with an owner that closes it.

    They lie above the standard streams, which may be closed in the doctor itself.
    """
    ends = []
    for owner, end in zip(owners, os.pipe()):
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3))
        owner.callback(os.close, ends[-1])
        os.close(end)
    return tuple(ends)


def _inheritable() -> List[int]:
    """Return what the doctor itself was given by its parent, and a tool must not be."""
    found = []
    for number in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 - names, no paths
        with contextlib.suppress(OSError):
            if number > 2 and os.get_inheritable(number):
                found.append(number)
    return found


class _Child:
    """A started program, followed to its end: both streams apart, each up to a cap."""

    def __init__(self, pid: int, stdout: int, stderr: int, *, limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._pid = pid
        self._limit = limit
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._overflowed: asyncio.Future[None] = self._loop.create_future()
        self._exit_code: Optional[int] = None
        self._streams: Dict[int, bytearray] = {}
        self._output = [self._follow(stdout), self._follow(stderr)]
        self._watch()

    async def finish(self, timeout_s: float, tool: str, abandoned: Abandoned) -> Outcome:
        """Wait for the end, bring it about where it does not come, and say how it went."""
        try:
            await asyncio.wait((self._ended, self._overflowed), timeout=timeout_s, return_when="FIRST_COMPLETED")
            if self._overflowed.done():
                self._signal(signal.SIGKILL)
                await self._wait(self._ended, KILL_GRACE_S)
                return self._outcome(Ending.SIGNALLED, f"stopped: it printed more than {self._limit} bytes")
            if self._ended.done():
                return await self._after_its_end()
            return await self._overdue(timeout_s)
        finally:
            if not self._ended.done():
                self._signal(signal.SIGKILL)
                abandoned.left(tool, self._ended)
            for fd in list(self._streams):
                self._close(fd)

    async def _after_its_end(self) -> Outcome:
        """Take the rest of the output of a program that ended by itself; do not wait for what it left behind."""
        note = ""
        if not await self._wait(self._closed, PIPE_GRACE_S):
            self._signal(signal.SIGKILL)
            await self._wait(self._closed, PIPE_GRACE_S)
            note = "it left a process behind that held its output open"
        if self._exit_code is None:
            return self._outcome(Ending.SIGNALLED, "its exit status was taken by another part of the doctor's process")
        if self._exit_code < 0:
            return self._outcome(Ending.SIGNALLED, f"ended by {_signal_name(-self._exit_code)}")
        return self._outcome(Ending.EXITED, note, self._exit_code)

    async def _overdue(self, timeout_s: float) -> Outcome:
        self._signal(signal.SIGTERM)
        await self._wait(self._ended, TERM_GRACE_S)
        self._signal(signal.SIGKILL)
        note = f"did not end within {timeout_s:g} s"
        if await self._wait(self._ended, KILL_GRACE_S):
            return self._outcome(Ending.TIMED_OUT, note)
        return self._outcome(Ending.ABANDONED, f"{note} and could not be killed: it is stuck in the kernel")

    async def _wait(self, future: asyncio.Future[None], seconds: float) -> bool:
        await asyncio.wait((future,), timeout=seconds)
        return future.done()

    def _outcome(self, ending: Ending, note: str, exit_code: Optional[int] = None) -> Outcome:
        stdout, stderr = self._output
        return Outcome(ending, exit_code, bytes(stdout), bytes(stderr), self._overflowed.done(), note)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group; one that is gone, or not ours any more, is not our business."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)

    def _follow(self, fd: int) -> bytearray:
        os.set_blocking(fd, False)
        self._streams[fd] = bytearray()
        self._loop.add_reader(fd, self._read, fd)
        return self._streams[fd]

    def _read(self, fd: int) -> None:
        data = os.read(fd, READ_SIZE)
        if not data:
            self._close(fd)
            return
        stream = self._streams[fd]
        room = self._limit - len(stream)
        stream += data[:room]
        if len(data) > room and not self._overflowed.done():
            self._overflowed.set_result(None)

    def _close(self, fd: int) -> None:
        self._loop.remove_reader(fd)
        os.close(fd)
        del self._streams[fd]
        if not self._streams:
            self._closed.set_result(None)

    def _watch(self) -> None:
        """Notice the end: by a descriptor of the process, or by a thread on kernels before 5.3, which have none."""
        try:
            handle = os.pidfd_open(self._pid)
        except (AttributeError, OSError):
            threading.Thread(target=self._wait_in_thread, name=f"waits for {self._pid}", daemon=True).start()
        else:
            self._loop.add_reader(handle, self._reap, handle)

    def _reap(self, handle: int) -> None:
        self._loop.remove_reader(handle)
        os.close(handle)
        self._note_end(_exit_code(self._pid))

    def _wait_in_thread(self) -> None:
        code = _exit_code(self._pid)
        with contextlib.suppress(RuntimeError):  # the loop may be closed by then
            self._loop.call_soon_threadsafe(self._note_end, code)

    def _note_end(self, code: Optional[int]) -> None:
        self._exit_code = code
        self._ended.set_result(None)


def _exit_code(pid: int) -> Optional[int]:
    """Wait for a process. Return its exit code, the negative number of its signal, None when nobody can tell."""
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
