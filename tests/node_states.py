"""States of a node as its probe would write them, made by hand."""

from __future__ import annotations

from typing import Dict

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.state import NodeState, Told
from ascend_doctor.model.status import Status

NODE = "node-1"


def finding(check: str, status: Status, judged_at: float = 0.0) -> Finding:
    """Make a finding about the node."""
    return Finding(check, subjects.node(NODE), status, f"{check} is {status.value}", judged_at=judged_at)


def told(facts: str, collected_at: float = 0.0) -> Told:
    """Make what a node tells about a topic."""
    return Told(facts.encode(), b"", collected_at)


def with_findings(state: NodeState, statuses: Dict[str, Status], judged_at: float) -> NodeState:
    """Return the state with some findings looked at again."""
    kept = [item for item in state.findings.values() if item.check not in statuses]
    new = [finding(check, status, judged_at) for check, status in statuses.items()]
    return NodeState.of(kept + new, state.topics)
