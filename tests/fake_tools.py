"""Small executables that behave as badly as a real tool can, and questions that call them."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Any, FrozenSet, List, Optional, Set, Tuple

from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ALL, Generation
from ascend_doctor.model.reading import Absence, Missing, Reading
from ascend_doctor.probe.local import LocalRunner, LocalSettings
from ascend_doctor.probe.tools import ToolPaths
from waiting import PATIENCE_S


def write_tool(folder: Path, name: str, script: str) -> Path:
    """Write a shell script as an executable."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(stat.S_IRWXU)
    return path


def descriptors() -> Set[Tuple[str, str]]:
    """Return the files, pipes and sockets that this process has open, each with its number."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the folder itself
            found.add((path.name, str(path.readlink())))
    return found


def children() -> List[int]:
    """Return the processes that this thread started and that have not been waited for."""
    return [int(number) for number in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def parse(evidence: Evidence) -> Reading[str]:
    """Return the text of an answer; one that says `busy` is busy."""
    text = evidence.stdout.decode("utf-8", "replace")
    return Missing(Absence.BUSY, text) if "busy" in text else text


def tool_source(
    name: str = "tool/x", *words: str, timeout_s: float = PATIENCE_S, scope: Scope = Scope.NODE, **more: Any
) -> Source[str]:
    """Return a source that calls `tool`."""
    return Source(name=name, scope=scope, argv=("tool", *words), parse=parse, timeout_s=timeout_s, **more)


def file_source(path: str) -> Source[str]:
    """Return a source that reads a file."""
    return Source(name="file/x", scope=Scope.NODE, argv=("cat", path), parse=parse, medium=Medium.FILE)


def runner(folder: Path, **more: Any) -> LocalRunner:
    """Return a runner that finds its tools in one folder, which it trusts."""
    return LocalRunner(LocalSettings(tools=ToolPaths(folders=(str(folder),), trusted=(str(folder),)), **more))


def device_source(
    name: str,
    *,
    scope: Scope = Scope.NPU,
    cost: Cost = Cost.DEVICE,
    timeout_s: float = PATIENCE_S,
    interval_s: float = 60.0,
    generations: FrozenSet[Generation] = ALL,
    tool: str = "hccn_tool",
    target: Optional[str] = None,
) -> Source[str]:
    """Return a source about each NPU or card."""
    words = {Scope.NPU: ("-i", "{phy_id}"), Scope.CARD: ("-i", "{npu}"), Scope.NODE: ()}[scope]
    return Source(
        name=name,
        scope=scope,
        argv=(tool, *words, target or name.rpartition("/")[2]),
        parse=parse,
        cost=cost,
        timeout_s=timeout_s,
        interval_s=interval_s,
        generations=generations,
    )
