"""The HCCS links of an NPU are broken, or have lost lanes.

What it reads: `npu-smi info -t hccs` of every NPU: the health of its links, the lanes in use on each, their speed.

Why it matters: HCCS carries what the NPUs of a node send each other. A link with fewer lanes makes every collective
    operation as slow as itself; a broken one ends it with an SDMA error (EI0012).

What to do: reset the NPU when no job runs; lanes that stay away mean a board to replace (event code 81A38605).

Disruption: a reset stops every job on the NPU, on boards with an HCCS ring on the whole ring.

Limits: none. How many lanes a link should have is what most NPUs of the same node have. A node of which no NPU has any
    lane has no HCCS (one variant of the Atlas 800I A2) and is left alone. Where two NPUs of an A2 each have lost lanes
    of one link, that is one link between them, and one finding.

Sources: Ascend/mind-cluster, ascend-faultdiag toolkit (the command) and kg-config.json (81A38605: replace the board);
    hicann/driver, npu_info_print_ext.c (how the tool tells health, lanes and speed).
"""

from __future__ import annotations

from collections import Counter
from typing import Iterator, List, Sequence, Tuple

import attrs

from ascend_doctor.checks import remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import hccs
from ascend_doctor.facts.npu_smi.hccs import HccsFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import NOT_REPORTED, Missing, known
from ascend_doctor.model.status import Confidence
from ascend_doctor.model.subject import Subject
from ascend_doctor.model.wording import counted

LINES = ("hccs health status", "hccs lane mode", "hccs link speed", "hccs first error lane")
HEALTHY = "OK"
Lanes = Tuple[int, ...]


@attrs.frozen
class Links:
    """The links of one NPU. `lanes` are sorted: the order of the links is the board's, and says nothing."""

    target: Target
    subject: Subject
    facts: HccsFacts

    @property
    def lanes(self) -> Lanes:
        """How many lanes each link has, fewest first; empty where the answer does not tell."""
        return tuple(sorted(self.facts.lane_mode or ()))


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the links of every NPU, and compare them with those of its siblings."""
    found: List[Links] = []
    for target, subject, facts in view.each(hccs.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the state of the HCCS links", facts, view.quote(hccs.SOURCE, target))
        else:
            found.append(Links(target, subject, facts))
    if found and all(set(links.lanes) == {0} for links in found):
        yield skipped(view.subject, "no NPU of this node has an HCCS link")
        return
    usual = _usual([links.lanes for links in found])
    poor = [links for links in found if _is_poor(links, usual)]
    if _is_one_link(view, poor, usual):
        yield _failed(view, poor[0], usual, poor)
        found = [links for links in found if links not in poor]
    for links in found:
        yield _judge(view, links, usual)


def _usual(pictures: Sequence[Lanes]) -> Lanes:
    """Return the lanes that most NPUs have, the more of them where two pictures are equally frequent."""
    counts = Counter(pictures)
    return max(counts, key=lambda lanes: (counts[lanes], sum(lanes)), default=())


def _lost(links: Links, usual: Lanes) -> int:
    """Return how many links have fewer lanes than those of the siblings."""
    return sum(own < other for own, other in zip(links.lanes, usual)) if len(links.lanes) == len(usual) else 0


def _is_poor(links: Links, usual: Lanes) -> bool:
    return known(links.facts.health or NOT_REPORTED) not in (HEALTHY, None) or _lost(links, usual) > 0


def _is_one_link(view: NodeView, poor: Sequence[Links], usual: Lanes) -> bool:
    # From an A2 on, a link leads to another NPU; on an A3 it leads to a switch chip on the board.
    devices = view.devices
    direct = not isinstance(devices, Missing) and devices.generation is Generation.A2
    return direct and len(poor) == 2 and all(_lost(links, usual) == 1 for links in poor)


def _judge(view: NodeView, links: Links, usual: Lanes) -> Finding:
    health = links.facts.health
    quotes = view.quote(hccs.SOURCE, links.target, *LINES)
    if health is None and not links.lanes:
        return skipped(links.subject, "this npu-smi prints neither health nor lanes of the HCCS links")
    if _is_poor(links, usual):
        return _failed(view, links, usual, [links])
    if isinstance(health, Missing):
        return unknown(links.subject, "the health of the HCCS links", health, quotes)
    speeds = {speed for lanes, speed in zip(links.facts.lane_mode or (), links.facts.link_speed or ()) if lanes}
    if len(speeds) > 1 and len(set(links.lanes) - {0}) == 1:
        return warned(
            links.subject,
            f"the HCCS links run at different speeds: {', '.join(f'{speed} Gbit/s' for speed in sorted(speeds))}",
            expected="the same speed on all links",
            remedies=_steps(links),
            observed=min(speeds),
            quotes=quotes,
        )
    return passed(links.subject, f"all {len(links.facts.tx_packets)} HCCS links have their lanes", quotes=quotes)


def _failed(view: NodeView, links: Links, usual: Lanes, ends: Sequence[Links]) -> Finding:
    lost = _lost(links, usual)
    word = known(links.facts.health or NOT_REPORTED) or "unknown"
    first = known(links.facts.first_error_lane)
    said = [f"{counted(lost, 'HCCS link')} with fewer lanes than those of the other NPUs"] if lost else []
    said += [f"the health of the HCCS links is {word}"] if word != HEALTHY else []
    said += [f"the first fault is at {first}"] if first is not None else []
    if len(ends) > 1:
        said.append(f"{ends[1].subject} has lost as much, so it is the link between the two")
    return failed(
        links.subject,
        "; ".join(said),
        expected=f"health OK and {max(usual, default=4)} lanes on each link",
        remedies=_steps(links),
        observed=word if not lost else f"lanes {' '.join(map(str, links.facts.lane_mode or ()))}",
        quotes=view.quote(hccs.SOURCE, links.target, *LINES),
        confidence=Confidence.DIRECT if len(ends) == 1 else Confidence.UNDETERMINED,
        affected=[end.subject for end in ends],
        candidates=[str(end.subject) for end in ends] if len(ends) > 1 else (),
    )


def _steps(links: Links) -> List[Remedy]:
    target = links.target
    return [remedies.reset("N" if target.npu is None else target.npu, target.chip or 0), remedies.REPLACE]


CHECK = Check(id="npu.hccs", reads=(hccs.SOURCE,), judge=judge, limits=NoLimits(), generations=hccs.HCCS)
