"""What systemd wants to hear of a service: that it is ready, how it fares, and that it still makes progress."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import Callable, Mapping, Optional

from ascend_doctor.report.printable import printable

MAX_STATUS_LENGTH = 200


def notify(*lines: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell the service manager. Returns whether there is one that listens; its trouble is never the service's."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(address)
            channel.sendall("\n".join(lines).encode())
    except OSError:
        return False
    return True


def status(text: str) -> str:
    """Return the line that shows a text in `systemctl status`."""
    return f"STATUS={printable(text)[:MAX_STATUS_LENGTH]}"


def watchdog_s(environment: Mapping[str, str] = os.environ, pid: Optional[int] = None) -> Optional[float]:
    """Return within which time systemd wants a sign of life, None when it does not."""
    wanted = environment.get("WATCHDOG_PID", "")
    if wanted and wanted != str(os.getpid() if pid is None else pid):
        return None
    usec = environment.get("WATCHDOG_USEC", "")
    return int(usec) / 1e6 if usec.isascii() and usec.isdecimal() and int(usec) else None


async def keep_watch(makes_progress: Callable[[], bool], environment: Mapping[str, str] = os.environ) -> None:
    """Give signs of life for as long as there is progress; for ever, or at once over where nobody wants them."""
    within_s = watchdog_s(environment)
    while within_s is not None:
        if makes_progress():
            notify("WATCHDOG=1", environment=environment)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.sleep(within_s / 3)
