"""Flow control stops a port for much of the time.

What it reads: for how long priority flow control has stopped each side, in `hccn_tool -i N -pfc_stat -g`; where the
    tool does not know that command, the counts of pause frames in `hccn_tool -i N -stat -g`. Both as growth since the
    answers before.

Why it matters: a port that has to wait slows its whole job down. Who sends the pauses is the one that cannot keep up:
    many sent by an NPU mean that this NPU or its host is the slow receiver, many received that the network is full.

What to do: sent by the NPU: look at its host (PCIe width, clock, memory) and at the process that should read. Received:
    look for the NPU that sends most of them, and at the load of the leaf switch.

Disruption: none to look.

Limits: stopped for more than `max_tx_share` of the time by its own pauses, or for more than `max_rx_share` by those of
    its neighbour, warns; without times, more than `max_frames_per_s` pause frames. All are our own policy: a busy
    network without loss pauses now and then.

Sources: hicann/driver, documentation of dcmi_get_pfc_duration_info and tool_cmd.c.
"""

from __future__ import annotations

from typing import Dict, Iterator, Mapping, Optional, Tuple

import attrs

from ascend_doctor.checks import growth, ports
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import pfc_stat, stat
from ascend_doctor.facts.hccn_tool.pfc_stat import PfcStatFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Severity
from ascend_doctor.model.subject import Subject

SLOW_RECEIVER = Remedy(
    "Look at the host of this NPU (PCIe width, CPU clock, memory) and at the process that should take the data."
)
FULL_NETWORK = Remedy("Look for the NPU that sends most pause frames, and at the load of the leaf switch.")
_FRAMES = {"tx": "mac_tx_pfc_pkt_num", "rx": "mac_rx_pfc_pkt_num"}
_MS = 1000.0


@attrs.frozen
class Limits:
    """Shares of the time from 0 to 1; `max_frames_per_s` is for tools that do not tell times."""

    max_tx_share: float = 0.05
    max_rx_share: float = 0.3
    max_frames_per_s: float = 5000.0


@attrs.frozen
class Pauses:
    """How much flow control stopped a port: the figures by direction, the limits for them, and their unit."""

    figures: Mapping[str, float]
    limits: Mapping[str, float]
    unit: str
    quotes: Tuple[Quote, ...]


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the pauses of every port."""
    for target, subject, facts in view.each(stat.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the count of pause frames", facts, view.quote(stat.SOURCE, target))
            continue
        if ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
            continue
        times = view.read(pfc_stat.SOURCE, target)
        if isinstance(times, Missing) and times.why is not Absence.NOT_SUPPORTED:
            yield missing(subject, "the time of the pauses", times, view.quote(pfc_stat.SOURCE, target))
            continue
        found = _by_frames(view, target, facts, limits) if isinstance(times, Missing) else None
        if not isinstance(times, Missing):
            found = _by_time(view, target, times, limits)
        yield growth.nothing_to_compare(subject) if found is None else _finding(subject, found)


def _by_time(view: NodeView, target: Target, facts: PfcStatFacts, limits: Limits) -> Optional[Pauses]:
    newest = growth.newest(growth.windows(facts, view.earlier(pfc_stat.SOURCE, target), _times))
    if newest is None:
        return None
    shares = {
        side: max(ms for name, ms in newest.growth.items() if name.startswith(side)) / _MS / newest.seconds
        for side in _FRAMES
    }
    quotes = view.quote(pfc_stat.SOURCE, target, *(name for name, ms in newest.growth.items() if ms > 0))
    return Pauses(shares, {"tx": limits.max_tx_share, "rx": limits.max_rx_share}, "of the time", quotes)


def _times(facts: PfcStatFacts) -> Dict[str, float]:
    times = {f"tx_pfc{priority}_": ms for priority, ms in enumerate(facts.tx_ms)}
    return {**times, **{f"rx_pfc{priority}_": ms for priority, ms in enumerate(facts.rx_ms)}}


def _by_frames(view: NodeView, target: Target, facts: stat.StatFacts, limits: Limits) -> Optional[Pauses]:
    found = growth.windows(facts, view.earlier(stat.SOURCE, target), lambda answer: answer.counters)
    newest = growth.newest(found)
    if newest is None:
        return None
    rates = {side: newest.total(name) / newest.seconds for side, name in _FRAMES.items()}
    quotes = view.quote(stat.SOURCE, target, *_FRAMES.values())
    return Pauses(rates, dict.fromkeys(_FRAMES, limits.max_frames_per_s), "frames per second", quotes)


def _finding(subject: Subject, found: Pauses) -> Finding:
    for side, words, remedy in (
        ("tx", "the NPU cannot take what comes, and stops its neighbour", SLOW_RECEIVER),
        ("rx", "the neighbour stops the port", FULL_NETWORK),
    ):
        figure, limit = found.figures[side], found.limits[side]
        if figure > limit:
            return warned(
                subject,
                f"{words}: {figure:.3g} {found.unit}",
                expected=f"at most {limit:g} {found.unit}",
                remedies=[remedy],
                observed=Quantity(round(figure, 4)),
                quotes=found.quotes,
            )
    return passed(subject, "flow control hardly stops the port", observed=Quantity(round(found.figures["tx"], 4)))


CHECK = Check(
    id="roce.pfc-storm",
    reads=(stat.SOURCE, pfc_stat.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    generations=ROCE,
    own_limits=("max_tx_share", "max_rx_share", "max_frames_per_s"),
)
