"""The voltage regulators of a card have other versions than those of the other cards.

What it reads: `npu-smi upgrade -b vrd`, which only asks, though its verb is that for upgrades.

Why it matters: the regulators feed the chip. A card that was left behind by an upgrade of them behaves otherwise under
    load than the others.

What to do: have the regulators of the card brought to the versions of the others; a version that is installed and does
    not run yet needs the power off for half a minute.

Disruption: the node has to be switched off.

Limits: none. The versions of most cards count as the right ones. A card of which the board tells of no regulators (a
    count of 0, on an A2 `NA`) is left out; which ones an A2 or A3 tells of, if any, no document and no recording shows.

Sources: hicann/driver, npu_log_collect.sh (the command as a query) and npu_upgrade.c; the vendor's manual of npu-smi
    for the 950.
"""

from __future__ import annotations

from typing import Hashable, Iterator

from ascend_doctor.checks import equal_cards
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import upgrade
from ascend_doctor.facts.npu_smi.upgrade import RegulatorFacts
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing, Reading, known
from ascend_doctor.model.status import Disruption, Severity

NONE = Missing(Absence.NOT_SUPPORTED, "its board tells of none")
UPGRADE = Remedy(
    "Have the regulators of the card brought to the versions of the others, then switch the node off for a minute.",
    "",
    Disruption.REBOOT,
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare the versions of all cards."""
    return equal_cards.compare(view, upgrade.VRD, "the version of the voltage regulators", _versions, [UPGRADE])


def _versions(facts: RegulatorFacts) -> Reading[Hashable]:
    if not facts.regulators:
        return NONE
    unread = next((one.current for one in facts.regulators if isinstance(one.current, Missing)), None)
    return unread or ", ".join(f"{one.name} {known(one.current)}" for one in facts.regulators)


CHECK = Check(
    id="version.vrd",
    reads=(upgrade.VRD,),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
    generations=upgrade.VRD.generations,
    opt_in="it asks with the verb `npu-smi upgrade`, which must never run by mistake beside a job",
)
