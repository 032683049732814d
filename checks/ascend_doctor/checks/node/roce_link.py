"""A RoCE port has no link.

What it reads: `hccn_tool -i N -link -g`; the address of the port, to leave unused ports alone.

Why it matters: the NPU reaches no other node: HCCL fails to set up its links (EI0006), or a rank never gets ready.

What to do: look at the module, the cable and the port of the switch. After a reset of the NPU apply the saved
    settings again.

Disruption: applying the settings again interrupts the network of the NPU.

Limits: none. A port without address, here and in /etc/hccn.conf, is not in use and is skipped.

Sources: vllm-ascend installation guide; hicann/hccl, fault diagnosis of the link stage; Ascend-msit, msprechecker.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import link
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the link of every port."""
    for target, subject, facts in view.each(link.SOURCE):
        quotes = view.quote(link.SOURCE, target)
        if isinstance(facts, Missing):
            yield missing(subject, "the state of the link", facts, quotes)
        elif facts.link == "UP":
            yield passed(subject, "the link is up", observed=facts.link)
        elif ports.unused(view, target):
            yield skipped(subject, f"the link is down, but {ports.UNUSED}")
        else:
            yield failed(
                subject,
                "the link is down",
                expected="link status: UP",
                remedies=[
                    Remedy(
                        "Check the module, the cable and the port of the switch.",
                        f"hccn_tool -i {remedies.which(target.phy_id)} -optical -g",
                    ),
                    remedies.recover_network(target.phy_id),
                ],
                observed=facts.link,
                quotes=quotes,
            )


CHECK = Check(id="roce.link", reads=(link.SOURCE, *ports.USE), judge=judge, limits=NoLimits(), generations=ROCE)
