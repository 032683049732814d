"""Golden files: plain texts beside a test, rewritten with `pytest --update-golden`."""

from __future__ import annotations

from pathlib import Path

import attrs


@attrs.frozen
class Golden:
    """Compares texts with the files of one folder, or writes them there."""

    folder: Path
    update: bool

    def check(self, name: str, actual: str) -> None:
        """Assert that the file of this name holds the text."""
        path = self.folder / name
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == actual
