"""The controller (MCU) of a card has another firmware than those of the other cards.

What it reads: `npu-smi upgrade -b mcu`, which only asks, though its verb is that for upgrades.

Why it matters: the controller watches power and temperature of the card; one that was left behind by an upgrade
    behaves otherwise than the others.

What to do: have the firmware of the card's controller brought to the version of the others.

Disruption: upgrading the controller needs the node without jobs, and a power cycle.

Limits: none. The version of most cards counts as the right one.

Sources: hicann/driver, npu_log_collect.sh (the command as a query) and npu_upgrade.c.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import equal_cards
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import upgrade
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.status import Disruption, Severity

UPGRADE = Remedy(
    "Have the firmware of the card's controller brought to the version of the others.", "", Disruption.REBOOT
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare the versions of all cards."""
    return equal_cards.compare(view, upgrade.MCU, "the firmware of the MCU", lambda facts: facts.version, [UPGRADE])


CHECK = Check(
    id="version.mcu",
    reads=(upgrade.MCU,),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
    generations=upgrade.MCU.generations,
    opt_in="it asks with the verb `npu-smi upgrade`, which must never run by mistake beside a job",
)
