"""Driver and firmware do not fit together.

What it reads: the running versions and the `Compatibility` line of `npu-smi info -t board`; where that line does not
    decide, the lists of accepted versions in the two `version.info` files.

Why it matters: the cards are visible and models do not run, or only on one card; after half an upgrade nothing
    starts.

What to do: install driver and firmware of one HDK release and reboot. If the matching firmware is installed already
    and only not running, a reboot or a cold power cycle is enough.

Disruption: a reboot stops every job of the node.

Limits: none of our own. The vendor's line decides; two HDK releases side by side that the vendor calls compatible are
    a warning, because such pairs are in use. A row of the site's own knowledge (hdk_pairs) may call a pair that the
    rule accepts a failure, or a pair of two releases right; the finding names the file. `UNKNOWN` on a host means that
    the firmware's own list is missing from its flash: a warning. `NOT SUPPORT`, and a firmware version `NA`, mean that
    the caller is not root: then the files decide. Cards of one node with different firmware are a failure whatever the
    line says.

Sources: hicann/driver, dcmi_basic_info_intf.c and dcmi_permission_judge.c (the rule), npu_info_print.c (the line);
    support.huaweicloud.com, alarm NpuDriverFirmwareMismatch.
"""

from __future__ import annotations

from collections import Counter
from typing import Iterator, List, Optional, Sequence, Tuple

from ascend_doctor.checks import remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.versions import Board, Installed, boards, generation, installed, same
from ascend_doctor.checks.view import NOT_ASKED, NodeView
from ascend_doctor.facts.files import version_info
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import board
from ascend_doctor.knowledge import hdk
from ascend_doctor.knowledge.hdk import Compatibility, Pair
from ascend_doctor.model.evidence import Quote
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Absence, Missing, known
from ascend_doctor.model.status import Confidence, Status

