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
    WHOLE = "whole"
    """About the cause's node as a whole, not about a part of it."""
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


NEEDS_ROOT = ("roce.tls*", "version.driver-firmware", "host.dmesg", "host.ssh", "host.bmc")
NEEDS_TOOLS = (
    "npu.*",
    "roce.*",
    "ub.*",
    "tool.*",
    "version.*",
    "cluster.*",
    "host.ports",
    "host.page-size",
    "host.entropy",
)
"""What is not known without the vendor's tools; the rest of the host has nothing to do with them."""
PORT_LIFE = (
    "roce.net-health",
    "roce.lldp",
    "roce.flap",
    "roce.optical.power",
    "roce.optical.los",
    "roce.optical.snr",
    "roce.cdr",
    "roce.errors",
    "roce.fec-counters",
    "roce.ping",
)
BAD_SIGNAL = ("roce.optical.snr", "roce.cdr", "roce.fec-counters", "roce.errors", "roce.flap")
"""What follows from too little light, and goes on from there."""
EVENTS = ("npu.health", "npu.fault-events")


def _any_of(codes: str) -> Pattern[str]:
    """Match a list of event codes, each of which is one of these."""
    return re.compile(rf"(?:{codes})(?:, (?:{codes}))*")


UB_LIFE = ("ub.flap", "ub.errors", "ub.optical", "ub.ping")

