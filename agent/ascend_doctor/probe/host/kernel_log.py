"""The end of the kernel's log, as far as it tells of trouble."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping

from ascend_doctor.facts.host.kernel_log import kind_of
from ascend_doctor.probe.host.tree import Tree

MAX_LINES_OF_A_KIND = 40
MAX_TEXT = 300
# Priority and facility in one number, sequence, microseconds since the start, flags; what follows a record is indented.
_RECORD = re.compile(r"([0-9]{1,6}),[0-9]+,([0-9]{1,18}),[^;]*;(.*)")

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return the newest lines of each kind of trouble, oldest first; what programs wrote into the log is left out."""
    records = tree.kernel_log()
    if records is None:
        return {"lines": None}
    found: List[Dict[str, Any]] = []
    for record in records:
        match = _RECORD.match(record)
        if not match or int(match[1]) >> 3:
            continue
        kind = kind_of(int(match[1]), match[3])
        if kind is not None:
            found.append(
                {"kind": kind, "at_s": int(match[2]) / 1e6, "text": _UNPRINTABLE.sub("?", match[3][:MAX_TEXT])}
            )
    return {"lines": _newest(found)}


def _newest(lines: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    counts: Dict[str, int] = {}
    kept = []
    for line in reversed(lines):
        counts[line["kind"]] = counts.get(line["kind"], 0) + 1
        if counts[line["kind"]] <= MAX_LINES_OF_A_KIND:
            kept.append(line)
    return kept[::-1]
