"""The device finds its own network not healthy.

What it reads: `hccn_tool -i N -net_health -g`: what came of the device's last probe of its detect address; when node
    and link came up.

Why it matters: the probe takes the same path as a job's traffic.

What to do: mend what else is reported of the port first: the link, the address, the gateway, the probed address. If
    nothing is, ask whether the probed address answers at all.

Disruption: none.

Limits: `grace_s` is our own policy: for so many seconds after a start of the node or of the link a word that is not
    `Success` is unknown, because the device lags behind. `Init` and `Detect ip set` mean that nothing was probed yet: a
    warning, never a failure. `Unknown`, and words that the vendor does not list, are unknown.

Sources: hicann/driver, documentation of dcmi_get_device_network_health; Ascend/mind-cluster documentation (collecting
    logs) and npu_info_parser.py.
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import ports, remedies, settling
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import net_health
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing

EARLY = "so soon after the start of the node or the link"
EXPECTED = "net health status: Success"
NOT_PROBED = ("init", "detect ip set")
PROBE = "hccn_tool -i {0} -netdetect -g"


@attrs.frozen
class Limits:
    """`grace_s`: for how many seconds after a start only `Success` counts."""

    grace_s: float = 120.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the word of every port."""
    for target, subject, facts in view.each(net_health.SOURCE):
        quotes = view.quote(net_health.SOURCE, target)
        if isinstance(facts, Missing):
            yield missing(subject, "the health of the network", facts, quotes)
            continue
        word = facts.net_health
        steps = [
            Remedy("Look at the probed address, and whether it answers.", PROBE.format(remedies.which(target.phy_id)))
        ]
        if facts.healthy is True:
            yield passed(subject, "the device reaches its detect address", observed=word)
        elif ports.unused(view, target):
            yield skipped(subject, f"says {word}, but {ports.UNUSED}")
        elif settling.is_early(view, target, net_health.SOURCE, limits.grace_s):
            yield unknown(subject, "the health of the network", Missing(Absence.NOT_READY, f"{word} {EARLY}"), quotes)
        elif facts.healthy is False:
            yield failed(
                subject,
                f"the device does not reach its detect address: {word}",
                expected=EXPECTED,
                remedies=steps,
                observed=word,
                quotes=quotes,
            )
        elif word.casefold().startswith(NOT_PROBED):
            yield warned(
                subject,
                f"the device has not probed its network yet: {word}",
                expected=EXPECTED,
                remedies=steps,
                observed=word,
                quotes=quotes,
            )
        else:
            gap = Missing(Absence.NOT_REPORTED, f"the device says {word!r}")
            yield unknown(subject, "the health of the network", gap, quotes)


CHECK = Check(
    id="roce.net-health",
    reads=(net_health.SOURCE, *ports.USE, *settling.USE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    own_limits=("grace_s",),
)
