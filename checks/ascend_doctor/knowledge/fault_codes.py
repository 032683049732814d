"""What an NPU's event code means for a job: the handling level that the vendor's scheduler gives it."""

from __future__ import annotations

import enum
import functools
from typing import Mapping, Optional

import attrs

from ascend_doctor.knowledge.tables import rows


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
    def needs_reset(self) -> bool:
        """Whether a reset of the NPU is the cure."""
        return self in (Level.FREE_RESTART_NPU, Level.RESTART_NPU)

    @property
    def needs_separation(self) -> bool:
        """Whether the NPU has to be taken out of use."""
        return self in (Level.PRE_SEPARATE_NPU, Level.SEPARATE_NPU, Level.MANUALLY_SEPARATE_NPU)


@attrs.frozen
class FaultCode:
    """One event code. `level` is None for a code that the driver knows and the scheduler does not list.

    `module` and `condition` are short words, empty where the source does not say.
    """

    code: str
    level: Optional[Level]
    module: str
    condition: str

    def __str__(self) -> str:
        words = ", ".join(word for word in (self.module, self.condition) if word)
        return f"{self.code} ({words})" if words else self.code


@functools.cache
def table() -> Mapping[str, FaultCode]:
    """Return every known code by its eight hexadecimal digits in upper case."""
    return {
        code: FaultCode(code, None if level == "-" else Level(level), _word(module), _word(condition))
        for code, level, module, condition in rows("fault_codes.tsv", 4)
    }


def lookup(printed: str) -> Optional[FaultCode]:
    """Return what is known of a code as a tool prints it (`80E01801`, `0x80e01801`), None for an unknown one."""
    return table().get(normal(printed))


def normal(printed: str) -> str:
    """Return a printed code in the form of the table: upper case, without `0x`, eight digits."""
    digits = printed.strip().upper()
    return (digits.removeprefix("0X")).zfill(8)


def _word(cell: str) -> str:
    return "" if cell == "-" else cell
