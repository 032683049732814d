"""Frames of the collector to messages and back."""

from __future__ import annotations

import ipaddress

from ascend_doctor.v1 import ingest_pb2
from ascend_doctor.wire import fields, frames, limits
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.frames import CollectorFrame


def response_message(frame: CollectorFrame) -> ingest_pb2.ConnectResponse:
    """Write a frame of the collector. An unknown frame is an empty message."""
    response = ingest_pb2.ConnectResponse()
    if isinstance(frame, frames.Welcome):
        response.welcome.CopyFrom(_welcome(frame))
    elif isinstance(frame, frames.Ack):
        response.ack.CopyFrom(ingest_pb2.Ack(sequence=frame.sequence))
    elif isinstance(frame, frames.Resync):
        response.resync.CopyFrom(ingest_pb2.Resync(reason=fields.cut(frame.reason)))
    elif isinstance(frame, frames.Recheck):
        checks = fields.cut_all(frame.checks, limits.MAX_CHECK_COUNT, limits.MAX_NAME_LENGTH)
        response.recheck.CopyFrom(ingest_pb2.Recheck(request_id=fields.spell(frame.request_id), check_ids=checks))
    elif isinstance(frame, frames.Round):
        response.round.CopyFrom(_round(frame))
    elif isinstance(frame, frames.Drain):
        delay = fields.duration(frame.retry_after_s)
        response.drain.CopyFrom(ingest_pb2.Drain(retry_delay=delay, reason=fields.cut(frame.reason)))
    return response


def _welcome(frame: frames.Welcome) -> ingest_pb2.Welcome:
    return ingest_pb2.Welcome(
        protocol=frame.protocol,
        resume_after_sequence=frame.resume_after,
        max_inflight_count=frame.max_inflight,
        max_message_bytes=frame.max_message_bytes,
        heartbeat_interval=fields.duration(frame.heartbeat_s),
        capabilities=fields.cut_all(frame.capabilities, limits.MAX_CAPABILITY_COUNT, limits.MAX_NAME_LENGTH),
    )


def _round(frame: frames.Round) -> ingest_pb2.Round:
    probes = frame.probes[: limits.MAX_PROBE_COUNT]
    return ingest_pb2.Round(
        request_id=fields.spell(frame.request_id),
        source=fields.spell(frame.source),
        probes=[ingest_pb2.Probe(phy_id=probe.phy_id, peer_address=fields.spell(probe.address)) for probe in probes],
        time_limit=fields.duration(frame.time_limit_s),
    )


def read_response(message: ingest_pb2.ConnectResponse) -> CollectorFrame:
    """Return the frame of a message; raise `WireError` for what no honest collector sends."""
    form = message.WhichOneof("frame")
    if form == "welcome":
        return _read_welcome(message.welcome)
    if form == "ack":
        return frames.Ack(fields.count("ack.sequence", message.ack.sequence, -1))
    if form == "resync":
        return frames.Resync(fields.text("resync.reason", message.resync.reason))
    if form == "recheck":
        return frames.Recheck(
            fields.name("recheck.request_id", message.recheck.request_id),
            fields.each("recheck.check_ids", message.recheck.check_ids, limits.MAX_CHECK_COUNT, _read_check),
        )
    if form == "round":
        return _read_round(message.round)
    if form == "drain":
        return _read_drain(message.drain)
    return frames.Unknown()


def _read_welcome(message: ingest_pb2.Welcome) -> frames.Welcome:
    resume = message.resume_after_sequence if message.HasField("resume_after_sequence") else None
    heartbeat_s = fields.span("welcome.heartbeat_interval", message.heartbeat_interval)
    if not limits.MIN_HEARTBEAT_S <= heartbeat_s <= limits.MAX_HEARTBEAT_S:
        bounds = f"{limits.MIN_HEARTBEAT_S} and {limits.MAX_HEARTBEAT_S} seconds"
        raise WireError("welcome.heartbeat_interval", f"{heartbeat_s} is not within {bounds}")
    return frames.Welcome(
        resume_after=None if resume is None else fields.count("welcome.resume_after_sequence", resume),
        heartbeat_s=heartbeat_s,
        max_inflight=min(
            fields.count("welcome.max_inflight_count", message.max_inflight_count, 1), limits.MAX_INFLIGHT_COUNT
        ),
        max_message_bytes=min(
            fields.count("welcome.max_message_bytes", message.max_message_bytes, limits.MIN_MESSAGE_BYTES),
            limits.MAX_MESSAGE_BYTES,
        ),
        capabilities=fields.capabilities("welcome.capabilities", message.capabilities),
        protocol=fields.count("welcome.protocol", message.protocol, 1, limits.PROTOCOL),
    )


def _read_round(message: ingest_pb2.Round) -> frames.Round:
    if not message.probes:
        raise WireError("round.probes", "is empty")
    return frames.Round(
        request_id=fields.name("round.request_id", message.request_id),
        source=fields.name("round.source", message.source),
        probes=fields.each("round.probes", message.probes, limits.MAX_PROBE_COUNT, _read_probe),
        time_limit_s=fields.span("round.time_limit", message.time_limit),
    )


def _read_probe(message: ingest_pb2.Probe) -> frames.Probe:
    """Read what to reach. The address goes into a command line: it is an IP address and nothing else."""
    try:
        address = str(ipaddress.ip_address(message.peer_address))
    except ValueError:
        raise WireError("peer_address", "is not an IP address") from None
    if "%" in address:
        raise WireError("peer_address", "names a scope")
    return frames.Probe(fields.count("phy_id", message.phy_id, 0, limits.MAX_PHY_ID), address)


def _read_check(check: str) -> str:
    return fields.name("", check)


def _read_drain(message: ingest_pb2.Drain) -> frames.Drain:
    delay = fields.span("drain.retry_delay", message.retry_delay) if message.HasField("retry_delay") else None
    return frames.Drain(delay, fields.text("drain.reason", message.reason))
