"""The interface that a job names for HCCL, in every form of the variables."""

from __future__ import annotations

import json
from typing import List, Optional

import pytest

from ascend_doctor.checks.node import host_nic, host_ports
from ascend_doctor.checks.node.host_nic import Limits
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import network, processes
from ascend_doctor.facts.host.network import selects
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.status import Status

NICS = [
    {"name": "bond0", "state": "up", "addresses": ["10.1.0.1"]},
    {"name": "eth0", "state": "up", "addresses": ["10.0.0.1"]},
    {"name": "eth1", "state": "down"},
    {"name": "ib0", "state": "up"},
]
HOST = {"nics": NICS, "listening": [7008]}


def _said(key: str, facts: object) -> Evidence:
    return Evidence(key, (), exit_code=0, stdout=f"{json.dumps(facts)}\n".encode())


def view(*running: Optional[List[str]]) -> NodeView:
    """Return a node with these interfaces, and with processes on NPUs that allow HCCL some; None names none."""
    users = [
        {"pid": pid, "name": "python3", "devices": [0], **({} if nics is None else {"hccl_nics": nics})}
        for pid, nics in enumerate(running, start=70)
    ]
    answers = {network.SOURCE.name: HOST, processes.SOURCE.name: {"processes": users, "unseen": 0}}
    return NodeView("n", {key: _said(key, facts) for key, facts in answers.items()})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("eth", ["eth0", "eth1"]),
        ("=eth0", ["eth0"]),
        ("=eth", []),
        ("^eth", ["bond0", "ib0"]),
        ("^=eth0", ["bond0", "eth1", "ib0"]),
        ("bond,ib", ["bond0", "ib0"]),
        ("=eth0,bond0", ["bond0", "eth0"]),
        ("", []),
    ],
)
def test_the_form_of_the_variable(text: str, expected: List[str]) -> None:
    """Names begin so, are so with an equals sign, are anything but so with a caret."""
    assert expected == [str(nic["name"]) for nic in NICS if selects(text, str(nic["name"]))]


@pytest.mark.parametrize(
    ("limits", "status", "words"),
    [
        (Limits(hccl_socket_ifname="=eth0", gloo_socket_ifname="eth0"), Status.PASS, "are up and have addresses"),
        (Limits(hccl_if_ip="10.1.0.1"), Status.PASS, "are up"),
        (Limits(hccl_socket_ifname="=enp1s0"), Status.FAIL, "HCCL_SOCKET_IFNAME==enp1s0 names no interface"),
        (Limits(hccl_socket_ifname="=eth1"), Status.FAIL, "means eth1, which is down"),
        (Limits(hccl_socket_ifname="ib"), Status.FAIL, "means ib0, which has no IPv4 address"),
        (Limits(hccl_socket_ifname="eth", gloo_socket_ifname="eth0,eth9"), Status.FAIL, "GLOO_SOCKET_IFNAME=eth9"),
        (Limits(tp_socket_ifname="ib0"), Status.FAIL, "TP_SOCKET_IFNAME=ib0"),
        (Limits(hccl_if_ip="10.9.9.9"), Status.FAIL, "HCCL_IF_IP=10.9.9.9"),
        (Limits(gloo_socket_ifname="eth0"), Status.WARN, "the first of bond0, eth0"),
    ],
)
def test_what_the_job_names(limits: Limits, status: Status, words: str) -> None:
    """A name that leads to nothing useful fails, whichever variable it stands in."""
    (finding,) = host_nic.judge(view(), limits)
    assert status is finding.status
    assert words in finding.summary


@pytest.mark.parametrize(
    ("running", "status", "words"),
    [
        ([["eth0"]], Status.PASS, "that the running jobs name are up"),
        ([None, ["eth0", "eth1"]], Status.PASS, "that the running jobs name are up"),
        ([["eth0"], ["eth1"]], Status.WARN, "HCCL_SOCKET_IFNAME of python3 (process 71) means eth1, which is down"),
        ([["ib0"]], Status.WARN, "which has no IPv4 address"),
        ([[]], Status.WARN, "(process 70) names no interface that is there"),
        ([None], Status.WARN, "the first of bond0, eth0"),
    ],
)
def test_what_the_running_jobs_name(running: List[Optional[List[str]]], status: Status, words: str) -> None:
    """Where the configuration names nothing, the processes on the NPUs tell what is meant; they run, so none fails."""
    (finding,) = host_nic.judge(view(*running), Limits())
    assert status is finding.status
    assert words in finding.summary


def test_the_configuration_stands_above_the_running_jobs() -> None:
    """The next job counts, not a leftover of the last one."""
    (finding,) = host_nic.judge(view(["eth1"]), Limits(hccl_socket_ifname="=eth0"))
    assert Status.PASS is finding.status


def test_further_ports_have_to_be_free_too() -> None:
    """The port of a job's master counts where the configuration names it."""
    idle = view()
    (free,) = host_ports.judge(idle, host_ports.Limits())
    (taken,) = host_ports.judge(idle, host_ports.Limits(ports=(7008,)))
    assert (Status.PASS, Status.UNKNOWN) == (free.status, taken.status)
