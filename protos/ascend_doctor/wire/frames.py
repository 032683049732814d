"""The frames of the stream in terms of the model. `protos/ascend_doctor/v1/ingest.proto` tells what each means.

Times are in seconds; None where the sender said nothing.
"""

from __future__ import annotations

from typing import Optional, Tuple, Union

import attrs

from ascend_doctor.model.sections import SectionsChange
from ascend_doctor.wire import limits

DIGEST = "digest.2"
"""Capability: digests follow `ascend_doctor.model.sections`. A release that changes the rule raises the number."""
RECHECK = "recheck.1"
"""Capability: answers Recheck."""
ROUND = "round.1"
"""Capability: answers Round."""


@attrs.frozen
class Hello:
    """Opens the stream.

    The node can send every change after `base_sequence` by itself, up to `newest_sequence`.
    """

    node: str
    epoch: str
    base_sequence: int
    newest_sequence: int
    agent_version: str = ""
    capabilities: Tuple[str, ...] = ()
    interval_s: Optional[float] = None
    """How often the node looks again."""
    current_s: Optional[float] = None
    """How long what the node said stays current when nothing more comes."""
    protocol: int = limits.PROTOCOL


@attrs.frozen
class Welcome:
    """Answers Hello. With `resume_after` None the node sends everything."""

    resume_after: Optional[int]
    heartbeat_s: float
    max_inflight: int
    max_message_bytes: int = limits.MAX_MESSAGE_BYTES
    capabilities: Tuple[str, ...] = ()
    protocol: int = limits.PROTOCOL


@attrs.frozen
class State:
    """The change from the sequence before, or from nothing when `whole`; `digest` is that of the state after it."""

    sequence: int
    change: SectionsChange
    digest: bytes
    whole: bool = False


@attrs.frozen
class Heartbeat:
    """The newest sequence that was sent and the digest of the state at it."""

    sequence: int
    digest: bytes


@attrs.frozen
class Done:
    """A request was carried out, or not: then `problem` says why. The results are in the states up to `sequence`."""

    request_id: str
    sequence: int
    problem: str = ""


@attrs.frozen
class Ack:
    """Everything up to `sequence` is in the store; -1 when nothing is, which is a sign of life only."""

    sequence: int


@attrs.frozen
class Resync:
    """Asks for everything."""

    reason: str


@attrs.frozen
class Recheck:
    """Asks to run checks now, all when none is named."""

    request_id: str
    checks: Tuple[str, ...] = ()


@attrs.frozen
class Probe:
    """One address to reach from one NPU."""

    phy_id: int
    address: str


@attrs.frozen
class Round:
    """Asks for an active test with an installed source."""

    request_id: str
    source: str
    probes: Tuple[Probe, ...]
    time_limit_s: float


@attrs.frozen
class Drain:
    """Asks the node to go and to come back, after `retry_after_s` at the earliest."""

    retry_after_s: Optional[float] = None
    reason: str = ""


@attrs.frozen
class Unknown:
    """A frame of a newer peer."""


AgentFrame = Union[Hello, State, Heartbeat, Done, Unknown]
CollectorFrame = Union[Welcome, Ack, Resync, Recheck, Round, Drain, Unknown]
