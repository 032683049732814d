"""Ports for servers that come, go and come back while others keep calling them."""

from __future__ import annotations

import random
import socket

_BELOW_THE_KERNELS = range(10_000, 32_000)


def free_port() -> int:
    """Return a port of loopback that is free, and that Linux by its defaults gives to nobody who asks for any.

    A port out of the kernel's own range may be taken meanwhile, even by whoever calls it: by a connection to itself.
    """
    chance = random.SystemRandom()
    while True:
        port = chance.choice(_BELOW_THE_KERNELS)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
