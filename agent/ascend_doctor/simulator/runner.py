"""A simulated node as a runner: the same machine that the fake tools show, asked in process."""

from __future__ import annotations

from typing import Any

from ascend_doctor.facts.source import Medium, Query
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.execution import Execution


class SimulatedRunner:
    """Answers the queries to one node of a simulated cluster. Time passes by the cluster's clock.

    Several runners of one cluster share an `execution`, so that one device is asked by one at a time.
    """

    def __init__(self, cluster: SimulatedCluster, node: str, execution: Execution) -> None:
        if node not in cluster.nodes:
            raise KeyError(node)
        self._cluster = cluster
        self._node = node
        self._execution = execution

    async def run(self, query: Query[Any]) -> Evidence:
        """Answer one query."""
        if query.source.medium is Medium.TOOL:
            return await self._run_tool(query)
        now = self._cluster.clock.now()
        if query.source.medium is Medium.HOST:
            found = self._cluster.host_answer(self._node, query.argv)
        else:
            files = self._cluster.files(self._node)
            found = next((files[path] for path in query.places if path in files), None)
        if found is None:
            return Evidence(query.key, query.argv, Ending.NOT_FOUND, note=f"no {query.argv[-1]}", started_at=now)
        return Evidence(query.key, query.argv, exit_code=0, stdout=found, started_at=now)

    async def _run_tool(self, query: Query[Any]) -> Evidence:
        clock, deadline = self._cluster.clock, query.source.timeout_s
        started_at = clock.now()
        answer = await self._execution.run(self._node, query.argv, deadline)
        if answer is None:
            return Evidence(
                query.key,
                query.argv,
                Ending.TIMED_OUT,
                started_at=started_at,
                duration_s=deadline,
                note=f"no answer within {deadline:g} s",
            )
        if answer.absent:
            note = f"no {query.argv[0]} at any configured place"
            return Evidence(query.key, query.argv, Ending.NOT_FOUND, note=note, started_at=started_at)
        return Evidence(
            query.key,
            query.argv,
            exit_code=answer.exit_code,
            stdout=answer.stdout,
            stderr=answer.stderr,
            started_at=started_at,
            duration_s=clock.now() - started_at,
        )
