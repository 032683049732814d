"""A port does not reach an address that it should reach over RoCE.

What it reads: `hccn_tool -i N -ping -g address A`, three packets, for each of the addresses that the configuration
    names and for the address that the port's device probes by itself.

Why it matters: what does not come back here does not come back to a job either (EI0006).

What to do: look at the link of both ends, then at gateway and netmask, then at the switches between them. A message
    that a packet is too long means that the MTU of an end or of a switch is too small.

Disruption: none; a few packets are sent.

Limits: `addresses` are what every port of the node pings. No packet back fails, some of them warns. The two dies of an
    A3 module never reach each other over RoCE, so their addresses are left out, and a port's own one.

Sources: field reports on A2 and A3; hicann/hixl, benchmark documents; hicann/driver, tool_cmd.c.
"""

from __future__ import annotations

from typing import Iterator, List, Tuple

import attrs

from ascend_doctor.checks import ports, reach
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import skipped
from ascend_doctor.checks.versions import generation
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import ip, netdetect, ping
from ascend_doctor.facts.source import Answered, Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE, Generation
from ascend_doctor.model.reading import Missing, known

LOOK = Remedy("Look at the link of both ends, then at gateway, netmask and MTU, then at the switches between them.")


@attrs.frozen
class Limits:
    """`addresses`: what every port of the node has to reach, beside the address that it probes by itself."""

    addresses: Tuple[str, ...] = ()


def peers(limits: Limits, npu: Target, answered: Answered) -> Tuple[Target, ...]:
    """Return whom a port has to reach: the addresses of the configuration, and what its device probes."""
    probe = answered(netdetect.SOURCE.about(Target(phy_id=npu.phy_id)))
    probed = None if isinstance(probe, Missing) else known(probe.netdetect)
    addresses = dict.fromkeys((*limits.addresses, *((probed,) if probed else ())))
    return tuple(Target(phy_id=npu.phy_id, address=address) for address in addresses)


def judge(view: NodeView, _limits: Limits) -> Iterator[Finding]:
    """Judge for every port what came back."""
    for subject, asked in reach.by_port(view, ping.SOURCE):
        wanted = [(target, facts) for target, facts in asked if target.address not in _unreachable(view, target)]
        if asked and not wanted:
            yield skipped(subject, "only addresses that it cannot reach over RoCE: its own and that of the other die")
        else:
            yield reach.judge(view, ping.SOURCE, (subject, wanted), [LOOK])


def _unreachable(view: NodeView, target: Target) -> List[str]:
    """Return the address of the port itself and, on A3, that of the other die of its module."""
    if target.phy_id is None:
        return []
    near = [target.phy_id, target.phy_id ^ 1] if generation(view) is Generation.A3 else [target.phy_id]
    found: List[str] = []
    for phy_id in near:
        facts = view.read(ip.SOURCE, Target(phy_id=phy_id))
        if not isinstance(facts, Missing) and isinstance(facts.ipaddr, str):
            found.append(facts.ipaddr)
    return found


CHECK = Check(
    id="roce.ping",
    reads=(ping.SOURCE, netdetect.SOURCE, *ports.USE),
    judge=judge,
    limits=Limits(),
    generations=ROCE,
    opt_in="it sends traffic",
    peers=peers,
)
