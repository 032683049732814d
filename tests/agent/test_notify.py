"""What a service tells systemd."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Iterator

import pytest

from ascend_doctor.agent import notify
from waiting import PATIENCE_S


@pytest.fixture
def manager() -> Iterator[socket.socket]:
    """A socket as systemd opens it, in the abstract name space."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(f"\0ascend-doctor-test-{os.getpid()}")
        channel.settimeout(PATIENCE_S)
        yield channel


def _environment(manager: socket.socket, **more: str) -> dict[str, str]:
    name = manager.getsockname().decode().replace("\0", "@")
    return {"NOTIFY_SOCKET": name, **more}


def test_lines_reach_the_manager(manager):
    """What is told arrives as one datagram, a line for each word."""
    assert notify.notify("READY=1", notify.status("all well"), environment=_environment(manager))
    assert b"READY=1\nSTATUS=all well" == manager.recv(1000)


@pytest.mark.parametrize("name", ["", "/nowhere/at/all"])
def test_without_a_manager_nothing_happens(name: str):
    """A service that nobody manages, or whose manager is gone, is told so and goes on."""
    assert not notify.notify("READY=1", environment={"NOTIFY_SOCKET": name})


def test_a_socket_with_a_path_works_too(tmp_path: Path):
    """Systemd's own socket is a file."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(path)
        assert notify.notify("STOPPING=1", environment={"NOTIFY_SOCKET": path})
        assert b"STOPPING=1" == channel.recv(1000)


def test_a_status_is_one_line():
    """A text from elsewhere cannot add a line of its own."""
    assert "STATUS=x\\x0aREADY=1" == notify.status("x\nREADY=1")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "12"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "13"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_watchdog_is_for_this_process(environment: dict[str, str], expected: object):
    """Signs of life are given to a watchdog that is set, and meant for this process."""
    assert expected == notify.watchdog_s(environment, pid=12)


async def test_signs_of_life_stop_with_the_progress(manager):
    """A service that makes no progress gives no sign of life, so that systemd starts it again."""
    progress = [True, True, False, False, False]
    through = asyncio.Event()

    def makes_progress() -> bool:
        if not progress:
            through.set()
        return progress.pop(0) if progress else False

    environment = _environment(manager, WATCHDOG_USEC="30000")
    task = asyncio.ensure_future(notify.keep_watch(makes_progress, environment))
    await asyncio.wait_for(through.wait(), PATIENCE_S)
    task.cancel()
    manager.setblocking(False)
    assert [b"WATCHDOG=1", b"WATCHDOG=1"] == [manager.recv(100), manager.recv(100)]
    with pytest.raises(BlockingIOError):
        manager.recv(100)


async def test_without_a_watchdog_nobody_watches():
    """The task ends at once when no sign of life is wanted."""
    await asyncio.wait_for(notify.keep_watch(lambda: True, {}), PATIENCE_S)
