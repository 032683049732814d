"""npu-smi does not work.

What it reads: the answer of `npu-smi info` as a whole: whether it ran, how it ended, and the error it printed.

Why it matters: nothing that uses the NPUs can start, and no other check of the node can look.

What to do: after an installation of driver or firmware reboot. Otherwise install the driver again. Inside a container
    look at its devices and mounts first: `/dev/davinci*`, `/dev/davinci_manager`, `/dev/devmm_svm`, `/dev/hisi_hdc`,
    `/usr/local/dcmi`, the driver's `lib64`, `version.info` and `/etc/ascend_install.info`.

Disruption: a reboot stops every job of the node. Never reset an NPU for a symptom seen in a container.

Limits: none. Inside a container a failure is only a warning, because npu-smi may fail there while computing works. An
    answer that does not come in time, or that calls the device not ready, is judged by `tool.timeout`; a device that
    is busy for the moment by `tool.busy`. -8020 at the start says that somebody has the devices; inside a container
    it mostly means that its mounts are incomplete.

Sources: Ascend/mind-cluster documentation, FAQ (-8005 until the reboot); hicann/driver, npu-smi source and manual
    (error texts).
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Disruption

EXPECTED = "`npu-smi info` ends with exit code 0 and prints its table"
TROUBLE = {
    Absence.TOOL_ABSENT: "npu-smi is not there",
    Absence.TOOL_REFUSED: "the doctor refuses to run npu-smi",
    Absence.TOOL_FAILED: "npu-smi fails",
    Absence.NO_DEVICE: "npu-smi finds no NPU",
}
OCCUPIED = -8020
"""Turned away at the start: unlike a busy device this does not pass by itself."""
INSTALL = Remedy("Install the driver (a whole installation), then reboot.", "", Disruption.REBOOT)
MOUNTS = Remedy("Give the container its devices and the driver's files (see `ascend-doctor explain tool.npu-smi`).")
HOLDER = Remedy(
    "Find the container or the process that has the devices, and end it.", "ls -l /proc/*/fd 2>/dev/null | grep davinci"
)
PERMISSIONS = Remedy(
    "Make the program and every folder above it writable by root alone.", "ls -ld $(readlink -f $(command -v npu-smi))"
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the answer of `npu-smi info`."""
    facts = view.read(info.SOURCE)
    if isinstance(facts, Missing):
        yield _trouble(view, facts)
    else:
        yield passed(
            view.subject, f"npu-smi answers: driver {facts.driver_version}", observed=str(facts.driver_version)
        )


def _trouble(view: NodeView, gap: Missing) -> Finding:
    occupied = gap.why is Absence.BUSY and gap.code == OCCUPIED
    words = "npu-smi is turned away, the devices are in use" if occupied else TROUBLE.get(gap.why)
    if words is None:
        return unknown(view.subject, "whether npu-smi works", gap, view.quote(info.SOURCE))
    contained = in_container(view)
    say = warned if contained else failed
    steps = [INSTALL] if gap.why is Absence.TOOL_ABSENT else [remedies.REBOOT, INSTALL]
    if gap.why is Absence.TOOL_REFUSED:
        steps = [PERMISSIONS]
    if occupied:
        steps = [HOLDER]
    return say(
        view.subject,
        f"{words}{f': {gap.detail}' if gap.detail else ''}",
        expected=EXPECTED,
        remedies=[MOUNTS] if contained else steps,
        quotes=view.quote(info.SOURCE),
    )


CHECK = Check(id="tool.npu-smi", reads=(info.SOURCE, identity.SOURCE), judge=judge, limits=NoLimits())
