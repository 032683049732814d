"""Bodies of answers: made once for all who ask, compressed for those who can read it, and sent piece by piece."""

from __future__ import annotations

import asyncio
import gzip
import re
from typing import Awaitable, Callable, Generic, Optional, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ascend_doctor.collector.judged import Judged

T = TypeVar("T")

JSON = "application/json"
WORTH_PACKING = 4 << 10
PIECE = 64 << 10


class Kept(Generic[T]):
    """Something that is made once for each judgement of the fleet, however many ask for it."""

    def __init__(self, make: Callable[[Judged], Awaitable[T]]) -> None:
        self._make = make
        self._judged: Optional[Judged] = None
        self._made: Optional[asyncio.Future[T]] = None

    async def of(self, judged: Judged) -> T:
        """Return it. Raises what making it raises; then the next who asks has it made again."""
        if self._made is None or self._judged is not judged or _has_failed(self._made):
            self._judged, self._made = judged, asyncio.ensure_future(self._make(judged))
        return await asyncio.shield(self._made)


def _has_failed(made: asyncio.Future[T]) -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)


class Whole(Response):
    """A body that is there already, sent so that no more than a piece of it waits in the buffers of a connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = b"" if scope["method"] == "HEAD" else bytes(self.body)
        for start in range(0, len(body), PIECE):
            await send({"type": "http.response.body", "body": body[start : start + PIECE], "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def answer(
    request: Request, tag: str, body: Callable[[bool], Awaitable[bytes]], media_type: str = JSON
) -> Response:
    """Answer with a body, or that the reader has it already: `tag` is another one for whatever reads differently.

    `body` makes it, compressed with gzip when asked to and when it is worth it.
    """
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    known = [item.strip() for item in request.headers.get("if-none-match", "").split(",")]
    if headers["ETag"] in known or "*" in known:
        return Response(status_code=304, headers=headers)
    data = await body(takes_gzip(request.headers.get("accept-encoding", "")))
    if data[:2] == _GZIP:
        headers["Content-Encoding"] = "gzip"
    return Whole(data, headers=headers, media_type=media_type)


_GZIP = b"\x1f\x8b"
"""How gzip begins; no text does."""


_REFUSED = re.compile(r"\s*q=0(\.0*)?\s*")


def packed(data: bytes, *, pack: bool) -> bytes:
    """Return a body, compressed where that is wanted and worth it."""
    return gzip.compress(data, 1, mtime=0) if pack and len(data) >= WORTH_PACKING else data


def takes_gzip(accepted: str) -> bool:
    """Tell whether a reader takes gzip, by its `Accept-Encoding`."""
    for item in accepted.lower().split(","):
        coding, _, quality = item.partition(";")
        if coding.strip() in ("gzip", "*"):
            return _REFUSED.fullmatch(quality) is None
    return False
