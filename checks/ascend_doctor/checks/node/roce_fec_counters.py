"""A port receives code words that the error correction cannot mend.

What it reads: `cw_uncorrect_cnt` of `hccn_tool -i N -stat_extra -g`, and how it has grown since the answers before.

Why it matters: each such word costs a frame, and it is what comes before a link that flaps.

What to do: clean the fibre's ends, look at light and signal-to-noise ratio of both ends, then replace the module or the
    cable.

Disruption: pulling the fibre interrupts the network of the NPU.

Limits: any growth between the two newest answers warns; more than `max_words` in each of `windows` windows in a row
    fail (the vendor's toolkit: more than ten, three times within eleven minutes). Corrected words are normal.

Sources: Ascend/mind-cluster toolkit (uncorr_cw_cnt); hicann/driver, tool_ops_ext.c.
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import growth, ports
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import stat_extra
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Disruption, Status
from ascend_doctor.model.wording import counted

CLEAN = Remedy(
    "Clean the fibre's ends and look at light and signal-to-noise ratio of both ends; then replace module or cable.",
    "",
    Disruption.TRAFFIC,
)
UNCORRECTED = "cw_uncorrect_cnt"


@attrs.frozen
class Limits:
    """`max_words`: words that could not be mended, in one window. `windows`: how many windows in a row fail."""

    max_words: int = 10
    windows: int = 3


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the code words of every port."""
    for target, subject, facts in view.each(stat_extra.SOURCE):
        quotes = view.quote(stat_extra.SOURCE, target, UNCORRECTED)
        if isinstance(facts, Missing):
            yield missing(subject, "the count of code words", facts, view.quote(stat_extra.SOURCE, target))
            continue
        if ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
            continue
        found = growth.windows(facts, view.earlier(stat_extra.SOURCE, target), lambda answer: answer.counters)
        if not found:
            yield growth.nothing_to_compare(subject)
            continue
        words = [int(window.total(UNCORRECTED)) for window in found]
        span = f"in the last {found[0].seconds:.0f} seconds"
        if not words[0]:
            yield passed(subject, f"every code word could be mended {span}", observed=0)
            continue
        often = len(words) >= limits.windows and min(words[: limits.windows]) > limits.max_words
        yield failed(
            subject,
            f"{counted(words[0], 'code word')} could not be mended {span}{', and as many before' if often else ''}",
            expected="none",
            remedies=[CLEAN],
            observed=words[0],
            quotes=quotes,
            status=Status.FAIL if often else Status.WARN,
        )


CHECK = Check(
    id="roce.fec-counters",
    reads=(stat_extra.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    metric="npu_uncorrected_code_words",
)
