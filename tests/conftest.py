"""What all tests share: where the reference material is, when it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _material(name: str) -> Optional[Path]:
    folder = ROOT.parent / "shared" / name
    return folder if folder.is_dir() else None


CORPUS = _material("corpus")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of recorded tool output; the test is skipped where it is not laid beside the checkout."""
    if CORPUS is None:
        pytest.skip("no ../shared/corpus beside this checkout: recorded tool output is not tested")
    return CORPUS
