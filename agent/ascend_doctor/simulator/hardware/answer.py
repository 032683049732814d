"""What a simulated tool answers."""

from __future__ import annotations

import attrs


@attrs.define
class Answer:
    """What a tool prints and how it ends.

    `delay_s` is how long it takes; `hangs` that it never ends by itself; `absent` that there is no such tool.
    """

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int = 0
    delay_s: float = 0.0
    hangs: bool = False
    absent: bool = False
