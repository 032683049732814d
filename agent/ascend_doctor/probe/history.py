"""Earlier answers: kept beside the newest one, for counters of which only the difference means anything."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping

import attrs

from ascend_doctor.facts.source import EARLIER, Query, Source
from ascend_doctor.model.evidence import Ending, Evidence

SLACK = 0.9
"""Rounds drift by a little: an answer counts as old enough from this part of the distance on."""


def followed_by(
    before: Mapping[str, Evidence], taken: Mapping[str, Evidence], sources: Iterable[Source[Any]]
) -> Dict[str, Evidence]:
    """Return the answers of a node after a round: the new ones in place of the old, which stay on as earlier ones.

    An answer becomes an earlier one when the new one is younger by at least the source's `apart_s`; else it is dropped,
    so that somebody who asks often does not shorten the time that the comparison covers. What could not be asked is no
    earlier answer.
    """
    merged = {**before, **taken}
    keeping = {source.name: source for source in sources if source.keeps}
    for key, new in taken.items():
        source, old = keeping.get(key.partition("@")[0]), before.get(key)
        if source is None or old is None or old is new or old.ending is not Ending.EXITED:
            continue
        if new.started_at - old.started_at >= SLACK * source.apart_s:
            _shift(merged, key, old, source.keeps)
    return merged


def _shift(evidence: Dict[str, Evidence], key: str, newest: Evidence, keeps: int) -> None:
    for number in range(1, keeps + 1):
        place = f"{key}{EARLIER}{number}"
        older = evidence.get(place)
        evidence[place] = attrs.evolve(newest, key=place)
        if older is None:
            return
        newest = older


def keys_of(query: Query[Any]) -> Iterable[str]:
    """Return the names of all answers to a query, the present one and the earlier ones."""
    return (query.key, *(query.earlier_key(number) for number in range(1, query.source.keeps + 1)))
