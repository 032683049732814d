"""Frames of a port of the 950 arrive damaged.

What it reads: `hccn_tool -g -bit_err` and `hccn_tool -g -stat` of every port, and how both have grown since the answers
    before: frames that could not be corrected, `crc_error_sum`, `out_err_cnt_rx`, `out_err_cnt_tx`,
    `length_err_cnt_rx`, `length_err_cnt_tx`, `route_err_cnt_rx`.

Why it matters: what is damaged has to be sent again; too much of it ends the job.

What to do: look at the signal of the lanes and, on an optical port, at the light; clean, then replace cable or module.

Disruption: pulling a cable interrupts the traffic of the NPU.

Limits: only growth counts, never what has been counted since the start. Any growth between the two newest answers
    warns, growth in `windows` windows in a row fails: our own policy. Bits that were wrong and could be corrected are
    normal on a fast link, and so are frames sent again: neither is judged.

Sources: hicann/driver, Ascend_950_HCCN_Tool (bit errors, statistics); Ascend/mind-cluster, collector_for_ub.go.
"""

from __future__ import annotations

from typing import Dict, Iterator, Sequence

import attrs

from ascend_doctor.checks import ub
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.growth import Window, nothing_to_compare, windows
from ascend_doctor.checks.outcome import failed, missing, passed
from ascend_doctor.checks.ub import PortAnswer
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.stat import StatFacts
from ascend_doctor.facts.hccn_tool.ub import bit_err
from ascend_doctor.facts.hccn_tool.ub.bit_err import BitErrFacts
from ascend_doctor.facts.hccn_tool.ub.question import A5
from ascend_doctor.facts.hccn_tool.ub.same_answers import STAT
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Disruption, Status
from ascend_doctor.model.wording import counted

LOOK = Remedy(
    "Look at the signal of the lanes and, on an optical port, at the light of both ends; clean, then replace.",
    "",
    Disruption.TRAFFIC,
)
COUNTERS = (
    "crc_error_sum",
    "out_err_cnt_rx",
    "out_err_cnt_tx",
    "length_err_cnt_rx",
    "length_err_cnt_tx",
    "route_err_cnt_rx",
)
UNCORRECTED = "st_fec_decoding_fail_num"


@attrs.frozen
class Limits:
    """`windows`: in how many windows in a row the counters have to grow to fail."""

    windows: int = 3


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the growth of the error counters of every port."""
    for item in ub.each(view, bit_err.SOURCE):
        yield item if isinstance(item, Finding) else _judge(view, item, limits.windows)


def _judge(view: NodeView, answer: PortAnswer[BitErrFacts], count: int) -> Finding:
    subject, target, bits = answer.subject, answer.target, answer.facts
    counts = view.read(STAT, target)
    if isinstance(bits, Missing):
        return missing(subject, "the count of damaged frames", bits, view.quote(bit_err.SOURCE, target))
    if isinstance(counts, Missing):
        return missing(subject, "the count of errors", counts, view.quote(STAT, target))
    of_bits = windows(bits, view.earlier(bit_err.SOURCE, target), _uncorrected)
    of_counts = windows(counts, view.earlier(STAT, target), _counters)
    if not of_bits and not of_counts:
        return nothing_to_compare(subject)
    grown = _newest(of_bits, UNCORRECTED) + _newest(of_counts, *COUNTERS)
    seconds = max(found[0].seconds for found in (of_bits, of_counts) if found)
    if not grown:
        return passed(subject, f"no damaged frames in the last {seconds:.0f} seconds", observed=0)
    often = _is_steady(of_bits[:count], count, UNCORRECTED) or _is_steady(of_counts[:count], count, *COUNTERS)
    return failed(
        subject,
        f"{counted(int(grown), 'damaged frame')} in the last {seconds:.0f} seconds"
        f"{', as in the windows before' if often else ''}",
        expected="counters of errors that do not grow",
        remedies=[LOOK],
        observed=int(grown),
        quotes=(*view.quote(bit_err.SOURCE, target, UNCORRECTED), *view.quote(STAT, target, *COUNTERS)),
        status=Status.FAIL if often else Status.WARN,
    )


def _uncorrected(facts: BitErrFacts) -> Dict[str, float]:
    return {UNCORRECTED: facts.st_fec_decoding_fail_num}


def _counters(facts: StatFacts) -> Dict[str, float]:
    return dict(facts.counters)


def _newest(found: Sequence[Window], *names: str) -> float:
    return found[0].total(*names) if found else 0.0


def _is_steady(found: Sequence[Window], count: int, *names: str) -> bool:
    return len(found) == count and all(window.total(*names) > 0 for window in found)


CHECK = Check(
    id="ub.errors",
    reads=(*ub.PORTS, bit_err.SOURCE, STAT),
    judge=judge,
    limits=Limits(),
    generations=A5,
    own_limits=("windows",),
    metric="npu_ub_errors",
)
