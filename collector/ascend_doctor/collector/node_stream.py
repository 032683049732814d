"""One stream of a node: its session, and what waits to be sent on it."""

from __future__ import annotations

import asyncio
import math
from typing import List, Optional, Tuple

import grpc.aio

from ascend_doctor.collector.pace import Bucket, Pace
from ascend_doctor.report.printable import printable
from ascend_doctor.v1 import ingest_pb2
from ascend_doctor.wire.collector_session import CollectorSession
from ascend_doctor.wire.effects import Close, Effects, Reason
from ascend_doctor.wire.frames import Hello
from ascend_doctor.wire.requests import RequestReader

WRITE_S = 60.0
"""How long a peer may leave a message unread."""
MAX_AGE_S = 24 * 3600.0
"""A node is asked to come again after so long at most, and after half of it at least: only when a connection is made
is it looked at whether its certificate has expired, and whether the CA is still trusted."""
MESSAGES = Pace(burst=64, per_s=1.0)
"""Messages of one stream. A node that looks every minute sends two in that time; one that flaps has to wait."""
BYTES = Pace(burst=24 << 20, per_s=128 << 10)
"""Bytes of one stream: a whole state at once, and then what a node under changes may need."""
Purse = Tuple[Bucket, Bucket]
"""What a node may still send at once: messages and bytes."""
DEAF = "the peer does not read what it is sent"

Context = grpc.aio.ServicerContext[ingest_pb2.ConnectRequest, ingest_pb2.ConnectResponse]


class Stream:
    """One stream: its session, and the messages that wait to be sent. `now` is of the monotonic clock."""

    __slots__ = (
        "close",
        "context",
        "is_disputed",
        "is_held",
        "leaves_at",
        "outgoing",
        "peer",
        "purse",
        "reader",
        "session",
        "task",
        "usurped_at",
        "writing",
        "writing_since",
    )

    def __init__(
        self, session: CollectorSession, reader: RequestReader, context: Context, now: float, leaves_at: float
    ) -> None:
        self.session = session
        self.reader = reader
        self.context = context
        self.peer = printable(context.peer())
        self.task = asyncio.current_task()
        self.purse: Purse = (Bucket(MESSAGES, now), Bucket(BYTES, now))
        self.leaves_at = leaves_at
        """When the node is asked to come again."""
        self.is_held = False
        """Whether this side does not listen for now; what is not heard meanwhile is not the peer's silence."""
        self.outgoing: List[ingest_pb2.ConnectResponse] = []
        self.writing: Optional[asyncio.Task[None]] = None
        self.writing_since = 0.0
        self.close: Optional[Close] = None
        self.usurped_at: Tuple[float, ...] = ()
        """When streams from elsewhere took over from each other, up to this one."""
        self.is_disputed = False
        """Whether the name is another machine's too: then this stream keeps it for as long as it lives."""

    @property
    def whose(self) -> str:
        """Who speaks on it, as far as that is known."""
        return self.peer if self.session.hello is None else f"node {self.session.hello.node} at {self.peer}"

    def elsewhere(self, hello: Hello, peer: str) -> bool:
        """Tell whether a greeting comes from another machine: a node that returns has its address and its spool."""
        own = self.session.hello
        return own is not None and (own.epoch != hello.epoch or _host(self.peer) != _host(peer))

    def due(self, now: float) -> Effects:
        """Return what is due."""
        if self.writing is not None and now - self.writing_since > WRITE_S:
            return self.session.close(Reason.LIMIT, DEAF)
        if self.is_held:
            return ()
        if now > self.leaves_at:
            self.leaves_at = math.inf
            return self.session.drain("certificates are looked at anew, once a day", 0.0)
        return self.session.tick(now)


def _host(peer: str) -> str:
    """Return a peer without its port."""
    return peer.rpartition(":")[0]
