"""The page of metrics of one node."""

from __future__ import annotations

from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.report import Report
from ascend_doctor.report import exposition
from ascend_doctor.report.doctor_metrics import node_families, source_families
from ascend_doctor.report.hardware_metrics import hardware_families


def render(report: Report, view: NodeView) -> str:
    """Return verdict, checks, tools and hardware of a node. The node's name is no label: that is the scraper's."""
    families = (*node_families(report), *source_families(view), *hardware_families(view))
    return exposition.render(exposition.merged(families))
