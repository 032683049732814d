"""Knocking at a collector: whether it would let this node in, and what its clock says."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable, Optional, Tuple

import attrs
import grpc
import grpc.aio

from ascend_doctor.report.printable import printable, span
from ascend_doctor.v1 import ingest_pb2_grpc
from ascend_doctor.wire.caller import Caller, NotVettedError
from ascend_doctor.wire.credentials import Address, CredentialError, TlsFiles
from ascend_doctor.wire.metadata import SERVER_TIME, number
from ascend_doctor.wire.steps import State, Step, fine, wrong

ANSWER_S = 10.0
ADMISSION = "admission"
CLOCK = "clock"
NOTICED_S = 2.0
"""A difference between the clocks that no network explains: worth a word."""
TOO_FAR_S = 30.0
"""A difference that makes results look old, or certificates not valid yet."""

_REFUSALS = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED)


@attrs.frozen
class _Answer:
    """What came back: the status, its text, the collector's clock (None when it does not tell), and when each was."""

    code: grpc.StatusCode
    details: str
    server_time: Optional[float]
    asked_at: float
    heard_at: float


async def knock(
    address: Address,
    files: Optional[TlsFiles],
    *,
    timeout_s: float = ANSWER_S,
    clock: Callable[[], float] = time.time,
) -> Tuple[Step, ...]:
    """Ask to be let in as a node, and leave before saying who one is: a stream of the node goes on undisturbed.

    Returns what the collector said, and how far the clocks are apart. Never raises for what network or collector do.
    """
    try:
        answer = await asyncio.wait_for(_ask(address, files, timeout_s, clock), 2 * timeout_s)
    except (CredentialError, NotVettedError) as error:
        text, _, remedy = str(error).partition("; ")
        return wrong(ADMISSION, text, remedy), _clock_unknown(clock)
    except asyncio.TimeoutError:
        text = f"{address}: no answer within {timeout_s:g} s"
        return wrong(ADMISSION, text, "is the collector overloaded, or stopped?"), _clock_unknown(clock)
    return _admission(address, answer), _skew(answer, clock)


async def _ask(address: Address, files: Optional[TlsFiles], timeout_s: float, clock: Callable[[], float]) -> _Answer:
    way = await Caller(files).open(address)
    async with way.channel as channel:
        await asyncio.wait_for(channel.channel_ready(), timeout_s)
        asked_at = clock()
        call: Any = ingest_pb2_grpc.IngestServiceStub(channel).Connect(timeout=timeout_s)
        try:
            await call.done_writing()
            async for _ in call:
                pass
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass  # the status says it all
        code, details = await call.code(), await call.details()
        heard_at = clock()
        server_time = number(await call.trailing_metadata(), SERVER_TIME)
        return _Answer(code, printable(details or ""), server_time, asked_at, heard_at)


def _admission(address: Address, answer: _Answer) -> Step:
    if answer.code is grpc.StatusCode.OK:
        return fine(ADMISSION, "the collector lets this node in")
    if answer.code in _REFUSALS:
        text, _, remedy = answer.details.partition("; ")
        return wrong(ADMISSION, f"{address}: refused: {text}", remedy)
    if answer.code is grpc.StatusCode.UNIMPLEMENTED:
        text = f"{address}: is no collector of this release"
        return wrong(ADMISSION, text, "check the address, and its `ascend-doctor --version`")
    word = answer.code.name.lower().replace("_", " ")
    return wrong(ADMISSION, f"{address}: {word}: {answer.details}", "look at the collector's log")


def _skew(answer: _Answer, clock: Callable[[], float]) -> Step:
    if answer.server_time is None or not abs(answer.server_time) < 1e11:
        return _clock_unknown(clock)
    ahead_s = (answer.asked_at + answer.heard_at) / 2 - answer.server_time
    give_or_take_s = (answer.heard_at - answer.asked_at) / 2
    how = "ahead of" if ahead_s > 0 else "behind"
    text = (
        f"this machine's clock is {_seconds(abs(ahead_s))} {how} the collector's, give or take {give_or_take_s:.2f} s"
    )
    remedy = "synchronise both with one time server"
    if abs(ahead_s) - give_or_take_s >= TOO_FAR_S:
        return wrong(CLOCK, text, remedy)
    if abs(ahead_s) - give_or_take_s >= NOTICED_S:
        return Step(CLOCK, State.WARNING, text, remedy)
    return fine(CLOCK, text)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < NOTICED_S else span(seconds)


def _clock_unknown(clock: Callable[[], float]) -> Step:
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(clock()))
    text = f"the collector tells no time; this machine's clock says {now}"
    return Step(CLOCK, State.UNKNOWN, text, "compare it with `date -u` on the collector")
