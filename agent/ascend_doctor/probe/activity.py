"""`sources.json`: what the probe asks, how often, how long it took and what came of it, for people who look."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.source import Source
from ascend_doctor.model.evidence import Ending
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.probe.files import NotAFileError, read_capped, replace
from ascend_doctor.probe.schedule import Schedule

FILE_NAME = "sources.json"
FORMAT_VERSION = "1.0"
MAX_BYTES = 1024 * 1024

OK = "ok"
"""The result of an answer that could be read; any other result is the word of what is missing (`busy`, `timed-out`)."""


@attrs.frozen
class SourceActivity:
    """What came of one source at its last runs, over all of its targets.

    `results` counts the newest answers by how they ended. Times are in seconds since the epoch: `last_at` when the
    newest run started, `due_at` when the source is asked again; None when it was never run. `longest_s` is the longest
    of the newest runs, `retries` how many times more than once a busy device was asked.
    """

    name: str
    interval_s: float
    results: Mapping[str, int] = attrs.field(factory=dict)
    last_at: Optional[float] = None
    longest_s: float = 0.0
    retries: int = 0
    due_at: Optional[float] = None

    @property
    def busy(self) -> bool:
        """Whether somebody else held a device that it was about."""
        return Absence.BUSY.value in self.results


Activities = Tuple[SourceActivity, ...]


def of_node(view: NodeView, sources: Sequence[Source[Any]], schedule: Schedule, clock_offset: float) -> Activities:
    """Return what came of every source. `clock_offset` is how far the schedule's clock lies behind the wall's."""
    answers: Dict[str, List[Tuple[str, float, float, int]]] = {source.name: [] for source in sources}
    for query, reading in view.answers():
        evidence = view.evidence[query.key]
        if query.source.name in answers and evidence.ending is not Ending.SKIPPED:
            result = reading.why.value if isinstance(reading, Missing) else OK
            answers[query.source.name].append((result, evidence.started_at, evidence.duration_s, evidence.attempts - 1))
    return tuple(
        SourceActivity(
            source.name,
            schedule.interval_s(source),
            dict(sorted(Counter(result for result, _, _, _ in found).items())),
            max((started for _, started, _, _ in found), default=None),
            max((took for _, _, took, _ in found), default=0.0),
            sum(retries for _, _, _, retries in found),
            _finite(schedule.due_at(source) + clock_offset) if found else None,
        )
        for source, found in ((source, answers[source.name]) for source in sources)
    )


def _finite(at: float) -> Optional[float]:
    """Return a time, None for what is due at once and has none."""
    return at if math.isfinite(at) else None


def write(folder: Path, found: Activities, made_at: float) -> None:
    """Put the file in place at once. Raises `OSError`."""
    document = {
        "format_version": FORMAT_VERSION,
        "made_at": made_at,
        "sources": [attrs.asdict(item) for item in found],
    }
    replace(folder / FILE_NAME, f"{json.dumps(document, indent=1)}\n".encode(), 0o644)


def read(folder: Path) -> Optional[Activities]:
    """Return what the probe left in a state directory, None when there is nothing that can be read."""
    try:
        data, _ = read_capped(folder / FILE_NAME, MAX_BYTES)
        document = json.loads(data)
        if document["format_version"].partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            return None
        known = {field.name for field in attrs.fields(SourceActivity)}
        return tuple(
            SourceActivity(**{name: value for name, value in item.items() if name in known})
            for item in document["sources"]
        )
    except (OSError, NotAFileError, ValueError, KeyError, TypeError, AttributeError):
        return None
