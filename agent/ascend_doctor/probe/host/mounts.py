"""What is mounted where."""

from __future__ import annotations

import re
from typing import List, Optional

import attrs

from ascend_doctor.probe.host.tree import Tree

# The first process sees what the machine sees: a service of its own (the doctor is one) may have private mounts.
_TABLES = ("/proc/1/mounts", "/proc/mounts")
_ESCAPED = re.compile(r"\\([0-7]{3})")


@attrs.frozen
class Mount:
    """One line of the table. `device` is what is mounted at `path`, `kind` the type of the file system."""

    device: str
    path: str
    kind: str
    options: str


def mounts(tree: Tree) -> Optional[List[Mount]]:
    """Return the table of mounts in the order in which they were made, None where it cannot be read."""
    for table in _TABLES:
        text = tree.text(table)
        if text:
            rows = [line.split(" ") for line in text.splitlines()]
            return [Mount(row[0], _plain(row[1]), row[2], row[3]) for row in rows if len(row) >= 4]
    return None


def _plain(path: str) -> str:
    """Return a path as it is; the kernel writes white space in it as octal numbers."""
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 8)), path)
