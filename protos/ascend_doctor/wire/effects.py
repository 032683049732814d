"""What a session asks its caller to do."""

from __future__ import annotations

import enum
from typing import Optional, Tuple, Union

import attrs

from ascend_doctor.model.sections import Sections, SectionsChange
from ascend_doctor.wire.frames import AgentFrame, CollectorFrame, Done, Recheck, Round


@attrs.frozen
class Send:
    """Send the frame, after all those that were asked for before it."""

    frame: Union[AgentFrame, CollectorFrame]


@attrs.frozen
class Deliver:
    """Hand the frame to the program: a request to the agent's probe, its outcome to whoever asked the collector."""

    frame: Union[Recheck, Round, Done]


@attrs.frozen
class Commit:
    """Bring a change of a node into the store, in the order of the effects, then call `CollectorSession.committed`.

    `state` are the node's sections after it; from now on the collector's memory holds them. With `whole` it replaces
    whatever the store has of the node, of any epoch and sequence, and `change` is from nothing. Otherwise it follows
    `sequence - 1` of the same epoch; a store that already has `sequence` has nothing to do.
    `verified` is False when the digest could not vouch for the state, as with an agent of another version.
    """

    node: str
    epoch: str
    sequence: int
    whole: bool
    change: SectionsChange
    state: Sections
    verified: bool = True


class Reason(enum.Enum):
    """Why a stream is closed; the caller turns it into a gRPC status."""

    DONE = "done"
    """Nothing is wrong: the peer asked for it. (OK)"""
    IDENTITY = "identity"
    """The peer is not who it says, or speaks for others. (PERMISSION_DENIED)"""
    PROTOCOL = "protocol"
    """The peer does not keep to the protocol. (FAILED_PRECONDITION)"""
    LIMIT = "limit"
    """The peer sends more than is taken. (RESOURCE_EXHAUSTED)"""
    SILENT = "silent"
    """The peer has not been heard of for too long. (DEADLINE_EXCEEDED)"""


@attrs.frozen
class Close:
    """End the stream; nothing more may be sent on it. `retry_after_s` is a hint for the peer, None without one."""

    reason: Reason
    text: str
    retry_after_s: Optional[float] = None


Effect = Union[Send, Deliver, Commit, Close]
Effects = Tuple[Effect, ...]
