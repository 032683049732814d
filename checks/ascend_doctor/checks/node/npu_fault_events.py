"""An alarm is up on an NPU.

What it reads: the alarms of `npu-smi info -t current-fault-event`, each with its code, its severity and its place.

Why it matters: the list is the detail behind the health of the NPU; an alarm of a weak part shows here first.

What to do: as the code says (`ascend-doctor explain CODE`). A critical or major alarm needs a reset or a new module.

Disruption: a reset stops every job on the NPU.

Limits: a code that the vendor's scheduler lists counts by its level there: one that it does not handle is
    informational. Any other counts by the severity that the device gives it: 3 critical and 2 major are failures, 1
    minor is a warning, 0 is informational. `warn_codes` is our own policy: listed codes without effect on a job that
    still deserve a look. The newest tool answers this question on the 950 alone.

Sources: hicann/driver, 950 npu-smi manual (querying the alarm information) and npu_cmd_parse.c (who has the type);
    Ascend/mind-cluster, device plugin, faultCode.json (levels).
"""

from __future__ import annotations

from typing import Iterator, Tuple

import attrs

from ascend_doctor.checks import alarms, remedies, resets
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import fault_events
from ascend_doctor.facts.npu_smi.fault_events import FaultEvent
from ascend_doctor.facts.source import Target
from ascend_doctor.knowledge import fault_codes
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject

BY_SEVERITY = {0: Status.PASS, 1: Status.WARN}
"""Everything from 2 up is a failure; a severity that nobody has described too."""


@attrs.frozen
class Limits:
    """`warn_codes`: codes without effect on a job that are shown as warnings."""

    warn_codes: Tuple[str, ...] = ("80E18401", "80E00209")


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the alarms of every NPU."""
    for target, subject, facts in view.each(fault_events.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the list of alarms", facts, view.quote(fault_events.SOURCE, target))
        else:
            yield _judge(view, target, subject, facts.events, limits)


def _judge(view: NodeView, target: Target, subject: Subject, events: Tuple[FaultEvent, ...], limits: Limits) -> Finding:
    ranked = [(_status(event, limits), event.event_id) for event in events]
    status = alarms.worst([rank for rank, _ in ranked])
    codes = list(dict.fromkeys(code for rank, code in ranked if rank is status))
    shown = ", ".join(str(fault_codes.lookup(code) or fault_codes.normal(code)) for code in codes)
    observed = ", ".join(map(fault_codes.normal, codes)) or None
    quotes = view.quote(fault_events.SOURCE, target, *codes)
    if status is Status.PASS:
        return passed(subject, f"only informational: {shown}" if shown else "no alarm is up", observed=observed)
    return failed(
        subject,
        f"alarm {shown}",
        expected="no alarm, or only codes that are informational",
        remedies=[resets.advice(view, target.npu, target.chip or 0), remedies.POWER_CYCLE]
        if status is Status.FAIL
        else [remedies.WATCH_ALARM],
        observed=observed,
        quotes=quotes,
        status=status,
    )


def _status(event: FaultEvent, limits: Limits) -> Status:
    by_severity = BY_SEVERITY.get(event.severity, Status.FAIL)
    known = fault_codes.lookup(event.event_id)
    if known is None or known.level is None:
        return by_severity
    return alarms.status_of(event.event_id, by_severity, limits.warn_codes)


CHECK = Check(
    id="npu.fault-events",
    reads=(fault_events.SOURCE,),
    judge=judge,
    limits=Limits(),
    generations=frozenset((Generation.A5,)),
    own_limits=("warn_codes",),
)
