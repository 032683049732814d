"""The light or the signal in an optical port of the 950 is bad.

What it reads: `hccn_tool -g -optical -i N -u U -p P` of the ports with optical modules.

Why it matters: bad light gives bit errors, then interruptions of the link.

What to do: light that is sent badly or a bad current: replace the module of this side. Light that is received badly:
    clean the fibre's ends, then look at the module of the other side. A bad signal on the host's side points at this
    side's module, one on the fibre's side at the other end.

Disruption: replacing a module or pulling a fibre interrupts the traffic of the NPU.

Limits: the module's own limits come first: beyond an alarm fails, beyond a warning warns. Where it states none, the
    sent light fails below `min_tx_dbm` and above `max_tx_dbm` and warns below `low_tx_dbm` and above `high_tx_dbm`; the
    received light has `min_rx_dbm`, `max_rx_dbm`, `low_rx_dbm`, `high_rx_dbm`, the current `min_bias_ma`,
    `max_bias_ma`, `low_bias_ma`, `high_bias_ma`, the signal `min_snr_db` and `low_snr_db`. A flag that a lane raises
    fails. A port without module is skipped.

Sources: hicann/driver, tool_optical.c of the 950; Ascend/mind-cluster, threshold_config.py (the limits of the 950).
"""

from __future__ import annotations

from typing import Iterator, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.checks import ub
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.ub import PortAnswer
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.ub import optical
from ascend_doctor.facts.hccn_tool.ub.optical import LaneReading, UbOpticalFacts
from ascend_doctor.facts.hccn_tool.ub.question import A5
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known
from ascend_doctor.model.status import Disruption, Status

LOOK = Remedy(
    "Clean the fibre's ends; replace the module of this side for bad sent light or current, look at the other end for "
    "bad received light.",
    "",
    Disruption.TRAFFIC,
)
NO_MODULE = "there is no module in the port"


@attrs.frozen
class Range:
    """Beyond `fail` it is bad, beyond `warn` somebody should look; None where there is no such end."""

    fail_low: Optional[float] = None
    warn_low: Optional[float] = None
    warn_high: Optional[float] = None
    fail_high: Optional[float] = None


@attrs.frozen
class Limits:
    """What counts where a module states no limits of its own: light in dBm, current in mA, signal in dB."""

    min_tx_dbm: float = -7.5995
    low_tx_dbm: float = -4.6005
    high_tx_dbm: float = 5.5
    max_tx_dbm: float = 7.0
    min_rx_dbm: float = -9.4006
    low_rx_dbm: float = -6.3997
    high_rx_dbm: float = 5.5
    max_rx_dbm: float = 7.0
    min_bias_ma: float = 0.5
    low_bias_ma: float = 1.0
    high_bias_ma: float = 11.0
    max_bias_ma: float = 12.0
    min_snr_db: float = 18.0
    low_snr_db: float = 20.0

    def ranges(self) -> Mapping[str, Range]:
        """Return the range of each reading by its name."""
        signal = Range(self.min_snr_db, self.low_snr_db)
        return {
            "TxPower": Range(self.min_tx_dbm, self.low_tx_dbm, self.high_tx_dbm, self.max_tx_dbm),
            "RxPower": Range(self.min_rx_dbm, self.low_rx_dbm, self.high_rx_dbm, self.max_rx_dbm),
            "Bias": Range(self.min_bias_ma, self.low_bias_ma, self.high_bias_ma, self.max_bias_ma),
            "HostSNR": signal,
            "MediaSNR": signal,
        }


Trouble = Tuple[Status, str]


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the lanes of every optical port."""
    for item in ub.each(view, optical.SOURCE):
        yield item if isinstance(item, Finding) else _judge(view, item, limits)


def _judge(view: NodeView, answer: PortAnswer[UbOpticalFacts], limits: Limits) -> Finding:
    subject, facts, target = answer.subject, answer.facts, answer.target
    if isinstance(facts, Missing):
        return missing(subject, "the light of the port", facts, view.quote(optical.SOURCE, target))
    if facts.is_absent:
        return skipped(subject, NO_MODULE)
    troubles = [*_flags(facts), *_readings(facts, limits)]
    if not troubles:
        return passed(subject, "the light and the signal of all lanes are good")
    bad = any(status is Status.FAIL for status, _ in troubles)
    words = [text for status, text in troubles if not bad or status is Status.FAIL]
    return failed(
        subject,
        "; ".join(words[:4]) + (f" and {len(words) - 4} more" if len(words) > 4 else ""),
        expected="readings within the module's own limits, and no flag",
        remedies=[LOOK],
        observed=len(words),
        quotes=view.quote(optical.SOURCE, target, "Abnormal", "Power"),
        status=Status.FAIL if bad else Status.WARN,
    )


def _flags(facts: UbOpticalFacts) -> List[Trouble]:
    return [
        (Status.FAIL, f"{name} in lane {', '.join(map(str, lanes))}") for name, lanes in facts.flags.items() if lanes
    ]


def _readings(facts: UbOpticalFacts, limits: Limits) -> List[Trouble]:
    ranges = limits.ranges()
    found: List[Trouble] = []
    for reading in facts.readings:
        if isinstance(reading.value, Missing) or reading.item not in ranges:
            continue
        status = _beyond(reading.value, _range(reading, ranges[reading.item]))
        if status is not None:
            found.append((status, f"{reading.item} of lane {reading.lane} is {reading.value:g} {reading.unit}"))
    return found


def _range(reading: LaneReading, otherwise: Range) -> Range:
    """Return the module's own limits where it states any; the others stand in for none of them alone."""
    own = Range(known(reading.low_alarm), known(reading.low_warn), known(reading.high_warn), known(reading.high_alarm))
    return otherwise if own == Range() else own


def _beyond(value: float, limits: Range) -> Optional[Status]:
    if (limits.fail_low is not None and value < limits.fail_low) or (
        limits.fail_high is not None and value > limits.fail_high
    ):
        return Status.FAIL
    if (limits.warn_low is not None and value < limits.warn_low) or (
        limits.warn_high is not None and value > limits.warn_high
    ):
        return Status.WARN
    return None


CHECK = Check(
    id="ub.optical",
    reads=(*ub.PORTS, optical.SOURCE),
    judge=judge,
    limits=Limits(),
    generations=A5,
)
