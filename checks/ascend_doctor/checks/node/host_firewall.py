"""A firewall runs on the node.

What it reads: the control groups of firewalld and ufw, and the configuration of ufw.

Why it matters: the ranks of a job connect to each other on many ports of the host. A firewall that closes one of them
    shows as EI0015 after minutes of waiting, on nodes that are not at fault.

What to do: open the ports of HCCL, of the master and of serving between the nodes, or stop the firewall.

Disruption: none.

Limits: none. It is a warning, as the firewall may let the ports through. Rules that somebody loaded without one of
    these services are not seen: nothing but the netfilter interface shows them.

Sources: hicann/hccl, cluster_info_nego (EI0015); the rule is ours.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, services
from ascend_doctor.facts.host.services import FIREWALLS
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known, part
from ascend_doctor.model.status import Severity


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge whether a firewall is active."""
    facts = view.read(services.SOURCE)
    running = part(facts, lambda found: found.running)
    active = [name for name in FIREWALLS if name in (known(running) or ())]
    if known(part(facts, lambda found: found.ufw_enabled)):
        active.append("ufw")
    if active:
        name = active[0]
        yield warned(
            view.subject,
            f"{name} is active",
            expected="no firewall between the nodes, or one that lets the ports of the job through",
            remedies=[
                Remedy("Open the ports of the job.", _rules(name)),
                Remedy("Or stop it.", f"systemctl stop {name}"),
            ],
            observed=name,
            quotes=host.lines(view, services.SOURCE, "running", "ufw_enabled"),
        )
    elif not isinstance(running, Missing):
        yield passed(view.subject, "no firewall service is active")
    elif in_container(view):
        yield skipped(view.subject, "a container does not show the services of its host")
    else:
        yield unknown(view.subject, "which services run", running, view.quote(services.SOURCE))


def _rules(name: str) -> str:
    return "firewall-cmd --add-port=60000-60031/tcp" if name == "firewalld" else "ufw allow 60000:60031/tcp"


CHECK = Check(
    id="host.firewall",
    reads=(services.SOURCE, identity.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
