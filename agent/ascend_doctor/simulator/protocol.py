"""What goes over the socket between the simulator's server, its fake tools and those who inject faults.

A request is its length in four bytes and its words with a NUL between each. An answer is ten bytes (1 when the tool
hangs, the exit code, the lengths of both streams in four bytes each) and the two streams.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import List, Sequence, Tuple

import attrs

MAX_REQUEST_BYTES = 1 << 16
MAX_SOCKET_PATH_BYTES = 107
"""How long the path of a socket may be on Linux, without the NUL at its end."""


class NoServerError(Exception):
    """Nobody answers at the socket; `str()` says what to do."""


@attrs.frozen
class Reply:
    """What the server answered: both streams and the exit code, or that the tool would hang."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int = 0
    hangs: bool = False


def encode_request(words: Sequence[str]) -> bytes:
    """Return the bytes of a request."""
    body = b"\0".join(os.fsencode(word) for word in words)
    return len(body).to_bytes(4, "big") + body


def decode_words(body: bytes) -> List[str]:
    """Return the words of a request's body."""
    return [os.fsdecode(word) for word in body.split(b"\0")]


def encode_reply(reply: Reply) -> bytes:
    """Return the bytes of an answer."""
    lengths = b"".join(len(stream).to_bytes(4, "big") for stream in (reply.stdout, reply.stderr))
    return bytes((reply.hangs, reply.exit_code & 0xFF)) + lengths + reply.stdout + reply.stderr


def decode_head(head: bytes) -> Tuple[bool, int, int, int]:
    """Return whether the tool hangs, the exit code, and the lengths of both streams."""
    return bool(head[0]), head[1], int.from_bytes(head[2:6], "big"), int.from_bytes(head[6:10], "big")


def ask(path: Path, *words: str, timeout_s: float = 10.0) -> Reply:
    """Put one request to the server and wait for the answer. Raises `NoServerError` when there is none."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(str(path))
            connection.sendall(encode_request(words))
            with connection.makefile("rb") as stream:
                head = stream.read(10)
                if len(head) < 10:
                    raise NoServerError(f"the simulator at {path} closed the connection")
                hangs, exit_code, out_length, err_length = decode_head(head)
                return Reply(stream.read(out_length), stream.read(err_length), exit_code, hangs)
    except OSError as error:
        reason = error.strerror or str(error)
        raise NoServerError(
            f"no simulator answers at {path} ({reason}): start one with `ascend-doctor simulate run`"
        ) from None
