"""The light of a port is too weak or too strong.

What it reads: the sent and received power of each lane in `hccn_tool -i N -optical -g`, in milliwatts, and the
    module's own limits.

Why it matters: weak light gives bit errors, retransmissions (EI0013) and a link that flaps; no light gives no link.

What to do: received light out of range: clean the fibre's ends, then look at the module at the other end. Sent light
    out of range: replace this module.

Disruption: pulling the fibre interrupts the network of the NPU.

Limits: the module's own limits come first. Where it names none (a highest limit of 0 is none), in mW: `tx_min`,
    `tx_max`, `rx_min`, `rx_max` fail, `rx_low` warns (the vendor's toolkit). `max_spread_db` warns when the lanes of
    one direction differ by more. A module that does not report its power (copper, active cable) is skipped.

Sources: Ascend/mind-cluster, npu_info_parser.py and threshold_config.py.
"""

from __future__ import annotations

import math
from typing import Iterator, List, Sequence, Tuple

import attrs

from ascend_doctor.checks import ports
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import optical
from ascend_doctor.facts.hccn_tool.optical import OpticalFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing, Reading, known
from ascend_doctor.model.status import Disruption, Status
from ascend_doctor.model.subject import Subject

CLEAN = Remedy("Clean the ends of the fibre, then look at the module at its other end.", "", Disruption.TRAFFIC)
REPLACE = Remedy("Replace the module of this port.", "", Disruption.TRAFFIC)


@attrs.frozen
class Limits:
    """Powers in mW, used where the module names no limits of its own; `max_spread_db` in dB between two lanes."""

    tx_min: float = 0.2
    tx_max: float = 2.5
    rx_min: float = 0.1445
    rx_max: float = 2.3
    rx_low: float = 0.6
    max_spread_db: float = 3.0


@attrs.frozen
class Side:
    """One direction of a module: its lanes, and the range that its power has to keep to (mW)."""

    name: str
    lanes: Tuple[Tuple[int, float], ...]
    low: float
    high: float
    weak: float
    remedy: Remedy

    def out_of_range(self) -> List[int]:
        """Return the lanes outside the range."""
        return [lane for lane, power in self.lanes if not self.low <= power <= self.high]

    def weak_lanes(self) -> List[int]:
        """Return the lanes that are still in range and weak."""
        return [lane for lane, power in self.lanes if self.low <= power < self.weak]

    def spread_db(self) -> float:
        """Return by how much the strongest lane surpasses the weakest."""
        powers = [power for _, power in self.lanes if power > 0]
        return 10 * math.log10(max(powers) / min(powers)) if powers else 0.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the light of every port."""
    for target, subject, facts in view.each(optical.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the light", facts, view.quote(optical.SOURCE, target))
        elif facts.present is False or facts.control_link is False:
            yield skipped(subject, "no module answers")
        elif ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
        else:
            yield _judge(view, target, subject, _sides(facts, limits), limits)


def _sides(facts: OpticalFacts, limits: Limits) -> Tuple[Side, Side]:
    own_tx, own_rx = (facts.tx_power_low_mw, facts.tx_power_high_mw), (facts.rx_power_low_mw, facts.rx_power_high_mw)
    weak = limits.rx_low if isinstance(facts.rx_power_low_mw, Missing) or facts.rx_power_high_mw == 0 else 0.0
    tx_low, tx_high = _range(own_tx, (limits.tx_min, limits.tx_max))
    rx_low, rx_high = _range(own_rx, (limits.rx_min, limits.rx_max))
    return (
        Side("Rx", _lanes(facts.rx_power_mw), rx_low, rx_high, weak, CLEAN),
        Side("Tx", _lanes(facts.tx_power_mw), tx_low, tx_high, 0.0, REPLACE),
    )


def _range(own: Tuple[Reading[float], Reading[float]], otherwise: Tuple[float, float]) -> Tuple[float, float]:
    low, high = known(own[0]), known(own[1])
    if high == 0:
        return otherwise  # nobody wrote limits into this module: it prints 0 for each
    return (otherwise[0] if low is None else low, otherwise[1] if high is None else high)


def _lanes(powers: Sequence[Reading[float]]) -> Tuple[Tuple[int, float], ...]:
    return tuple((lane, power) for lane, power in enumerate(powers) if not isinstance(power, Missing))


def _judge(view: NodeView, target: Target, subject: Subject, sides: Tuple[Side, Side], limits: Limits) -> Finding:
    if not any(side.lanes for side in sides):
        return skipped(subject, "the module does not report its power")
    for words in ("out of range", "weak", "uneven"):
        for side in sides:
            lanes = _odd(side, words, limits)
            if lanes:
                quotes = view.quote(optical.SOURCE, target, *(f"{side.name} Power{lane}" for lane in lanes))
                return _finding(subject, side, words, lanes, quotes)
    lowest = min((power for side in sides for _, power in side.lanes))
    return passed(subject, "the light of every lane is in range", observed=Quantity(lowest, "mW"))


def _odd(side: Side, words: str, limits: Limits) -> List[int]:
    if words == "out of range":
        return side.out_of_range()
    if words == "weak":
        return side.weak_lanes()
    return [lane for lane, _ in side.lanes] if side.spread_db() > limits.max_spread_db else []


def _finding(subject: Subject, side: Side, words: str, lanes: List[int], quotes: Tuple[Quote, ...]) -> Finding:
    powers = dict(side.lanes)
    worst = (
        min(powers[lane] for lane in lanes) if powers[lanes[0]] <= side.high else max(powers[lane] for lane in lanes)
    )
    named = f"lane {', '.join(map(str, lanes))}"
    return failed(
        subject,
        f"{side.name} power of {named} is {words}: {worst:.4f} mW",
        expected=f"{max(side.low, side.weak):.4f} to {side.high:.4f} mW, lanes alike",
        remedies=[side.remedy],
        observed=Quantity(worst, "mW"),
        quotes=quotes,
        status=Status.FAIL if words == "out of range" else Status.WARN,
    )


CHECK = Check(
    id="roce.optical.power",
    reads=(optical.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    metric="npu_optical_power_milliwatts",
)
