"""The topic `ports`: how each RoCE port is set, what it sees of the network, and what /etc/hccn.conf has for it."""

from __future__ import annotations

import functools
import ipaddress
import math
from typing import Any, Dict, Optional, Tuple

import attrs

from ascend_doctor.checks import told_forms
from ascend_doctor.checks.ports import ipv4, network, planned
from ascend_doctor.checks.told_forms import UNTOLD, reading
from ascend_doctor.checks.topic import Quotes, Topic, in_short
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import hccn_conf
from ascend_doctor.facts.files.hccn_conf import HccnConfDevice
from ascend_doctor.facts.hccn_tool import gateway, ip, link, lldp, net_health, netdetect
from ascend_doctor.facts.hccn_tool.lldp import LldpFacts
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.forms import FLAG, NUMBER, optional
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading, known, part

MAX_PORTS = 256
PRIVATE_PAIR = 30
"""Networks this small hold the two ends of one cable and nobody else."""


@attrs.frozen
class Neighbour:
    """What the device at the other end of the cable says of itself; None for what it does not.

    `peer` is `switch`, or `npu` on a cable straight to another NPU. `system` is its name, `port` its interface.
    """

    peer: Optional[str] = None
    system: Optional[str] = None
    port: Optional[str] = None


@functools.lru_cache(maxsize=256)
def _prefix_length(netmask: str) -> Optional[int]:
    try:
        return ipaddress.IPv4Network(f"0.0.0.0/{netmask}").prefixlen
    except ValueError:
        return None


def _used(live: Reading[str], saved: Optional[str]) -> Optional[str]:
    if isinstance(live, Missing):
        return None if live.why is Absence.NOT_CONFIGURED else saved
    return live


def _claim(port: Port) -> Optional[str]:
    if isinstance(port.address, Missing) or ipv4(port.address) is None:
        return None
    length = None if isinstance(port.netmask, Missing) else _prefix_length(port.netmask)
    is_pair = port.peer != "switch" and length is not None and length >= PRIVATE_PAIR
    return None if is_pair else port.address


def _derived(make: Any) -> Any:
    """Return a field that follows from the others; it is made once, because every judging of the fleet looks at it."""
    return attrs.field(init=False, eq=False, repr=False, default=attrs.Factory(make, takes_self=True))


@attrs.frozen
class Port:
    """One RoCE port.

    `address` (with `netmask`), `gateway` and `netdetect` (the address that the device probes) are its own settings, in
    dotted form and `Missing(NOT_CONFIGURED)` where nobody set them. `link_up`, `healthy` (whether the device can reach
    what it probes) and `neighbour` are what it sees.
    `saved_...` are the settings of /etc/hccn.conf, where the port has not the same; None where both agree, and where
    the file says nothing.
    """

    phy_id: int
    address: Reading[str] = UNTOLD
    netmask: Reading[str] = UNTOLD
    gateway: Reading[str] = UNTOLD
    netdetect: Reading[str] = UNTOLD
    link_up: Reading[bool] = UNTOLD
    healthy: Reading[bool] = UNTOLD
    neighbour: Reading[Neighbour] = UNTOLD
    saved_address: Optional[str] = None
    saved_gateway: Optional[str] = None
    saved_netdetect: Optional[str] = None

    used_address: Optional[str] = _derived(lambda self: _used(self.address, self.saved_address))
    """The address; that of /etc/hccn.conf where the port does not answer; None where none is set or known."""
    used_gateway: Optional[str] = _derived(lambda self: _used(self.gateway, self.saved_gateway))
    """The same of the gateway."""
    probes: Optional[str] = _derived(lambda self: _used(self.netdetect, self.saved_netdetect))
    """The same of the address that it probes."""
    peer: Optional[str] = _derived(lambda self: None if isinstance(self.neighbour, Missing) else self.neighbour.peer)
    """What stands at the other end of the cable: `switch`, `npu`, or None where nobody knows."""
    left: Optional[str] = _derived(lambda self: self.saved_address if self.saved_address != self.used_address else None)
    """The address that /etc/hccn.conf has for it, where the port lives under another one, or none."""
    claim: Optional[str] = _derived(_claim)
    """The address that nobody else may have; None without one, and on a cable that has its own small network."""
    fails: bool = _derived(lambda self: self.link_up is True and self.healthy is False)
    """Whether it has a link, and cannot reach what it probes."""
    probes_gateway: bool = _derived(lambda self: self.peer != "npu" and self.probes == self.used_gateway is not None)
    """Whether it stands behind a switch, as far as anybody knows, and probes its gateway, as it should."""

    @property
    def is_known(self) -> bool:
        """Whether somebody tells if the port has an address."""
        is_unset = isinstance(self.address, Missing) and self.address.why is Absence.NOT_CONFIGURED
        return self.used_address is not None or is_unset

    @property
    def network(self) -> Optional[ipaddress.IPv4Network]:
        """The network that the port is in, None where its address or netmask is not known."""
        return network(self.address, self.netmask)

    @property
    def may_be_direct(self) -> bool:
        """Whether nothing speaks against a cable straight to what it probes: no switch, and no router as gateway."""
        if self.peer == "switch" or self.probes is None:
            return False
        return self.used_gateway in (None, self.used_address, self.probes)


