"""The operating system is none that the vendor lists.

What it reads: `/etc/os-release` of the node.

Why it matters: the installers of driver, firmware and CANN refuse an unknown system or leave out a part without a
    word, and nobody has tested it.

What to do: install a release that the vendor lists for your product and driver. A system that is derived from a listed
    one usually works: if it does for you, disable this check.

Disruption: a new installation of the node.

Limits: the list is knowledge of ours from the vendor's guides, without the list of each single product; a site may add
    to it. A container shows the system of its image, so there is nothing to judge there. The tool ascend-deployer does
    not support the A900T with openEuler 22.03 LTS SP4, where driver and firmware are installed by hand.

Sources: Ascend installation guides of MindCluster and MindIE (tables of operating systems); release notes of
    ascend-deployer.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, system
from ascend_doctor.knowledge import operating_systems
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known
from ascend_doctor.model.status import Disruption, Severity

INSTALL = Remedy("Install an operating system that the vendor lists for the product.", "", Disruption.REBOOT)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Look the operating system up."""
    os_id = host.told(view, system.SOURCE, lambda found: found.os_id)
    quotes = host.lines(view, system.SOURCE, "os_id", "os_version", "os_name")
    if in_container(view):
        yield skipped(view.subject, "a container shows the operating system of its image, not the node's")
        return
    if isinstance(os_id, Missing):
        yield unknown(view.subject, "the operating system", os_id, quotes)
        return
    version = known(host.told(view, system.SOURCE, lambda found: found.os_version)) or ""
    name = known(host.told(view, system.SOURCE, lambda found: found.os_name)) or f"{os_id} {version}".strip()
    if operating_systems.is_supported(os_id, version):
        yield passed(view.subject, f"the operating system is {name}", observed=name, quotes=quotes)
        return
    yield warned(
        view.subject,
        f"the operating system is {name}, which the vendor does not list",
        expected="a release of openEuler, Ubuntu, Kylin, EulerOS or another system that the vendor lists",
        remedies=[INSTALL],
        observed=name,
        quotes=quotes,
    )


CHECK = Check(
    id="host.os",
    reads=(system.SOURCE, identity.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
