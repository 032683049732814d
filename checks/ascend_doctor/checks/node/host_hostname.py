"""The node's own name leads to the loopback.

What it reads: the name of the host, and the addresses that /etc/hosts has for it.

Why it matters: Gloo, Ray and serving engines look their own name up and give the address to the other nodes. With
    127.0.0.1 these connect to themselves, and the launch hangs.

What to do: put the address of the node's interface beside its name in /etc/hosts, and take the name off the lines of
    127.0.0.1, 127.0.1.1 and ::1.

Disruption: none.

Limits: none. The first IPv4 address counts, as it does for a program that asks. A name that stands nowhere in the
    file passes: the name service is not asked.

Sources: vllm-project/vllm-ascend, multi-node guide; the rule is ours.
"""

from __future__ import annotations

import shlex
from typing import Iterator

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import network
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, part
from ascend_doctor.model.status import Severity


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge what the host's name stands for."""
    facts = view.read(network.SOURCE)
    name = part(facts, lambda found: found.hostname)
    addresses = part(facts, lambda found: found.hostname_addresses)
    if isinstance(addresses, Missing):
        yield unknown(view.subject, "what the host's name stands for", addresses, view.quote(network.SOURCE))
        return
    # The C library reads ::1 as 127.0.0.1 for a program that asks for IPv4.
    first = next((address for address in addresses if "." in address or address == "::1"), None)
    if first is None:
        yield passed(view.subject, f"/etc/hosts has no IPv4 address for {name}")
    elif first.startswith("127.") or first == "::1":
        yield warned(
            view.subject,
            f"/etc/hosts leads {name} to {first}",
            expected="the address of the node's interface",
            remedies=[_step(str(name))],
            observed=first,
            quotes=host.lines(view, network.SOURCE, "hostname", "hostname_addresses"),
        )
    else:
        yield passed(view.subject, f"{name} stands for {first}", observed=first)


def _step(name: str) -> Remedy:
    return Remedy(
        "In /etc/hosts put the node's own address beside its name, and take the name off the lines of the loopback.",
        f"grep -n {shlex.quote(name)} /etc/hosts",
    )


CHECK = Check(
    id="host.hostname",
    reads=(network.SOURCE,),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
