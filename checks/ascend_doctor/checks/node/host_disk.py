"""A disk is full, or nearly.

What it reads: size and free space of the file systems on the node's own disks, and which of them hold the folders that
    matter.

Why it matters: every process on an NPU writes logs (`~/ascend/log`), and the driver writes more (`/var/log/npu`). A
    full disk ends a job, keeps the next from starting, and loses the very messages that would say why.

What to do: remove old logs and dumps, or move them to a larger disk (`ASCEND_PROCESS_LOG_PATH`).

Disruption: none.

Limits: `folders` are looked at, each on the file system that holds it; with less than `min_free_pct` percent free it
    warns, which is our own policy. Name the folder of your weights in `weights_folder`, and in `weights_gb` how much
    has still to fit into it (GB of 1024 MB): less free space is a failure. What is mounted from another machine is not
    measured, because asking may never end. Links are not followed: name the folder where it really is.

Sources: operators' deployment notes (about 670 GB for a large quantised model); Ascend documentation of logs.
"""

from __future__ import annotations

import shlex
from typing import Dict, Iterator, List, Tuple

import attrs

from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import disks
from ascend_doctor.facts.host.disks import DiskFacts, FileSystem
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.reading import NOT_REPORTED, Missing

GB = 1024


@attrs.frozen
class Limits:
    """`folders`: what has to have room, of which `min_free_pct` percent. `weights_folder`, `weights_gb`: a download."""

    folders: Tuple[str, ...] = ("/", "/var/log/npu", "/root/ascend/log")
    min_free_pct: float = 10.0
    weights_folder: str = ""
    weights_gb: float = 0.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the file systems that hold the folders."""
    facts = view.read(disks.SOURCE)
    if isinstance(facts, Missing) or isinstance(facts.file_systems, Missing):
        gap = facts if isinstance(facts, Missing) else NOT_REPORTED
        yield unknown(view.subject, "the space on the disks", gap, view.quote(disks.SOURCE))
        return
    weights = facts.holding(limits.weights_folder)
    if isinstance(weights, FileSystem) and weights.free_mb < limits.weights_gb * GB:
        yield failed(
            view.subject,
            f"{limits.weights_folder} lies on {weights.mount}, with {_words(weights)}",
            expected=f"{limits.weights_gb:g} GB free for the weights",
            remedies=[_clean(weights)],
            observed=Quantity(weights.free_mb, "MB"),
            quotes=_quotes(view, weights),
        )
        return
    yield _judge(view, facts, limits)


def _judge(view: NodeView, facts: DiskFacts, limits: Limits) -> Finding:
    holders = _holders(facts, limits)
    full = [each for each in holders if each.free_pct < limits.min_free_pct]
    if full:
        return warned(
            view.subject,
            "; ".join(f"{each.mount} is nearly full: {_words(each)}" for each in full),
            expected=f"at least {limits.min_free_pct:g} % free",
            remedies=[_clean(each) for each in full],
            observed=Quantity(round(full[0].free_pct, 1), "%"),
            quotes=_quotes(view, *full),
        )
    if not holders:
        return skipped(view.subject, "none of the folders lies on a disk of the node that can be measured")
    return passed(
        view.subject, f"enough space on {', '.join(each.mount for each in holders)}", quotes=_quotes(view, *holders)
    )


def _holders(facts: DiskFacts, limits: Limits) -> List[FileSystem]:
    """Return the file systems that hold the folders, each once."""
    found: Dict[str, FileSystem] = {}
    for folder in limits.folders:
        holder = facts.holding(folder)
        if isinstance(holder, FileSystem):
            found[holder.mount] = holder
    return list(found.values())


def _words(each: FileSystem) -> str:
    return f"{each.free_mb / GB:.1f} of {each.total_mb / GB:.0f} GB free"


def _clean(each: FileSystem) -> Remedy:
    return Remedy(
        "Find out what fills it, and remove or move it.",
        f"du -xh --max-depth=2 {shlex.quote(each.mount)} | sort -h | tail",
    )


def _quotes(view: NodeView, *file_systems: FileSystem) -> Tuple[Quote, ...]:
    texts = [text for each in file_systems for text in (f'"mount": "{each.mount}"', f'"free_mb": {each.free_mb},')]
    return view.quote(disks.SOURCE, WHOLE_NODE, *texts)


CHECK = Check(
    id="host.disk",
    reads=(disks.SOURCE,),
    judge=judge,
    limits=Limits(),
    own_limits=("folders", "min_free_pct"),
)
