"""The process of the probe. Nothing here imports gRPC: it would break the tools that the probe starts."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Callable, List, Optional

from ascend_doctor.agent import metrics_file, notify
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.report import Report
from ascend_doctor.probe import loop
from ascend_doctor.probe.loop import Probe, Told
from ascend_doctor.report import node_page

ROUND_LIMIT_S = 900.0
"""A round in which every tool hangs takes minutes; what takes longer than this is no round any more."""


def run(make: Callable[[Told], Probe], metrics_dir: Optional[Path] = None) -> None:
    """Own the process as its probe until a signal ends it. `make` is given whom to tell of every report.

    `metrics_dir` is where to write the node's numbers down, None for nowhere. Raises `SpoolTakenError` when another
    probe has the state directory.
    """
    watches: List[asyncio.Task[None]] = []

    def make_watched() -> Probe:
        probe = make(_Herald(metrics_dir).told)
        watches.append(asyncio.get_running_loop().create_task(notify.keep_watch(lambda: in_time(probe))))
        return probe

    loop.main(make_watched)
    notify.notify("STOPPING=1")


def in_time(probe: Probe, monotonic: Callable[[], float] = time.monotonic) -> bool:
    """Tell whether a probe makes progress: it waits for its next round, or is not for too long in the present one."""
    began = probe.round_began_at
    return began is None or monotonic() - began < ROUND_LIMIT_S


class _Herald:
    """Tells the service manager and the uplink of reports; with the first one the probe is ready."""

    def __init__(self, metrics_dir: Optional[Path]) -> None:
        self._metrics_dir = metrics_dir
        self._is_ready = False

    def told(self, report: Report, view: NodeView) -> None:
        if self._metrics_dir is not None:
            metrics_file.write(self._metrics_dir, node_page.render(report, view))
        word = report.verdict.value.upper().replace("-", " ")
        count = len(report.problems)
        line = notify.status(f"{word}, {count} problem{'' if count == 1 else 's'}")
        notify.notify(*((line,) if self._is_ready else ("READY=1", line)))
        self._is_ready = True
