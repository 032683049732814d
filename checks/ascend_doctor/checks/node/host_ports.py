"""A port that HCCL needs on the host is taken, or may be.

What it reads: the TCP ports on which somebody listens (/proc/net/tcp and tcp6), the range from which the kernel takes
    ports for outgoing connections, what is reserved in it, and whether a process uses the NPUs.

Why it matters: HCCL listens on 32 ports of the host from 60000 on. One that is taken ends the launch with EI0019; one
    that the kernel gave to somebody else for a moment ends it now and then.

What to do: end the program that holds the port, or move HCCL with HCCL_IF_BASE_PORT, on every node alike. Reserve the
    ports, so that the kernel leaves them alone.

Disruption: none.

Limits: `base_port` and `count` are the vendor's defaults; `ports` are further ones that the job needs, such as its
    master port. While a process uses the NPUs the ports are taken for its job, and pass. In a container, which does not
    show the processes of others, a taken port is a warning. Who holds a port is not looked up.

Sources: hicann/hccl, HCCL_IF_BASE_PORT and cluster_info_nego (EI0019).
"""

from __future__ import annotations

from typing import Iterator, List, Sequence, Tuple

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, network
from ascend_doctor.facts.host.network import PortRange
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known, part


@attrs.frozen
class Limits:
    """`base_port` and `count`: the ports of HCCL. `ports`: further ones that have to be free."""

    base_port: int = 60_000
    count: int = 32
    ports: Tuple[int, ...] = ()


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge whether the ports are free, and stay so."""
    facts = view.read(network.SOURCE)
    listening = part(facts, lambda found: found.listening)
    table = view.read(info.SOURCE)
    if isinstance(listening, Missing):
        yield unknown(view.subject, "which ports are taken", listening, view.quote(network.SOURCE))
        return
    wanted = [*range(limits.base_port, limits.base_port + limits.count), *limits.ports]
    taken = [port for port in wanted if port in listening]
    if taken and isinstance(table, Missing):
        yield unknown(view.subject, "whether the taken ports are those of a job", table)
    elif taken and not isinstance(table, Missing) and table.processes:
        yield passed(view.subject, f"somebody listens on {_listed(taken)}, as a job that uses the NPUs does")
    elif taken:
        # A container shows its own processes alone, and its host's ports with `--network host`.
        contained = in_container(view)
        whose = "a container does not show whether for a job" if contained else "no process uses the NPUs"
        say = warned if contained else failed
        yield say(
            view.subject,
            f"somebody listens on {_listed(taken)}, and {whose}",
            expected=f"nobody on {_span(limits)} before the job starts",
            remedies=[_who(taken), Remedy("Or move HCCL on every node alike.", "export HCCL_IF_BASE_PORT=PORT")],
            observed=taken[0],
            quotes=host.lines(view, network.SOURCE, "listening"),
        )
    else:
        yield from _reserved(view, limits, wanted)


def _reserved(view: NodeView, limits: Limits, wanted: Sequence[int]) -> Iterator[Finding]:
    facts = view.read(network.SOURCE)
    local = known(part(facts, lambda found: found.local_ports))
    kept = known(part(facts, lambda found: found.reserved_ports))
    if local is None or kept is None:
        yield passed(view.subject, f"{_span(limits)} is free")
        return
    exposed = [port for port in wanted if local.holds(port) and not any(each.holds(port) for each in kept)]
    if not exposed:
        yield passed(view.subject, f"{_span(limits)} is free, and the kernel leaves it alone")
        return
    yield warned(
        view.subject,
        f"the kernel may give {_listed(exposed)} to any program",
        expected=f"{_span(limits)} reserved",
        remedies=[_reserve(kept, exposed)],
        quotes=host.lines(view, network.SOURCE, "local_ports", "reserved_ports"),
    )


def _span(limits: Limits) -> str:
    return f"{limits.base_port}-{limits.base_port + limits.count - 1}"


def _listed(ports: Sequence[int]) -> str:
    shown = ", ".join(map(str, ports[:4])) + (" ..." if len(ports) > 4 else "")
    return f"port {shown}" if len(ports) == 1 else f"ports {shown}"


def _who(ports: Sequence[int]) -> Remedy:
    return Remedy("See who holds the port, and end it.", f"ss -ltnp 'sport = :{ports[0]}'")


def _reserve(kept: Sequence[PortRange], ports: Sequence[int]) -> Remedy:
    ranges: List[PortRange] = list(kept)
    for port in ports:
        if ranges and ranges[-1].last == port - 1:
            ranges[-1] = attrs.evolve(ranges[-1], last=port)
        else:
            ranges.append(PortRange(port, port))
    words = ",".join(f"{each.first}-{each.last}" for each in ranges)
    return Remedy(
        "Reserve the ports, and write the same into /etc/sysctl.d.",
        f"sysctl -w net.ipv4.ip_local_reserved_ports={words}",
    )


CHECK = Check(
    id="host.ports",
    reads=(network.SOURCE, info.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    own_limits=("ports",),
)
