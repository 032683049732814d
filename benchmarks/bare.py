"""What it costs only to read what a node says, without a collector around it: the measure for `fleet.py`.

Both figures are CPU seconds for one healthy node, read again and again from warm caches; the best of some series, for
what else the machine does makes reading dearer and never cheaper.
"""

from __future__ import annotations

import time
from typing import Callable

from recorded import Recording

from ascend_doctor.model.sections import apply
from ascend_doctor.v1 import ingest_pb2, report_pb2
from ascend_doctor.wire import convert, frames
from ascend_doctor.wire.requests import RequestReader, request_messages
from ascend_doctor.wire.sections import SectionPool, findings_of

MIB = 1 << 20
SERIES = 8
TIMES = 40
SET = frozenset(("key", "check_id", "subject", "status", "summary", "severity", "confidence", "judge_time"))
"""The fields that the result of a healthy node has."""


def compact_s(recording: Recording) -> float:
    """Return what reading a round costs in the form that nodes send: by protobuf, and into sections."""
    messages = []
    state = recording.begin
    for number, change in enumerate(recording.rounds, 2):
        state = apply(state, change)
        frame = frames.State(number, change, state.digest)
        messages += [item.SerializeToString() for item in request_messages(frame, 4 * MIB)]
    reader = RequestReader(SectionPool())

    def read() -> None:
        for data in messages:
            reader.read(ingest_pb2.ConnectRequest.FromString(data))

    return _cpu_s(read) / len(recording.rounds)


def self_describing_s(recording: Recording) -> float:
    """Return what reading a round would cost if every result came as a message that says all of itself.

    The message is that of a report with everything that the checks of the node found, passes too. Read are the fields
    that are set, by name, and nothing is made of them. Topics of facts have no such form and are not in it.
    """
    found = [
        finding
        for section in recording.begin.sections.values()
        for finding in findings_of(section, "node-1", time.time())
    ]
    whole = report_pb2.GetReportResponse(findings=[convert.finding_message(item.key, item) for item in found])
    unread = {field.name for item in whole.findings for field, _ in item.ListFields()} - SET
    if unread:
        raise RuntimeError(f"the results have fields that are not read: {sorted(unread)}")
    data = whole.SerializeToString()

    def read() -> None:
        for item in report_pb2.GetReportResponse.FromString(data).findings:
            subject, at = item.subject, item.judge_time
            about = (item.key, item.check_id, subject.kind, subject.node_name, subject.name)
            _ = (about, item.status, item.summary, item.severity, item.confidence, at.seconds, at.nanos)

    return _cpu_s(read)


def _cpu_s(read: Callable[[], None]) -> float:
    return min(_series_s(read) for _ in range(SERIES)) / TIMES


def _series_s(read: Callable[[], None]) -> float:
    began = time.process_time()
    for _ in range(TIMES):
        read()
    return time.process_time() - began
