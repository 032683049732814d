"""Scripts that other interpreters run; nothing imports them. They need nothing but the standard library."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

from ascend_doctor.facts.runtime.answers import SCRIPT

_FOLDER = Path(__file__).resolve().parent


def resolved(argv: Tuple[str, ...]) -> Tuple[str, ...]:
    """Return a command line with the name of a script of the doctor replaced by its path."""
    return tuple(str(_FOLDER / word) if word == SCRIPT else word for word in argv)
