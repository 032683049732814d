"""What the commands of `hccn_tool` share: the error answers, and the way from an answer to its lines of data."""

from __future__ import annotations

import re
from typing import Callable, Iterator, List, Optional, Tuple, TypeVar

from ascend_doctor.facts.parsing import Line, ParseError, lines_of
from ascend_doctor.facts.tables import is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing, Reading

T = TypeVar("T")
MAX_DETAIL = 200

# The tool leaves with the low byte of its inner code, so that one number stands for several errors (13 means "no
# address" and "not supported") and an error can even leave with 0: the words decide, the number only where there are
# none. Words: vendor source, cmd.c and tool_cmd_err.c; each begins its line unless it is marked otherwise.
_WORDS: Tuple[Tuple[Absence, str], ...] = (
    (Absence.BUSY, r"hccn_tool is busy\b"),
    (Absence.BUSY, r"Get lock failed\."),
    (Absence.BUSY, r"I2c is busy\."),
    (Absence.BUSY, r"The device is occupied\."),
    (Absence.BUSY, r"The system is in optical module initializing\b"),
    (Absence.BUSY, r"CDR reg data is updating\b"),
    (Absence.NO_DEVICE, r"The device is not exist!"),
    (Absence.NO_DEVICE, r"Get invalid device id\."),
    (Absence.NOT_READY, r"Get device health status failed!"),
    (Absence.TIMED_OUT, r"The cmd line execute timeout!"),
    (Absence.NO_PERMISSION, r"permission denied\b"),
    (Absence.NO_PERMISSION, r"The hccn\.conf can't access\b"),
    (Absence.NO_PERMISSION, r".*\bpls check (?:the conf path or )?cmd run permission\.$"),
    (Absence.NOT_SUPPORTED, r"The command is not supported on this (?:product|optical media)\."),
    (Absence.NOT_SUPPORTED, r"Command unsupported on this optical module\."),
    (Absence.NOT_SUPPORTED, r"The VM does not support this command\."),
    (Absence.NOT_SUPPORTED, r"This device does not support (?:IPV6|bonding)!"),
    # The published build of the tool lacks a table of commands, `-speed` and `-ping` among them.
    (Absence.NOT_SUPPORTED, r"Get invalid major cmd\.$"),
    (Absence.NOT_SUPPORTED, r"Please specify a valid cmd\."),
    (Absence.TOOL_FAILED, r"Get invalid (?:major cmd|input param|parameters)\b"),
    (Absence.TOOL_FAILED, r"Get unknown option!"),
    (Absence.TOOL_FAILED, r"The total count of (?:input parameters|options) is wrong\b"),
    (Absence.TOOL_FAILED, r"Parse cmd option failed\."),
    (Absence.TOOL_FAILED, r"Please specify a "),
    (Absence.TOOL_FAILED, r"\[ hccn_tool -i devid -\w+ \] needs the following parameters:$"),
    (Absence.TOOL_FAILED, r"Parsing configurations from config file failed\b"),
    (Absence.TOOL_FAILED, r"Execute failed: Link status is down\."),
    (Absence.TOOL_FAILED, r"The Certificate has expired!"),
    (Absence.TOOL_FAILED, r"Command execute failed!"),
    # Often behind a sentence that says why.
    (Absence.TOOL_FAILED, r".*\b[Cc]md execute failed\b"),
)
# One pattern with a group for each tells which words a line holds. Nearly all lines are data and hold none: these are
# told at once by a pattern without groups for the words that begin a line, and by what the others have in them.
_KNOWN = re.compile("|".join(f"({words})" for _, words in _WORDS))
_BEGINNING = re.compile("|".join(words for _, words in _WORDS if not words.startswith(".*")))
_INSIDE = ("cmd run permission", "md execute failed")


def _known(text: str) -> Optional[re.Match[str]]:
    if _INSIDE[0] in text or _INSIDE[1] in text or _BEGINNING.match(text):
        return _KNOWN.match(text)
    return None


# Printed before the data for a user whose home is not there (recorded from the vendor's code, state a2-nonroot).
_LOG_WARNING = re.compile(r'\[WARNING\] ".*" is not a directory, hccn_tool logs may be lost\.$')


def _is_log_warning(text: str) -> bool:
    return text.startswith("[WARNING]") and _LOG_WARNING.match(text) is not None


def error_answer(evidence: Evidence) -> Optional[Missing]:
    """Return what an error answer says, None when the answer is none. Raises `ParseError` for what `said` refuses.

    `code` is the exit code, `detail` the tool's words. Standard error is read first: most errors go there, and what
    standard output then holds is the usage. An exit code other than 0 without words that we know is an error too.
    """
    found = [(match.lastindex or 0, text) for text in said(evidence) for match in (_known(text),) if match]
    if not found:
        return failure(evidence)
    # Of several the one that stands first in the list: the reason before the usage and before "it failed".
    group, text = min(found, key=lambda pair: pair[0])
    return Missing(_WORDS[group - 1][0], text, evidence.exit_code)


