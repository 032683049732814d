"""The driver is old.

What it reads: the running driver that `npu-smi` prints, else the version in the driver's `version.info`.

Why it matters: engines and CANN count on what newer drivers can. MindIE's guides start at 24.1; expert parallelism of
    vLLM and several processes on one NPU need 25.0.RC1; from 25.2.0 on HCCL compares the TLS switches by itself; new
    operators hang on drivers of 24.1.

What to do: install a newer HDK (firmware first over an existing one, then the driver) and reboot.

Disruption: a reboot stops every job of the node.

Limits: `minimum` is our own policy: the oldest line of drivers that is not warned of. Sites that serve with vLLM may
    set 25.0.

Sources: Ascend/msit, msprechecker presets (24.1); HCCL documents (fault of cluster information, constraints);
    vllm-ascend release notes and reports of its users.
"""

from __future__ import annotations

from typing import Iterator

import attrs

from ascend_doctor.checks import remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import passed, unknown, warned
from ascend_doctor.checks.versions import boards, installed
from ascend_doctor.checks.view import NOT_ASKED, NodeView
from ascend_doctor.facts.files import version_info
from ascend_doctor.facts.npu_smi import board, info
from ascend_doctor.knowledge.versions import of_line, order
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.reading import Absence, Missing, known
from ascend_doctor.model.status import Severity


@attrs.frozen
class Limits:
    """`minimum`: the oldest line of drivers that is not warned of, such as `24.1` or `25.0.rc1`."""

    minimum: str = "24.1"


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Compare the running driver, or the installed one where nobody tells what runs."""
    table = view.read(info.SOURCE)
    running = None if isinstance(table, Missing) else known(table.driver_version)
    running = running or next((card.driver for card in boards(view) if card.driver), None)
    driver = running or installed(view).driver
    if driver is None or not driver[0].isdigit():
        gap = table if isinstance(table, Missing) else NOT_ASKED
        gap = gap if driver is None else Missing(Absence.NOT_REPORTED, f"{driver!r} is no version")
        yield unknown(view.subject, "the version of the driver", gap)
    elif of_line(driver, limits.minimum) or order(driver) >= order(limits.minimum):
        yield passed(view.subject, f"driver {driver} is new enough", observed=driver)
    else:
        yield warned(
            view.subject,
            f"driver {driver} is older than {limits.minimum}",
            expected=f"driver {limits.minimum} or newer",
            remedies=[remedies.REINSTALL_PAIR],
            observed=driver,
            quotes=view.quote(info.SOURCE) if running else view.quote(version_info.DRIVER),
        )


CHECK = Check(
    id="version.driver-min",
    reads=(info.SOURCE, board.SOURCE, version_info.DRIVER, version_info.FIRMWARE),
    judge=judge,
    limits=Limits(),
    severity=Severity.ADVISORY,
    own_limits=("minimum",),
)
