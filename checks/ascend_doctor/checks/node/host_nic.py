"""The network interface that HCCL would use is not the one it should be.

What it reads: the interfaces of the namespace that the doctor is in, their state and their IPv4 addresses; and which of
    them the HCCL_SOCKET_IFNAME of the processes on the NPUs allows, for those in the same namespace.

Why it matters: the ranks of a job find each other over the host's network. A wrong name ends the launch with EI0001;
    an interface that the other nodes cannot reach ends it with EI0015 after minutes.

What to do: write the exact name on every node: `export HCCL_SOCKET_IFNAME==NAME`, and the same name for
    GLOO_SOCKET_IFNAME and TP_SOCKET_IFNAME.

Disruption: none.

Limits: `hccl_socket_ifname`, `gloo_socket_ifname`, `tp_socket_ifname` and `hccl_if_ip` are what the job sets, in the
    form of the variables; empty for those that it does not set. Without them the processes on the NPUs count, which
    only root can look at; a useless interface of theirs is a warning, since they run. Where nobody names one, HCCL
    takes the first interface by name, docker's and the loopback last, which is a warning when there is more than one
    to choose from, or none.

Sources: hicann/hccl, HCCL_SOCKET_IFNAME, HCCL_IF_IP and cluster_info_nego (EI0015).
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks import host
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import network, processes
from ascend_doctor.facts.host.network import Nic, selects
from ascend_doctor.facts.host.processes import NpuProcess
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known, part

SHOW = Remedy("See which interfaces there are.", "ip -br address")
RESTART = Remedy("Start the process again with the exact name.", "export HCCL_SOCKET_IFNAME==NAME")
_LAST_RESORTS = ("lo", "docker")


@attrs.frozen
class Limits:
    """What the job sets: names of interfaces in the form of each variable, and an address; empty for not set."""

    hccl_socket_ifname: str = ""
    gloo_socket_ifname: str = ""
    tp_socket_ifname: str = ""
    hccl_if_ip: str = ""


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the interfaces that the job names, or the one that HCCL would take by itself."""
    facts = view.read(network.SOURCE)
    nics = part(facts, lambda found: found.nics)
    if isinstance(nics, Missing):
        yield unknown(view.subject, "which interfaces there are", nics, view.quote(network.SOURCE))
        return
    wrong = next(filter(None, _mistakes(nics, limits)), None)
    if wrong is not None:
        yield failed(
            view.subject,
            wrong,
            expected="an interface that is up and has an IPv4 address",
            remedies=[SHOW, Remedy("Write the exact name on every node.", "export HCCL_SOCKET_IFNAME==NAME")],
            quotes=host.lines(view, network.SOURCE, "name"),
        )
    elif limits.hccl_socket_ifname or limits.hccl_if_ip:
        yield passed(view.subject, "the interfaces that the job names are up and have addresses")
    else:
        running = _running(view)
        yield _of_jobs(view, nics, running) if running else _by_itself(view, nics)


def _mistakes(nics: Sequence[Nic], limits: Limits) -> Iterator[Optional[str]]:
    if limits.hccl_socket_ifname:
        chosen = [nic for nic in nics if selects(limits.hccl_socket_ifname, nic.name)]
        yield _useless(f"HCCL_SOCKET_IFNAME={limits.hccl_socket_ifname}", chosen)
    for variable, text in (
        ("GLOO_SOCKET_IFNAME", limits.gloo_socket_ifname),
        ("TP_SOCKET_IFNAME", limits.tp_socket_ifname),
    ):
        for name in filter(None, text.split(",")):
            yield _useless(f"{variable}={name}", [nic for nic in nics if nic.name == name])
    if limits.hccl_if_ip and not any(limits.hccl_if_ip in nic.addresses for nic in nics):
        yield f"no interface has the address of HCCL_IF_IP={limits.hccl_if_ip}"


def _useless(setting: str, chosen: Sequence[Nic]) -> Optional[str]:
    """Say what is wrong with the interfaces of a setting, None when one of them can be used."""
    if not chosen:
        return f"{setting} names no interface that is there"
    if not any(nic.is_up for nic in chosen):
        return f"{setting} means {_names(chosen)}, which is {chosen[0].state}"
    if not any(nic.is_up and nic.addresses for nic in chosen):
        return f"{setting} means {_names(chosen)}, which has no IPv4 address"
    return None


def _running(view: NodeView) -> List[Tuple[NpuProcess, Tuple[str, ...]]]:
    """Return the processes on NPUs that name interfaces for HCCL, and the interfaces."""
    users = known(host.told(view, processes.SOURCE, lambda found: found.processes)) or ()
    return [(user, user.hccl_nics) for user in users if not isinstance(user.hccl_nics, Missing)]


def _of_jobs(view: NodeView, nics: Sequence[Nic], running: Sequence[Tuple[NpuProcess, Tuple[str, ...]]]) -> Finding:
    for user, names in running:
        chosen = [nic for nic in nics if nic.name in names]
        wrong = _useless(f"HCCL_SOCKET_IFNAME of {user}", chosen)
        if wrong is not None:
            return warned(
                view.subject,
                wrong,
                expected="an interface that is up and has an IPv4 address",
                remedies=[
                    SHOW,
                    Remedy("Start the process again with the exact name.", "export HCCL_SOCKET_IFNAME==NAME"),
                ],
                quotes=host.lines(view, processes.SOURCE, "hccl_nics"),
            )
    return passed(view.subject, "the interfaces that the running jobs name are up and have addresses")


def _by_itself(view: NodeView, nics: Sequence[Nic]) -> Finding:
    usable = sorted((nic for nic in nics if nic.is_up and nic.addresses), key=lambda nic: nic.name)
    candidates = [nic for nic in usable if not nic.name.startswith(_LAST_RESORTS)]
    if len(candidates) == 1:
        nic = candidates[0]
        return passed(view.subject, f"HCCL takes {nic.name} with {nic.addresses[0]}", observed=nic.name)
    words = (
        f"nothing names an interface, and HCCL takes the first of {_names(candidates)}"
        if candidates
        else "no interface is up and has an IPv4 address, so that HCCL cannot leave the node"
    )
    return warned(
        view.subject,
        words,
        expected="one interface to choose from, or its name in HCCL_SOCKET_IFNAME",
        remedies=_steps(candidates),
        quotes=view.quote(network.SOURCE, WHOLE_NODE, *(f'"{nic.name}"' for nic in candidates or nics)),
    )


def _steps(candidates: Sequence[Nic]) -> List[Remedy]:
    if not candidates:
        return [SHOW, Remedy("Bring the node's interface up, and give it an address.", "ip link set NAME up")]
    step = "Name the interface on every node, and in `checks: host.nic: limits` of the doctor's configuration."
    return [SHOW, Remedy(step, "export HCCL_SOCKET_IFNAME==NAME")]


def _names(nics: Sequence[Nic]) -> str:
    return ", ".join(nic.name for nic in nics[:5]) + (" ..." if len(nics) > 5 else "")


CHECK = Check(id="host.nic", reads=(network.SOURCE, processes.SOURCE), judge=judge, limits=Limits())
