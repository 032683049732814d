"""The bus between the two dies of a module makes errors.

What it reads: the error counts of `npu-smi info -t sio-info`, and those of earlier rounds.

Why it matters: the dies of a module exchange data over this bus all the time. Errors on it are repeated until one time
    they are not corrected, and the two dies go apart.

What to do: watch whether the counts go on growing; a bus that keeps making errors means a module to replace.

Disruption: none until the module is replaced.

Limits: the counts run since the start of the chip, so only their growth between rounds is judged; any growth warns, and
    growth in `failing_windows` rounds that follow each other fails. Both are our own policy. The counts end at 65535:
    one that stands there does not show growth any more.

Sources: hicann/driver, npu_info_print_ext.c; Ascend/mind-cluster, npu-exporter (the counters of the bus).
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Mapping, Tuple

import attrs

from ascend_doctor.checks import growth, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import sio
from ascend_doctor.facts.npu_smi.sio import SioFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, Reading
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.wording import counted

LINES = ("TX Error Count", "RX Error Count")
WATCH = Remedy("Watch whether the counts go on growing.", "npu-smi info -t sio-info -i N -c C")


@attrs.frozen
class Limits:
    """`failing_windows`: so many rounds with growth after each other are a failure."""

    failing_windows: int = 3


Die = Tuple[Target, SioFacts]


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the bus of every module; it is one bus, whichever of its dies tells of errors."""
    modules: Dict[Subject, List[Tuple[Target, Reading[SioFacts]]]] = {}
    for target, subject, facts in view.each(sio.SOURCE):
        module = subject if target.npu is None else subjects.card(view.name, target.npu)
        modules.setdefault(module, []).append((target, facts))
    for module, dies in modules.items():
        read = [(target, facts) for target, facts in dies if not isinstance(facts, Missing)]
        target, gap = dies[0]
        if not read and isinstance(gap, Missing):
            yield missing(module, "the count of errors between the dies", gap, view.quote(sio.SOURCE, target))
        else:
            yield _judge(view, module, read, limits)


def _judge(view: NodeView, module: Subject, dies: List[Die], limits: Limits) -> Finding:
    found = [growth.windows(facts, view.earlier(sio.SOURCE, target), _counters) for target, facts in dies]
    quotes = tuple(quote for target, _ in dies for quote in view.quote(sio.SOURCE, target, *LINES))
    if not any(found):
        if any(facts.tx_error_count or facts.rx_error_count for _, facts in dies):
            return growth.nothing_to_compare(module)
        return passed(module, "no error between the dies since the start of the chip", observed=0, quotes=quotes)
    length = min(len(windows) for windows in found if windows)
    grown = [int(max(windows[number].total(*_NAMES) for windows in found if windows)) for number in range(length)]
    if not any(grown):
        return passed(module, "no new error between the dies", observed=0, quotes=quotes)
    minutes = sum(window.seconds for window in max(found, key=len)[:length]) / 60
    lasting = len(grown) >= limits.failing_windows and all(grown[: limits.failing_windows])
    return failed(
        module,
        f"{counted(sum(grown), 'error')} between the dies in {minutes:.0f} minutes",
        expected="no new errors",
        remedies=[WATCH, remedies.REPLACE],
        observed=sum(grown),
        quotes=quotes,
        affected=[view.subject_of(sio.SOURCE, target) for target, _ in dies],
        status=Status.FAIL if lasting else Status.WARN,
    )


_NAMES = ("tx", "rx")


def _counters(facts: SioFacts) -> Mapping[str, float]:
    return {"tx": facts.tx_error_count, "rx": facts.rx_error_count}


CHECK = Check(
    id="npu.sio",
    reads=(sio.SOURCE,),
    judge=judge,
    limits=Limits(),
    generations=sio.SOURCE.generations,
    own_limits=("failing_windows",),
    metric="npu_sio_errors",
)
