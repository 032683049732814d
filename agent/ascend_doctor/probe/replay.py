"""The runner of a recorded node."""

from __future__ import annotations

from typing import Any

from ascend_doctor.facts.source import Query
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.probe.recording import Recording


class ReplayRunner:
    """Answers queries from a recording, with the times of the recording. What is not in it counts as not asked."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    async def run(self, query: Query[Any]) -> Evidence:
        """Answer one query."""
        found = self._recording.evidence.get(query.key)
        if found is not None:
            return found
        return Evidence(
            query.key,
            query.argv,
            ending=Ending.SKIPPED,
            started_at=self._recording.taken_at,
            note="not in the recording",
        )
