"""A UB address of the 950 cannot be reached.

What it reads: `hccn_tool -t -ub_ping` from the first UB address of every NPU to the addresses of the configuration.

Why it matters: a job over NPUs that do not reach each other does not start.

What to do: look at the ports of both ends (`ub.ports`), then at the switches between them.

Disruption: none, but it sends traffic, three small packets to each address. A device answers at most eight pings at a
    time; the doctor asks one after the other.

Limits: `addresses` are the UB addresses (EIDs) that every NPU of the node has to reach; without any there is nothing to
    ask. Nothing back from an address fails, a part of the packets warns.

Sources: hicann/driver, Ascend_950_HCCN_Tool (UB ping).
"""

from __future__ import annotations

from typing import Iterator, Tuple

import attrs

from ascend_doctor.checks import reach
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.ub import dev_info, ub_ping
from ascend_doctor.facts.hccn_tool.ub.question import A5
from ascend_doctor.facts.source import Answered, Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing

LOOK = Remedy("Look at the ports of both ends, then at the switches between them.")
NOTHING_TO_ASK = "no addresses are configured that the NPUs have to reach"


@attrs.frozen
class Limits:
    """`addresses`: the UB addresses that every NPU of the node has to reach."""

    addresses: Tuple[str, ...] = ()


def peers(limits: Limits, npu: Target, answered: Answered) -> Tuple[Target, ...]:
    """Return what an NPU has to reach, each from its own first address; nothing for one that names no address."""
    facts = answered(dev_info.SOURCE.about(Target(npu=npu.npu)))
    devices = () if isinstance(facts, Missing) else facts.eids
    own = next((eid.eid for device in devices for eid in device.eids), None)
    if own is None:
        return ()
    return tuple(Target(npu=npu.npu, eid=own, address=address) for address in limits.addresses)


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge for every NPU what came back."""
    asked = any(key.partition("@")[0] == ub_ping.SOURCE.name for key in view.evidence)
    if not limits.addresses and not asked:
        yield skipped(view.subject, NOTHING_TO_ASK)
        return
    for npu in reach.by_port(view, ub_ping.SOURCE):
        yield reach.judge(view, ub_ping.SOURCE, npu, [LOOK])


CHECK = Check(
    id="ub.ping",
    reads=(ub_ping.SOURCE, dev_info.SOURCE),
    judge=judge,
    limits=Limits(),
    generations=A5,
    opt_in="it sends traffic",
    peers=peers,
)
