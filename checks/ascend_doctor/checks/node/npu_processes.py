"""A process already uses an NPU.

What it reads: the table of processes at the end of `npu-smi info`.

Why it matters: a process left over from an earlier job holds memory and the communication port of the chip; the next
    job fails to initialise (EJ0001, EI0019) or runs out of memory.

What to do: end the process if it is a leftover. If it belongs to a job that runs, the NPU is not free for another
    one.

Disruption: ending the process ends its job.

Limits: `allowed_names` is our own policy: names of processes that may be there, such as a monitoring agent's; with
    `during_a_job`, ours too, any process may be there, because then it is the job's. The
    tool lists a few processes for each chip at most. A missing table, or a chip that is neither in the table nor said
    to be without process, is unknown. So is an empty table inside a container, which sees only its own processes: look
    from the host, or let the check be advisory there.

Sources: hicann/driver, npu-smi manual (querying basic information) and source (MAX_CHIP_PROCESS_NUM); hicann/hccl,
    fault diagnosis of the link stage.
"""

from __future__ import annotations

from typing import Iterator, Tuple

import attrs

from ascend_doctor.checks import chips
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, unknown
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.facts.npu_smi.info import InfoChip, InfoFacts
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing

NOT_SAID = Missing(Absence.NOT_REPORTED, "the tool neither lists a process nor says that there is none")
CONTAINED = Missing(Absence.NOT_REPORTED, "a container sees only its own processes")


@attrs.frozen
class Limits:
    """What is accepted.

    `allowed_names`: names of processes, as npu-smi prints them, that may use an NPU before a job starts.
    `during_a_job`: judge as while a job runs, when any process may be there.
    """

    allowed_names: Tuple[str, ...] = ()
    during_a_job: bool = False


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the processes of every chip."""
    table = view.read(info.SOURCE)
    if isinstance(table, Missing):
        yield unknown(view.subject, "which processes use the NPUs", table, view.quote(info.SOURCE))
        return
    for chip in table.chips:
        yield _judge(view, table, chip, limits)


def _judge(view: NodeView, table: InfoFacts, chip: InfoChip, limits: Limits) -> Finding:
    subject = chips.subject(view, chip)
    found, certain = chips.processes(table, chip)
    accepted = [process for process in found if limits.during_a_job or process.name in limits.allowed_names]
    foreign = [process for process in found if process not in accepted]
    if foreign:
        pids = " ".join(str(process.pid) for process in foreign)
        return failed(
            subject,
            f"used by {chips.named(foreign)}",
            expected="no process before a job starts",
            remedies=[Remedy("End the process if it is left over from an earlier job.", f"ps -fp {pids}")],
            observed=len(foreign),
            quotes=view.quote(info.SOURCE, WHOLE_NODE, *(f" {process.pid} " for process in foreign)),
        )
    if not certain or (in_container(view) and not found):
        return unknown(subject, "which processes use the NPU", CONTAINED if certain else NOT_SAID)
    return passed(subject, f"only {chips.named(found)}" if found else "no process uses it", observed=len(foreign))


CHECK = Check(
    id="npu.processes",
    reads=(info.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    own_limits=("allowed_names", "during_a_job"),
    metric="npu_processes",
)
