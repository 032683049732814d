"""The map of card, chip and phy-id."""

from __future__ import annotations

from typing import Optional

import pytest

from ascend_doctor.facts import devices
from ascend_doctor.facts.devices import Device, DeviceMap, generation_of
from ascend_doctor.facts.hccn_tool import link, ping
from ascend_doctor.facts.npu_smi import board, health, listing
from ascend_doctor.facts.npu_smi.info import InfoChip, InfoFacts
from ascend_doctor.facts.npu_smi.mapping import MappingFacts, MappingRow
from ascend_doctor.facts.source import Target
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading

NO_ANSWER = Missing(Absence.TIMED_OUT)
LOST = Missing(Absence.NO_DEVICE)


def chip(npu: int, number: Reading[int] = 0, name: Reading[str] = "910B3", **more: int) -> InfoChip:
    """Return a row of the table."""
    return InfoChip(npu, number, name, "OK", 90.0, 40, NOT_REPORTED, **more)  # type: ignore[arg-type]


def info(*chips: InfoChip, layout: str = "hbm") -> InfoFacts:
    """Return a table with these rows."""
    return InfoFacts("25.5.0", "25.5.0", layout, chips, "absent", NOT_REPORTED)


A2 = MappingFacts(
    ("NPU ID", "Chip ID", "Chip Logic ID", "Chip Name"),
    (
        MappingRow(LOST, 0, "Mcu", logic_id=NOT_REPORTED),
        MappingRow(5, 0, "Ascend 910B3", logic_id=1),
        MappingRow(5, 1, "Mcu", logic_id=NOT_REPORTED),
        MappingRow(4, 0, "Ascend 910B3", logic_id=0),
        MappingRow(6, NOT_REPORTED, "Ascend 910B3", logic_id=2),
        MappingRow(7, 0, "Ascend 910B3", logic_id=NOT_REPORTED),
    ),
)


def test_the_map_is_built_from_the_mapping() -> None:
    """Chips stand in the order of their phy-ids; controllers are none; a card that cannot be reached is counted."""
    found = devices.build(A2, NO_ANSWER)
    assert DeviceMap((Device(4, 0, 0, "Ascend 910B3"), Device(5, 0, 1, "Ascend 910B3")), Generation.A2, 1) == found


def test_a_phy_id_belongs_to_the_first_that_has_it() -> None:
    """A dropped die that repeats the phy-id of another does not take its place; it counts as out of reach."""
    rows = (
        MappingRow(0, 0, "Ascend910", logic_id=0, phy_id=0),
        MappingRow(0, 1, "Ascend910", logic_id=1, phy_id=1),
        MappingRow(1, 1, "Ascend910", logic_id=0, phy_id=0),
    )
    found = devices.build(MappingFacts((), rows), NO_ANSWER)
    assert DeviceMap((Device(0, 0, 0, "Ascend910"), Device(0, 1, 1, "Ascend910")), Generation.A3, 1) == found


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (info(chip(5)), DeviceMap((Device(5, 0, 5, "910B3"),), Generation.A2)),
        (info(chip(1, 1, NOT_REPORTED, phy_id=3), layout="a3"), DeviceMap((Device(1, 1, 3),), Generation.A3)),
        (
            info(chip(1536, 0, "310P3", device=2), layout="310"),
            DeviceMap((Device(1536, 0, 2, "310P3"),), Generation.P310P),
        ),
        (info(chip(0, NOT_REPORTED, "Ascend950PR"), layout="950"), DeviceMap((), Generation.A5)),
        (info(chip(0, 0, "xxx")), DeviceMap((), Missing(Absence.NOT_REPORTED, "no chip name tells the product"))),
    ],
)
def test_without_a_mapping_the_table_stands_in(table: InfoFacts, expected: DeviceMap) -> None:
    """The phy-id is the printed one, on A2 the card's; where neither is known there is no device."""
    assert expected == devices.build(NO_ANSWER, table)


def test_without_either_there_is_no_map() -> None:
    """The reason is that of the mapping."""
    assert NO_ANSWER == devices.build(NO_ANSWER, Missing(Absence.TOOL_ABSENT))


def test_the_table_tells_the_product_before_the_mapping() -> None:
    """A name in the table decides where the mapping's name is a placeholder."""
    rows = (MappingRow(0, 0, "Ascend xxx", logic_id=0),)
    found = devices.build(MappingFacts((), rows), info(chip(0, name="910B4")))
    assert not isinstance(found, Missing)
    assert Generation.A2 == found.generation


def test_a_map_finds_its_devices() -> None:
    """Cards, phy-ids, the chips of a card, and one chip of it."""
    dies = tuple(Device(npu, number, 2 * npu + number) for npu in (0, 1) for number in (0, 1))
    found = DeviceMap(dies, Generation.A3)
    assert (0, 1) == found.cards
    assert (0, 1, 2, 3) == found.phy_ids
    assert dies[2:] == found.of_card(1)
    assert dies[3] == found.find(1, 1)
    assert None is found.find(1, NOT_REPORTED)
    assert None is found.find(7, 0)


def test_a_map_knows_what_to_ask() -> None:
    """One question for the node, one a card, chip or NPU; none of the network on a product without RoCE."""
    found = DeviceMap((Device(5, 0, 0), Device(7, 0, 1)), Generation.A2)
    assert (Target(),) == found.targets(listing.SOURCE)
    assert (Target(npu=5), Target(npu=7)) == found.targets(board.SOURCE)
    assert (Target(npu=5, chip=0), Target(npu=7, chip=0)) == found.targets(health.SOURCE)
    assert (Target(npu=5),) == DeviceMap((Device(5, 0, 0),), Generation.A5).targets(health.SOURCE)
    assert (Target(phy_id=0), Target(phy_id=1)) == found.targets(link.SOURCE)
    assert () == found.targets(ping.SOURCE)
    assert () == DeviceMap((Device(0, 0, 0),), Generation.P310P).targets(link.SOURCE)
    assert (Target(phy_id=0),) == DeviceMap((Device(0, 0, 0),), NOT_REPORTED).targets(link.SOURCE)


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        ("Ascend 910A", Generation.A1),
        ("910ProB", Generation.A1),
        ("910B2C", Generation.A2),
        ("910B4-1", Generation.A2),
        ("Ascend910", Generation.A3),
        ("910_9391", Generation.A3),
        ("Ascend950PR", Generation.A5),
        ("310P3", Generation.P310P),
        ("MiniD", Generation.P310),
        ("310B4", Generation.P310),
        ("910B", None),
        ("xxx", None),
    ],
)
def test_a_name_tells_the_product(name: str, generation: Optional[Generation]) -> None:
    """Printed names of each product; one that does not tell gives nothing."""
    assert generation is generation_of(name)
