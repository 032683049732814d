"""What a run of a tool, or a look into a file, left behind."""

from __future__ import annotations

import enum
import hashlib
import shlex
from typing import Optional, Tuple

import attrs


class Ending(enum.Enum):
    """How a run ended."""

    EXITED = "exited"
    """The program ended by itself; `exit_code` holds its status. A file that was read counts as exited with 0."""
    SIGNALLED = "signalled"
    """A signal ended the program: one that the doctor did not send, or its own because the output had no end."""
    TIMED_OUT = "timed-out"
    """The deadline passed; the process group was killed."""
    ABANDONED = "abandoned"
    """The deadline passed and the process did not die, as one does that is stuck in the kernel. Nobody waits for it."""
    NOT_FOUND = "not-found"
    """There is no such program or file."""
    REFUSED = "refused"
    """The doctor would not run it: the file or a folder above it can be changed by others."""
    FAILED_TO_START = "failed-to-start"
    """The operating system would not start the program or read the file; `note` holds its words."""
    SKIPPED = "skipped"
    """Not run in this round; `note` says why."""


@attrs.frozen
class Evidence:
    """One answer, whole: the command, both streams apart, and how it ended.

    `key` names the question: the source and what it was asked about, such as `hccn_tool/link@3`.
    `started_at` is in seconds since the epoch by the node's clock, `duration_s` by its monotonic clock.
    `stdout` and `stderr` are bytes as they came, up to a cap; `truncated` tells that the cap cut them.
    `exit_code` is None unless the run `EXITED`. `note` is the doctor's own remark, such as the reason for a refusal.
    `redactions` names the kinds of secrets that were masked before the evidence left the node.
    """

    key: str
    argv: Tuple[str, ...]
    ending: Ending = Ending.EXITED
    exit_code: Optional[int] = None
    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False
    started_at: float = 0.0
    duration_s: float = 0.0
    attempts: int = 1
    note: str = ""
    redactions: Tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The sha256 of the answer, hexadecimal. Times do not count: the same answer twice has the same digest."""
        parts = (
            self.key.encode(),
            "\0".join(self.argv).encode("utf-8", "surrogateescape"),
            self.ending.value.encode(),
            str(self.exit_code).encode(),
            b"truncated" if self.truncated else b"whole",
            self.stdout,
            self.stderr,
        )
        whole = hashlib.sha256()
        for part in parts:
            whole.update(len(part).to_bytes(8, "big"))
            whole.update(part)
        return whole.hexdigest()

    @property
    def command(self) -> str:
        """The command line as a person would type it."""
        return " ".join(shlex.quote(word) for word in self.argv)


@attrs.frozen
class Quote:
    """The lines of one answer that a finding rests on.

    `key` and `digest` lead to the whole evidence. `lines` are verbatim, at most a few.
    `exit_code` is None when the run did not end by itself; `ending` says how it ended.
    """

    key: str
    digest: str
    command: str
    lines: Tuple[str, ...] = ()
    stream: str = "stdout"
    ending: Ending = Ending.EXITED
    exit_code: Optional[int] = None


MAX_QUOTED_LINES = 4
MAX_QUOTED_LINE_LENGTH = 300


def quote(evidence: Evidence, *containing: str) -> Quote:
    """Quote the lines of an answer that hold any of the given texts, or its first lines when no text is given.

    Lines are taken from standard output and, when none there fits, from standard error.
    """
    for stream, data in (("stdout", evidence.stdout), ("stderr", evidence.stderr)):  # noqa: B007 - used after the loop
        lines = [line.rstrip() for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
        wanted = [line for line in lines if any(text in line for text in containing)] if containing else lines
        if wanted:
            break
    shown = tuple(line[:MAX_QUOTED_LINE_LENGTH] for line in wanted[:MAX_QUOTED_LINES])
    return Quote(
        key=evidence.key,
        digest=evidence.digest,
        command=evidence.command,
        lines=shown or ((evidence.note,) if evidence.note else ()),
        stream=stream if shown else "doctor",
        ending=evidence.ending,
        exit_code=evidence.exit_code,
    )
