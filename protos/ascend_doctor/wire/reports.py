"""A report as the collector streams it: the header and as many nodes and findings as fit, message by message."""

from __future__ import annotations

from typing import Any, Iterator, List, Optional, Tuple

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.v1 import report_pb2
from ascend_doctor.wire import convert, fields, limits
from ascend_doctor.wire.fields import WireError, Words
from ascend_doctor.wire.parts import in_parts

VERDICTS = Words(Verdict, report_pb2.Verdict.items(), "VERDICT", Verdict.INCOMPLETE)
LIVENESSES = Words(Liveness, report_pb2.Liveness.items(), "LIVENESS", Liveness.STALE)


def node_message(node: NodeSummary) -> report_pb2.NodeSummary:
    """Write one node of a report."""
    facts = list(node.facts.items())[: limits.MAX_FACT_COUNT]
    return report_pb2.NodeSummary(
        name=fields.spell(node.name),
        verdict=VERDICTS.number(node.verdict),
        liveness=LIVENESSES.number(node.liveness),
        seen_time=fields.timestamp(node.seen_at),
        facts={fields.spell(name): fields.cut(fact) for name, fact in facts},
    )


def read_node(message: report_pb2.NodeSummary) -> NodeSummary:
    """Read one node of a report."""
    if not is_node_name(message.name):
        raise WireError("name", "is not a host name")
    if len(message.facts) > limits.MAX_FACT_COUNT:
        raise WireError("facts", f"{len(message.facts)} entries, {limits.MAX_FACT_COUNT} are allowed")
    return NodeSummary(
        name=message.name,
        verdict=VERDICTS.member(message.verdict),
        liveness=LIVENESSES.member(message.liveness),
        seen_at=fields.time("seen_time", message.seen_time) if message.HasField("seen_time") else None,
        facts={fields.name("facts", name): fields.text("facts", fact) for name, fact in sorted(message.facts.items())},
    )


def report_messages(report: Report) -> Iterator[report_pb2.GetReportResponse]:
    """Write a report as messages of moderate size, made one at a time."""
    first = report_pb2.GetReportResponse(
        header=report_pb2.ReportHeader(
            make_time=fields.timestamp(report.made_at),
            verdict=VERDICTS.number(report.verdict),
            origin=fields.cut(report.origin),
            doctor_version=fields.spell(report.doctor_version),
            node_count=len(report.nodes),
            finding_count=len(report.findings),
            also_passed_count=report.also_passed,
            also_skipped_count=report.also_skipped,
        )
    )
    return in_parts(first, report_pb2.GetReportResponse, _items(report))


def _items(report: Report) -> Iterator[Tuple[str, Any]]:
    for node in report.nodes:
        yield "nodes", node_message(node)
    for finding in report.findings:
        yield "findings", convert.finding_message(finding.key, finding)


class ReportReader:
    """Puts a report together again: `add` every message of the stream, then take `report`."""

    def __init__(self) -> None:
        self._header: Optional[report_pb2.ReportHeader] = None
        self._nodes: List[NodeSummary] = []
        self._findings: List[Finding] = []

    def add(self, message: report_pb2.GetReportResponse) -> None:
        """Take in the next message; raise `WireError` when no honest collector sends it."""
        if message.HasField("header"):
            if self._header is not None:
                raise WireError("header", "came twice")
            fields.count("header.node_count", message.header.node_count, 0, limits.MAX_REPORT_NODE_COUNT)
            fields.count("header.finding_count", message.header.finding_count, 0, limits.MAX_REPORT_FINDING_COUNT)
            self._header = message.header
        if self._header is None:
            raise WireError("header", "is missing")
        if len(self._nodes) + len(message.nodes) > self._header.node_count:
            raise WireError("nodes", "are more than were announced")
        if len(self._findings) + len(message.findings) > self._header.finding_count:
            raise WireError("findings", "are more than were announced")
        self._nodes += fields.each("nodes", message.nodes, limits.MAX_REPORT_NODE_COUNT, read_node)
        self._findings += fields.each(
            "findings", message.findings, limits.MAX_REPORT_FINDING_COUNT, convert.read_finding
        )

    def report(self) -> Report:
        """Return the report; raise `WireError` when the stream ended before it was whole."""
        header = self._header
        if header is None:
            raise WireError("header", "is missing")
        fields.count("nodes", len(self._nodes), header.node_count)
        fields.count("findings", len(self._findings), header.finding_count)
        return Report(
            made_at=fields.time("header.make_time", header.make_time),
            verdict=VERDICTS.member(header.verdict),
            nodes=tuple(self._nodes),
            findings=tuple(self._findings),
            origin=fields.text("header.origin", header.origin),
            doctor_version=fields.name("header.doctor_version", header.doctor_version, empty=True),
            also_passed=fields.count("header.also_passed_count", header.also_passed_count),
            also_skipped=fields.count("header.also_skipped_count", header.also_skipped_count),
        )
