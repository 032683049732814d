"""What a check found out about one subject."""

from __future__ import annotations

import math
from typing import Optional, Tuple, Union

import attrs

from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.status import Confidence, Disruption, Severity, Status
from ascend_doctor.model.subject import Subject


def _speakable(value: Union[float, str]) -> Union[float, str]:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


@attrs.frozen
class Quantity:
    """An observed value with its unit; the unit is empty for words, versions and plain counts.

    A number that is none, or infinite, becomes a word: no document and no metric could hold it.
    """

    value: Union[int, float, str] = attrs.field(converter=_speakable)
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.value} {self.unit}" if self.unit else str(self.value)


@attrs.frozen
class Remedy:
    """One step that would mend the fault. The doctor prints it and never runs it.

    `text` says it in words. `command` is a command line for the node, empty when there is none to give.
    """

    text: str
    command: str = ""
    disruption: Disruption = Disruption.NONE


@attrs.frozen
class Finding:
    """The outcome of one check on one subject.

    `summary` is one sentence that names the fact. `expected` says what would have passed; empty on a pass.
    `observed` is None when there is no single value to show.
    `affected` lists further subjects that share the same fault. `candidates` lists what to compare when the
    confidence is undetermined.
    `cause` is the key of the finding that explains this one; such a finding is a consequence and no problem of its own.
    `judged_at` is in seconds since the epoch: when the evidence was collected on which the finding rests. `since` is
    when the subject was first seen in this status without a break; 0.0 for what passed, and where nobody knows.
    """

    check: str
    subject: Subject
    status: Status
    summary: str
    severity: Severity = Severity.BLOCKING
    observed: Optional[Quantity] = None
    expected: str = ""
    quotes: Tuple[Quote, ...] = ()
    remedies: Tuple[Remedy, ...] = ()
    confidence: Confidence = Confidence.DIRECT
    affected: Tuple[Subject, ...] = ()
    candidates: Tuple[str, ...] = ()
    cause: str = ""
    judged_at: float = 0.0
    since: float = 0.0

    @property
    def key(self) -> str:
        """A stable text that identifies the finding within a cluster: one check, one subject."""
        return f"{self.check}|{self.subject.key}"

    @property
    def is_consequence(self) -> bool:
        """Whether another finding explains this one."""
        return bool(self.cause)
