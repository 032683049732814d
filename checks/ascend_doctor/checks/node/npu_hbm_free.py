"""An NPU's memory is in use before the job starts.

What it reads: used and total memory of each chip in the table of `npu-smi info`, and the table of processes below it.

Why it matters: the engine finds less free memory than it was told to use and does not start, or runs out of memory
    later.

What to do: end the process that holds the memory. If no process is shown, look into other containers and for dead
    processes that still hold the device (`fuser -v /dev/davinci*`); only then reset the NPU.

Disruption: a reset stops every job on the NPU, on boards with an HCCS ring on the whole ring.

Limits: an idle chip of an A1, A2 or A3 uses about 3 GB of 32 GB and 4 GB of 64 GB for itself (`idle_32g_mb`,
    `idle_64g_mb`, the vendor's figures). For the 310P and the 950 nobody gives such a figure: there the chip of the
    node that uses least is the measure for its siblings of the same size, so that a leak on all of them at once is not
    seen, and a single chip is not judged. `margin_mb` is our own policy: how much more is accepted. A row that npu-smi
    could not read (0 W, 0 degrees, 0 of 0 MB) is unknown. The rule is that before a job: a chip in use is not free.
    With `during_a_job`, our own policy too, memory that a process is seen to hold belongs to the job. Inside a
    container other processes do not show.

Sources: hicann/driver, documentation of dcmi_get_device_hbm_info (3 GB and 4 GB on A2 and A3).
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Tuple

import attrs

from ascend_doctor.checks import chips, resets
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, skipped, unknown
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.facts.npu_smi.columns import Usage
from ascend_doctor.facts.npu_smi.info import InfoChip, InfoFacts
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Absence, Missing, Reading

LARGEST_32G_MB = 40 * 1024
UNREAD = Missing(Absence.TOOL_FAILED, "npu-smi could not read the chip and prints zeros")
WITH_FIGURE = frozenset((Generation.A1, Generation.A2, Generation.A3))
HIDDEN = Missing(Absence.NOT_REPORTED, "the tool does not show the processes here")
NO_COLUMN = Missing(Absence.NOT_REPORTED, "the table has no column for it")


@attrs.frozen
class Limits:
    """In MB. `idle_32g_mb`, `idle_64g_mb`: what an idle chip uses for itself. `margin_mb`: what is accepted beyond.

    `during_a_job`: whether to judge as while a job runs, when its processes may hold memory.
    """

    idle_32g_mb: int = 3 * 1024
    idle_64g_mb: int = 4 * 1024
    margin_mb: int = 1024
    during_a_job: bool = False


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the used memory of every chip."""
    table = view.read(info.SOURCE)
    if isinstance(table, Missing):
        yield unknown(view.subject, "the used memory", table, view.quote(info.SOURCE))
        return
    measures = _idle_by_size(view, table, limits)
    for chip in table.chips:
        subject = chips.subject(view, chip)
        memory = _memory(table, chip)
        if chip.looks_unread:
            yield unknown(subject, "the used memory", UNREAD, view.quote(info.SOURCE))
        elif memory is None or isinstance(memory, Missing):
            yield unknown(subject, "the used memory", memory or NO_COLUMN, view.quote(info.SOURCE))
        elif memory[1] not in measures:
            yield skipped(subject, "no other NPU of its size to compare with, and no figure of the vendor")
        else:
            yield _judge(view, table, chip, memory, measures[memory[1]] + limits.margin_mb, in_job=limits.during_a_job)


def _memory(table: InfoFacts, chip: InfoChip) -> Optional[Reading[Usage]]:
    """Return used and total memory: the HBM or, where a product has none, its only memory."""
    return chip.mem_mb if table.layout == "310" else chip.hbm_mb


def _idle_by_size(view: NodeView, table: InfoFacts, limits: Limits) -> Dict[int, int]:
    """Return how much an idle chip uses, by the size of its memory."""
    found: Dict[int, List[int]] = {}
    for chip in table.chips:
        memory = _memory(table, chip)
        if isinstance(memory, tuple) and not chip.looks_unread:
            found.setdefault(memory[1], []).append(memory[0])
    if _has_figure(view, table):
        return {total: limits.idle_32g_mb if total <= LARGEST_32G_MB else limits.idle_64g_mb for total in found}
    return {total: min(used) for total, used in found.items() if len(used) > 1}


def _has_figure(view: NodeView, table: InfoFacts) -> bool:
    """Tell whether the vendor gives a figure for idle chips: for A1, A2 and A3."""
    generation = Missing(Absence.NOT_REPORTED) if isinstance(view.devices, Missing) else view.devices.generation
    return table.layout in ("hbm", "a3") if isinstance(generation, Missing) else generation in WITH_FIGURE


def _judge(view: NodeView, table: InfoFacts, chip: InfoChip, memory: Usage, most: int, *, in_job: bool) -> Finding:
    subject = chips.subject(view, chip)
    used, total = memory
    observed = Quantity(used, "MB")
    quotes = view.quote(info.SOURCE, WHOLE_NODE, f"{used} ", f"{used}/")
    if used <= most:
        return passed(subject, f"{used} of {total} MB in use, as on an idle chip", observed=observed)
    holders, certain = chips.processes(table, chip)
    certain = certain and not in_container(view)
    if holders and in_job:
        return passed(subject, f"{used} of {total} MB in use by {chips.named(holders)}", observed=observed)
    if in_job and not certain:
        return unknown(subject, "which process holds the memory", HIDDEN, quotes)
    if holders:
        who = f"held by {chips.named(holders)}"
    else:
        who = "no process holds it" if certain else "which process holds it is not known"
    return failed(
        subject,
        f"{used} of {total} MB in use, {who}",
        expected=f"at most {most} MB in use before a job starts",
        remedies=_steps(view, chip, bool(holders)),
        observed=observed,
        quotes=quotes,
    )


def _steps(view: NodeView, chip: InfoChip, held: bool) -> Tuple[Remedy, ...]:
    look = Remedy(
        "Find out who holds the device, in other containers too, and end it.", "fuser -v /dev/davinci* /dev/devmm_svm"
    )
    return (look,) if held or in_container(view) else (look, resets.advice(view, chip.npu, chip.chip))


CHECK = Check(
    id="npu.hbm-free",
    reads=(info.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    own_limits=("margin_mb", "during_a_job"),
    metric="npu_hbm_used_megabytes",
)
