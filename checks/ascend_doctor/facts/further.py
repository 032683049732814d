"""Sources that no check asks: their answers are read from a paste or a recording only."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from ascend_doctor.facts.source import Source

FURTHER: Tuple[Source[Any], ...] = ()

BY_NAME: Dict[str, Source[Any]] = {source.name: source for source in FURTHER}
