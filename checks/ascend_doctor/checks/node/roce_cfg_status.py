"""The saved network settings were not applied to a device.

What it reads: `hccn_tool -i N -cfg status`, and its earlier answers.

Why it matters: after a reset the device has only what was applied again: address, gateway, MTU or PFC may be missing
    although /etc/hccn.conf has them.

What to do: read the tool's log and apply the settings again.

Disruption: applying the settings again interrupts the network of the NPU.

Limits: `max_start_s` is our own policy: how long applying may take before it is a warning. It is seen only by an agent
    that looked before; a single look shows that it is under way. NONE means that nobody has asked for it.

Sources: hicann/driver, tool.c (the five states).
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import cfg_status
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing

EXPECTED = "config status:SUCCESS, or NONE"
LOG = Remedy("Read what went wrong.", "tail -n 50 /var/log/hccn_tool/hccn_config.log")


@attrs.frozen
class Limits:
    """`max_start_s`: for how many seconds the settings may be under way."""

    max_start_s: float = 300.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the state of every device."""
    for target, subject, facts in view.each(cfg_status.SOURCE):
        quotes = view.quote(cfg_status.SOURCE, target)
        if isinstance(facts, Missing):
            yield missing(subject, "whether the saved settings were applied", facts, quotes)
            continue
        word = facts.config_status
        steps = [LOG, remedies.recover_network(target.phy_id)]
        since_s = _under_way_s(view, target)
        if ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
        elif word in ("FAIL", "FAULT"):
            yield failed(
                subject,
                f"the saved settings were not applied: {word}",
                expected=EXPECTED,
                remedies=steps,
                observed=word,
                quotes=quotes,
            )
        elif word == "START" and since_s > limits.max_start_s:
            yield warned(
                subject,
                f"the saved settings have been under way for {since_s / 60:.0f} minutes",
                expected=EXPECTED,
                remedies=steps,
                observed=word,
                quotes=quotes,
            )
        else:
            yield passed(subject, f"the state of the saved settings is {word}", observed=word)


def _under_way_s(view: NodeView, target: Target) -> float:
    """Return for how long the settings have been under way without a break, as far as anybody looked."""
    since_s = 0.0
    for earlier in view.earlier(cfg_status.SOURCE, target):
        if earlier.facts.config_status != "START":
            break
        since_s = earlier.age_s
    return since_s


CHECK = Check(
    id="roce.cfg-status",
    reads=(cfg_status.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    own_limits=("max_start_s",),
)
