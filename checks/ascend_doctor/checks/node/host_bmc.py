"""The server's management controller has logged trouble of an NPU, power, cooling or fans.

What it reads: `ipmitool sel list` on the host; in a recording also what `ipmcget -d sel -v list` printed on the
    controller itself, which alone names the vendor's event codes.

Why it matters: the controller sees what no tool on the host does: a lost supply, a leak, an NPU whose connection is
    gone.

What to do: by the event; the finding says it.

Disruption: most of them need the server switched off.

Limits: `window_days` is how far back events count, by the controller's own clock. An event that has ended does not
    count. Events without a code of the vendor are a warning when their words name a critical state or a failure.

Sources: Ascend/mind-cluster, fault diagnosis toolkit (event codes and their meaning); the rule for other events is
    ours.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.bmc import sel
from ascend_doctor.facts.bmc.sel import SelEntry
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known
from ascend_doctor.model.status import Disruption, Severity, Status

Rule = Tuple[Status, str, str]

_POWER = (Status.FAIL, "a power rail of the module failed", "Take the server off the mains and start it; then replace.")
_PUMP = (Status.FAIL, "a pump failed", "Have the liquid cooling repaired.")
_FAN = (Status.WARN, "a fan failed", "Replace the fan.")
CODES: Mapping[str, Rule] = {
    "0x80e01801": (Status.WARN, "an HBM had errors that it could not correct", "Stress the HBM, then reset the NPU."),
    "0x80e18402": (Status.FAIL, "an HBM has no spare rows left", "Replace the module."),
    "0x80cb800a": (Status.WARN, "a vector core timed out", "Reset the NPU; replace the module when it comes back."),
    "0x80cb8009": (
        Status.WARN,
        "a vector core had a bus error",
        "Reset the NPU; replace the module when it comes back.",
    ),
    "0x56000003": (Status.FAIL, "an NPU is in a critical state", "See `npu.health` for its codes."),
    "0x56000005": (Status.FAIL, "the connection to an NPU is lost", "Take the server off the mains and start it."),
    "0x56000009": (Status.FAIL, "an NPU was switched off because it was too hot", "Look at the cooling."),
    "0x2c000007": _POWER,
    "0x2c00002b": _POWER,
    "0x5d00001d": _POWER,
    "0x5d00001f": _POWER,
    "0x5d000005": (Status.WARN, "a power supply is too hot", "Look at the cooling of the supply."),
    "0x12000023": (Status.FAIL, "the liquid cooling leaks", "Switch the server off and have it repaired."),
    "0x120000c3": _PUMP,
    "0x120000c7": _PUMP,
    "0x120000c9": _PUMP,
    "0x04000005": _FAN,
    "0x04000007": _FAN,
    "0x18000003": _FAN,
    "0x1800000d": _FAN,
    "0x28000049": (Status.WARN, "an HCCS link runs degraded", "Have the board or the port of the link looked at."),
}
"""Event codes of the vendor's controller: what they mean for a job, what happened, what to do."""

_GRAVE = re.compile(r"critical|non-recoverable|failure|fail(?:ed)?\b|lost|uncorrectable", re.IGNORECASE)
_MILD = re.compile(r"non-critical|predictive", re.IGNORECASE)
_DAY_S = 86_400.0


@attrs.frozen
class Limits:
    """`window_days`: how far back events count."""

    window_days: int = 7


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the states that began within the window and have not ended."""
    facts = view.read(sel.SOURCE)
    if isinstance(facts, Missing):
        yield missing(view.subject, "the event log of the controller", facts, view.quote(sel.SOURCE))
        return
    troubles = [
        (entry, rule)
        for entry in _lasting(facts.entries)
        for rule in [_rule(entry)]
        if rule is not None and _is_recent(view, entry, limits)
    ]
    if not troubles:
        yield passed(view.subject, "the controller has logged no lasting trouble")
        return
    troubles.sort(key=lambda item: item[1][0] is not Status.FAIL)
    entry, (status, _, _) = troubles[0]
    yield failed(
        view.subject,
        "the controller says: " + "; ".join(dict.fromkeys(words for _, (_, words, _) in troubles[:4])),
        expected="no lasting trouble",
        remedies=[
            Remedy(step, "", Disruption.REBOOT) for step in dict.fromkeys(step for _, (_, _, step) in troubles[:4])
        ],
        observed=known(entry.code) or entry.description,
        quotes=view.quote(
            sel.SOURCE, WHOLE_NODE, *(known(found.code) or found.description for found, _ in troubles[:4])
        ),
        status=status,
    )


def _lasting(entries: Tuple[SelEntry, ...]) -> List[SelEntry]:
    """Return the newest entry of each state, as far as it says that the state lasts; oldest first."""
    newest_first = len(entries) > 1 and (known(entries[0].at) or "") > (known(entries[-1].at) or "")
    last: Dict[Tuple[object, ...], SelEntry] = {}
    for entry in reversed(entries) if newest_first else entries:
        last[(known(entry.code), known(entry.sensor), entry.description)] = entry
    return [entry for entry in last.values() if entry.asserted]


def _rule(entry: SelEntry) -> Optional[Rule]:
    code = known(entry.code)
    if code is not None:
        return CODES.get(code)
    if not _GRAVE.search(entry.description) or _MILD.search(entry.description):
        return None
    words = f"{known(entry.sensor) or 'a sensor'}: {entry.description}"
    return (Status.WARN, words, "Look at the part that the sensor belongs to.")


def _is_recent(view: NodeView, entry: SelEntry, limits: Limits) -> bool:
    """Tell whether an event counts; one without a time, or seen by a doctor without a clock, does."""
    at, evidence = known(entry.at), view.evidence[sel.SOURCE.name]
    if at is None or not evidence.started_at:
        return True
    age_s = evidence.started_at - dt.datetime.fromisoformat(at).replace(tzinfo=dt.timezone.utc).timestamp()
    return age_s <= limits.window_days * _DAY_S


CHECK = Check(
    id="host.bmc",
    reads=(sel.SOURCE,),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    own_limits=("window_days",),
    opt_in="it asks the management controller, which takes seconds and which others may ask too",
)
