"""Recorded answers for tests: the samples of the corpus and the outputs of the vendor's own tool code."""

from __future__ import annotations

import functools
import re
import shlex
from pathlib import Path
from typing import Any, List, Mapping, Optional, Tuple

import attrs
import yaml

from ascend_doctor.model.evidence import Ending, Evidence

ROOT = Path(__file__).resolve().parent.parent
_FOLDER = ROOT.parent / "shared" / "corpus"
CORPUS: Optional[Path] = _FOLDER if _FOLDER.is_dir() else None


@attrs.frozen
class Sample:
    """One file of the corpus. `expect` holds what a parser must find in it, `entry` all that is known of it."""

    path: str
    kind: str
    command: Tuple[str, ...]
    data: bytes
    expect: Mapping[str, Any]
    entry: Mapping[str, Any]

    def __str__(self) -> str:
        return self.path

    @property
    def is_session(self) -> bool:
        """Whether the file holds prompts or several runs, which have to be cut apart first."""
        return self.path.endswith(".session.txt")


@attrs.frozen
class Case:
    """One run of the vendor's own code, with the values that were fed to it."""

    path: str
    argv: Tuple[str, ...]
    stdout: bytes
    stderr: bytes
    exit_code: int
    truth: Mapping[str, Any]

    def __str__(self) -> str:
        return self.path

    @property
    def evidence(self) -> Evidence:
        """The run as the doctor would have kept it."""
        return Evidence(self.path, self.argv, Ending.EXITED, self.exit_code, self.stdout, self.stderr)


def answer(data: bytes, argv: Tuple[str, ...] = (), *, stderr: bytes = b"", exit_code: Optional[int] = 0) -> Evidence:
    """Return an answer as evidence."""
    return Evidence("test", argv, Ending.EXITED, exit_code, data, stderr)


def _document(path: Path) -> Any:
    """Return a YAML file, by the loader that is written in C where there is one: the index is long."""
    return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@functools.cache
def _index(corpus: Path) -> Any:
    return _document(corpus / "index.yaml")["entries"]


def samples(kind_prefix: str = "") -> List[Sample]:
    """Return the samples of which the kind (`npu-smi info -t board`) starts so; none without a corpus."""
    if CORPUS is None:
        return []
    return [
        Sample(
            path=entry["path"],
            kind=entry["kind"],
            command=tuple(entry.get("command") or ()),
            data=(CORPUS / entry["path"]).read_bytes(),
            expect=entry.get("expect") or {},
            entry=entry,
        )
        for entry in _index(CORPUS)
        if entry["kind"].startswith(kind_prefix)
    ]


def vendor_cases(tool: str, command_prefix: str = "") -> List[Case]:
    """Return the runs of the vendor's code with such a command line (`info -t board`); none without a corpus."""
    if CORPUS is None:
        return []
    found = []
    for folder in sorted((CORPUS / "vendor-code" / tool).glob("*/*")):
        argv = tuple(shlex.split((folder / "argv.txt").read_text()))
        if not " ".join(argv[1:]).startswith(command_prefix):
            continue
        found.append(_case(folder, argv))
    return found


@functools.cache
def _case(folder: Path, argv: Tuple[str, ...]) -> Case:
    return Case(
        path="/".join(folder.parts[-3:]),
        argv=argv,
        stdout=(folder / "stdout.txt").read_bytes(),
        stderr=(folder / "stderr.txt").read_bytes(),
        exit_code=int((folder / "exit_code.txt").read_text()),
        truth=_document(folder / "truth.yaml"),
    )


# `root@host:/# command`, `[root@host ~]# command`, `(env) user@host:~$ command`, `$ command`, `> command`, or an echoed
# command line of one of the tools without a prompt.
_PROMPT = re.compile(
    r"(?:\([^)]*\)\s*)?(?:\[?[\w.-]+@[^\]#$]*\]?\s*[#$]|[$>#])\s*(?P<typed>\S.*)\Z"
    r"|(?P<echo>\S*(?:npu-smi|hccn_tool)\s+-?\w.*)\Z"
)


def runs_of_session(text: str) -> List[Tuple[str, str]]:
    """Cut a pasted session up into (command line, output); the command is empty for output before the first prompt."""
    runs: List[Tuple[str, List[str]]] = [("", [])]
    for line in text.splitlines(keepends=True):
        prompt = _PROMPT.match(line.rstrip())
        if prompt:
            runs.append(((prompt.group("typed") or prompt.group("echo")).strip(), []))
        else:
            runs[-1][1].append(line)
    return [(command, "".join(lines)) for command, lines in runs if command or "".join(lines).strip()]
