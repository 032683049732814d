"""The history as the collector tells it: what changed, where, and when that was learnt."""

from __future__ import annotations

from ascend_doctor.model.subject import is_node_name
from ascend_doctor.model.transition import Recorded
from ascend_doctor.v1 import report_pb2
from ascend_doctor.wire import convert, fields
from ascend_doctor.wire.fields import WireError


def recorded_message(recorded: Recorded) -> report_pb2.RecordedTransition:
    """Write one transition of the history."""
    return report_pb2.RecordedTransition(
        node_name=fields.spell(recorded.node),
        transition=convert.transition_message(0, recorded.transition),
        receive_time=fields.timestamp(recorded.received_at),
        id=recorded.id,
    )


def read_recorded(message: report_pb2.RecordedTransition) -> Recorded:
    """Read one transition of the history; raise `WireError` for what no honest collector sends."""
    if not is_node_name(message.node_name):
        raise WireError("node_name", "is not a host name")
    try:
        _, transition = convert.read_transition(message.transition)
    except WireError as error:
        raise error.within("transition") from None
    return Recorded(
        id=fields.count("id", message.id),
        node=message.node_name,
        received_at=fields.time("receive_time", message.receive_time),
        transition=transition,
    )
