"""The versions of driver and firmware on a node: what runs, by card, and what is installed, by file."""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

import attrs

from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import version_info
from ascend_doctor.facts.npu_smi import board
from ascend_doctor.facts.npu_smi.board import BoardFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.knowledge.hdk import Range
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, Reading, known
from ascend_doctor.model.subject import Subject


@attrs.frozen
class Board:
    """What one card says of the running versions. `driver` and `firmware` are None where it does not tell."""

    target: Target
    subject: Subject
    facts: Reading[BoardFacts]
    driver: Optional[str] = None
    firmware: Optional[str] = None
    compatibility: str = ""


@attrs.frozen
class Installed:
    """What the two `version.info` files say; None for what they do not.

    The releases are the numbers of the driver that belongs to the HDK release each package was part of.
    """

    driver: Optional[str] = None
    firmware: Optional[str] = None
    driver_release: Optional[str] = None
    firmware_release: Optional[str] = None
    firmware_accepted: Optional[Sequence[Range]] = None
    drivers_accepted: Optional[Sequence[Range]] = None

    @property
    def one_release(self) -> bool:
        """Whether both files name the same release."""
        return self.driver_release is not None and self.driver_release == self.firmware_release

    @property
    def two_releases(self) -> bool:
        """Whether both files name a release, and not the same one."""
        return None not in (self.driver_release, self.firmware_release) and not self.one_release


def boards(view: NodeView) -> Tuple[Board, ...]:
    """Return what every card says; a card that did not answer has its reason in `facts`."""
    return tuple(_board(target, subject, facts) for target, subject, facts in view.each(board.SOURCE))


def _board(target: Target, subject: Subject, facts: Reading[BoardFacts]) -> Board:
    if isinstance(facts, Missing):
        return Board(target, subject, facts)
    word = known(facts.compatibility) or ""
    return Board(target, subject, facts, known(facts.software_version), known(facts.firmware_version), word.upper())


def installed(view: NodeView) -> Installed:
    """Return what is installed. A driver's file without a release of its own names it by its version."""
    found = Installed()
    driver = view.read(version_info.DRIVER)
    if not isinstance(driver, Missing):
        found = attrs.evolve(
            found,
            driver=driver.version,
            driver_release=(known(driver.package_version) or driver.version).lower(),
            firmware_accepted=known(driver.compatible_version_fw),
        )
    firmware = view.read(version_info.FIRMWARE)
    if not isinstance(firmware, Missing):
        release = known(firmware.package_version)
        found = attrs.evolve(
            found,
            firmware=firmware.version,
            firmware_release=None if release is None else release.lower(),
            drivers_accepted=known(firmware.compatible_version_drv),
        )
    return found


def generation(view: NodeView) -> Reading[Generation]:
    """Return the generation of the node's NPUs."""
    return view.devices if isinstance(view.devices, Missing) else view.devices.generation


def same(one: Optional[str], other: Optional[str]) -> bool:
    """Tell whether two versions are equal; upper and lower case (`24.1.RC2`, `24.1.rc2`) are the same version."""
    return one is not None and other is not None and one.lower() == other.lower()
