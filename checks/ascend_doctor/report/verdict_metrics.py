"""The verdict on one node as metrics: all that is left to export when nobody has looked at it of late."""

from __future__ import annotations

from typing import Tuple

from ascend_doctor.model.verdict import Verdict
from ascend_doctor.report.exposition import Families, Family

STATES = tuple(verdict.value.replace("-", "_") for verdict in Verdict)


def verdict_families(verdict: Verdict, made_at: float, doctor_version: str) -> Tuple[Family, ...]:
    """Return the verdict, when the node was last judged (0 for never), and by which version of the doctor."""
    found = Families()
    found.add("ascend_doctor_build_info", "The version of ascend-doctor that judged", 1, version=doctor_version)
    found.add("ascend_doctor_report_timestamp_seconds", "When the node was last judged", made_at)
    add_states(found, "ascend_doctor_node_verdict", "Verdict on the node, one of the states is 1", verdict)
    return tuple(found)


def add_states(found: Families, name: str, about: str, verdict: Verdict) -> None:
    """Add a sample for each verdict there is: 1 for the given one, 0 for the others."""
    for item, state in zip(Verdict, STATES):
        found.add(name, about, item is verdict, state=state)
