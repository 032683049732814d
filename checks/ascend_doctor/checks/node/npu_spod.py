"""An NPU has a place in its super pod that does not fit to where it is.

What it reads: `npu-smi info -t spod-info` of every die of an A3.

Why it matters: the id of a die in the super pod (SDID) decides to whom it talks and over which network. A wrong one
    ends in "superDeviceId already exists" (EI0014), or in a job that takes the wrong kind of link (EI0006).

What to do: have the super pod's configuration in the BMC corrected, and start the node again.

Disruption: a reboot stops every job of the node.

Limits: none. The SDID holds the server's number in its bits 31 to 22, the module's in 21 to 18, the die's in 17 and 16,
    and twice the module plus the die in the rest; they have to be those of the same answer and of the NPU itself. A
    server that is in no super pod (size 0, or all bits set) is left alone.

Sources: hicann/driver, document of dcmi_get_spod_node_status for the 910_93; hicann/hccl, page on failed verification
    of the cluster's data.
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Tuple

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import super_pod
from ascend_doctor.facts.npu_smi.super_pod import SuperPodFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Disruption
from ascend_doctor.model.subject import Subject

UNSET = (0, 0xFFFF_FFFF)
CONFIGURE = Remedy(
    "Have the super pod's configuration in the BMC of the server corrected, then reboot.", "", Disruption.REBOOT
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the place of every die; where one fault is the same for all dies, say it once for the node."""
    odd: List[Finding] = []
    good: List[Finding] = []
    for target, subject, facts in view.each(super_pod.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the place in the super pod", facts, view.quote(super_pod.SOURCE, target))
        elif facts.super_pod_size in UNSET or facts.sdid is None or facts.sdid == UNSET[1]:
            yield skipped(subject, "the server is in no super pod")
        else:
            finding = _judge(view, target, subject, facts)
            (odd if finding.status.is_problem else good).append(finding)
    if len(odd) > 1 and not good:
        yield failed(
            view.subject,
            f"none of the {len(odd)} dies has the place in the super pod that it should: {odd[0].summary}",
            expected=odd[0].expected,
            remedies=odd[0].remedies,
            quotes=odd[0].quotes,
            affected=[finding.subject for finding in odd],
        )
    else:
        yield from odd
    yield from good


def _judge(view: NodeView, target: Target, subject: Subject, facts: SuperPodFacts) -> Finding:
    sdid = facts.sdid or 0
    server, module, die, number = sdid >> 22, sdid >> 18 & 0xF, sdid >> 16 & 0x3, sdid & 0xFFFF
    expected = _expected(target, facts, (server, module, die))
    if (server, module, die, number) == expected:
        return passed(subject, f"SDID {sdid} is that of server {server}, module {module}, die {die}", observed=sdid)
    return failed(
        subject,
        f"SDID {sdid} is that of server {server}, module {module}, die {die}, number {number}",
        expected="server {}, module {}, die {}, number {}".format(*expected),
        remedies=[CONFIGURE],
        observed=sdid,
        quotes=view.quote(super_pod.SOURCE, target),
    )


def _expected(target: Target, facts: SuperPodFacts, said: Tuple[int, int, int]) -> Tuple[Optional[int], int, int, int]:
    """Return what the SDID should hold; where nothing else tells, what it says itself."""
    server = said[0] if facts.server_index is None else facts.server_index
    module = said[1] if target.npu is None else target.npu
    die = said[2] if target.chip is None else target.chip
    return server, module, die, 2 * module + die


CHECK = Check(
    id="npu.spod",
    reads=(super_pod.SOURCE,),
    judge=judge,
    limits=NoLimits(),
    generations=frozenset({Generation.A3}),
)