RULES: Tuple[Rule, ...] = (
    # The tools themselves: who cannot look cannot judge.
    Rule("version.kernel-module", ("npu.device-nodes", "tool.npu-smi")),
    Rule("npu.device-nodes", ("tool.npu-smi",), cause_is=PROBLEM),
    Rule("tool.permission", ("npu.device-nodes",), cause_is=PROBLEM, effect_is=WARN),
    Rule("tool.permission", NEEDS_ROOT, cause_is=PROBLEM, effect_is=BLIND),
    Rule("tool.permission", ("roce.*",), effect_is=BLIND),
    Rule("tool.permission", ("tool.hccn-tool",), effect_is=FAIL, observed=re.compile("nameless user")),
    Rule("version.reboot-pending", ("tool.npu-smi",)),
    Rule("tool.npu-smi", NEEDS_TOOLS, cause_is=PROBLEM, effect_is=BLIND),
    Rule("tool.npu-smi", ("tool.busy",), cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("tool.npu-smi", ("cluster.*",), Where.NAMED, cause_is=PROBLEM, effect_is=BLIND),
    Rule("tool.hccn-tool", ("roce.*", "ub.*", "npu.hccp"), cause_is=PROBLEM, effect_is=BLIND),
    Rule("npu.boot", ("tool.timeout",), Where.PART, effect_is=PROBLEM),
    Rule("tool.timeout", ("*",), effect_is=BLIND),
    # `npu.boot` is left out: an NPU that is not ready explains why its tools do not answer, not the other way round.
    Rule("tool.timeout", ("npu.[!b]*", "roce.*", "ub.*"), Where.PART, effect_is=PROBLEM),
    Rule("tool.timeout", ("tool.npu-smi", "npu.*", "version.*", "ub.*"), Where.NODE, effect_is=BLIND),
    Rule("tool.timeout", ("roce.*", "tool.hccn-tool"), Where.WHOLE, effect_is=BLIND),
    Rule("tool.timeout", ("npu.present",), Where.NODE, effect_is=PROBLEM),
    Rule("tool.timeout", ("cluster.*",), Where.NAMED, effect_is=BLIND),
    # An NPU that is not there, or not ready, explains whatever is said of it. Not ready explains that the tools do not
    # answer, and that explains that the NPU is missing in a list; the other way round it would be a circle.
    Rule("npu.dropped", ("npu.[!b]*", "roce.*", "version.*"), Where.PART),
    Rule("npu.dropped", ("npu.boot",), Where.PART, effect_is=BLIND),
    Rule("npu.dropped", ("npu.present",), Where.NODE, effect_is=PROBLEM),
    Rule("npu.dropped", ("npu.topo",), Where.NODE),
    Rule("npu.boot", ("npu.*", "roce.*", "version.*"), Where.PART),
    Rule("npu.present", ("npu.topo",), Where.NODE, effect_is=BLIND),
    Rule("tool.busy", ("*",), Where.AFFECTED, cause_is=WARN, effect_is=BLIND),
    # Versions: what does not fit is the fault, that it differs from other nodes or from the files follows.
    Rule("version.driver-firmware", ("version.reboot-pending",), Where.NODE, effect_is=PROBLEM),
    Rule("version.driver-firmware", ("cluster.version-equal",), Where.NAMED, cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("version.reboot-pending", ("version.driver-firmware",), Where.NODE, cause_is=PROBLEM, effect_is=WARN),
    Rule("version.reboot-pending", ("cluster.version-equal",), Where.NAMED, cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("version.driver-min", ("cluster.version-equal",), Where.NAMED, cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("npu.runtime-visible", ("npu.compute",)),
    # A port from its module outwards.
    Rule("roce.optical.present", ("roce.link", *PORT_LIFE)),
    Rule("roce.optical.present", ("roce.gateway", "roce.netdetect"), effect_is=BLIND),
    Rule("roce.optical.state", ("roce.link", "roce.optical.bias", *PORT_LIFE)),
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
    Rule("roce.link", ("roce.conn-mode",), Where.NODE, effect_is=BLIND),
    Rule("roce.lldp", ("roce.conn-mode",), Where.NODE, cause_is=PROBLEM, effect_is=BLIND),
    Rule("roce.conn-mode", ("roce.net-health", "cluster.netdetect-target", "roce.netdetect")),
    Rule("roce.tls", ("roce.tls-cert",), cause_is=BLIND, effect_is=BLIND),
    Rule("roce.gateway", ("roce.net-health",)),
    Rule("roce.netdetect", ("roce.net-health",), cause_is=WARN, effect_is=WARN),
    Rule("roce.net-health", ("roce.ping",)),
    # Between different drivers nothing comes back over HCCS, although nothing is broken.
    Rule("cluster.version-equal", ("roce.hccs-ping",), cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("roce.vnic", ("roce.hccs-ping",)),
    # The light of a port, from the module to what it does to the traffic.
    Rule(
        "roce.optical.env",
        ("roce.optical.bias", "roce.optical.power", *BAD_SIGNAL),
        cause_is=PROBLEM,
        effect_is=PROBLEM,
    ),
    Rule("roce.optical.los", ("roce.optical.power", *BAD_SIGNAL), effect_is=PROBLEM),
    Rule("roce.optical.bias", ("roce.optical.power", *BAD_SIGNAL), cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("roce.optical.power", BAD_SIGNAL, cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("roce.optical.snr", BAD_SIGNAL[1:], cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("roce.cdr", BAD_SIGNAL[2:], effect_is=PROBLEM),
    Rule("roce.fec-counters", BAD_SIGNAL[3:], cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("roce.flap", ("roce.errors",), cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("roce.pfc-storm", ("roce.ecn",), cause_is=PROBLEM, effect_is=PROBLEM),
    # The ports of a 950: a link between two cards shows at both ends, and is one problem of the node.
    Rule("ub.connect", ("ub.ports",), Where.AFFECTED, cause_is=PROBLEM),
    Rule("ub.connect", UB_LIFE, Where.AFFECTED, cause_is=PROBLEM),
    Rule("ub.ports", UB_LIFE),
    Rule("ub.optical", ("ub.errors", "ub.flap"), cause_is=PROBLEM, effect_is=PROBLEM),
    Rule("ub.flap", ("ub.errors",), cause_is=PROBLEM, effect_is=PROBLEM),
    # An NPU and its memory.
    Rule("npu.processes", ("npu.hbm-free",)),
    # Its siblings have no process: the load of the vector cores is not in the number by which loads are compared.
    Rule("npu.processes", ("npu.temperature",), effect_is=WARN),
    Rule("npu.hccs", ("npu.topo",), Where.NODE, effect_is=PROBLEM),
    Rule("npu.hccs", EVENTS, effect_is=PROBLEM, observed=_any_of("81A38605")),
    Rule("npu.ecc", EVENTS, cause_is=PROBLEM, effect_is=PROBLEM, observed=re.compile("80E01801")),
    Rule("npu.ecc-isolation", EVENTS, cause_is=PROBLEM, effect_is=PROBLEM, observed=_any_of("80E1840[0-2]")),
    Rule("npu.temperature", ("npu.throttle",), cause_is=PROBLEM, effect_is=PROBLEM),
    Rule(
        "npu.temperature", EVENTS, cause_is=PROBLEM, effect_is=PROBLEM, observed=_any_of("80E00209|80E20207|80E0020B")
    ),
    Rule("npu.fault-events", ("npu.health",), cause_is=PROBLEM, effect_is=PROBLEM),
)


@attrs.frozen
class FarRule:
    """Problems at one end of a cable between two NPUs explain problems at the other end.

    `cause_says` and `effect_says` are parts of the summaries that take part. Where both ends could explain each other,
    the earlier one does.
    """

    cause: str
    effects: Tuple[str, ...]
    cause_says: str = ""
    effect_says: str = ""


FAR_RULES: Tuple[FarRule, ...] = (
    FarRule("roce.optical.bias", ("roce.optical.power", "roce.optical.los", *BAD_SIGNAL)),
    FarRule("roce.optical.power", ("roce.optical.power",), "Tx power", "Rx power"),
    FarRule("roce.pfc-storm", ("roce.pfc-storm",), "cannot take", "the neighbour stops"),
    FarRule("roce.flap", ("roce.flap",)),
)
