"""The TLS switch of an NPU cannot be read.

What it reads: `hccn_tool -i N -tls -g`, which needs root.

Why it matters: a job fails when its NPUs do not agree on TLS, while ping between them works. Whether they agree is
    judged by `cluster.tls-equal`; this check only says what each NPU has set.

What to do: run the doctor as root.

Disruption: none. The read itself writes `tls_enable` into /etc/hccn.conf the first time it succeeds, so it is made
    seldom.

Limits: none. Either value is right. An NPU without certificate has no switch and works as with 0.

Sources: hicann/driver, tool_tls.c; hicann/hccl, cluster_info_verify_fail (EI0016); Ascend-msit, msprechecker (no
    certificate counts as 0).
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import missing, passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import tls
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Report the switch of every NPU."""
    for target, subject, facts in view.each(tls.SOURCE):
        switch = facts if isinstance(facts, Missing) else facts.switch
        if not isinstance(switch, Missing):
            yield passed(subject, f"the TLS switch is {switch}", observed=switch)
        elif switch.why is Absence.NOT_CONFIGURED:
            yield passed(subject, "no certificate is set, which works as TLS switch 0", observed=0)
        else:
            yield missing(subject, "the TLS switch", switch, view.quote(tls.SOURCE, target))


CHECK = Check(id="roce.tls", reads=(tls.SOURCE,), judge=judge, limits=NoLimits(), generations=ROCE)
