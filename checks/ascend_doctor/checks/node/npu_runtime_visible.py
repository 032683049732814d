"""The runtime sees fewer NPUs than the node shows.

What it reads: how many NPUs torch_npu counts in the Python that jobs use (`tools.python` of the configuration), and the
    files /dev/davinciN.

Why it matters: an engine starts with the NPUs that the runtime sees; with none it ends with 507899 or 507015. Inside a
    container this count is to be trusted over `npu-smi`, which may fail there while computing works.

What to do: give the container its devices (`/dev/davinci*`, `/dev/davinci_manager`, `/dev/devmm_svm`,
    `/dev/hisi_hdc`) and the driver's files, and set the environment of CANN. Look whether another container has them.

Disruption: none. The count opens the devices for a moment.

Limits: none. ASCEND_RT_VISIBLE_DEVICES hides NPUs on purpose: the doctor's environment has it only where a script in
    `tools.python` sets it.

Sources: field reports of containers with incomplete mounts; CANN, return codes of the runtime.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.runtime import devices
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.wording import counted

EXPECTED = "as many NPUs in the runtime as in /dev"
MOUNTS = Remedy(
    "Give the container its devices and the driver's files, and source set_env.sh of CANN before the start.",
    "ls -l /dev/davinci* /dev/davinci_manager /dev/devmm_svm /dev/hisi_hdc",
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare the two counts."""
    facts = view.read(devices.SOURCE)
    if isinstance(facts, Missing):
        yield missing(view.subject, "how many NPUs the runtime sees", facts, view.quote(devices.SOURCE))
        return
    host = view.read(identity.SOURCE)
    shown = 0 if isinstance(host, Missing) or isinstance(host.davinci, Missing) else len(host.davinci)
    quotes = view.quote(devices.SOURCE)
    if isinstance(facts.count, Missing):
        words = f"the runtime does not start: {facts.error}"
        yield failed(view.subject, words, expected=EXPECTED, remedies=[MOUNTS], quotes=quotes)
    elif facts.count == 0 or facts.count < shown:
        yield failed(
            view.subject,
            f"the runtime sees {counted(facts.count, 'NPU')}, and /dev shows {shown}",
            expected=EXPECTED,
            remedies=[MOUNTS],
            observed=facts.count,
            quotes=quotes,
        )
    else:
        yield passed(view.subject, f"the runtime sees {counted(facts.count, 'NPU')}", observed=facts.count)


CHECK = Check(
    id="npu.runtime-visible",
    reads=(devices.SOURCE, identity.SOURCE),
    judge=judge,
    limits=NoLimits(),
    opt_in="it starts the Python that the jobs use, and opens the devices",
)
