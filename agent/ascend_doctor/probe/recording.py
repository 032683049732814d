"""A recording: a folder with the answers of one node or several, written by the doctor or by hand.

The form is described in docs/recordings.md. `recording.yaml` names the node and lists the runs; each stream is a
file of its own, byte for byte. The same folder is a test case, a support bundle and a node that can be judged again.
"""

from __future__ import annotations

import datetime as dt
import re
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import attrs
import yaml
from pydantic import BaseModel, ConfigDict, Field

from ascend_doctor.facts import catalogue
from ascend_doctor.facts.source import Query, Scope
from ascend_doctor.knowledge import strict_yaml
from ascend_doctor.knowledge.strict_yaml import Document, DocumentError
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.subject import natural
from ascend_doctor.probe.files import NotAFileError, read_capped, sync_folder, write_new

FILE_NAME = "recording.yaml"
FORMAT = 1
MAX_RUNS = 10_000
MAX_NODES = 10_000
MAX_STREAM = 4 * 1024 * 1024

_NODE_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
_UNSAFE = re.compile(r"[^A-Za-z0-9._@-]+")


@attrs.frozen
class Recording:
    """The answers of one node, by key.

    `taken_at` is in seconds since the epoch, 0.0 when nobody noted it. `doctor_version` is empty for one made by hand.
    """

    node: str
    evidence: Mapping[str, Evidence]
    taken_at: float = 0.0
    doctor_version: str = ""


