"""Whether a port has been up long enough for what its device says of the network to mean something."""

from __future__ import annotations

from typing import Any, Optional, Tuple

from ascend_doctor.checks.device_time import seconds
from ascend_doctor.checks.surroundings import booted_since_s
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import link_stat
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.reading import Missing, known

USE: Tuple[Source[Any], ...] = (identity.SOURCE, link_stat.SOURCE)
"""The sources that tell how long a port has been up; a check that asks has to declare them."""


def is_early(view: NodeView, target: Target, source: Source[Any], grace_s: float) -> bool:
    """Tell whether node or link had come up less than `grace_s` seconds before a source answered.

    Where nobody tells, both have been up for long. The link's age is by the device's own clock, in the same answer.
    """
    ages = (booted_since_s(view, view.evidence.get(source.about(target).key)), _link_up_for_s(view, target))
    return any(age is not None and age < grace_s for age in ages)


def _link_up_for_s(view: NodeView, target: Target) -> Optional[float]:
    facts = view.read(link_stat.SOURCE, target)
    if isinstance(facts, Missing) or not facts.records:
        return None
    newest, state = facts.records[0]
    now, changed = seconds(known(facts.current_time) or ""), seconds(newest)
    return None if now is None or changed is None or state != "UP" else now - changed
