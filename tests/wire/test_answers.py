"""What the collector answers to those who read: history, and changes of a report."""

from __future__ import annotations

from typing import Any, Callable, Tuple

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.model.report_change import ReportChange
from ascend_doctor.model.transition import Recorded
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.v1 import report_pb2
from ascend_doctor.wire import convert, limits
from ascend_doctor.wire.changes import change_messages
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.history import read_recorded, recorded_message
from ascend_doctor.wire.parts import PART_BYTES
from ascend_doctor.wire.reports import VERDICTS, read_node
from wire_examples import FINDING, RECORDED, REPORT, TIMES, TRANSITIONS


@given(st.builds(Recorded, st.integers(0, 2**63 - 1), st.sampled_from(["node-1", "a.b"]), TIMES, TRANSITIONS))
@settings(max_examples=40, deadline=None)
def test_history_arrives_as_it_was(recorded: Recorded) -> None:
    """Any transition of the history comes out of a message as it went in."""
    data = recorded_message(recorded).SerializeToString()
    assert recorded == read_recorded(report_pb2.RecordedTransition.FromString(data))


BAD: Tuple[Tuple[str, Callable[[Any], object]], ...] = (
    ("node_name: is not a host name", lambda m: m.ClearField("node_name")),
    ("transition.check_id: is empty", lambda m: m.ClearField("transition")),
    ("id: -1 is not within 0 and 9223372036854775807", lambda m: setattr(m, "id", -1)),
    ("receive_time: is negative or too far away", lambda m: setattr(m.receive_time, "seconds", -1)),
)


@pytest.mark.parametrize(("expected", "spoil"), BAD)
def test_bad_history_is_refused(expected: str, spoil: Callable[[Any], object]) -> None:
    """What no honest collector sends is refused with the name of the field."""
    message = recorded_message(RECORDED)
    spoil(message)
    with pytest.raises(WireError) as caught:
        read_recorded(message)
    assert expected == str(caught.value)


def test_small_change_is_one_message() -> None:
    """A change that fits is told in one message, which says that no more follows."""
    change = ReportChange(False, Verdict.DEGRADED, REPORT.nodes, (FINDING,), ("node-9",), ("a|node:node-9:",))
    (message,) = change_messages(change)
    assert (False, False, Verdict.DEGRADED) == (message.whole, message.more_follows, VERDICTS.member(message.verdict))
    assert REPORT.nodes == tuple(map(read_node, message.nodes))
    assert [FINDING] == list(map(convert.read_finding, message.findings))
    assert (["node-9"], ["a|node:node-9:"]) == (message.removed_node_names, message.removed_finding_keys)


def test_big_change_goes_in_parts() -> None:
    """A big one comes in several of moderate size, and all of them but the last say that more follows."""
    findings = tuple(attrs.evolve(FINDING, check=f"c{number}", summary="x" * 4000) for number in range(300))
    keys = tuple(f"{number}|" + "k" * 2000 for number in range(300))
    messages = list(change_messages(ReportChange(True, Verdict.READY, (), findings, (), keys)))
    assert len(messages) > 3
    assert [True] + [False] * (len(messages) - 1) == [message.whole for message in messages]
    assert [True] * (len(messages) - 1) + [False] == [message.more_follows for message in messages]
    assert {Verdict.READY} == {VERDICTS.member(message.verdict) for message in messages}
    assert 300 == sum(len(message.findings) for message in messages)
    assert [key[: limits.MAX_KEY_LENGTH] for key in keys] == [
        key for message in messages for key in message.removed_finding_keys
    ]
    assert max(message.ByteSize() for message in messages) < PART_BYTES * 5 // 4