class RecordingError(Exception):
    """A recording cannot be written; the text says why and what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


_Time = Union[float, str]


class _Run(_Strict):
    """One run. `command` or `key` says what was asked; everything but that and a stream has a default."""

    command: Optional[str] = Field(default=None, min_length=1, max_length=4096)
    key: Optional[str] = Field(default=None, min_length=1, max_length=512)
    stdout: Optional[str] = None
    stderr: Optional[str] = None
    exit_code: Optional[int] = None
    ending: str = Ending.EXITED.value
    started_at: Optional[_Time] = None
    duration_s: float = Field(default=0.0, ge=0)
    attempts: int = Field(default=1, ge=1)
    truncated: bool = False
    note: str = ""
    redactions: List[str] = Field(default_factory=list)


class _Node(_Strict):
    node: str = Field(pattern=rf"^{_NODE_NAME}$")
    taken_at: Optional[_Time] = None
    runs: List[_Run] = Field(max_length=MAX_RUNS)


class _OneNode(_Node):
    format: int = FORMAT
    doctor_version: str = ""


class _Nodes(_Strict):
    format: int = FORMAT
    doctor_version: str = ""
    taken_at: Optional[_Time] = None
    nodes: List[_Node] = Field(min_length=1, max_length=MAX_NODES)


def read(path: Path) -> Tuple[Recording, ...]:
    """Read a recording, in the natural order of its nodes.

    `path` is the folder, its `recording.yaml`, or a folder of such folders. Raises `DocumentError` that names the file,
    the line, the column and the remedy.
    """
    found: List[Recording] = []
    origins: Dict[str, str] = {}
    for file in _files(path):
        for recording in _read_file(file):
            if recording.node in origins:
                where = origins[recording.node]
                raise DocumentError(str(file), 0, 0, f"the node `{recording.node}` is in {where} already: rename one")
            origins[recording.node] = str(file)
            found.append(recording)
    return tuple(sorted(found, key=lambda recording: natural(recording.node)))


def _files(path: Path) -> Sequence[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DocumentError(str(path), 0, 0, f"there is no such folder: give the folder that holds {FILE_NAME}")
    if (path / FILE_NAME).is_file():
        return [path / FILE_NAME]
    found = sorted(path.glob(f"*/{FILE_NAME}"))
    if not found:
        advice = f"no {FILE_NAME} here, nor one level below: write one as docs/recordings.md shows"
        raise DocumentError(str(path), 0, 0, advice)
    return found


def _read_file(file: Path) -> List[Recording]:
    document = strict_yaml.read(file)
    value = document.value
    if isinstance(value, dict) and "nodes" in value:
        whole = strict_yaml.validate(document, _Nodes)
        _check_format(document, whole.format)
        names: Dict[str, int] = {}
        for index, node in enumerate(whole.nodes):
            if names.setdefault(node.node, index) != index:
                raise document.error(("nodes", index, "node"), f"the node `{node.node}` is here twice: rename one")
        return [
            _recording(
                document,
                file.parent,
                node,
                ("nodes", index),
                doctor_version=whole.doctor_version,
                taken_at=whole.taken_at,
            )
            for index, node in enumerate(whole.nodes)
        ]
    one = strict_yaml.validate(document, _OneNode)
    _check_format(document, one.format)
    return [_recording(document, file.parent, one, (), doctor_version=one.doctor_version, taken_at=None)]


def _check_format(document: Document, number: int) -> None:
    if number != FORMAT:
        message = f"format {number} is not known to this doctor, which reads format {FORMAT}: use a newer ascend-doctor"
        raise document.error(("format",), message)


def _recording(
    document: Document,
    folder: Path,
    node: _Node,
    path: strict_yaml.Keys,
    *,
    doctor_version: str,
    taken_at: Optional[_Time],
) -> Recording:
    own = node.taken_at is not None
    taken = _seconds(document, (*path, "taken_at") if own else ("taken_at",), node.taken_at if own else taken_at)
    evidence: Dict[str, Evidence] = {}
    for index, run in enumerate(node.runs):
        place = (*path, "runs", index)
        item = _evidence(document, folder, run, place, taken)
        if item.key in evidence:
            raise document.error(place, f"`{item.key}` was asked by an earlier run already: keep one of the two")
        evidence[item.key] = item
    return Recording(node.node, evidence, taken, doctor_version)


def _evidence(document: Document, folder: Path, run: _Run, place: strict_yaml.Keys, taken_at: float) -> Evidence:
    key, argv = _question(document, run, place)
    try:
        ending = Ending(run.ending)
    except ValueError:
        words = ", ".join(item.value for item in Ending)
        raise document.error((*place, "ending"), f"`{run.ending}` is no ending: write one of {words}") from None
    exited = ending is Ending.EXITED
    if exited and run.stdout is None and run.stderr is None:
        message = "neither `stdout` nor `stderr` is given: name the file that holds what the command printed"
        raise document.error(place, message)
    if not exited and run.exit_code is not None:
        raise document.error((*place, "exit_code"), f"a run that ended as `{run.ending}` has no exit code: remove it")
    return Evidence(
        key=key,
        argv=argv,
        ending=ending,
        exit_code=(run.exit_code or 0) if exited else None,
        stdout=_stream(document, folder, run.stdout, (*place, "stdout")),
        stderr=_stream(document, folder, run.stderr, (*place, "stderr")),
        truncated=run.truncated,
        started_at=taken_at if run.started_at is None else _seconds(document, (*place, "started_at"), run.started_at),
        duration_s=run.duration_s,
        attempts=run.attempts,
        note=run.note,
        redactions=tuple(run.redactions),
    )


def _question(document: Document, run: _Run, place: strict_yaml.Keys) -> Tuple[str, Tuple[str, ...]]:
    """Return key and command line; with both given the key decides, so that a newer doctor's recording can be read."""
    try:
        words = tuple(shlex.split(run.command)) if run.command is not None else ()
    except ValueError as error:
        raise document.error((*place, "command"), f"this is no command line: {error}") from None
    if run.key is not None:
        query = catalogue.query_for_key(run.key)
        return run.key, words or (query.argv if query is not None else (run.key,))
    if run.command is None:
        raise document.error(place, "`command` is missing: write the command line whose output this is")
    query = catalogue.query_for_command(words)
    if query is None:
        message = f"the doctor does not know the command `{run.command:.80}`: write it as typed, or remove this run"
        raise document.error((*place, "command"), message)
    if _lacks_number(query):
        message = f"`{run.command:.80}` does not say which NPU was asked: write its number in place of the variable"
        raise document.error((*place, "command"), message)
    return query.key, words


def _lacks_number(query: Query[Any]) -> bool:
    return query.source.scope is not Scope.NODE and query.target.npu is None and query.target.phy_id is None


