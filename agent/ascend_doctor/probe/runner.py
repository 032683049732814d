"""What feeds the pipeline: a live node, a recording, or a simulated machine."""

from __future__ import annotations

from typing import Any, Protocol

from ascend_doctor.facts.source import Query
from ascend_doctor.model.evidence import Evidence


class Runner(Protocol):
    """Answers queries. The only thing that differs between a live node, a recording, a simulated node and a test."""

    async def run(self, query: Query[Any]) -> Evidence:
        """Answer one query. Never raises for anything that a tool, a file or the system does: that is an `Ending`."""
        ...
