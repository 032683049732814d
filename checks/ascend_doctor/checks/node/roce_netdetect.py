"""The address that a port probes is not set, or is its own.

What it reads: `hccn_tool -i N -netdetect -g` and the address of the port.

Why it matters: the device judges the health of its network by probing this address; without one its word says
    nothing, and a port that probes itself is always well.

What to do: let the port probe its gateway or, on a cable straight to another NPU, the address of that NPU.

Disruption: none.

Limits: none. A port with an IPv6 address only probes no IPv4 address. Whether the address is the right one needs the
    other nodes: see `cluster.netdetect-target`.

Sources: hicann/driver, tool_ops.c (0.0.0.0 when unset); MindIE deployment guides (the peer on a direct cable).
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import missing, passed, skipped, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import ip, netdetect
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing

EXPECTED = "the address of the gateway, or of the NPU at the other end"


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the probed address of every port."""
    for target, subject, facts in view.each(netdetect.SOURCE):
        quotes = view.quote(netdetect.SOURCE, target)
        address = facts if isinstance(facts, Missing) else facts.netdetect
        own = view.read(ip.SOURCE, target)
        if isinstance(address, Missing) and address.why is not Absence.NOT_CONFIGURED:
            yield missing(subject, "the probed address", address, quotes)
        elif ports.unused(view, target):
            yield skipped(subject, ports.UNUSED)
        elif isinstance(address, Missing) and ports.is_ipv6_only(view, target):
            yield skipped(subject, f"probes no IPv4 address, but {ports.IPV6_ONLY}")
        elif isinstance(address, Missing):
            yield warned(
                subject,
                "probes no address",
                expected=EXPECTED,
                remedies=[remedies.set_netdetect(target.phy_id)],
                quotes=quotes,
            )
        elif not isinstance(own, Missing) and own.ipaddr == address:
            yield warned(
                subject,
                f"probes its own address {address}",
                expected=EXPECTED,
                remedies=[remedies.set_netdetect(target.phy_id)],
                observed=address,
                quotes=(*quotes, *view.quote(ip.SOURCE, target)),
            )
        else:
            yield passed(subject, f"probes {address}", observed=address)


CHECK = Check(
    id="roce.netdetect", reads=(netdetect.SOURCE, *ports.USE), judge=judge, limits=NoLimits(), generations=ROCE
)