EXPECTED = "driver and firmware that the vendor's rule accepts"
LINES = ("Compatibility", "Software Version", "Firmware Version")


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the node, or the one card that differs; a card that did not answer is unknown."""
    found = boards(view)
    answered = [item for item in found if not isinstance(item.facts, Missing)]
    for item in found:
        if isinstance(item.facts, Missing) and answered:
            yield missing(item.subject, "the running version", item.facts, view.quote(board.SOURCE, item.target))
    versions = installed(view)
    odd = [item for item in answered if item.compatibility == "NOK"]
    if odd:
        yield _not_accepted(view, odd, answered, versions)
        return
    split = _minority(answered)
    if split:
        yield _partly_flashed(view, split, answered)
    elif any(item.compatibility == "OK" for item in answered):
        yield _accepted(view, answered, versions)
    elif any(item.compatibility == "UNKNOWN" for item in answered) and not in_container(view):
        yield warned(
            view.subject,
            "npu-smi cannot tell whether they fit: the firmware's list of drivers is missing from its flash",
            expected=EXPECTED,
            remedies=[remedies.REINSTALL_PAIR],
            quotes=view.quote(board.SOURCE, answered[0].target, *LINES),
            confidence=Confidence.WEAK,
        )
    else:
        yield _by_files(view, answered, versions, next((item for item in found if item not in answered), None))


def _pair(answered: Sequence[Board], versions: Installed) -> Tuple[Optional[str], Optional[str]]:
    """Return the running driver and firmware, each from its file where the card does not tell."""
    driver = next((item.driver for item in answered if item.driver), None)
    firmware = next((item.firmware for item in answered if item.firmware), None)
    return driver or versions.driver, firmware or versions.firmware


def _not_accepted(view: NodeView, odd: List[Board], answered: List[Board], versions: Installed) -> Finding:
    whole = len(odd) > 1 or len(answered) == 1
    driver, firmware = _pair(odd, versions)
    return failed(
        view.subject if whole else odd[0].subject,
        f"driver {driver or 'unknown'} and firmware {firmware or 'unknown'} do not fit, says npu-smi",
        expected=EXPECTED,
        remedies=_cure(driver, firmware, versions),
        observed=f"{driver or 'unknown'} + {firmware or 'unknown'}",
        quotes=view.quote(board.SOURCE, odd[0].target, *LINES),
        affected=[item.subject for item in odd] if whole else (),
    )


def _cure(driver: Optional[str], firmware: Optional[str], versions: Installed) -> List[Remedy]:
    """Advise a reboot first where the installed firmware is another than the running one, and would fit."""
    waiting = versions.firmware is not None and not same(versions.firmware, firmware)
    if waiting and driver is not None and _rule(driver, str(versions.firmware), versions) is Compatibility.OK:
        return [remedies.REBOOT, remedies.REINSTALL_PAIR]
    return [remedies.REINSTALL_PAIR]


def _minority(answered: Sequence[Board]) -> List[Board]:
    """Return the cards that run another firmware than most; half of them, the later ones, when no version leads."""
    counts = Counter(item.firmware for item in answered if item.firmware)
    if len(counts) < 2:
        return []
    most = counts.most_common(1)[0][0]
    return [item for item in answered if item.firmware and item.firmware != most]


def _partly_flashed(view: NodeView, split: List[Board], answered: List[Board]) -> Finding:
    versions = ", ".join(sorted({str(item.firmware) for item in answered if item.firmware}))
    single = len(split) == 1 and len(answered) > 2
    return failed(
        split[0].subject if single else view.subject,
        f"the cards of one node run different firmware: {versions}",
        expected="one firmware on all cards of a node",
        remedies=[remedies.REINSTALL_PAIR],
        observed=versions,
        quotes=view.quote(board.SOURCE, split[0].target, "Firmware Version"),
        affected=() if single else [item.subject for item in split],
        confidence=Confidence.DIRECT if single else Confidence.INFERRED,
    )


def _accepted(view: NodeView, answered: List[Board], versions: Installed) -> Finding:
    driver, firmware = _pair(answered, versions)
    quotes = view.quote(board.SOURCE, answered[0].target, *LINES)
    observed = f"{driver or 'unknown'} + {firmware or 'unknown'}"
    pair = _known_pair(view, driver, firmware)
    running = same(firmware, versions.firmware) and same(driver, versions.driver)
    # A pair that only runs until the next reboot is the business of version.reboot-pending.
    if pair is not None and (pair.verdict == hdk.FAILS or (running and pair.verdict != hdk.FITS)):
        return _spoken_against(view, pair, observed, quotes)
    if running and versions.two_releases and pair is None:
        return _two_releases(view, versions, observed, quotes)
    return passed(
        view.subject,
        f"driver {driver or 'unknown'} and firmware {firmware or 'unknown'} fit, says npu-smi",
        observed=observed,
        quotes=quotes,
    )


def _spoken_against(view: NodeView, pair: Pair, observed: str, quotes: Tuple[Quote, ...]) -> Finding:
    """Judge a pair of which a file says that it is of two releases, or that it does not fit, whatever the rule says."""
    return failed(
        view.subject,
        f"driver {pair.driver} and firmware {pair.firmware} are no pair of one HDK release"
        f"{f', {pair.reason}' if pair.reason else ''} (by {pair.origin})",
        expected="driver and firmware of one HDK release",
        remedies=[remedies.REINSTALL_PAIR],
        observed=observed,
        quotes=quotes,
        status=Status.FAIL if pair.verdict == hdk.FAILS else Status.WARN,
    )


def _two_releases(view: NodeView, versions: Installed, observed: str, quotes: Tuple[Quote, ...]) -> Finding:
    return warned(
        view.subject,
        f"driver and firmware come from two HDK releases ({versions.driver_release} and {versions.firmware_release}) "
        "that fit by the vendor's rule",
        expected="driver and firmware of one HDK release",
        remedies=[remedies.REINSTALL_PAIR],
        observed=observed,
        quotes=quotes,
    )


def _by_files(view: NodeView, answered: List[Board], versions: Installed, silent: Optional[Board]) -> Finding:
    """Judge without the vendor's line: by the files that driver and firmware left on the host."""
    driver, firmware = _pair(answered, versions)
    quotes = (*view.quote(version_info.DRIVER), *view.quote(version_info.FIRMWARE))
    if driver is None or firmware is None:
        gap = silent.facts if silent is not None and isinstance(silent.facts, Missing) else NOT_ASKED
        if answered:
            gap = Missing(Absence.NO_PERMISSION, "only root sees the firmware, and there is no firmware/version.info")
        return unknown(view.subject, "whether driver and firmware fit", gap, quotes)
    observed = f"{driver} + {firmware}"
    pair = _known_pair(view, driver, firmware)
    if pair is not None and pair.verdict != hdk.FITS:
        return _spoken_against(view, pair, observed, quotes)
    if versions.one_release or pair is not None:
        by = "their version.info" if pair is None else pair.origin
        return passed(
            view.subject,
            f"driver {driver} and firmware {firmware} are one HDK release (by {by})",
            observed=observed,
            quotes=quotes,
        )
    outcome = _rule(driver, firmware, versions)
    if outcome is Compatibility.NOK:
        return failed(
            view.subject,
            f"driver {driver} and firmware {firmware} do not fit by the vendor's rule",
            expected=EXPECTED,
            remedies=[remedies.REINSTALL_PAIR],
            observed=observed,
            quotes=quotes,
            confidence=Confidence.INFERRED,
        )
    if outcome is Compatibility.OK:
        if versions.two_releases:
            return _two_releases(view, versions, observed, quotes)
        return passed(
            view.subject,
            f"driver {driver} and firmware {firmware} fit by the vendor's rule",
            observed=observed,
            quotes=quotes,
        )
    return warned(
        view.subject,
        f"nobody knows whether driver {driver} and firmware {firmware} fit",
        expected=EXPECTED,
        remedies=[
            Remedy("Run the check as root, so that npu-smi prints its own judgement.", "npu-smi info -t board -i 0")
        ],
        observed=observed,
        quotes=quotes,
        confidence=Confidence.WEAK,
    )


def _rule(driver: str, firmware: str, versions: Installed) -> Compatibility:
    return hdk.compatibility(driver, firmware, versions.firmware_accepted, versions.drivers_accepted)


def _known_pair(view: NodeView, driver: Optional[str], firmware: Optional[str]) -> Optional[Pair]:
    return hdk.pair_of(str(driver), str(firmware), known(generation(view)))


CHECK = Check(
    id="version.driver-firmware",
    reads=(board.SOURCE, version_info.DRIVER, version_info.FIRMWARE, identity.SOURCE),
    judge=judge,
    limits=NoLimits(),
)
