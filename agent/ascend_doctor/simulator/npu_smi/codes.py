"""Error codes on their way up: what the driver returns, what the library makes of it, what `npu-smi` ends with."""

from __future__ import annotations

from typing import Dict

OK = 0

DRIVER_NOT_SUPPORTED = 65534

_LIBRARY_CODES: Dict[int, int] = {
    1: -8008,
    7: -8005,
    16: -8006,
    17: -8009,
    46: -8002,
    51: -8012,
    87: -8020,
    DRIVER_NOT_SUPPORTED: -8255,
}

LIBRARY_INVALID_PARAMETER = -8001
LIBRARY_INNER = -8005
LIBRARY_NO_SUCH_ID = -8007
LIBRARY_OCCUPIED = -8020
LIBRARY_NOT_SUPPORTED = -8255

TOOL_INVALID_PARAMETER = -9001
TOOL_NOT_PERMITTED = -9002
TOOL_INNER = -9005
TOOL_FILE_FAILED = -9014
TOOL_LIBRARY_FAILED = -9019
TOOL_NOT_SUPPORTED = -9255

_TOOL_BELOW_LIBRARY = 1000


def library_code(driver_code: int) -> int:
    """Return the library's code for one of the driver; a code without a counterpart is an inner error."""
    return OK if driver_code == OK else _LIBRARY_CODES.get(driver_code, LIBRARY_INNER)


def tool_code(driver_code: int) -> int:
    """Return the tool's own code for one of the driver."""
    return OK if driver_code == OK else library_code(driver_code) - _TOOL_BELOW_LIBRARY


def exit_status(code: int) -> int:
    """Return what a shell sees of a code: its low byte."""
    return code & 0xFF


def is_of_library(code: int) -> bool:
    """Whether a code is one of the library's, which the tool passes on and tells of once more at its end."""
    return LIBRARY_NOT_SUPPORTED <= code <= LIBRARY_INVALID_PARAMETER
