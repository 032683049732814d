"""A die does not reach another of its super-pod over HCCS.

What it reads: `hccn_tool -i N -hccs_ping -g address A`, for the addresses of virtual NICs that the configuration names.

Why it matters: a job inside a super-pod talks over HCCS; what does not come back here does not come back to it either
    (EI0006).

What to do: look at `npu.hccs` and at the super-pod's settings of both ends; the driver has to be the same version on
    both.

Disruption: none; a few packets are sent. The device takes only one such ping at a time.

Limits: `addresses` are what every die of the node pings. No packet back fails, some of them warns; the words decide,
    because the tool ends well when all packets are lost. Between different drivers nothing comes back although nothing
    is broken: compare the versions first.

Sources: hicann/driver, tool_cmd.c and documentation of dcmi_get_ping_info (same version);
    vllm-ascend, multi-node guide.
"""

from __future__ import annotations

from typing import Iterator, Tuple

import attrs

from ascend_doctor.checks import reach
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import hccs_ping
from ascend_doctor.facts.source import Answered, Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import Generation

LOOK = Remedy(
    "Compare the driver versions of both ends, then look at the HCCS links and the super-pod's settings of both."
)


@attrs.frozen
class Limits:
    """`addresses`: the addresses of virtual NICs that every die of the node has to reach."""

    addresses: Tuple[str, ...] = ()


def peers(limits: Limits, npu: Target, _answered: Answered) -> Tuple[Target, ...]:
    """Return whom a die has to reach."""
    return tuple(Target(phy_id=npu.phy_id, address=address) for address in limits.addresses)


def judge(view: NodeView, _limits: Limits) -> Iterator[Finding]:
    """Judge for every die what came back."""
    for port in reach.by_port(view, hccs_ping.SOURCE):
        yield reach.judge(view, hccs_ping.SOURCE, port, [LOOK])


CHECK = Check(
    id="roce.hccs-ping",
    reads=(hccs_ping.SOURCE,),
    judge=judge,
    limits=Limits(),
    generations=frozenset({Generation.A3}),
    opt_in="it sends traffic",
    peers=peers,
)
