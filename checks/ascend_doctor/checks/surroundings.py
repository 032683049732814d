"""What the host says of itself, as far as it changes how an answer is to be read."""

from __future__ import annotations

from typing import Optional

from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, system
from ascend_doctor.facts.host.system import BARE_METAL
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Missing, known


def in_container(view: NodeView) -> bool:
    """Tell whether the doctor knows that it looks from inside a container.

    There a failing `npu-smi` says nothing about the chips, other processes are not shown, and files may be hidden.
    """
    facts = view.read(identity.SOURCE)
    return not isinstance(facts, Missing) and facts.container is True


def is_virtual(view: NodeView) -> bool:
    """Tell whether the doctor knows that the node is a virtual machine, which is given a part of the NPUs."""
    facts = view.read(system.SOURCE)
    return not isinstance(facts, Missing) and known(facts.hypervisor) not in (None, BARE_METAL)


def booted_since_s(view: NodeView, evidence: Optional[Evidence]) -> Optional[float]:
    """Return how long the node had been up when an answer was given, None when either time is not known."""
    facts = view.read(identity.SOURCE)
    if (
        evidence is None
        or not evidence.started_at
        or isinstance(facts, Missing)
        or isinstance(facts.boot_time, Missing)
    ):
        return None
    return evidence.started_at - facts.boot_time
