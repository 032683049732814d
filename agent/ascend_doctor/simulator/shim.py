"""A fake `npu-smi` or `hccn_tool`: asks the simulator's server for the answer and ends as the real tool would.

Called as `python -I -S shim.py SOCKET NODE TOOL [ARGUMENT ...]`. It imports next to nothing, because it has to start as
fast as the tools do. Not part of the package's interface: `install.py` writes the commands that call it.
"""

import _socket  # The half of `socket` that is written in C: `socket` itself takes three times as long to import.
import os
import sys

NO_SIMULATOR = 70


def main(arguments: "list[str]") -> int:
    """Put the question, print the answer, return its exit code."""
    path, words = arguments[0], arguments[1:]
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(path)
        request = b"\0".join([b"run", *map(os.fsencode, words)])
        _send(connection, len(request).to_bytes(4, "big") + request)
        head = _receive(connection, 10)
        if head[0]:
            _hang(connection)
        stdout = _receive(connection, int.from_bytes(head[2:6], "big"))
        stderr = _receive(connection, int.from_bytes(head[6:10], "big"))
    except OSError as error:
        _write(2, f"ascend-doctor simulator: no answer at {path}: {error}\n".encode("utf-8", "backslashreplace"))
        return NO_SIMULATOR
    _write(1, stdout)
    _write(2, stderr)
    return head[1]


def _hang(connection: _socket.socket) -> None:
    """Ignore SIGTERM and stay, as a tool that waits for a lost chip does, until the simulator ends."""
    import signal  # noqa: PLC0415 - only a hanging tool needs it

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _receive(connection, 1)


def _send(connection: _socket.socket, data: bytes) -> None:
    while data:
        data = data[connection.send(data) :]


def _receive(connection: _socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        part = connection.recv(min(length - len(received), 1 << 16))
        if not part:
            raise OSError("the simulator closed the connection")
        received += part
    return received


def _write(stream: int, data: bytes) -> None:
    while data:
        data = data[os.write(stream, data) :]


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
