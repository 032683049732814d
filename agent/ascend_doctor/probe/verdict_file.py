"""`verdict.json`: the last word of the probe, for gates on the node, for the agent, and for people who look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

import attrs

from ascend_doctor.model.report import Report
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.probe.files import NotAFileError, read_capped, replace

FILE_NAME = "verdict.json"
FORMAT_VERSION = "1.0"
MAX_PROBLEMS = 20
MAX_BYTES = 1024 * 1024
CLOCK_SLACK_S = 60.0

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@attrs.frozen
class Problem:
    """One problem in short: the check, what it is about, `fail` or `warn`, and one sentence."""

    check: str
    subject: str
    status: str
    summary: str


@attrs.frozen
class LocalVerdict:
    """What the probe last found out about its node.

    Times are in seconds since the epoch. The verdict counts until `valid_until` and only within the boot in which it
    was made (`boot_id`, empty where the kernel tells none). `problems` are the first `MAX_PROBLEMS` of `problem_count`;
    `blind_count` is how many things could not be seen. `remarks` is the doctor's own trouble.
    """

    node: str
    verdict: Verdict
    made_at: float
    valid_until: float
    boot_id: str = ""
    problem_count: int = 0
    blind_count: int = 0
    problems: Tuple[Problem, ...] = ()
    remarks: Tuple[str, ...] = ()
    doctor_version: str = ""

    def is_current(self, now: float, boot: str) -> bool:
        """Tell whether the verdict counts at a time and in a boot."""
        return self.boot_id == boot and self.made_at - CLOCK_SLACK_S <= now <= self.valid_until

    def at(self, now: float, boot: str) -> Verdict:
        """Return the verdict as it counts at a time and in a boot: INCOMPLETE when it is too old to count."""
        return self.verdict if self.is_current(now, boot) else Verdict.INCOMPLETE


def boot_id() -> str:
    """Return the id of the present boot, empty where the kernel tells none."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def of_report(report: Report, node: str, current_s: float, remarks: Tuple[str, ...] = ()) -> LocalVerdict:
    """Sum up a report. `current_s` is for how long it counts when no newer one comes."""
    problems = report.problems
    shown = tuple(
        Problem(item.check, str(item.subject), item.status.value, item.summary) for item in problems[:MAX_PROBLEMS]
    )
    return LocalVerdict(
        node=node,
        verdict=report.verdict,
        made_at=report.made_at,
        valid_until=report.made_at + current_s,
        boot_id=boot_id(),
        problem_count=len(problems),
        blind_count=len(report.blind_spots),
        problems=shown,
        remarks=remarks,
        doctor_version=report.doctor_version,
    )


def write(folder: Path, verdict: LocalVerdict) -> None:
    """Put the verdict in place at once. Raises `OSError`."""
    document: Dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        **attrs.asdict(verdict),
        "verdict": verdict.verdict.value,
    }
    replace(folder / FILE_NAME, f"{json.dumps(document, indent=1)}\n".encode(), 0o644)


def read(folder: Path) -> Optional[LocalVerdict]:
    """Return the verdict that the probe left in a state directory, None when there is none that can be read."""
    try:
        data, _ = read_capped(folder / FILE_NAME, MAX_BYTES)
        document = json.loads(data)
        if document.pop("format_version").partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            return None
        known = {field.name for field in attrs.fields(LocalVerdict)}
        document = {name: value for name, value in document.items() if name in known}
        document["verdict"] = Verdict(document["verdict"])
        document["problems"] = tuple(Problem(**item) for item in document["problems"])
        document["remarks"] = tuple(document["remarks"])
        document["made_at"] = float(document["made_at"])
        document["valid_until"] = float(document["valid_until"])
        return LocalVerdict(**document)
    except (OSError, NotAFileError, ValueError, KeyError, TypeError, AttributeError):
        return None
