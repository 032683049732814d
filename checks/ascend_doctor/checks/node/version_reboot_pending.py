"""A new driver or firmware waits for a reboot.

What it reads: the installed versions in the two `version.info` files and when these were written, the running
    versions that `npu-smi` prints, and when the node was started.

Why it matters: between an upgrade and the reboot the old parts run with the new files; tools fail with -8005, and
    which versions are judged depends on who asks.

What to do: reboot. After a firmware upgrade some boards need a cold power cycle.

Disruption: a reboot stops every job of the node.

Limits: none. It is a warning, and a failure when `npu-smi` does not work either. A container may see other files than
    those of the loaded driver, and when they were written says nothing there.

Sources: Ascend/mind-cluster documentation, FAQ (reboot after an upgrade); hicann/driver, documentation of
    dcmi_get_device_compatibility (valid only after both installations have taken effect).
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Tuple

from ascend_doctor.checks import remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, unknown
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.versions import boards, installed, same
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import version_info
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import board, info
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Absence, Missing, known
from ascend_doctor.model.status import Status

NOTHING = Missing(Absence.NOT_REPORTED, "neither version.info nor a running version can be compared with anything")


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare installed with running, and the files' times with the start of the node."""
    table = view.read(info.SOURCE)
    differences, compared = _differences(view)
    if differences:
        words, quotes = differences[0]
        dead = isinstance(table, Missing) and table.why is Absence.TOOL_FAILED
        yield failed(
            view.subject,
            f"{words}{', and npu-smi fails' if dead else ''}",
            expected="what is installed is what runs",
            remedies=[remedies.REBOOT],
            quotes=quotes,
            status=Status.FAIL if dead else Status.WARN,
        )
    elif compared:
        yield passed(view.subject, "what is installed is what runs")
    else:
        yield unknown(view.subject, "whether a reboot is pending", NOTHING)


def _differences(view: NodeView) -> Tuple[List[Tuple[str, Tuple[Quote, ...]]], bool]:
    """Return what differs, with the evidence, and whether anything could be compared."""
    found: List[Tuple[str, Tuple[Quote, ...]]] = []
    files = installed(view)
    driver, firmware = _running(view)
    pairs = (
        ("driver", files.driver, driver, version_info.DRIVER),
        ("firmware", files.firmware, firmware, version_info.FIRMWARE),
    )
    for what, there, running, source in pairs:
        if there is not None and running is not None and not same(there, running):
            words = f"{what} {there} is installed, and {running} is running"
            found.append((words, (*view.quote(source), *view.quote(info.SOURCE))))
    facts = view.read(identity.SOURCE)
    times = {} if isinstance(facts, Missing) else facts.file_times
    boot = None if isinstance(facts, Missing) else known(facts.boot_time)
    found += [
        (f"{path} was written after the node was started", view.quote(identity.SOURCE))
        for path in (version_info.DRIVER_PATH, version_info.FIRMWARE_PATH)
        if boot is not None and times.get(path, boot) > boot and not in_container(view)
    ]
    compared = any(there and running for _, there, running, _ in pairs) or (boot is not None and bool(times))
    return found, compared


def _running(view: NodeView) -> Tuple[Optional[str], Optional[str]]:
    """Return the running driver and firmware; of several cards the first that tells."""
    found = boards(view)
    driver = next((item.driver for item in found if item.driver), None)
    table = view.read(info.SOURCE)
    if driver is None and not isinstance(table, Missing):
        driver = known(table.driver_version)
    return driver, next((item.firmware for item in found if item.firmware), None)


CHECK = Check(
    id="version.reboot-pending",
    reads=(version_info.DRIVER, version_info.FIRMWARE, board.SOURCE, info.SOURCE, identity.SOURCE),
    judge=judge,
    limits=NoLimits(),
)
