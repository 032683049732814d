"""The kernel may run out of random numbers.

What it reads: the release of the kernel, the architecture, and whether a service that gathers entropy (haveged, rngd)
    runs.

Why it matters: on x86 machines with Ascend 950, HCCL takes random numbers when it sets up its connections. A kernel up
    to 5.18 makes it wait when it has too few, and the job does not start ("failed to read random number from system").

What to do: install and start haveged, or use a kernel newer than 5.18.

Disruption: none for haveged.

Limits: none. Other products and architectures are not judged.

Sources: hicann/hccl, constraints (x86 with Ascend 950); MindIE installation FAQ.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import host
from ascend_doctor.checks.buses import shows_no
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, pci, system
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import NOT_REPORTED, Missing, known
from ascend_doctor.model.status import Severity

START = Remedy("Install haveged and start it.", "systemctl enable --now haveged")
LAST_THAT_WAITS = (5, 18)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge whether random numbers can run out."""
    machine = host.told(view, identity.SOURCE, lambda found: found.machine)
    release = known(host.told(view, identity.SOURCE, lambda found: found.kernel)) or ""
    number = host.kernel_number(release)
    daemon = host.told(view, system.SOURCE, lambda found: found.entropy_daemon)
    quotes = host.lines(view, identity.SOURCE, "kernel")
    if isinstance(machine, Missing):
        yield unknown(view.subject, "the architecture", machine)
    elif machine != "x86_64":
        yield skipped(view.subject, f"only x86_64 needs it, and this is {machine}")
    elif shows_no(view, "d806"):
        yield skipped(view.subject, "only the 950 needs it, and the bus shows none")
    elif number is None:
        yield unknown(view.subject, "the kernel", NOT_REPORTED, quotes)
    elif number > LAST_THAT_WAITS:
        yield passed(view.subject, f"the kernel {release} does not wait for random numbers", observed=release)
    elif isinstance(daemon, Missing):
        yield unknown(view.subject, "whether a service gathers entropy", daemon, quotes)
    elif daemon:
        yield passed(view.subject, f"{daemon} gathers entropy", observed=daemon)
    else:
        yield warned(
            view.subject,
            f"the kernel {release} may wait for random numbers, and no service gathers them",
            expected="a kernel newer than 5.18, or haveged",
            remedies=[START],
            observed=release,
            quotes=(*quotes, *host.lines(view, system.SOURCE, "entropy_daemon")),
        )


CHECK = Check(
    id="host.entropy",
    reads=(identity.SOURCE, system.SOURCE, pci.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
    generations=frozenset({Generation.A5}),
)
