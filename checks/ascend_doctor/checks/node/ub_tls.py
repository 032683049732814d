"""The NPUs of a 950 node do not agree on TLS.

What it reads: `hccn_tool -g -tls -i N`, which needs root.

Why it matters: a job fails when its NPUs do not agree on TLS, while they can reach each other.

What to do: set the switch of the odd NPUs like that of the others; running jobs go on.

Disruption: none; the switch is read when a job starts.

Limits: none. All on and all off are both right. An NPU without certificate has no switch and works as with 0. Where as
    many NPUs have the one as the other, nobody can say which are odd, and the node as a whole fails.

Sources: hicann/driver, Ascend_950_HCCN_Tool (TLS); hicann/hccl, cluster_info_verify_fail.
"""

from __future__ import annotations

from collections import Counter
from typing import Iterator, List, Tuple

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.ub.question import A5
from ascend_doctor.facts.hccn_tool.ub.same_answers import TLS
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Confidence
from ascend_doctor.model.subject import Subject

WITHOUT_CERTIFICATE = 0

Switch = Tuple[Target, Subject, int]


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare the switches of all NPUs of the node."""
    found: List[Switch] = []
    for target, subject, facts in view.each(TLS):
        switch = facts if isinstance(facts, Missing) else facts.switch
        if not isinstance(switch, Missing):
            found.append((target, subject, switch))
        elif switch.why is Absence.NOT_CONFIGURED:
            found.append((target, subject, WITHOUT_CERTIFICATE))
        else:
            yield missing(subject, "the TLS switch", switch, view.quote(TLS, target))
    yield from _compared(view, found)


def _compared(view: NodeView, found: List[Switch]) -> Iterator[Finding]:
    leaders = Counter(switch for _, _, switch in found).most_common()
    if len(leaders) > 1 and leaders[0][1] == leaders[1][1]:
        sides = [
            f"{switch}: {', '.join(str(subject) for _, subject, own in found if own == switch)}"
            for switch, _ in sorted(leaders)
        ]
        yield failed(
            view.subject,
            "as many NPUs have TLS on as off",
            expected="one value on all NPUs",
            remedies=[Remedy("Set the switch of one half like that of the other.", _command("N", "0 or 1"))],
            confidence=Confidence.UNDETERMINED,
            candidates=sides,
            quotes=tuple(quote for target, _, _ in found[:2] for quote in view.quote(TLS, target, "tls switch")),
            affected=[subject for _, subject, _ in found],
        )
        return
    for target, subject, switch in found:
        usual = leaders[0][0]
        if switch == usual:
            yield passed(subject, f"the TLS switch is {switch}", observed=switch)
        else:
            yield failed(
                subject,
                f"the TLS switch is {switch}, and {usual} on the other NPUs of the node",
                expected=f"{usual}, as on the others",
                remedies=[Remedy("Set the switch of the odd NPU.", _command(str(target.npu), str(usual)))],
                observed=switch,
                quotes=view.quote(TLS, target, "tls switch"),
            )


def _command(npu: str, value: str) -> str:
    return f"hccn_tool -s -tls -i {npu} -enable {value}"


CHECK = Check(id="ub.tls", reads=(TLS,), judge=judge, limits=NoLimits(), generations=A5)
