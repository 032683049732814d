"""asyncio, hashlib and hmac as they are on a Python without OpenSSL, for processes that run beside jobs.

They load OpenSSL for what the doctor does not do with them: the probe has no network, and gRPC brings a TLS of its own.
In the probe that is 4 MB, a tenth of all it takes (measured with Python 3.9 and OpenSSL 3.0), and a check starts 20 ms
sooner. What imports `ssl` itself gets it as ever.
"""

from __future__ import annotations

import gc
import importlib
import linecache
import sys

_LEFT_OUT = ("ssl", "_hashlib")
_M_MMAP_THRESHOLD = -3
"""The parameter of `mallopt` (malloc.h) for the size from which an allocation has pages of its own."""
_OWN_PAGES_FROM = 64 * 1024


def load() -> None:
    """Load them, unless they are there already: then it is too late to leave anything out."""
    kept = {name: None for name in _LEFT_OUT if name not in sys.modules}
    sys.modules.update(kept)  # type: ignore[arg-type] # None is documented: an import of the name then fails
    try:
        for name in ("asyncio", "hashlib", "hmac"):
            importlib.import_module(name)
    finally:
        for name in kept:
            del sys.modules[name]


def keep_memory_flat() -> None:
    """Give large allocations back to the system when they are freed, where the C library is glibc.

    By default glibc raises the size from which it does so with every large one that is freed. The large documents of a
    round then come to lie among small ones that stay, and the probe takes 3 MB more after some hours (measured).
    """
    import ctypes  # noqa: PLC0415 - for this alone

    try:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES_FROM)
    except (OSError, AttributeError):
        return


def forget_the_start() -> None:
    """Drop what only the definition of classes left behind: garbage, and the texts of methods that attrs has written.

    attrs keeps those for tracebacks, for each of hundreds of classes. Later allocations take the place: 1 MB.
    """
    linecache.clearcache()
    gc.collect()
