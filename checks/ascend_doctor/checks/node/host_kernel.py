"""The kernel is older than the vendor recommends.

What it reads: the release of the running kernel (`uname -r`).

Why it matters: with older kernels the host is slower in handing operators to the NPU, so the NPU waits for the host.

What to do: upgrade the operating system to a release with a newer kernel, then install the driver again for it.

Disruption: a reboot, and a new installation of the driver, which is built for one kernel.

Limits: `oldest` is the recommendation of the vendor's pre-check tool.

Sources: Ascend-msit, msprechecker (preset of the host: kernel 5.10 or later).
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import passed, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Disruption, Severity

UPGRADE = Remedy("Upgrade to a newer kernel, then install the driver again.", "", Disruption.REBOOT)
STRANGE = Missing(Absence.UNPARSED, "the release of the kernel does not begin with two numbers")


@attrs.frozen
class Limits:
    """`oldest`: the oldest kernel that is recommended, by the first two numbers of its release."""

    oldest: str = "5.10"


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Compare the running kernel with the oldest that is recommended."""
    release = host.told(view, identity.SOURCE, lambda found: found.kernel)
    quotes = host.lines(view, identity.SOURCE, "kernel")
    number, oldest = (
        None if isinstance(release, Missing) else host.kernel_number(release),
        host.kernel_number(limits.oldest),
    )
    if isinstance(release, Missing) or number is None or oldest is None:
        yield unknown(view.subject, "the kernel", release if isinstance(release, Missing) else STRANGE, quotes)
    elif number >= oldest:
        yield passed(view.subject, f"the kernel is {release}", observed=release, quotes=quotes)
    else:
        yield warned(
            view.subject,
            f"the kernel {release} is older than {limits.oldest}",
            expected=f"{limits.oldest} or later",
            remedies=[UPGRADE],
            observed=release,
            quotes=quotes,
        )


CHECK = Check(
    id="host.kernel",
    reads=(identity.SOURCE,),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
)
