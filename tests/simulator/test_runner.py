"""A simulated node in process: a runner like any other."""

from __future__ import annotations

import asyncio
from typing import Any, List

import attrs
import pytest

import simulated
from ascend_doctor.facts.files import hccn_conf, version_info
from ascend_doctor.facts.hccn_tool import link, tls
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.facts.source import Query, Target
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.simulator.clock import RealClock, VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.execution import Execution
from ascend_doctor.simulator.runner import SimulatedRunner

TEXT = "nodes:\n  - {name: n1, npus: 4}\ntiming: {info: 0.3, query: 0.1, slow: 0.4}\n"


def _run(cluster: SimulatedCluster, *queries: Query[Any]) -> List[Evidence]:
    async def together() -> List[Evidence]:
        runner = SimulatedRunner(cluster, "n1", Execution(cluster))
        return list(await asyncio.gather(*(runner.run(query) for query in queries)))

    return asyncio.run(together())


def test_a_tool_takes_its_time() -> None:
    """Evidence carries the answer and the time of its class: the whole node, one NPU, or the slow ones."""
    cluster = simulated.make(TEXT)
    target = Target(phy_id=0)
    found = [
        _run(cluster, query)[0] for query in (info.SOURCE.about(), link.SOURCE.about(target), tls.SOURCE.about(target))
    ]
    assert [0.3, 0.1, 0.4] == [round(evidence.duration_s, 6) for evidence in found]
    assert [(Ending.EXITED, 0)] * 3 == [(evidence.ending, evidence.exit_code) for evidence in found]
    assert b"link status: UP\n" == found[1].stdout


def test_npus_are_asked_side_by_side() -> None:
    """Four NPUs at once take as long as one."""
    cluster = simulated.make(TEXT)
    before = cluster.clock.now()
    found = _run(cluster, *(link.SOURCE.about(Target(phy_id=npu)) for npu in range(4)))
    assert {0} == {evidence.exit_code for evidence in found}
    assert 0.1 == round(cluster.clock.now() - before, 6)


def test_one_device_is_driven_by_one_at_a_time() -> None:
    """Who asks an NPU a second time meanwhile hears that it is busy; afterwards it answers again."""
    cluster = simulated.make(TEXT)
    query = link.SOURCE.about(Target(phy_id=0))
    assert [0, 11] == [evidence.exit_code for evidence in _run(cluster, query, query)]
    assert [0] == [evidence.exit_code for evidence in _run(cluster, query)]


def test_a_dropped_npu_times_out_at_the_deadline_of_the_source() -> None:
    """A hang ends at the source's deadline, however many ask, and takes no longer."""
    cluster = simulated.make(TEXT + "faults:\n  - {fault: npu-dropped, node: n1, npu: 2}\n")
    query = link.SOURCE.about(Target(phy_id=2))
    found = _run(cluster, query, query)
    assert [(Ending.TIMED_OUT, None)] * 2 == [(evidence.ending, evidence.exit_code) for evidence in found]
    assert [link.SOURCE.timeout_s] * 2 == [evidence.duration_s for evidence in found]


def test_a_tool_slower_than_its_deadline_times_out() -> None:
    """A tool that would answer too late is cut off."""
    cluster = simulated.make(TEXT)
    impatient = attrs.evolve(link.SOURCE, timeout_s=0.05)
    assert [Ending.TIMED_OUT] == [found.ending for found in _run(cluster, impatient.about(Target(phy_id=0)))]


def test_files_and_host_facts_are_there() -> None:
    """Files and what the operating system says come from the same machine; a file that is not there is not found."""
    cluster = simulated.make(TEXT)
    driver, conf, facts = _run(cluster, version_info.DRIVER.about(), hccn_conf.SOURCE.about(), identity.SOURCE.about())
    assert "25.5.1" == version_info.DRIVER.read(driver).version  # type: ignore[union-attr]
    assert 4 == hccn_conf.SOURCE.read(conf).device_count  # type: ignore[union-attr]
    read = identity.SOURCE.read(facts)
    assert (cluster.booted_at, (0, 1, 2, 3)) == (read.boot_time, read.davinci)  # type: ignore[union-attr]
    absent = attrs.evolve(version_info.DRIVER, argv=("cat", "/no/such/file"))
    assert [Ending.NOT_FOUND] == [found.ending for found in _run(cluster, absent.about())]


def test_an_unknown_node_is_a_mistake_of_the_caller() -> None:
    """There is no runner for a node that is not in the scenario."""
    cluster = simulated.make(TEXT)
    with pytest.raises(KeyError):
        SimulatedRunner(cluster, "n2", Execution(cluster))


def test_the_virtual_clock_lets_the_earliest_go_first() -> None:
    """Waiting takes no real time, and the waits end in the order of their ends."""
    clock = VirtualClock(0.0)
    order: List[float] = []

    async def wait(seconds: float) -> None:
        await clock.sleep(seconds)
        order.append(clock.now())

    async def together() -> None:
        await asyncio.gather(wait(3.0), wait(1.0), wait(2.0))

    asyncio.run(together())
    assert [1.0, 2.0, 3.0] == order


def test_the_real_clock_is_the_hosts() -> None:
    """Real time passes by itself."""
    clock = RealClock()
    before = clock.now()
    asyncio.run(clock.sleep(0.01))
    assert before < clock.now()
