"""Changes of a report as the collector streams them to who watches."""

from __future__ import annotations

from typing import Any, Iterator, Tuple

from ascend_doctor.model.report_change import ReportChange
from ascend_doctor.v1 import report_pb2
from ascend_doctor.wire import convert, fields, limits
from ascend_doctor.wire.parts import in_parts
from ascend_doctor.wire.reports import VERDICTS, node_message


def change_messages(change: ReportChange) -> Iterator[report_pb2.WatchResponse]:
    """Write a change as messages of moderate size; all but the last say that more follows."""
    verdict = VERDICTS.number(change.verdict)
    first = report_pb2.WatchResponse(whole=change.whole, verdict=verdict)
    parts = in_parts(first, lambda: report_pb2.WatchResponse(verdict=verdict), _items(change))
    part = next(parts)
    for after in parts:
        part.more_follows = True
        yield part
        part = after
    yield part


def _items(change: ReportChange) -> Iterator[Tuple[str, Any]]:
    for node in change.nodes:
        yield "nodes", node_message(node)
    for finding in change.findings:
        yield "findings", convert.finding_message(finding.key, finding)
    for name in change.removed_nodes:
        yield "removed_node_names", fields.spell(name)
    for key in change.removed_findings:
        yield "removed_finding_keys", fields.spell(key, limits.MAX_KEY_LENGTH)
