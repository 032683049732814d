"""An NPU reports a fault.

What it reads: the health word and the event codes of `npu-smi info -t health`; where that was not asked, or cannot be,
    the Health column of `npu-smi info`.

Why it matters: one bad chip stops the whole job, or makes it compute wrong results.

What to do: as the code says. Codes that need a reset are cured by one; codes that ask for separation mean that the
    module has to be replaced. Several weak codes within a day count like a strong one for the vendor's scheduler.

Disruption: a reset stops every job on the NPU, on boards with an HCCS ring on the whole ring.

Limits: the level of each code is the vendor's: a code that the scheduler does not handle is informational and no
    fault (a start that is complete is one of those codes). `warn_codes` is our own policy: codes without effect on a
    job that still deserve a look (many isolated memory rows, hot memory). `boot_grace_s` is our own policy: so long
    after the start of the node the word UNKNOWN says nothing. A code that nobody lists counts by the health word. A
    chip without codes counts by its word: the tool prints no codes for a whole card in its newest form. One answer
    shows what is up now: that a code came twice in a day, which the vendor's scheduler counts as a fault, it does not
    show.

Sources: Ascend/mind-cluster, device plugin, faultCode.json (levels); hicann/driver, npu_chip_info.c and the manual's
    page on health.
"""

from __future__ import annotations

from typing import Any, Iterator, List, Sequence, Tuple

import attrs

from ascend_doctor.checks import alarms, chips, remedies, resets
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, unknown
from ascend_doctor.checks.surroundings import booted_since_s
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import health, info
from ascend_doctor.facts.npu_smi.info import InfoChip
from ascend_doctor.facts.source import WHOLE_NODE, Source, Target
from ascend_doctor.knowledge import fault_codes
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing, Reading
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject

BY_WORD = {"ok": Status.PASS, "warning": Status.WARN, "alarm": Status.FAIL, "critical": Status.FAIL}
EXPECTED = "health OK, or only codes that the vendor lists as informational"
WATCH = Remedy("Restart the job if it has failed, and watch the NPU: the same code twice in a day counts as a fault.")


@attrs.frozen
class Limits:
    """Where we differ from the vendor's levels.

    `warn_codes`: codes without effect on a job that are shown as warnings. `boot_grace_s`: how long after the start of
    the node the word UNKNOWN is only unknown.
    """

    warn_codes: Tuple[str, ...] = ("80E18401", "80E00209")
    boot_grace_s: float = 600.0


@attrs.frozen
class Chip:
    """One chip with its word and codes, and where they were read."""

    subject: Subject
    npu: int
    chip: Reading[int]
    word: str
    codes: Tuple[str, ...]
    source: Source[Any]
    target: Target


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge every chip by its codes, and by its word where there are none."""
    for target, subject, facts in view.each(health.SOURCE):
        if not isinstance(facts, Missing):
            for item in facts.compute_chips:
                npu = facts.npu if target.npu is None else target.npu
                number = item.chip if target.chip is None else target.chip
                who = subject if npu is None else chips.npu(view, npu, number, subject)
                if isinstance(item.health, Missing):
                    yield unknown(who, "the health", item.health, view.quote(health.SOURCE, target))
                    continue
                codes = () if isinstance(item.error_codes, Missing) else item.error_codes
                yield _judge(view, Chip(who, npu or 0, number, item.health, codes, health.SOURCE, target), limits)
        elif facts.why is Absence.NOT_SUPPORTED or (facts.why is Absence.NOT_RUN and target == WHOLE_NODE):
            yield from _from_table(view, target, subject, facts, limits)
        else:
            yield unknown(subject, "the health", facts, view.quote(health.SOURCE, target))


def _from_table(view: NodeView, target: Target, subject: Subject, gap: Missing, limits: Limits) -> Iterator[Finding]:
    table = view.read(info.SOURCE)
    rows = () if isinstance(table, Missing) else [row for row in table.chips if _is_about(target, row)]
    if not rows:
        yield unknown(subject, "the health of the NPUs" if target == WHOLE_NODE else "the health", gap)
    for row in rows:
        who = chips.subject(view, row)
        if row.looks_unread:
            unread = Missing(Absence.TOOL_FAILED, "npu-smi could not read the chip and prints OK all the same")
            yield unknown(who, "the health", unread, view.quote(info.SOURCE))
        else:
            yield _judge(view, Chip(who, row.npu, row.chip, row.health, (), info.SOURCE, WHOLE_NODE), limits)


def _is_about(target: Target, row: InfoChip) -> bool:
    is_card = target.npu is None or target.npu == row.npu
    return is_card and (target.chip is None or isinstance(row.chip, Missing) or target.chip == row.chip)


def _judge(view: NodeView, chip: Chip, limits: Limits) -> Finding:
    quotes = view.quote(chip.source, chip.target, *(chip.codes or (chip.word,)))
    word = chip.word.casefold()
    if not chip.codes and word not in BY_WORD:
        return _undecided(view, chip, limits, quotes)
    by_word = BY_WORD.get(word, Status.WARN)
    ranked = [(alarms.status_of(code, by_word, limits.warn_codes), code) for code in chip.codes]
    status = alarms.worst([status for status, _ in ranked]) if ranked else by_word
    named = [code for rank, code in ranked if rank is status]
    shown = ", ".join(str(fault_codes.lookup(code) or code) for code in named)
    observed = ", ".join(fault_codes.normal(code) for code in named) or chip.word
    if status is Status.PASS:
        note = f"; informational by the vendor's list: {shown}" if shown else ""
        return passed(chip.subject, f"health {chip.word}{note}", observed=observed, quotes=quotes)
    return failed(
        chip.subject,
        f"reports {shown}" if shown else f"health {chip.word}, and the tool names no code",
        expected=_expected(named),
        remedies=_steps(view, chip, named, status),
        observed=observed,
        quotes=quotes,
        status=status,
    )


def _expected(codes: Sequence[str]) -> str:
    """Return what would have passed, and the files that say how bad each code is."""
    files = {found.origin for found in map(fault_codes.lookup, codes) if found is not None}
    return f"{EXPECTED} (by {', '.join(sorted(files))})" if files else EXPECTED


def _undecided(view: NodeView, chip: Chip, limits: Limits, quotes: Tuple[Quote, ...]) -> Finding:
    age = booted_since_s(view, view.evidence.get(chip.source.about(chip.target).key))
    if chip.word.casefold() == "unknown" and age is not None and age >= limits.boot_grace_s:
        return failed(
            chip.subject,
            "npu-smi cannot tell the health: the NPU has dropped",
            expected=EXPECTED,
            remedies=resets.steps(view, chip.subject),
            observed=chip.word,
            quotes=quotes,
        )
    return unknown(chip.subject, "the health", Missing(Absence.NOT_READY, f"npu-smi prints {chip.word!r}"), quotes)


def _steps(view: NodeView, chip: Chip, codes: Sequence[str], status: Status) -> List[Remedy]:
    if status is Status.WARN:
        return [WATCH]
    known = [found for found in map(fault_codes.lookup, codes) if found is not None and found.level is not None]
    if any(found.level is not None and found.level.needs_separation for found in known):
        return [remedies.REPLACE]
    return resets.steps(view, chip.subject)


CHECK = Check(
    id="npu.health",
    reads=(health.SOURCE, info.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    own_limits=("warn_codes", "boot_grace_s"),
)
