"""The server behind the fake tools: one for a cluster, on a socket that only its user can reach."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Set, Tuple

from pydantic import TypeAdapter, ValidationError

from ascend_doctor.simulator import install
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.execution import Execution
from ascend_doctor.simulator.faults import NAMES, Fault
from ascend_doctor.simulator.protocol import MAX_REQUEST_BYTES, MAX_SOCKET_PATH_BYTES, Reply, decode_words, encode_reply
from ascend_doctor.simulator.timeline import Drill

MAX_CONNECTIONS = 512
"""How many tools may run at once on all nodes together. More are turned away, as a host out of processes would."""
REQUEST_DEADLINE_S = 10.0

_FAULT: TypeAdapter[Any] = TypeAdapter(Fault)


class FolderError(Exception):
    """The server cannot use its folder; `str()` says why and what to do."""


class SimulatorServer:
    """Answers the fake tools of a cluster, and lets faults begin and end. Also to be used as `async with`.

    `folder` belongs to the user alone; the socket in it is called `socket`, and each node has a folder in it.
    """

    def __init__(self, cluster: SimulatedCluster, folder: Path) -> None:
        self._cluster = cluster
        self._execution = Execution(cluster)
        self._folder = folder
        self._connections: Set[asyncio.Task[None]] = set()
        self._server: Optional[asyncio.AbstractServer] = None
        self._follower: Optional[asyncio.Task[None]] = None
        self._changed = asyncio.Event()

    @property
    def nodes(self) -> Tuple[str, ...]:
        """The names of the nodes."""
        return self._cluster.nodes

    @property
    def socket_path(self) -> Path:
        """Where the server listens."""
        return install.socket_path(self._folder)

    async def __aenter__(self) -> SimulatorServer:  # noqa: PYI034 - `Self` is not in Python 3.9
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Lay out the nodes' folders and begin to listen. Raises `FolderError`, and OSError for a full disk."""
        path = self.socket_path
        if len(os.fsencode(path)) > MAX_SOCKET_PATH_BYTES:
            raise FolderError(f"the folder {self._folder} has too long a path for a socket: choose a shorter one")
        try:
            install.make_private(self._folder)
        except PermissionError as error:
            raise FolderError(str(error)) from None
        if await _answers(path):
            raise FolderError(f"a simulator already runs in {self._folder}: end it, or choose another folder")
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._accept, path=str(path), backlog=MAX_CONNECTIONS)
        path.chmod(0o600)
        for node in self._cluster.nodes:
            install.install_tools(self._folder, node)
        change_at = self._cluster.timeline.next_change()
        self._write_files()
        self._follower = asyncio.get_running_loop().create_task(self._follow(change_at))

    async def stop(self) -> None:
        """Stop listening, and let everything that hangs end."""
        if self._server is not None:
            self._server.close()
        for task in (self._follower, *self._connections):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if self._server is not None:
            await self._server.wait_closed()
        self.socket_path.unlink(missing_ok=True)

    def _write_files(self) -> None:
        for node in self._cluster.nodes:
            install.write_files(
                self._folder,
                node,
                {**self._cluster.files(node), **self._cluster.system_files(node)},
                self._cluster.file_times(node),
                self._cluster.system_links(node),
            )

    async def _follow(self, change_at: float) -> None:
        """Keep the files of the nodes as they are at each moment, also when a fault begins or ends by itself.

        The time of the next change is taken before the files are written: what begins meanwhile is not missed.
        """
        while True:
            ahead = change_at - self._cluster.clock.now()
            timeout = None if math.isinf(ahead) else max(ahead, 0.0) + 0.01
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), timeout)
            self._changed.clear()
            change_at = self._cluster.timeline.next_change()
            self._write_files()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= MAX_CONNECTIONS:
            writer.close()
            return
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            pass  # Whoever asked has gone away, or never asked: nobody is left to be told.
        except asyncio.CancelledError:
            pass  # The server stops; a connection that hangs ends with it.
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readexactly(4), REQUEST_DEADLINE_S)
        length = int.from_bytes(head, "big")
        if length > MAX_REQUEST_BYTES:
            return
        words = decode_words(await asyncio.wait_for(reader.readexactly(length), REQUEST_DEADLINE_S))
        reply = await self._reply(words)
        writer.write(encode_reply(reply))
        await writer.drain()
        if reply.hangs:
            # The tool stays as long as it is not killed; then the connection ends and its place is free.
            await reader.read()

    async def _reply(self, words: List[str]) -> Reply:
        verb, rest = words[0], words[1:]
        if verb == "run" and len(rest) >= 2:
            return await self._run(rest[0], rest[1:])
        if verb == "faults" and not rest:
            return _listing(self._cluster.timeline.active())
        if verb == "inject" and len(rest) == 1:
            return self._inject(rest[0])
        if verb == "repair" and len(rest) == 1:
            return self._repair(rest[0])
        return _mistake(f"the simulator does not know the request {verb!r}")

    async def _run(self, node: str, argv: List[str]) -> Reply:
        if node not in self._cluster.nodes:
            return _mistake(f"the simulator has no node {node!r}")
        answer = await self._execution.run(node, argv)
        if answer is None:
            return _mistake("the tool did not end")
        return Reply(answer.stdout, answer.stderr, answer.exit_code, answer.hangs)

    def _inject(self, text: str) -> Reply:
        try:
            drill = self._cluster.inject(_FAULT.validate_json(text))
        except ValidationError as error:
            return _mistake(_words(error))
        except ValueError as error:
            return _mistake(str(error))
        self._refresh()
        return _listing((drill,))

    def _repair(self, which: str) -> Reply:
        number = None if which == "all" else int(which) if which.isascii() and which.isdecimal() else -1
        ended = self._cluster.repair(number)
        if not ended and number is not None:
            return _mistake(f"there is no fault {which!r} now: `faults` lists them")
        self._refresh()
        return _listing(ended)

    def _refresh(self) -> None:
        self._write_files()
        self._changed.set()


async def _answers(path: Path) -> bool:
    """Whether somebody listens at a socket."""
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except OSError:
        return False
    writer.close()
    return True


def _listing(drills: Tuple[Drill, ...]) -> Reply:
    return Reply(json.dumps([_entry(drill) for drill in drills]).encode())


def _entry(drill: Drill) -> Dict[str, Any]:
    fault = drill.fault
    return {
        "number": drill.number,
        "fault": fault.fault,
        "node": fault.node,
        "npu": fault.phy_id,
        "found_by": list(fault.found_by),
        "starts_at": drill.starts_at,
        "ends_at": None if math.isinf(drill.ends_at) else drill.ends_at,
    }


def _mistake(message: str) -> Reply:
    return Reply(stderr=f"{message}\n".encode("utf-8", "backslashreplace"), exit_code=2)


def _words(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    if first["type"] == "union_tag_invalid":
        return f"unknown fault: known are {', '.join(NAMES)}"
    key = ".".join(str(part) for part in first["loc"][1:])
    return f"{key}: {first['msg']}" if key else str(first["msg"])
