"""CANN does not fit the driver, or its parts do not fit each other.

What it reads: `ascend_toolkit_install.info` and `version.cfg` of CANN, in the layout of 8.5.0 and newer or the one
    before, `version.info` of MindIE, and the version of the driver.

Why it matters: a CANN that the driver is too old for fails while it loads, or operators hang; parts of two releases
    crash in ways that nobody understands; ranks of different versions do not get together (EI0008, EI0005).

What to do: use the CANN of the release notes' table for this driver, in one image on all nodes; after an upgrade that
    stopped half-way install CANN again.

Disruption: none of its own; jobs have to be started again with the other CANN.

Limits: `required` is our own policy: whether a node without CANN fails. By default there is nothing to judge there,
    because CANN lies in the containers of the jobs and not on the host. What the vendor's table excludes fails, and so
    does a driver older than every line in it; where the table says nothing the lists of generations in the files of
    driver and CANN can acquit, which is inferred from pairs that the vendor lists, and otherwise it is a warning. A
    newer driver under an older CANN is what the vendor supports.

Sources: release notes of CANN, and of MindIE; the lists `compatible_version` of both packages; hicann/driver,
    installation scripts (which parts of CANN have to agree).
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Tuple

import attrs

from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, skipped, unknown
from ascend_doctor.checks.versions import boards, generation
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import cann, cann_parts, engine_version, version_info
from ascend_doctor.facts.files.cann import CannPackageFacts
from ascend_doctor.facts.npu_smi import board, info
from ascend_doctor.knowledge import stack
from ascend_doctor.knowledge.stack import Fit
from ascend_doctor.knowledge.versions import order
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing, known
from ascend_doctor.model.status import Status

EXPECTED = "a CANN of one release that the driver supports"
FITTING = Remedy("Use the CANN that the release notes name for this driver, or raise the driver.")
WHOLE = Remedy("Install CANN again, as a whole, or use an image with one release.")
INSTALL = Remedy("Install CANN, or look from inside the container that has it.")

Verdict = Tuple[Status, str, Remedy, Tuple[Quote, ...]]


@attrs.frozen
class Limits:
    """`required`: whether a node without CANN fails."""

    required: bool = False


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge the installed CANN by itself and with the driver; the worst that is found counts."""
    package = view.read(cann.TOOLKIT)
    if isinstance(package, Missing):
        yield _without(view, package, limits)
        return
    found = [*_parts(view, package), *_engine(view, package), *_driver(view, package)]
    for status in (Status.FAIL, Status.WARN):
        worst = [item for item in found if item[0] is status]
        if worst:
            yield failed(
                view.subject,
                "; ".join(words for _, words, _, _ in worst),
                expected=EXPECTED,
                remedies=list(dict.fromkeys(remedy for _, _, remedy, _ in worst)),
                observed=package.version,
                quotes=(*view.quote(cann.TOOLKIT), *worst[0][3]),
                status=status,
            )
            return
    notes = [words for _, words, _, _ in found] or ["the driver is not known"]
    yield passed(view.subject, f"CANN {package.version}: {'; '.join(notes)}", observed=package.version)


def _without(view: NodeView, gap: Missing, limits: Limits) -> Finding:
    if gap.why is not Absence.TOOL_ABSENT:
        return unknown(view.subject, "the version of CANN", gap, view.quote(cann.TOOLKIT))
    if not limits.required:
        return skipped(view.subject, "there is no CANN here")
    return failed(
        view.subject,
        "there is no CANN here",
        expected=EXPECTED,
        remedies=[INSTALL],
        quotes=view.quote(cann.TOOLKIT),
    )


def _parts(view: NodeView, package: CannPackageFacts) -> Iterator[Verdict]:
    """Compare the parts that are in use with each other."""
    parts = view.read(cann_parts.PARTS)
    if isinstance(parts, Missing):
        return
    releases: Dict[str, List[str]] = {}
    for name in cann_parts.CORE:
        if name in parts.running:
            releases.setdefault(parts.running[name].lower(), []).append(name)
    if len(releases) > 1:
        shown = ", ".join(f"{release} ({', '.join(names)})" for release, names in sorted(releases.items()))
        words = f"the parts of CANN {package.version} come from several releases: {shown}"
        yield Status.FAIL, words, WHOLE, view.quote(cann_parts.PARTS)


def _engine(view: NodeView, package: CannPackageFacts) -> Iterator[Verdict]:
    """Compare MindIE with the CANN that it was made for."""
    mindie = view.read(engine_version.MINDIE)
    row = None if isinstance(mindie, Missing) else stack.cann_of_mindie(mindie.release)
    if isinstance(mindie, Missing) or row is None:
        return
    if row["cann"].lower() != package.version.lower():
        words = f"MindIE {mindie.release} was made for CANN {row['cann']}, not {package.version} (by {row.origin})"
        yield Status.WARN, words, WHOLE, view.quote(engine_version.MINDIE)


def _driver(view: NodeView, package: CannPackageFacts) -> Iterator[Verdict]:
    driver = _running(view)
    if driver is None:
        return
    found = stack.cann_with_driver(package.version, driver, known(generation(view)))
    quotes = view.quote(info.SOURCE)
    if found.fit is Fit.YES:
        yield Status.PASS, f"made for driver {driver} (by {found.origin})", FITTING, quotes
    elif found.fit is Fit.NO:
        yield Status.FAIL, f"CANN {package.version} excludes driver {driver} (by {found.origin})", FITTING, quotes
    elif _listed_by_a_side(view, package):
        yield Status.PASS, f"driver {driver} or CANN lists the other's generation", FITTING, quotes
    elif found.fit is Fit.TOO_OLD:
        words = f"driver {driver} is older than any that CANN {package.version} is made for (by {found.origin})"
        yield Status.FAIL, words, FITTING, quotes
    elif _is_newer(driver, package.version):
        yield Status.PASS, f"driver {driver} is newer than the lines that it was made with", FITTING, quotes
    else:
        yield Status.WARN, f"nobody says that CANN {package.version} and driver {driver} fit", FITTING, quotes


def _running(view: NodeView) -> Optional[str]:
    """Return the driver that runs, else the installed one."""
    table = view.read(info.SOURCE)
    driver = None if isinstance(table, Missing) else known(table.driver_version)
    driver = driver or next((card.driver for card in boards(view) if card.driver), None)
    installed = view.read(version_info.DRIVER)
    return driver or (None if isinstance(installed, Missing) else installed.version)


def _listed_by_a_side(view: NodeView, package: CannPackageFacts) -> bool:
    driver = view.read(version_info.DRIVER)
    if isinstance(driver, Missing):
        return False
    accepted = cann.generations_of(driver.fields.get("compatible_version", ""))
    return stack.generations_fit(
        driver.fields.get("Innerversion"), accepted, known(package.innerversion), package.compatible_version
    )


def _is_newer(driver: str, version: str) -> bool:
    """Tell whether a driver is newer than every one that the tables name for a CANN that they know."""
    lines = stack.lines_of(version)
    return bool(lines) and all(order(driver) > order(line) for line in lines)


CHECK = Check(
    id="version.cann",
    reads=(
        cann.TOOLKIT,
        cann_parts.PARTS,
        engine_version.MINDIE,
        version_info.DRIVER,
        info.SOURCE,
        board.SOURCE,
    ),
    judge=judge,
    limits=Limits(),
    own_limits=("required",),
)
