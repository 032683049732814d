"""The error answers that all commands of `npu-smi` share, and what their codes mean.

The tool prints errors to standard output and says little with its exit status: it is the low byte of its return code,
and some errors end with 0 (recorded from the vendor's code). So the text decides, and the exit status adds what the
text leaves out.
"""

from __future__ import annotations

import re
from typing import Dict, List, Optional, Tuple, Union

import attrs

from ascend_doctor.facts.parsing import Line, ParseError, lines_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing

_MAX_DETAIL = 300

# Return codes of the library below the tool (-8000 and down) and of the tool itself (-9000 and down) run the same way:
# vendor documents of the return codes, and the vendor source.
_CODES: Dict[int, Tuple[Absence, str]] = {
    1: (Absence.TOOL_FAILED, "a parameter is not valid"),
    2: (Absence.NO_PERMISSION, "the caller is not permitted to ask"),
    3: (Absence.TOOL_FAILED, "memory could not be handled"),
    4: (Absence.TOOL_FAILED, "a checked library function failed"),
    5: (Absence.TOOL_FAILED, "an internal error of the driver"),
    6: (Absence.TIMED_OUT, "the device did not answer in time"),
    7: (Absence.NO_DEVICE, "there is no device with this id"),
    8: (Absence.NO_DEVICE, "the device does not exist"),
    9: (Absence.TOOL_FAILED, "the driver refused the call"),
    10: (Absence.TOOL_FAILED, "a message to the device could not be sent"),
    11: (Absence.TOOL_FAILED, "a message from the device could not be received"),
    12: (Absence.NOT_READY, "the device is not ready"),
    13: (Absence.NO_PERMISSION, "not possible inside a container"),
    14: (Absence.TOOL_FAILED, "a file could not be read or written"),
    15: (Absence.TOOL_FAILED, "the reset failed"),
    16: (Absence.TOOL_FAILED, "the operation was aborted"),
    17: (Absence.BUSY, "the device is being upgraded"),
    20: (Absence.BUSY, "device is held by another container"),
    21: (Absence.BUSY, "the device is being upgraded"),
    22: (Absence.TOOL_FAILED, "the partition does not fit"),
    23: (Absence.TOOL_FAILED, "the configuration is not there"),
    255: (Absence.NOT_SUPPORTED, "the product does not support this"),
}
_CODE_OF_EXIT = {-(family + number) & 0xFF: -(family + number) for family in (9000, 8000) for number in _CODES}


def meaning_of(code: int) -> str:
    """Return what a return code of the tool or its library says, in words; an empty text for an unknown one."""
    return _by_code(code)[1]


def _by_code(code: int) -> Tuple[Absence, str]:
    family, number = divmod(-code, 1000)
    return _CODES.get(number, (Absence.TOOL_FAILED, "")) if family in (8, 9) else (Absence.TOOL_FAILED, "")


@attrs.frozen
class _Sentence:
    """An error message. `why` is None where its return code decides."""

    pattern: re.Pattern[str]
    why: Optional[Absence] = None


_UNSUPPORTED = re.compile(r"This device do(?:es|se) not support .+|NPU is working in SMP mode, does not support .+")
_FAILED = re.compile(r"Failed to query \"[\w-]+\" (?:info|result)\.")
_START_UP = re.compile(r"dcmi (?:module|model) initialized? failed\b.* ret is (-[0-9]{1,6})\.?")
_SENTENCES = (
    _Sentence(_START_UP),
    _Sentence(re.compile(r"npu get board type failed\. ret is (-[0-9]{1,6})\.?")),
    _Sentence(re.compile(r"Failed to execute npu-smi .* ret is (-[0-9]{1,6})\.?")),
    _Sentence(re.compile(r"Failed to (?:query|get) .+")),
    _Sentence(_UNSUPPORTED, Absence.NOT_SUPPORTED),
    _Sentence(re.compile(r"Invalid (?:card|chip|phy) id\."), Absence.NO_DEVICE),
    _Sentence(re.compile(r"Invalid time\.|This command does not support (?:input|entering) .+"), Absence.TOOL_FAILED),
    _Sentence(re.compile(r"The vnpu is not in docker mode, does not support .+"), Absence.NOT_SUPPORTED),
    _Sentence(re.compile(r"There is no NPU (?:card|chip) on this (?:server|card)\."), Absence.NO_DEVICE),
    _Sentence(re.compile(r"This command can(?: ?not)? be executed .+"), Absence.NO_PERMISSION),
    _Sentence(re.compile(r"Operation not permitted\b.*"), Absence.NO_PERMISSION),
    _Sentence(re.compile(r"Error parameter of -\w+"), Absence.TOOL_FAILED),
    _Sentence(re.compile(r"Error parameter in querying .+"), Absence.TOOL_FAILED),
    _Sentence(re.compile(r"(?:This command must|Must) input .+"), Absence.TOOL_FAILED),
    _Sentence(re.compile(r"Command or option is not found\."), Absence.TOOL_FAILED),
    _Sentence(re.compile(r"\[WARNING\]The driver package may not be completely installed.*"), Absence.TOOL_FAILED),
)

