"""Limits of the checks of the host that an operator sets: what the cases, which have the defaults, do not show."""

from __future__ import annotations

import json
from typing import Any, Iterator, List, Tuple

import pytest

from ascend_doctor.checks.node import (
    host_cpu_binding,
    host_disk,
    host_kernel,
    host_log_level,
    host_memory,
    host_overcommit,
    host_shm,
    host_tcp_backlog,
    host_thp,
    host_ulimit,
)
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import disks, identity, limits, memory, processes, system, tuning
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.status import Status

AARCH64 = (identity.SOURCE, {"machine": "aarch64", "container": False, "kernel": "5.10.0", "davinci": [0, 1]})
CONTAINER = (identity.SOURCE, {"machine": "aarch64", "container": True})
DATA = {"mount": "/data", "kind": "xfs", "total_mb": 1_000_000, "free_mb": 600_000}
PROCESS = {"pid": 7, "name": "vllm", "devices": [0], "log_level": "1", "migratepages": True}


def _view(*answers: Tuple[Any, Any]) -> NodeView:
    return NodeView(
        "n",
        {
            source.name: Evidence(source.name, source.argv, exit_code=0, stdout=json.dumps(facts).encode() + b"\n")
            for source, facts in answers
        },
    )


def _found(module: Any, wanted: Any, *answers: Tuple[Any, Any]) -> Tuple[Status, str]:
    found: Iterator[Any] = module.judge(_view(*answers), wanted)
    (finding,) = found
    return finding.status, finding.summary


@pytest.mark.parametrize(("need_gb", "status"), [(0.0, Status.PASS), (300.0, Status.PASS), (301.0, Status.FAIL)])
def test_the_memory_that_a_job_needs(need_gb: float, status: Status) -> None:
    """Less than a job needs is a failure, however much of the whole it is."""
    facts = {"total_mb": 400 * 1024, "available_mb": 300 * 1024}
    assert status is _found(host_memory, host_memory.Limits(need_gb=need_gb), (memory.SOURCE, facts))[0]


def test_weights_that_do_not_fit() -> None:
    """The folder of the weights needs room for what is still to be loaded into it."""
    wanted = host_disk.Limits(weights_folder="/data/weights", weights_gb=670.0)
    assert (Status.FAIL, "/data/weights lies on /data, with 585.9 of 977 GB free") == _found(
        host_disk, wanted, (disks.SOURCE, {"file_systems": [DATA]})
    )


@pytest.mark.parametrize("elsewhere", [[], ["/data/weights"]])
def test_weights_that_fit_or_lie_elsewhere(elsewhere: List[str]) -> None:
    """Enough room passes, and what is mounted from another machine is not measured."""
    gb = 670.0 if elsewhere else 500.0
    wanted = host_disk.Limits(folders=("/data",), weights_folder="/data/weights", weights_gb=gb)
    facts = {"file_systems": [DATA], "elsewhere": elsewhere}
    assert Status.PASS is _found(host_disk, wanted, (disks.SOURCE, facts))[0]


def test_the_shared_memory_of_a_container_that_runs_jobs() -> None:
    """Where the operator says so, the doctor's own container is judged, and the advice is one for containers."""
    answers = (CONTAINER, (memory.SOURCE, {"shm_mb": 64}))
    assert Status.SKIP is _found(host_shm, host_shm.Limits(), *answers)[0]
    (finding,) = host_shm.judge(_view(*answers), host_shm.Limits(in_container=True))
    assert Status.WARN is finding.status
    assert "--ipc=host" in finding.remedies[0].text


def test_other_limits_decide_otherwise() -> None:
    """What one site takes for a problem another accepts."""
    tuned = (tuning.SOURCE, {"transparent_hugepage": "madvise", "overcommit_memory": 2})
    assert Status.PASS is _found(host_thp, host_thp.Limits(accepted=("always", "madvise")), tuned)[0]
    assert Status.PASS is _found(host_overcommit, host_overcommit.Limits(accepted=(2,)), tuned)[0]
    assert Status.WARN is _found(host_kernel, host_kernel.Limits(oldest="6.6"), AARCH64)[0]
    assert Status.UNKNOWN is _found(host_kernel, host_kernel.Limits(oldest="new"), AARCH64)[0]
    few = (limits.SOURCE, {"somaxconn": 128, "tcp_max_syn_backlog": 128})
    assert Status.PASS is _found(host_tcp_backlog, host_tcp_backlog.Limits(ranks=128), AARCH64, few)[0]
    cpus = (system.SOURCE, {"cpus": 12})
    assert Status.WARN is _found(host_cpu_binding, host_cpu_binding.Limits(cpus_per_npu=7), AARCH64, cpus)[0]
    users = (processes.SOURCE, {"processes": [PROCESS]})
    assert Status.PASS is _found(host_log_level, host_log_level.Limits(), AARCH64, users)[0]
    loud = (Status.WARN, "vllm (process 7) logs at level 1 (info)")
    assert loud == _found(host_log_level, host_log_level.Limits(lowest=3), AARCH64, users)


def test_the_advice_is_for_whoever_has_the_limit() -> None:
    """A login is mended in the limits of users, a service in its unit or its container."""
    low = {"open_files": 1024, "locked_bytes": -1}
    (login,) = host_ulimit.judge(
        _view(AARCH64, (limits.SOURCE, {"own": low, "from_a_login": True}), (processes.SOURCE, {"processes": []})),
        host_ulimit.Limits(),
    )
    (service,) = host_ulimit.judge(
        _view(AARCH64, (processes.SOURCE, {"processes": [{**PROCESS, "limits": low}]})), host_ulimit.Limits()
    )
    assert "limits.d" in login.remedies[0].command
    assert "LimitNOFILE" in service.remedies[0].text
