"""History and changes as messages."""

from __future__ import annotations

import attrs
import pytest

from ascend_doctor.model.report_change import ReportChange
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Recorded, Transition
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.v1 import report_pb2
from ascend_doctor.wire.changes import change_messages
from ascend_doctor.wire.convert import read_finding
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.history import read_recorded, recorded_message
from ascend_doctor.wire.parts import PART_BYTES
from ascend_doctor.wire.reports import read_node
from wire_examples import FINDING, REPORT

RECORDED = Recorded(
    7, "node-1", 1_790_000_000.5, Transition("roce.link", "port:node-1:3", None, Status.FAIL, 1_790_000_000.25, "down")
)


def test_a_recorded_transition_arrives_as_it_was() -> None:
    """It comes out of its message as it went in, and so does one of a result that is gone."""
    for recorded in (RECORDED, attrs.evolve(RECORDED, transition=attrs.evolve(RECORDED.transition, after=None))):
        data = recorded_message(recorded).SerializeToString()
        assert recorded == read_recorded(report_pb2.RecordedTransition.FromString(data))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda message: message.ClearField("node_name"), "node_name"),
        (lambda message: setattr(message, "id", -1), "id"),
        (lambda message: message.ClearField("transition"), "transition.check_id"),
        (lambda message: setattr(message.receive_time, "nanos", -1), "receive_time"),
    ],
)
def test_what_no_honest_collector_sends_is_refused(change, place: str) -> None:
    """The error names the field."""
    message = recorded_message(RECORDED)
    change(message)
    with pytest.raises(WireError) as caught:
        read_recorded(message)
    assert place == caught.value.place


def test_a_big_change_goes_in_parts() -> None:
    """Every part is of moderate size and tells the verdict; all but the last say that more follows."""
    findings = tuple(attrs.evolve(FINDING, summary="x" * 4000, check=f"c{number}") for number in range(200))
    change = ReportChange(True, Verdict.NOT_READY, REPORT.nodes, findings, ("gone-1",), ("c|node:gone-1:",))
    messages = list(change_messages(change))
    assert len(messages) > 3
    assert max(message.ByteSize() for message in messages) < 2 * PART_BYTES
    assert [True] + [False] * (len(messages) - 1) == [message.whole for message in messages]
    assert [True] * (len(messages) - 1) + [False] == [message.more_follows for message in messages]
    assert {report_pb2.VERDICT_NOT_READY} == {message.verdict for message in messages}
    assert list(REPORT.nodes) == [read_node(node) for message in messages for node in message.nodes]
    assert list(findings) == [read_finding(item) for message in messages for item in message.findings]
    assert ["gone-1"] == [name for message in messages for name in message.removed_node_names]
    assert ["c|node:gone-1:"] == [key for message in messages for key in message.removed_finding_keys]


def test_a_change_of_the_verdict_alone_is_one_message() -> None:
    """Nothing else need have changed."""
    (message,) = change_messages(ReportChange(False, Verdict.READY))
    assert report_pb2.WatchResponse(verdict=report_pb2.VERDICT_READY) == message
