"""What an NPU's event code means for a job: the handling level that the vendor's scheduler gives it."""

from __future__ import annotations

import enum
from typing import Mapping, Optional

import attrs

from ascend_doctor.knowledge import tables


class Level(enum.Enum):
    """The handling levels of the vendor's device plugin."""

    NOT_HANDLE = "NotHandleFault"
    """No effect on a job."""
    SUB_HEALTH = "SubHealthFault"
    """Works at less than full strength."""
    RESTART_REQUEST = "RestartRequest"
    """The request or step has to be done again."""
    RESTART_BUSINESS = "RestartBusiness"
    """The job has to be started again."""
    FREE_RESTART_NPU = "FreeRestartNPU"
    """The NPU has to be reset once it is idle."""
    RESTART_NPU = "RestartNPU"
    """The NPU has to be reset now."""
    PRE_SEPARATE_NPU = "PreSeparateNPU"
    """Nothing new may be started on the NPU."""
    SEPARATE_NPU = "SeparateNPU"
    """Does not recover: take the NPU out of use."""
    MANUALLY_SEPARATE_NPU = "ManuallySeparateNPU"
    """Out of use until a person releases it."""

    @property
    def effect(self) -> str:
        """What it means for a job, in words."""
        return _EFFECTS[self]

    @property
    def needs_reset(self) -> bool:
        """Whether a reset of the NPU is the cure."""
        return self in (Level.FREE_RESTART_NPU, Level.RESTART_NPU)

    @property
    def needs_separation(self) -> bool:
        """Whether the NPU has to be taken out of use."""
        return self in (Level.PRE_SEPARATE_NPU, Level.SEPARATE_NPU, Level.MANUALLY_SEPARATE_NPU)


_EFFECTS: Mapping[Level, str] = {
    Level.NOT_HANDLE: "no effect on a job",
    Level.SUB_HEALTH: "works at less than full strength",
    Level.RESTART_REQUEST: "the request or step has to be done again",
    Level.RESTART_BUSINESS: "the job has to be started again",
    Level.FREE_RESTART_NPU: "the NPU has to be reset once it is idle",
    Level.RESTART_NPU: "the NPU has to be reset now",
    Level.PRE_SEPARATE_NPU: "nothing new may be started on the NPU",
    Level.SEPARATE_NPU: "does not recover: take the NPU out of use",
    Level.MANUALLY_SEPARATE_NPU: "out of use until a person releases it",
}


@attrs.frozen
class FaultCode:
    """One event code. `level` is None for a code that the driver knows and the scheduler does not list.

    `module` and `condition` are short words, empty where the source does not say. `repeated` is what the scheduler
    makes of a code that comes again and again. `origin` is the file that says all this.
    """

    code: str
    level: Optional[Level]
    module: str
    condition: str
    repeated: str = ""
    origin: str = tables.FAULT_CODES.file

    def __str__(self) -> str:
        words = ", ".join(word for word in (self.module, self.condition) if word)
        return f"{self.code} ({words})" if words else self.code


@tables.made_of_tables
def table() -> Mapping[str, FaultCode]:
    """Return every known code by its eight hexadecimal digits in upper case."""
    return {normal(row["code"]): _fault_code(row) for row in tables.FAULT_CODES.rows()}


def _fault_code(row: tables.Row) -> FaultCode:
    level = Level(row["level"]) if row["level"] else None
    return FaultCode(normal(row["code"]), level, row["module"], row["condition"], row["repeated"], row.origin)


def lookup(printed: str) -> Optional[FaultCode]:
    """Return what is known of a code as a tool prints it (`80E01801`, `0x80e01801`), None for an unknown one."""
    return table().get(normal(printed))


def normal(printed: str) -> str:
    """Return a printed code in the form of the table: upper case, without `0x`, eight digits."""
    digits = printed.strip().upper()
    return (digits.removeprefix("0X")).zfill(8)
