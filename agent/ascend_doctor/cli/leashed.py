"""`python -m ascend_doctor.cli.leashed VERB ...`: run a verb that ends when its parent does.

The parent keeps the other end of standard input. However the parent dies, that end closes, and the verb is asked to
stop as by SIGTERM. Nothing is ever read.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Sequence, Tuple

from ascend_doctor.cli.main import main


def command_line(*words: str) -> Tuple[str, ...]:
    """Return the command line that runs a verb on a leash. Its standard input has to be a pipe."""
    return (sys.executable, "-m", "ascend_doctor.cli.leashed", *words)


def watch(handle: int) -> None:
    """Wait until the other end of a pipe is closed, then ask this process to stop."""
    while True:
        try:
            if not os.read(handle, 4096):
                break
        except OSError:
            break
    os.kill(os.getpid(), signal.SIGTERM)


def _run(words: Sequence[str]) -> None:
    handle = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=watch, args=(handle,), daemon=True, name="leash").start()
    sys.argv[1:] = words
    main()


if __name__ == "__main__":
    _run(sys.argv[1:])
