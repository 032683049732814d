"""How versions of drivers, CANN and Python packages are compared."""

from __future__ import annotations

import re
from typing import Tuple

_PARTS = re.compile(r"[0-9]+|[a-z]+")
_BEFORE_RELEASE = {"t": -4, "b": -4, "dev": -4, "alpha": -3, "beta": -2, "rc": -1}

Order = Tuple[Tuple[int, int], ...]


def order(version: str) -> Order:
    """Return what versions are ordered by: a test build before `rc`, `rc` before the release, then the patches.

    `24.1.rc3` comes before `24.1.0`, which comes before `24.1.0.3` (vendor naming of HDK and CANN).
    """
    found = []
    words = _PARTS.findall(version.lower())
    for index, word in enumerate(words):
        if word.isdigit():
            # The number behind `rc` belongs to the word, not to the release.
            follows_word = index > 0 and not words[index - 1].isdigit()
            found.append((0 if follows_word else 1, int(word[:18])))
        else:
            found.append((_BEFORE_RELEASE.get(word, 2), 0))
    return (*found, (0, 0))


def base(version: str) -> str:
    """Return the first three numbers of a version: `2.7.1` of `2.7.1.post1+git4c901a4` and of `2.7.1+cpu`."""
    found = re.match(r"[0-9]+(?:\.[0-9]+){0,2}", version)
    return found.group() if found else version


def of_line(version: str, line: str) -> bool:
    """Tell whether a version belongs to a line: `25.5.1` to `25.5`, `25.0.rc1.1` to `25.0.RC1`."""
    version, line = version.lower(), line.lower()
    return version == line or version.startswith(f"{line}.")
