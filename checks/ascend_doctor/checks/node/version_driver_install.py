"""The driver package is not completely installed.

What it reads: the warning below the table of `npu-smi info`, the state in `/etc/ascend_install.info`, and the driver's
    `version.info`.

Why it matters: after half an installation parts of two drivers work together; what fails then fails at random.

What to do: install the driver package again, as a whole, and reboot.

Disruption: a reboot stops every job of the node.

Limits: none. The tool's own warning decides. An installation file without a state is what older packages leave, and
    says nothing by itself. A driver that was installed elsewhere, as `Driver_Install_Path_Param` says, has its files
    there. Inside a container nothing is judged: it sees only the files that were mounted into it.

Sources: hicann/driver, npu-smi (the warning, printed outside of containers while the state is not `complete`) and its
    installation scripts; npu-smi manual.
"""

from __future__ import annotations

from typing import Iterator, List, Tuple

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, skipped, unknown
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import install_info, version_info
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing, known
from ascend_doctor.model.status import Disruption

COMPLETE = "complete"
USUAL_PATH = "/usr/local/Ascend"
WARNING = "may not be completely installed"
REINSTALL = Remedy("Install the driver package again (a whole installation), then reboot.", "", Disruption.REBOOT)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge by the tool's warning first, then by the files."""
    if in_container(view):
        yield skipped(view.subject, "a container sees only the files of the driver that were mounted into it")
        return
    wrong = _wrong(view)
    table, install = view.read(info.SOURCE), view.read(install_info.SOURCE)
    if wrong:
        words, quotes = wrong[0]
        yield failed(
            view.subject, words, expected="a whole installation of the driver", remedies=[REINSTALL], quotes=quotes
        )
    elif isinstance(table, Missing) and isinstance(install, Missing):
        yield unknown(view.subject, "whether the driver is completely installed", install)
    else:
        yield passed(view.subject, "the driver is completely installed")


def _wrong(view: NodeView) -> List[Tuple[str, Tuple[Quote, ...]]]:
    """Return what tells that the installation is not whole, with the evidence."""
    found: List[Tuple[str, Tuple[Quote, ...]]] = []
    table = view.read(info.SOURCE)
    if not isinstance(table, Missing) and table.driver_incomplete:
        quotes = (*view.quote(info.SOURCE, WHOLE_NODE, WARNING), *view.quote(install_info.SOURCE))
        found.append(("npu-smi warns that the driver package is not completely installed", quotes))
    install = view.read(install_info.SOURCE)
    path = USUAL_PATH
    if not isinstance(install, Missing):
        path = known(install.driver_install_path) or USUAL_PATH
        state = known(install.driver_install_status) or COMPLETE
        if state != COMPLETE:
            found.append((f"the installation of the driver ended as {state!r}", view.quote(install_info.SOURCE)))
    driver = view.read(version_info.DRIVER)
    if isinstance(driver, Missing) and driver.why is Absence.TOOL_ABSENT and path == USUAL_PATH:
        found.append((f"there is no {version_info.DRIVER_PATH}", view.quote(version_info.DRIVER)))
    return found


CHECK = Check(
    id="version.driver-install",
    reads=(info.SOURCE, install_info.SOURCE, version_info.DRIVER, identity.SOURCE),
    judge=judge,
    limits=NoLimits(),
)