@attrs.frozen
class Ports:
    """All RoCE ports of a node in the order of their phy-ids, those too that only /etc/hccn.conf knows.

    `gap` is why no port could be asked, None where one was. `saved_at` is when /etc/hccn.conf was written (seconds
    since the epoch by the node's clock).
    """

    ports: Tuple[Port, ...] = ()
    gap: Optional[Missing] = None
    saved_at: Reading[float] = UNTOLD


def tell(view: NodeView) -> Ports:
    """Say how the ports are set.

    A port that has dropped from the map of the NPUs is told too, with what /etc/hccn.conf has for it: its peers still
    depend on it.
    """
    asked = [(target, facts) for target, _, facts in view.each(ip.SOURCE)]
    gaps = [facts for target, facts in asked if target.phy_id is None and isinstance(facts, Missing)]
    conf = view.read(hccn_conf.SOURCE)
    saved = [] if isinstance(conf, Missing) else [item.device for item in conf.devices]
    phy_ids = {*saved, *(target.phy_id for target, _ in asked if target.phy_id is not None)}
    return Ports(
        tuple(_port(view, phy_id) for phy_id in sorted(phy_ids)[:MAX_PORTS]), next(iter(gaps), None), _saved_at(view)
    )


def _port(view: NodeView, phy_id: int) -> Port:
    target = Target(phy_id=phy_id)
    own = view.read(ip.SOURCE, target)
    router = view.read(gateway.SOURCE, target)
    probe = view.read(netdetect.SOURCE, target)
    health = view.read(net_health.SOURCE, target)
    beside = view.read(lldp.SOURCE, target)
    address = part(own, lambda facts: facts.ipaddr)
    route = part(router, lambda facts: facts.gateway)
    probed = part(probe, lambda facts: facts.netdetect)
    link_word = view.read(link.SOURCE, target)
    plan = planned(view, target) or HccnConfDevice(-1)
    return Port(
        phy_id,
        address=address,
        netmask=part(own, lambda facts: facts.netmask),
        gateway=route,
        netdetect=probed,
        link_up=link_word if isinstance(link_word, Missing) else link_word.link == "UP",
        healthy=part(health, lambda facts: facts.healthy),
        neighbour=part(beside, _neighbour),
        saved_address=_otherwise(plan.address, address),
        saved_gateway=_otherwise(plan.gateway, route),
        saved_netdetect=_otherwise(plan.netdetect, probed),
    )


def _otherwise(saved: Optional[Reading[str]], live: Reading[str]) -> Optional[str]:
    """Return the saved setting where it is known, and another than the live one."""
    return None if saved is None or saved == live else known(saved)


def _neighbour(facts: LldpFacts) -> Reading[Neighbour]:
    if not facts.neighbour:
        return Missing(Absence.NOT_REPORTED, "no neighbour announces itself")
    return Neighbour(known(facts.peer), known(facts.system_name), known(facts.port_id))


def _saved_at(view: NodeView) -> Reading[float]:
    host = view.read(identity.SOURCE)
    if isinstance(host, Missing):
        return host
    written = host.file_times.get(hccn_conf.PATH, math.nan)
    return written if math.isfinite(written) else NOT_REPORTED


_QUOTED: Tuple[Source[Any], ...] = (ip.SOURCE, netdetect.SOURCE, net_health.SOURCE)


def quote(view: NodeView) -> Quotes:
    """Quote of each port its address, what it probes, and whether it can."""
    found: Dict[str, Any] = {}
    for target, _, _ in view.each(ip.SOURCE):
        if target.phy_id is not None:
            quotes = [in_short(view.quote(source, target)) for source in _QUOTED]
            found[str(target.phy_id)] = tuple(item for items in quotes for item in items)
    return found


_ADDRESS = told_forms.text(64)
_NAME = told_forms.text(100)

PORTS: Topic[Ports] = Topic(
    name="ports",
    about="its RoCE ports",
    reads=(
        ip.SOURCE,
        gateway.SOURCE,
        netdetect.SOURCE,
        net_health.SOURCE,
        link.SOURCE,
        lldp.SOURCE,
        hccn_conf.SOURCE,
        identity.SOURCE,
    ),
    tell=tell,
    form=told_forms.record(
        Ports,
        ports=told_forms.tuple_of(
            told_forms.record(
                Port,
                phy_id=told_forms.whole_number(),
                address=reading(_ADDRESS),
                netmask=reading(_ADDRESS),
                gateway=reading(_ADDRESS),
                netdetect=reading(_ADDRESS),
                link_up=reading(FLAG),
                healthy=reading(FLAG),
                neighbour=reading(
                    told_forms.record(Neighbour, peer=optional(_NAME), system=optional(_NAME), port=optional(_NAME))
                ),
                saved_address=optional(_ADDRESS),
                saved_gateway=optional(_ADDRESS),
                saved_netdetect=optional(_ADDRESS),
            ),
            MAX_PORTS,
        ),
        gap=optional(told_forms.MISSING),
        saved_at=reading(NUMBER),
    ),
    quote=quote,
)