def _stream(document: Document, folder: Path, name: Optional[str], place: strict_yaml.Keys) -> bytes:
    if name is None:
        return b""
    try:
        file = (folder / name).resolve()
        if folder.resolve() not in file.parents:
            raise document.error(place, f"`{name:.80}` lies outside of the recording's folder: copy the file into it")
        data, truncated = read_capped(file, MAX_STREAM)
    except NotAFileError as kind:
        raise document.error(place, f"`{name:.80}` is {kind}, not a file") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise document.error(place, f"`{name:.80}` cannot be read: {reason}") from None
    if truncated:
        raise document.error(place, f"`{name:.80}` is longer than {MAX_STREAM} bytes: no tool prints that much")
    return data


def _seconds(document: Document, place: strict_yaml.Keys, time: Optional[_Time]) -> float:
    """Return seconds since the epoch from a number, or from a time such as 2026-03-01T08:00:00Z."""
    if time is None:
        return 0.0
    if isinstance(time, str):
        try:
            moment = dt.datetime.fromisoformat(re.sub(r"[Zz]\Z", "+00:00", time))
        except ValueError:
            message = f"`{time:.40}` is no time: write it as 2026-03-01T08:00:00Z, or as seconds since 1970"
            raise document.error(place, message) from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)).timestamp()
    return time


def write(folder: Path, recordings: Sequence[Recording]) -> None:
    """Write recordings into a new folder, one node at its top, several in sub-folders of their names.

    The folder appears whole or not at all, and only its owner can read it. Raises `RecordingError`.
    """
    if folder.exists() or folder.is_symlink():
        raise RecordingError(f"{folder} is there already: give the name of a folder that is not")
    try:
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise RecordingError(f"{folder.parent} cannot be written: {error.strerror}; choose another place") from None
    try:
        for recording in recordings:
            inner = partial if len(recordings) == 1 else partial / _UNSAFE.sub("-", recording.node)
            inner.mkdir(mode=0o700, exist_ok=True)
            _write_node(inner, recording)
        partial.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise RecordingError(f"{folder} cannot be written: {error.strerror}; choose another place") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_node(folder: Path, recording: Recording) -> None:
    outputs = folder / "outputs"
    outputs.mkdir(mode=0o700)
    names: Dict[str, str] = {}
    runs = [_run(item, outputs, names) for item in recording.evidence.values()]
    head = {
        "format": FORMAT,
        "node": recording.node,
        "taken_at": _text_of(recording.taken_at),
        "doctor_version": recording.doctor_version,
    }
    shown = {key: value for key, value in head.items() if value}
    text = yaml.safe_dump({**shown, "runs": runs}, sort_keys=False, allow_unicode=True, width=120)
    write_new(folder / FILE_NAME, text.encode())
    sync_folder(outputs)


_DEFAULTS = _Run(key="x").model_dump()


def _run(evidence: Evidence, outputs: Path, names: Dict[str, str]) -> Dict[str, Any]:
    run = {
        "key": evidence.key,
        "command": evidence.command,
        "stdout": _file_for(evidence.stdout, evidence.key, "stdout", outputs, names),
        "stderr": _file_for(evidence.stderr, evidence.key, "stderr", outputs, names),
        "exit_code": evidence.exit_code,
        "ending": evidence.ending.value,
        "started_at": evidence.started_at,
        "duration_s": evidence.duration_s,
        "attempts": evidence.attempts,
        "truncated": evidence.truncated,
        "note": evidence.note,
        "redactions": list(evidence.redactions),
    }
    if evidence.ending is Ending.EXITED and run["stdout"] is None and run["stderr"] is None:
        run["stdout"] = _file_for(b"", evidence.key, "stdout", outputs, names, keep_empty=True)
    return {key: value for key, value in run.items() if value != _DEFAULTS[key]}


def _file_for(
    data: bytes, key: str, stream: str, outputs: Path, names: Dict[str, str], *, keep_empty: bool = False
) -> Optional[str]:
    """Write one stream; the name is made from the key, with a number where two keys would give one name."""
    if not data and not keep_empty:
        return None
    plain = _UNSAFE.sub("-", key)[:100].strip(".") or "answer"
    name = f"{plain}.{stream}"
    if name in names:
        name = f"{plain}-{len(names)}.{stream}"
    names[name] = key
    write_new(outputs / name, data)
    return f"{outputs.name}/{name}"


def _text_of(time: float) -> str:
    if not time:
        return ""
    return dt.datetime.fromtimestamp(round(time), dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
