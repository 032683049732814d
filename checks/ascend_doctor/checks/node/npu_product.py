"""The NPUs of a node are not all of one product.

What it reads: the names in `npu-smi info`, and the board ids of `npu-smi info -t board`.

Why it matters: a job over different products runs as fast as the slowest of them, or not at all.

What to do: compare the cards with the order; give jobs only NPUs of one kind until they are replaced.

Disruption: replacing a card needs the node switched off.

Limits: none. A server with cards for different purposes is legal, so that this warns and never fails. Names and ids
    that the tool does not tell are left out.

Sources: hicann/driver, npu_log_collect.sh (what identifies a product).
"""

from __future__ import annotations

from collections import Counter
from typing import Callable, Dict, Iterator, List, Sequence

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import missing, passed, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import board, info
from ascend_doctor.facts.source import Target
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import NOT_REPORTED, Missing, known
from ascend_doctor.model.status import Disruption, Severity
from ascend_doctor.model.subject import Subject

COMPARE = Remedy("Compare the card with its siblings, and replace the one that does not belong.", "", Disruption.REBOOT)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare the names of all NPUs and the ids of all boards."""
    table = view.read(info.SOURCE)
    if isinstance(table, Missing):
        yield missing(view.subject, "the product of the NPUs", table, view.quote(info.SOURCE))
        return
    names = {view.subject_of(board.SOURCE, Target(npu=row.npu)): known(row.name) for row in table.chips}
    ids: Dict[Subject, str] = {}
    quotes: Dict[Subject, Sequence[Quote]] = {}
    for target, subject, facts in view.each(board.SOURCE):
        number = None if isinstance(facts, Missing) else known(facts.board_id or NOT_REPORTED)
        if number:
            ids[subject] = f"board {number}"
            quotes[subject] = view.quote(board.SOURCE, target, "Board ID")
    told = {subject: name for subject, name in names.items() if name}
    if not told and not ids:
        yield unknown(view.subject, "the product of the NPUs", NOT_REPORTED, view.quote(info.SOURCE))
        return
    odd = [
        *_differing(told, lambda _: view.quote(info.SOURCE)),
        *_differing(ids, lambda subject: tuple(quotes[subject])),
    ]
    yield from {finding.subject: finding for finding in reversed(odd)}.values()
    if not odd:
        shown = ", ".join(sorted({*told.values(), *ids.values()}))
        yield passed(view.subject, f"all NPUs are of one product: {shown}", observed=shown)


def _differing(found: Dict[Subject, str], quoted: Callable[[Subject], Sequence[Quote]]) -> List[Finding]:
    """Return a warning for each subject that is not like most."""
    counts = Counter(found.values())
    if len(counts) < 2:
        return []
    usual = max(counts, key=lambda name: counts[name])
    return [
        warned(
            subject,
            f"it is {name}, and {counts[usual]} of {len(found)} are {usual}",
            expected=usual,
            remedies=[COMPARE],
            observed=name,
            quotes=tuple(quoted(subject)),
        )
        for subject, name in found.items()
        if name != usual
    ]


CHECK = Check(
    id="npu.product",
    reads=(info.SOURCE, board.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
