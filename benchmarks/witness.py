"""What a simulated node has said and where it was welcome, to be compared with what collectors say of it."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ascend_doctor.model.sections import Section, Sections, SectionsChange
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import is_news
from ascend_doctor.wire.sections import absolute_key

Turn = Tuple[float, int, str, str, str, str]
"""A result that changed: time, sequence, check, subject, status before and after, empty where there is none."""


class Witness:
    """Writes down what one node says, as it says it, whether anybody hears it or not."""

    def __init__(self, node: str) -> None:
        self.turns: List[Turn] = []
        self.welcomes: List[Tuple[float, str]] = []
        """When the node was welcome, and at which address."""
        self._node = node

    def said(self, sequence: int, before: Sections, change: SectionsChange) -> None:
        """Note which results a change turns."""
        at = time.time()
        for name in (*change.sections, *change.removed):
            was, became = _outcomes(before.sections.get(name)), _outcomes(change.sections.get(name))
            for key in {**was, **became}:
                old, new = was.get(key), became.get(key)
                if is_news(old, new):
                    self.turns.append((at, sequence, name, absolute_key(key, self._node), _word(old), _word(new)))

    def welcome(self, address: str) -> None:
        """Note that a collector has welcomed the node."""
        self.welcomes.append((time.time(), address))

    def testimony(self, acked: int) -> Dict[str, Any]:
        """Return all of it for JSON, and up to which sequence number it was acknowledged."""
        return {"turns": self.turns, "welcomes": self.welcomes, "acked": acked}


def _outcomes(section: Optional[Section]) -> Mapping[str, Status]:
    return {} if section is None else section.outcomes


def _word(status: Optional[Status]) -> str:
    return "" if status is None else status.value
