"""An NPU does not answer its tools.

What it reads: every run of a vendor tool that was killed at its deadline, and every answer that says the device is
    not ready.

Why it matters: the tools wait for a chip that has dropped off the bus or never finished starting; every job that uses
    the NPU hangs in the same way.

What to do: look whether `lspci -d 19e5:` still shows the chip. If it does, reset the NPU; if it does not, power-cycle
    the node and reseat or replace the module.
    Inside a container look from the host first.

Disruption: a reset stops every job on the NPU, on boards with an HCCS ring on the whole ring.

Limits: `boot_grace_s` is our own policy: so long after the start of the node an NPU may still be starting, and
    whether it has dropped is unknown (the vendor's own components wait up to ten minutes).

Sources: hicann/driver, tool.c (hccn_tool polls the chip's health for up to 301 seconds); Ascend/mind-cluster, device
    plugin (waits ten minutes) and fault code 40F84E00.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

import attrs

from ascend_doctor.checks import resets
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, unknown
from ascend_doctor.checks.surroundings import booted_since_s
from ascend_doctor.checks.view import NOT_ASKED, NodeView
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.facts.source import Cost, Medium, Query
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Absence, Missing, known
from ascend_doctor.model.subject import Subject

MAX_NAMED = 4
VENDOR_TOOLS = ("npu-smi", "hccn_tool")


@attrs.frozen
class Limits:
    """`boot_grace_s`: how long after the start of the node an NPU that does not answer is only unknown."""

    boot_grace_s: float = 600.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Say for every NPU, and for the node where no NPU stands out, whether its tools answered."""
    hung, answered = _sort(view)
    single = {subject: queries for subject, queries in hung.items() if subject != view.subject}
    for subject, queries in single.items():
        yield _hung(view, subject, queries, limits)
    if not single and view.subject in hung:
        yield _hung(view, view.subject, hung[view.subject], limits)
    if isinstance(view.devices, Missing):
        if not hung:
            yield passed(view.subject, "every tool answered in time") if answered else _not_asked(view.subject)
        return
    covered = {part for subject in single for part in (subject, *_parts(view, subject))}
    for phy_id in view.devices.phy_ids:
        npu = subjects.npu(view.name, phy_id)
        if npu not in covered:
            yield passed(npu, "answers its tools") if npu in answered else _not_asked(npu)


def _sort(view: NodeView) -> Tuple[Dict[Subject, List[Query[Any]]], Dict[Subject, bool]]:
    """Return the runs that hung, by what they were about, and everything that gave any answer."""
    hung: Dict[Subject, List[Query[Any]]] = {}
    answered: Dict[Subject, bool] = {}
    of_tools = [answer for answer in view.answers() if _is_query_of_tool(answer[0])]
    for query, reading in of_tools:
        subject = _npu_of(view, query)
        why = reading.why if isinstance(reading, Missing) else None
        if why in (Absence.TIMED_OUT, Absence.NOT_READY):
            hung.setdefault(subject, []).append(query)
        elif why is not Absence.NOT_RUN:
            answered.update(dict.fromkeys((subject, *_parts(view, subject)), True))
    for subject in list(hung):
        chips = [part for part in _parts(view, subject) if part in hung]
        for chip in chips:
            hung[chip] += hung[subject]
        if chips:
            del hung[subject]
    return hung, answered


def _is_query_of_tool(query: Query[Any]) -> bool:
    """Leave out what may have other reasons to take long: the host's tools, Python, and traffic between nodes."""
    source = query.source
    return source.medium is Medium.TOOL and source.cost is not Cost.ACTIVE and source.argv[0] in VENDOR_TOOLS


def _npu_of(view: NodeView, query: Query[Any]) -> Subject:
    if query.target.phy_id is not None:
        return subjects.npu(view.name, query.target.phy_id)
    return subjects.npu_of(view.subject_of(query.source, query.target))


def _parts(view: NodeView, subject: Subject) -> Tuple[Subject, ...]:
    """Return the NPUs of a card; nothing for anything else.

    A card that has dropped may be gone from the map, and so may the whole map. Then the numbers follow the usual rule:
    two dies on a card of an A3, else the card's own number.
    """
    devices = view.devices
    if subject.kind is not subjects.SubjectKind.CARD:
        return ()
    number = int(subject.name)
    mapped = devices.of_card(number) if isinstance(devices, DeviceMap) else ()
    two_dies = devices.generation is Generation.A3 if isinstance(devices, DeviceMap) else _asks_second_dies(view)
    usual = (2 * number, 2 * number + 1) if two_dies else (number,)
    return tuple(subjects.npu(subject.node, phy_id) for phy_id in [item.phy_id for item in mapped] or usual)


def _asks_second_dies(view: NodeView) -> bool:
    return any(query.target.chip == 1 for query, _ in view.answers())


def _unplaced(view: NodeView, subject: Subject) -> Tuple[Subject, ...]:
    """Return the NPUs in /dev that the map does not know, for a card that it does not know either."""
    devices, facts = view.devices, view.read(identity.SOURCE)
    if subject.kind is not subjects.SubjectKind.CARD or isinstance(devices, Missing) or isinstance(facts, Missing):
        return ()
    if int(subject.name) in devices.cards:
        return ()
    shown = known(facts.davinci) or ()
    return tuple(subjects.npu(view.name, number) for number in shown if number not in devices.phy_ids)


def _siblings(view: NodeView, subject: Subject, queries: List[Query[Any]]) -> Tuple[Subject, ...]:
    """Return the other NPUs that share a card with the subject, where a call about the card hung."""
    cards = {query.target.npu for query in queries if query.target.npu is not None and query.target.chip is None}
    parts = [part for npu in sorted(cards) for part in _parts(view, subjects.card(view.name, npu))]
    return tuple(part for part in parts if part != subject)


def _hung(view: NodeView, subject: Subject, queries: List[Query[Any]], limits: Limits) -> Finding:
    first = queries[0]
    evidence = view.evidence[first.key]
    quotes = view.quote(first.source, first.target)
    age = booted_since_s(view, evidence)
    if age is not None and age < limits.boot_grace_s:
        gap = Missing(Absence.NOT_READY, f"the node started {age:.0f} seconds ago")
        return unknown(subject, "whether the NPU has dropped", gap, quotes)
    named = ", ".join(view.evidence[query.key].command for query in queries[:MAX_NAMED])
    more = f" and {len(queries) - MAX_NAMED} more" if len(queries) > MAX_NAMED else ""
    what = "the tools do not answer" if subject == view.subject else "dropped, or not ready"
    return failed(
        subject,
        f"{what}: no answer to {named}{more}",
        expected="every tool answers before its deadline",
        remedies=resets.steps(view, subject),
        observed=len(queries),
        quotes=quotes,
        affected=tuple(dict.fromkeys((*_siblings(view, subject, queries), *_unplaced(view, subject)))),
    )


def _not_asked(subject: Subject) -> Finding:
    return unknown(subject, "whether the tools answer", NOT_ASKED)


CHECK = Check(
    id="tool.timeout",
    reads=(info.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    own_limits=("boot_grace_s",),
)
