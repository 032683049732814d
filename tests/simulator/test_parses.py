"""What a healthy simulated product prints is understood by the doctor's own parsers."""

from __future__ import annotations

from typing import Any, Iterator, List, Optional

import pytest

from ascend_doctor.checks import catalogue as checks
from ascend_doctor.facts.catalogue import BY_NAME
from ascend_doctor.facts.hccn_tool import bond_ip
from ascend_doctor.facts.hccn_tool.ub import connect
from ascend_doctor.facts.source import Medium, Query, Scope, Target
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.probe import plan
from ascend_doctor.simulator import files, host, tools, ub_wiring
from ascend_doctor.simulator.hardware import LinkEvent, Machine
from ascend_doctor.simulator.profiles import MAIN_BOARDS_OF_9000, PRODUCTS

_NOW = 1_767_312_000.0


def _machine(product: str) -> Machine:
    machine = PRODUCTS[product].machine("node-1")
    if machine.generation is Generation.A5:
        machine.ub = ub_wiring.devices(machine, 1)
    for phy_id, port in machine.ports.items():
        port.address, port.gateway = f"10.0.{phy_id}.2", f"10.0.{phy_id}.1"
        port.netdetect = port.gateway
        port.link_history = [(_NOW - 3600, LinkEvent.UP)]
        machine.hccn_conf[phy_id] = {"address": port.address, "gateway": port.gateway, "tls_enable": "0"}
    return machine


def _reach(_machine: Machine, _phy_id: int, _address: str) -> Optional[List[Optional[float]]]:
    return [0.151, 0.049, 0.05]


LACKING_ON_9000 = {"hccn_tool/ipv6", "hccn_tool/optical", "hccn_tool/optical-v2", "hccn_tool/optical-dfx"}
LACKING_ON_9000 |= {"hccn_tool/pfc-stat"}
HARMLESS = plan.harmless_sources(checks.load())


def _queries(machine: Machine) -> Iterator[Query[Any]]:
    shown = files.files(machine)
    for source in HARMLESS:
        is_shown = source.medium is not Medium.FILE or any(place in shown for place in source.about().places)
        if machine.generation in source.generations and is_shown:
            if source.scope is Scope.NODE:
                yield source.about()
            elif source.scope is Scope.CHIP and machine.generation is not Generation.A5:
                yield from (source.about(Target(npu=chip.npu, chip=chip.chip)) for chip in machine.chips)
            elif source.scope in (Scope.CARD, Scope.CHIP):
                yield from (source.about(Target(npu=card)) for card in machine.cards())
            else:
                yield from (source.about(Target(phy_id=phy_id)) for phy_id in machine.ports)


def _evidence(machine: Machine, query: Query[Any]) -> Evidence:
    if query.source.medium is Medium.HOST:
        return Evidence(
            query.key, query.argv, exit_code=0, stdout=host.answer(query.argv, host.tree_of(machine)) or b""
        )
    if query.source.medium is Medium.FILE:
        shown = files.files(machine)
        place = next(place for place in query.places if place in shown)
        return Evidence(query.key, query.argv, exit_code=0, stdout=shown[place])
    answer = tools.answer(machine, query.argv, _NOW, _reach)
    return Evidence(query.key, query.argv, exit_code=answer.exit_code, stdout=answer.stdout, stderr=answer.stderr)


@pytest.mark.parametrize("product", sorted(PRODUCTS))
def test_every_answer_of_a_healthy_product_is_read(product: str) -> None:
    """No source of a healthy machine ends in a missing reading."""
    machine = _machine(product)
    for query in _queries(machine):
        reading = query.source.read(_evidence(machine, query))
        is_no_card = query.source is connect.SOURCE and not machine.ub[0].is_card
        bonds = machine.board.main_board_id in MAIN_BOARDS_OF_9000
        lacks = query.source.name in (LACKING_ON_9000 if bonds else {bond_ip.SOURCE.name})
        refused = isinstance(reading, Missing) and reading.why is Absence.NOT_SUPPORTED
        assert is_no_card or (refused if lacks else not isinstance(reading, Missing)), (query.key, reading)


@pytest.mark.parametrize("product", sorted(PRODUCTS))
def test_the_map_of_ids_comes_back(product: str) -> None:
    """The chips that `info -m` tells are the machine's, by card and chip."""
    machine = _machine(product)
    source = BY_NAME["npu-smi/mapping"]
    facts = source.read(_evidence(machine, source.about()))
    expected = [(chip.npu, chip.chip) for chip in machine.chips]
    assert expected == [(row.npu, row.chip) for row in facts.rows if not row.is_mcu]


def test_only_a_product_with_roce_has_ports() -> None:
    """Inference cards and UB boards have no port that the A2 form of `hccn_tool` can ask about."""
    without = {name for name, product in PRODUCTS.items() if not product.machine("n").ports}
    cards = {"atlas-350-1p", "atlas-350-2p", "atlas-350-4p"}
    assert {"atlas-300i-pro", "ascend-950", "ascend-950-x86", *cards} == without
    assert {Generation.P310P, Generation.A5} == {PRODUCTS[name].generation for name in without}


def test_a_lost_packet_is_read_as_loss() -> None:
    """A ping with a lost packet fails for the tool, and the summary still tells how many came back."""
    machine = _machine("atlas-800t-a2")
    source = BY_NAME["hccn_tool/ping"]
    query = source.about(Target(phy_id=0, address="10.0.1.2"))
    answer = tools.answer(machine, query.argv, _NOW, lambda *_: [0.2, None, 0.05])
    reading = source.read(Evidence(query.key, query.argv, exit_code=1, stdout=answer.stdout, stderr=answer.stderr))
    assert 1 == answer.exit_code
    assert (3, 2) == (reading.transmitted, reading.received)


def test_a_dead_port_reads_as_not_configured() -> None:
    """A port without address and gateway is told apart from one whose tool failed."""
    machine = PRODUCTS["atlas-800t-a2"].machine("node-1")
    for name, field in (
        ("hccn_tool/ip", "ipaddr"),
        ("hccn_tool/gateway", "gateway"),
        ("hccn_tool/netdetect", "netdetect"),
    ):
        source = BY_NAME[name]
        reading = source.read(_evidence(machine, source.about(Target(phy_id=0))))
        assert Absence.NOT_CONFIGURED is getattr(reading, field).why, name
