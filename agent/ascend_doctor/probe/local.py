"""The runner of a live node: vendor tools, files and the operating system, read and never changed."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Mapping, Tuple

import attrs

from ascend_doctor.facts.source import Medium, Query
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.probe import child, host, scripts
from ascend_doctor.probe.files import NotAFileError, read_capped, rooted
from ascend_doctor.probe.host.tree import LocalTree
from ascend_doctor.probe.tools import ToolPaths, UnsafeToolError

DRIVER_LIBRARIES = ("/usr/local/Ascend/driver/lib64/driver", "/usr/local/Ascend/driver/lib64/common")
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
MAX_ABANDONED = 8


@attrs.frozen
class LocalSettings:
    """What may be configured about running tools.

    `timeouts_s` overrides the deadline of single sources by name. `libraries` are folders put before the driver's own
    libraries. `root` is where the node's files are seen: `/`, a mount of the host in a container, or a simulated node.
    `max_output` is in bytes, for each stream and file.
    """

    tools: ToolPaths = attrs.field(factory=ToolPaths)
    libraries: Tuple[str, ...] = ()
    timeouts_s: Mapping[str, float] = attrs.field(factory=dict)
    root: str = "/"
    max_output: int = child.MAX_OUTPUT


class LocalRunner:
    """Answers queries from the machine it runs on.

    argv only, never a shell; absolute paths, refused where others could change them; a fixed environment; every run
    bounded in time and output. A process that cannot be killed is left behind; while a tool has `MAX_ABANDONED` of
    those, it is not started again.
    """

    def __init__(self, settings: LocalSettings = LocalSettings()) -> None:
        self._settings = settings
        self._abandoned = child.Abandoned()
        self._environment = {
            "LC_ALL": "C",
            "PATH": SYSTEM_PATH,
            "LD_LIBRARY_PATH": os.pathsep.join((*settings.libraries, *DRIVER_LIBRARIES)),
        }

    async def run(self, query: Query[Any]) -> Evidence:
        """Answer one query. Never raises for anything that a tool, a file or the system does."""
        started_at, began = time.time(), time.monotonic()
        argv = query.argv
        if query.source.medium is Medium.TOOL:
            outcome = await self._run_tool(query, argv)
        elif query.source.medium is Medium.FILE:
            argv, outcome = self._read_first(query)
        else:
            outcome = self._ask_host(argv)
        return Evidence(
            key=query.key,
            argv=argv,
            started_at=started_at,
            duration_s=time.monotonic() - began,
            **_fields(outcome),
        )

    async def _run_tool(self, query: Query[Any], argv: Tuple[str, ...]) -> child.Outcome:
        tool, tools = argv[0], self._settings.tools
        stuck = self._abandoned.count(tool)
        if stuck >= MAX_ABANDONED:
            return child.Outcome(
                Ending.SKIPPED, note=f"not started: {stuck} earlier runs of {tool} are stuck in the kernel"
            )
        path = tools.find(tool)
        if path is None:
            places = ", ".join(tools.places(tool)) or "any configured place"
            return child.Outcome(Ending.NOT_FOUND, note=f"no {tool} at {places}")
        try:
            tools.examine(path)
        except UnsafeToolError as reason:
            return child.Outcome(Ending.REFUSED, note=str(reason))
        except OSError as error:
            return child.Outcome(Ending.NOT_FOUND, note=f"{path}: {error.strerror}")
        return await child.run(
            path,
            scripts.resolved(argv),
            environment=self._environment,
            timeout_s=self._settings.timeouts_s.get(query.source.name, query.source.timeout_s),
            abandoned=self._abandoned,
            limit=self._settings.max_output,
        )

    def _ask_host(self, argv: Tuple[str, ...]) -> child.Outcome:
        found = host.answer(argv, LocalTree(self._settings.root))
        if found is None:
            return child.Outcome(Ending.NOT_FOUND, note=f"the doctor does not know `{' '.join(argv)}`")
        return child.Outcome(Ending.EXITED, 0, found)

    def _read_first(self, query: Query[Any]) -> Tuple[Tuple[str, ...], child.Outcome]:
        """Read the file at the first of its places where there is anything."""
        tried = []
        for path in query.places:
            outcome = self._read_file(path)
            if outcome.ending is not Ending.NOT_FOUND:
                return (query.argv[0], path), outcome
            tried.append(path)
        return query.argv, child.Outcome(Ending.NOT_FOUND, note=f"no {' nor '.join(tried)}")

    def _read_file(self, path: str) -> child.Outcome:
        try:
            data, truncated = read_capped(rooted(path, self._settings.root), self._settings.max_output)
        except FileNotFoundError:
            return child.Outcome(Ending.NOT_FOUND, note=f"no {path}")
        except NotAFileError as kind:
            # Seen in containers: a mount of a file that the host does not have makes a directory of that name.
            return child.Outcome(Ending.FAILED_TO_START, note=f"{path} is {kind}, not a file")
        except OSError as error:
            return child.Outcome(Ending.FAILED_TO_START, note=f"{path} cannot be read: {error.strerror}")
        return child.Outcome(Ending.EXITED, 0, data, truncated=truncated)


def _fields(outcome: child.Outcome) -> Dict[str, Any]:
    return attrs.asdict(outcome, recurse=False)