# What the driver's library prints before the tool gets to speak; recorded in front of start-up errors.
_NOISE = re.compile(r"DrvMng\w+ failed\.(?: \(\w+=-?\w+\))*")


def lines_or_refusal(evidence: Evidence) -> Union[List[Line], Missing]:
    """Return the lines of an answer of `npu-smi` or, for an error answer, why there are none.

    Raises `ParseError` for text that no tool prints and for an error answer that is damaged.
    """
    exit_code = evidence.exit_code or 0
    if exit_code and not evidence.stdout.strip():
        return _failed(exit_code, _printable(evidence.stderr))
    lines = [line for line in lines_of(evidence.stdout) if not _NOISE.fullmatch(line.stripped)]
    if not lines:
        raise ParseError(0, "an answer", "nothing but log lines of the driver")
    refusal = _refusal(lines, exit_code)
    if refusal is None and exit_code:
        return _failed(exit_code, lines[0].stripped)
    return lines if refusal is None else refusal


def _failed(exit_code: int, words: str) -> Missing:
    code = _CODE_OF_EXIT.get(exit_code)
    why = Absence.TOOL_FAILED if code is None else _by_code(code)[0]
    return Missing(why, f"exit code {exit_code}: {words[:_MAX_DETAIL]}".rstrip(": "), code)


def _printable(data: bytes) -> str:
    words = " ".join(data[: 4 * _MAX_DETAIL].decode("utf-8", "replace").split())
    return "".join(character for character in words if character.isprintable())


def _refusal(lines: List[Line], exit_code: int) -> Optional[Missing]:
    if [line for line in lines if _UNSUPPORTED.fullmatch(line.stripped)] == lines[-1:]:
        # Some commands print the frame of an answer before they find out that the product cannot tell.
        return Missing(Absence.NOT_SUPPORTED, lines[-1].stripped[:_MAX_DETAIL], _CODE_OF_EXIT.get(exit_code))
    if exit_code and _FAILED.fullmatch(lines[-1].stripped):
        # What it could print stands before it; the exit status says that it is not to be relied on.
        return _missing(lines[-1], lines[-1].stripped, "", exit_code)
    if _sentence(lines[0]) is None:
        return None
    usage = next((index for index, line in enumerate(lines) if line.stripped.startswith("Usage:")), len(lines))
    spoken = [line.stripped for line in lines[:usage]]
    for index, line in enumerate(lines):
        if (index < usage) != (_sentence(line) is not None) or line.stripped in spoken[:index]:
            raise line.error("one error message")
    return _missing(lines[0], " ".join(spoken), _types(lines[usage:]), exit_code)


def _sentence(line: Line) -> Optional[_Sentence]:
    return next((sentence for sentence in _SENTENCES if sentence.pattern.fullmatch(line.stripped)), None)


def _missing(line: Line, spoken: str, types: str, exit_code: int) -> Missing:
    sentence = _sentence(line)
    printed = re.search(r" ret is (-[0-9]{1,6})", line.stripped)
    code = int(printed.group(1)) if printed else _CODE_OF_EXIT.get(exit_code)
    why = sentence.why if sentence is not None else None
    if why is None:
        why = Absence.TOOL_FAILED if code is None else _by_code(code)[0]
    if why is Absence.NOT_SUPPORTED and _START_UP.fullmatch(line.stripped):
        # The library would not start at all: the driver is not loaded or does not fit the tool. That says nothing of
        # what the product has, so that no check may be skipped for it.
        why = Absence.TOOL_FAILED
    return Missing(why, spoken[:_MAX_DETAIL] + types, code)


TYPES = "; types: "
"""In the detail of a refused `-t`: what stands before the list of the types that the tool knows."""


def _types(usage: List[Line]) -> str:
    """Return the types that the usage text lists, as a part of the detail; an empty text where it lists none."""
    text = " ".join(line.stripped for line in usage)
    listed = re.search(r" type: ((?:[\w-]{1,40}, ?){1,100}[\w-]{1,40})", text)
    return TYPES + listed.group(1) if listed else ""
