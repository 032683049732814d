"""Somebody else keeps the tools busy.

What it reads: every answer of a vendor tool that says it is busy, after the doctor has tried again.

Why it matters: what a busy tool was asked stays unknown. It says nothing about the link or the NPU.

What to do: find the other caller (npu-exporter, noded, the device plugin, probes of Kubernetes, a shell loop) and let
    one of the two ask less often.

Disruption: none.

Limits: none. One warning for a node, however many answers are missing.

Sources: hicann/driver, cmd.c (busy, lock and I2C messages); hicann/hixl (seen around `-tls`).
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, unknown, warned
from ascend_doctor.checks.view import NOT_ASKED, NodeView
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.facts.source import Medium
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing

REMEDY = Remedy(
    "Find who else asks the NPUs and ask less often.",
    "ps -eo pid,args | grep -E 'hccn_tool|npu-smi|npu-exporter|noded'",
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Count the busy answers of the node."""
    answers = [(query, reading) for query, reading in view.answers() if query.source.medium is Medium.TOOL]
    busy = [query for query, reading in answers if isinstance(reading, Missing) and reading.why is Absence.BUSY]
    if busy:
        affected = dict.fromkeys(view.subject_of(query.source, query.target) for query in busy)
        yield warned(
            view.subject,
            f"{len(busy)} of {len(answers)} answers are missing because the tool was busy",
            expected="no busy answer after three tries",
            remedies=[REMEDY],
            observed=len(busy),
            quotes=view.quote(busy[0].source, busy[0].target),
            affected=tuple(affected),
        )
    elif answers:
        yield passed(view.subject, "no tool was busy", observed=0)
    else:
        yield unknown(view.subject, "whether the tools are busy", NOT_ASKED)


CHECK = Check(id="tool.busy", reads=(info.SOURCE,), judge=judge, limits=NoLimits())