def failure(evidence: Evidence) -> Optional[Missing]:
    """Return what the exit code alone says: None when it is 0 or was not recorded."""
    if not evidence.exit_code:
        return None
    return Missing(Absence.TOOL_FAILED, next(said(evidence), "the tool said nothing"), evidence.exit_code)


def said(evidence: Evidence) -> Iterator[str]:
    """Yield what the tool said, line by line, standard error first; the warning about its log is left out.

    Raises `ParseError` when standard output is no text; standard error may hold anything, the libraries below the tool
    write there too: what is not printable in it becomes `?`, so that no terminal ever obeys it.
    """
    lines = [_printable(text) for text in evidence.stderr.decode("utf-8", "replace").splitlines()]
    if evidence.stdout.strip():
        lines += [line.text for line in lines_of(evidence.stdout, ends_in_newline=False)]
    for text in map(str.strip, lines):
        if text and not _is_log_warning(text):
            yield text[:MAX_DETAIL]


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in text[: 2 * MAX_DETAIL])


def words_of(evidence: Evidence, *containing: str) -> Optional[str]:
    """Return the first line of either stream that holds one of the given texts, None when there is none."""
    return next((text for text in said(evidence) if any(part in text for part in containing)), None)


def is_silent(evidence: Evidence) -> bool:
    """Return whether the tool said nothing at all, apart from the warning about its log."""
    return next(said(evidence), None) is None


def data_lines(evidence: Evidence, *, ends_in_newline: bool = True) -> List[Line]:
    """Return the lines of data on standard output, without the warning about the tool's log.

    Raises `ParseError` when there are none, and for what `lines_of` refuses.
    """
    lines = lines_of(evidence.stdout, ends_in_newline=ends_in_newline)
    found = [line for line in lines if not _is_log_warning(line.stripped)]
    if not found:
        raise ParseError(lines[-1].number + 1, "data after the warning")
    return found


def lines_below(title: str, evidence: Evidence) -> List[Line]:
    """Return the lines below a title that the tool always prints. Raises `ParseError` where it is not there."""
    head, *rest = data_lines(evidence)
    if head.stripped != title:
        raise head.error(f"`{title}`")
    return rest


def rows_below(title: str, evidence: Evidence, row: Callable[[Line], T], what: str) -> Tuple[T, ...]:
    """Return a row for each line below the title. Raises `ParseError`, also when a row (`what`) stands there twice."""
    rows: List[T] = []
    for line in lines_below(title, evidence):
        found = row(line)
        if found in rows:
            raise line.error(f"another {what} than before")
        rows.append(found)
    return tuple(rows)


def only_line(evidence: Evidence) -> Line:
    """Return the one line that the answer has to consist of; dots below it stand for answers of other devices."""
    first, *rest = data_lines(evidence)
    further = next((line for line in rest if not is_elision(line)), None)
    if further is not None:
        raise further.error("the end of the answer")
    return first


def key_and_value(line: Line) -> Tuple[str, str]:
    """Split a line at its first colon; white space around key and value is dropped.

    Raises `ParseError` for a key that is not English, which no known tool prints.
    """
    key, colon, value = line.stripped.partition(":")
    if not colon or not key.strip() or not key.isascii():
        raise line.error("`key: value` with a key in English")
    return key.strip(), value.strip()


def value_of(line: Line, *keys: str) -> str:
    """Return the value of a line that has to carry one of the given keys."""
    key, value = key_and_value(line)
    if key not in keys:
        raise line.error(" or ".join(f"`{name}:`" for name in keys))
    return value


# Four parts, each a number or, in a published sample, masked with letters or stars: 10.xx.xx.10.
_ADDRESS = re.compile(r"(?:(?:[0-9]{1,3}|[xX*]{1,3})\.){3}(?:[0-9]{1,3}|[xX*]{1,3})\Z")
UNSET_ADDRESS = "0.0.0.0"  # noqa: S104 - nothing is bound; the tool prints it for "none"


def address(text: str, line: Line, what: str) -> str:
    """Return an IPv4 address as printed, or raise the error that names the line and the field."""
    numbers = [int(part) for part in text.split(".") if part.isdecimal()]
    if not _ADDRESS.match(text) or any(number > 255 for number in numbers):
        raise line.error(f"an address for {what}")
    return text


def configured(text: str, line: Line, what: str) -> Reading[str]:
    """Return an address, or `Missing(NOT_CONFIGURED)` for 0.0.0.0, by which the tool says that none is set."""
    if address(text, line, what) == UNSET_ADDRESS:
        return Missing(Absence.NOT_CONFIGURED, line.stripped)
    return text
