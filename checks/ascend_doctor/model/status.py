"""The outcomes of a check and the scales that go with them."""

from __future__ import annotations

import enum
from typing import Iterable


class Status(enum.Enum):
    """The outcome of one check on one subject.

    Not an `IntEnum`: which outcome is worse is a decision, written once in `WORST_FIRST`.
    """

    PASS = "pass"  # noqa: S105 - a word, no password
    """The tool answered, the answer was understood, and the rule holds."""
    SKIP = "skip"
    """The product or the situation does not have the thing; nothing to judge."""
    WARN = "warn"
    """Works, but somebody should look at it before it becomes a failure."""
    STALE = "stale"
    """There was an answer, but it is older than its deadline."""
    UNKNOWN = "unknown"
    """The check could not look. Never a pass and never a failure."""
    FAIL = "fail"
    """The rule does not hold."""

    @property
    def is_problem(self) -> bool:
        """Whether somebody has to act on the subject itself."""
        return self in (Status.FAIL, Status.WARN)

    @property
    def is_blind(self) -> bool:
        """Whether the check could not see the present state."""
        return self in (Status.UNKNOWN, Status.STALE)


WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.STALE, Status.WARN, Status.PASS, Status.SKIP)


def worst(statuses: Iterable[Status]) -> Status:
    """Return the worst of the statuses, `SKIP` when there is none."""
    found = set(statuses)
    return next((status for status in WORST_FIRST if status in found), Status.SKIP)


class Severity(enum.Enum):
    """What a failure of a check means for the verdict."""

    BLOCKING = "blocking"
    """A failure makes the node NOT READY; an unknown makes it INCOMPLETE."""
    ADVISORY = "advisory"
    """A failure makes the node DEGRADED; an unknown is shown and changes nothing."""


class Disruption(enum.Enum):
    """What a remedy does to the jobs that run meanwhile."""

    NONE = "none"
    TRAFFIC = "traffic"
    """Interrupts the network of the NPU."""
    NPU_RESET = "npu-reset"
    """Stops every job on the NPU; on boards with an HCCS ring, on the whole ring."""
    REBOOT = "reboot"


class Confidence(enum.Enum):
    """How sure it is that the named subject is the culprit."""

    DIRECT = "direct"
    """Measured on the subject itself, or at both of its ends."""
    INFERRED = "inferred"
    """Follows from several measurements."""
    WEAK = "weak"
    """Seen from one side only, or decided by convention."""
    UNDETERMINED = "undetermined"
    """The evidence does not decide; the finding lists what to compare."""
