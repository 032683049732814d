"""The page that tells which check finds which fault: `python -m ascend_doctor.simulator.fault_table docs/faults.md`.

It is made from the faults themselves: each kind names the checks that see its cause.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, List, Mapping, Sequence

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.simulator.faults import KINDS

_HEAD = """\
# Which fault each check finds

Every fault can be put into a simulated cluster, as [the simulator's page](simulator.md) shows. Where one fault has
several checks, one of them names the culprit, and the others see its cause on machines where that one cannot.

| Check | Says | Faults |
|---|---|---|
"""


def finders() -> Dict[str, List[str]]:
    """Return for each check the names of the faults of which it finds the cause, both in order."""
    found: Dict[str, List[str]] = {}
    for kind in KINDS:
        for check_id in kind.found_by:
            found.setdefault(check_id, []).append(str(kind.model_fields["fault"].default))
    return {check_id: sorted(names) for check_id, names in sorted(found.items())}


def page(entries: Mapping[str, Entry]) -> str:
    """Return the page. Raises `ValueError` for a check of which no fault is the culprit, or a fault of no check."""
    found = finders()
    lonely, unknown = set(entries) - set(found), set(found) - set(entries)
    if lonely or unknown:
        raise ValueError(f"checks without a fault: {sorted(lonely)}; faults of unknown checks: {sorted(unknown)}")
    lines = _HEAD.splitlines()
    for check_id, entry in entries.items():
        names = ", ".join(f"`{name}`" for name in found[check_id])
        lines.append(f"| [`{check_id}`](checks/{check_id}.md) | {entry.guide.title} | {names} |")
    lines += ["", "## Every fault", "", "| Fault | What it is | Found by |", "|---|---|---|"]
    for kind in sorted(KINDS, key=lambda kind: str(kind.model_fields["fault"].default)):
        what = (kind.__doc__ or "").strip().splitlines()[0]
        checks = ", ".join(f"`{check_id}`" for check_id in kind.found_by)
        lines.append(f"| `{kind.model_fields['fault'].default}` | {what} | {checks} |")
    return "\n".join([*lines, ""])


def main(arguments: Sequence[str]) -> int:
    """Write the page into the file that is named; 2 for any other call."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m ascend_doctor.simulator.fault_table FILE\n")
        return 2
    Path(arguments[0]).write_text(page(catalogue.load()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
