"""Which findings explain which others: the rules of folding, as data.

Their order is the order in which causes are tried, so that what lies deeper comes first.
"""

from __future__ import annotations

import enum
import re
from typing import FrozenSet, Optional, Pattern, Tuple

import attrs

from ascend_doctor.model.status import Status

FAIL = frozenset({Status.FAIL})
WARN = frozenset({Status.WARN})
PROBLEM = frozenset({Status.FAIL, Status.WARN})
BLIND = frozenset({Status.UNKNOWN, Status.STALE})
ANY = PROBLEM | BLIND


class Where(enum.Enum):
    """How the place of a consequence lies to that of its cause."""

    SAME = "same"
    """Inside the cause's subject or something that it affects: a port is inside its NPU, both are inside their node."""
    PART = "part"
    """The same place exactly: a failure of a whole node does not explain failures of its parts."""
    AFFECTED = "affected"
    """Inside something that the cause affects; not in its subject as a whole."""
    NODE = "node"
    """Anywhere on the cause's node."""
    NAMED = "named"
    """The consequence is about the cause's node, or lists it among the affected."""


@attrs.frozen
class Rule:
    """Findings of the check `cause` explain findings of the checks `effects` (names, `roce.*` for a family).

    `cause_is` and `effect_is` are the outcomes that take part. `observed` limits the consequences to those of which the
    observed value matches as a whole.
    """

    cause: str
    effects: Tuple[str, ...]
    where: Where = Where.SAME
    cause_is: FrozenSet[Status] = FAIL
    effect_is: FrozenSet[Status] = ANY
    observed: Optional[Pattern[str]] = None


PORT_LIFE = ("roce.net-health", "roce.lldp", "roce.flap", "roce.optical.power")

RULES: Tuple[Rule, ...] = (
    # The tools themselves: who cannot look cannot judge.
    Rule("version.reboot-pending", ("tool.npu-smi",)),
    Rule("tool.npu-smi", ("*",), cause_is=PROBLEM, effect_is=BLIND),
    Rule("tool.hccn-tool", ("roce.*",), cause_is=PROBLEM, effect_is=BLIND),
    Rule("tool.timeout", ("*",), effect_is=BLIND),
    Rule("tool.timeout", ("npu.*", "roce.*"), Where.PART, effect_is=PROBLEM),
    Rule("tool.timeout", ("tool.npu-smi", "npu.*", "version.*"), Where.NODE, effect_is=BLIND),
    Rule("npu.present", ("npu.*", "roce.*", "version.*"), Where.PART),
    Rule("tool.busy", ("*",), Where.AFFECTED, cause_is=WARN, effect_is=BLIND),
    # Versions: what does not fit is the fault, that it differs from other nodes or from the files follows.
    Rule("version.driver-firmware", ("version.reboot-pending",), Where.NODE, effect_is=PROBLEM),
    Rule("version.driver-firmware", ("cluster.version-equal",), Where.NAMED, cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("version.reboot-pending", ("version.driver-firmware",), Where.NODE, cause_is=PROBLEM, effect_is=WARN),
    Rule("version.reboot-pending", ("cluster.version-equal",), Where.NAMED, cause_is=PROBLEM, effect_is=PROBLEM),
    # A port from its module outwards.
    Rule("roce.optical.present", ("roce.link", *PORT_LIFE)),
    Rule("roce.optical.present", ("roce.gateway", "roce.netdetect"), effect_is=BLIND),
    Rule("roce.link", PORT_LIFE),
    Rule("roce.link", ("roce.netdetect",), effect_is=WARN),
    Rule(
        "cluster.ip-duplicate",
        ("roce.ip", "roce.gateway", "roce.netdetect", "roce.net-health", "cluster.netdetect-target"),
    ),
    Rule(
        "roce.ip", ("roce.gateway", "roce.netdetect", "roce.net-health", "cluster.netdetect-target"), cause_is=PROBLEM
    ),
    Rule("cluster.netdetect-target", ("roce.net-health",), cause_is=PROBLEM),
    Rule("roce.gateway", ("roce.net-health",)),
    Rule("roce.netdetect", ("roce.net-health",), cause_is=WARN, effect_is=WARN),
    # An NPU and its memory.
    Rule("npu.processes", ("npu.hbm-free",)),
    Rule("npu.ecc", ("npu.health",), effect_is=PROBLEM, observed=re.compile("80E01801")),
)
