"""The one place where errors become exit codes, and one line that says what to do."""

from __future__ import annotations

import os
import sys
from typing import Callable, List, Optional

import click

from ascend_doctor.report.printable import printable

READY = 0
NOT_READY = 1
NO_VERDICT = 2
"""Also for wrong usage, wrong configuration, missing data: whatever keeps the doctor from a verdict."""
INTERRUPTED = 130
BROKEN_PIPE = 141

_TOLD = (
    ("ascend_doctor.knowledge.strict_yaml", "DocumentError"),
    ("ascend_doctor.probe.recording", "RecordingError"),
    ("ascend_doctor.wire.credentials", "CredentialError"),
    ("ascend_doctor.collector.store", "StoreError"),
    ("ascend_doctor.collector.web_server", "ListenError"),
)
"""Errors of lower floors whose text is for the user. They are found through `sys.modules`: where the module was never
loaded, none can have been raised, and `--help` need not load it."""


class UserError(Exception):
    """Something that the user can put right. The text is one line that says what is wrong and what to do."""

    def __init__(self, message: str, exit_code: int = NO_VERDICT) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class NobodyReadsError(Exception):
    """The reader of standard output has gone away, as `head` does."""


def exit_code_of(run: Callable[[], object]) -> int:
    """Run a command and return the exit code that its end means; what it returns, when it returns a number."""
    try:
        result = run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        return _tell([_usage(error)], NO_VERDICT)
    except UserError as error:
        return _tell([str(error)], error.exit_code)
    except (NobodyReadsError, BrokenPipeError):
        return _leave_quietly()
    except OSError as error:
        return _tell([_system(error)], NO_VERDICT)
    except Exception as error:  # noqa: BLE001 - Python's own exit code for a bug is 1, and 1 says NOT READY
        told = _told(error)
        if told is None:
            import traceback  # noqa: PLC0415 - only for a bug

            traceback.print_exc()
            told = ["this is a bug of ascend-doctor and says nothing of the node: please report it"]
        return _tell(told, NO_VERDICT)
    return result if isinstance(result, int) else READY


def _told(error: Exception) -> Optional[List[str]]:
    """Return the lines of an error whose text is for the user, None for any other error."""
    for module, name in _TOLD:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return [str(item) for item in getattr(error, "all", (error,))]
    return None


def _tell(lines: List[str], exit_code: int) -> int:
    for line in lines:
        click.echo(f"ascend-doctor: {printable(line)}", err=True)
    return exit_code


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    advice = f" (see `{context.command_path} --help`)" if context is not None else ""
    return f"{error.format_message().strip().rstrip('.')}{advice}"


def _system(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or type(error).__name__}: check that the file or device is there and has room"


def _leave_quietly() -> int:
    """Nobody reads on. Point standard output elsewhere, so that the interpreter's own flush at exit is quiet too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
