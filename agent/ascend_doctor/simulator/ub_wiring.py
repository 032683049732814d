"""How the NPUs of a machine of the 950 are wired, and what their links remember."""

from __future__ import annotations

import random
from typing import Dict, FrozenSet, List, Mapping, Sequence, Tuple

from ascend_doctor.facts.host.ub_files import ENDPOINTS, ROOT_INFO, ROUTES, TOPOLOGIES
from ascend_doctor.simulator.faults.ub import UbPortFault
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.hardware.ub import UbDevice, UbLight, UbPort
from ascend_doctor.simulator.history import link_history
from ascend_doctor.simulator.profiles import preset_certificates
from ascend_doctor.simulator.timeline import Drill

CARDS: Mapping[int, Tuple[int, ...]] = {0x68: (), 0x6A: (4, 5, 6, 8), 0x6C: (4, 5, 6)}
"""The ports of each card by the id of its main board: one, two and four cards (vendor source, tool_lib.c)."""

_OUTLETS = ((0, 4), (0, 5), (0, 6), (0, 7), (1, 5), (1, 6))
_MESH = (0, 1, 2, 3, 4, 7, 8)
"""The ports of a server with eight NPUs: those that leave it through optical modules, and those on its second die that
connect each NPU to the seven others (vendor source, comm_product.c, main board 0x21)."""
_SPARE = (1, 9)
"""A port that the product does not use: it is listed, off and without link."""

_LANES = 4
_TWO = 2


def devices(machine: Machine, seed: int) -> Dict[int, UbDevice]:
    """Return the network side of each NPU of a healthy machine."""
    npus = [chip.npu for chip in machine.chips]
    made = {}
    for position, npu in enumerate(npus):
        chance = random.Random(f"{seed} {machine.name} ub {npu}")  # noqa: S311 - no secret, and the same each time
        card = CARDS.get(machine.board.main_board_id)
        ports = _of_server(npus, npu, chance) if card is None else _of_card(npus, npu, card)
        made[npu] = UbDevice(
            npu=npu,
            ports=ports,
            is_card=card is not None,
            eids=[f"0000:0000:0000:0000:0010:{position:04x}:dfdf:{0x20 + 8 * index:04x}" for index in range(4)],
            address=f"192.168.2.{199 - position}",
            certificates=preset_certificates(),
        )
    return made


def _of_server(npus: Sequence[int], npu: int, chance: random.Random) -> List[UbPort]:
    ports = [UbPort(udie, port, light=_light(chance)) for udie, port in _OUTLETS]
    others = [other for other in npus if other != npu]
    for number, other in zip(_MESH, others):
        back = [own for own in npus if own != other].index(npu)
        ports.append(UbPort(1, number, peer=(other, 1, _MESH[back])))
    spare = UbPort(*_SPARE, enabled=False, link_up=False)
    return sorted([*ports, spare], key=lambda port: (port.udie, port.port))


def _of_card(npus: Sequence[int], npu: int, numbers: Sequence[int]) -> List[UbPort]:
    """Connect a card to the others; two cards use all their ports for each other."""
    others = [other for other in npus if other != npu]
    if len(npus) == _TWO:
        return [UbPort(0, number, peer=(others[0], 0, number)) for number in numbers]
    ports = []
    for number, other in zip(numbers, others):
        back = [own for own in npus if own != other].index(npu)
        ports.append(UbPort(0, number, peer=(other, 0, numbers[back])))
    return ports


def _light(chance: random.Random) -> List[UbLight]:
    return [
        UbLight(
            tx_dbm=round(chance.uniform(0.8, 2.2), 4),
            rx_dbm=round(chance.uniform(-0.5, 1.5), 4),
            bias_ma=round(chance.uniform(6.8, 7.6), 4),
            host_snr_db=round(chance.uniform(21.5, 23.5), 4),
            media_snr_db=round(chance.uniform(22.0, 24.0), 4),
        )
        for _ in range(_LANES)
    ]


def places(main_board_id: int, npus: int) -> FrozenSet[Tuple[int, int]]:
    """Return the dies and numbers of the ports that are in use on every NPU of a machine with so many of them."""
    card = CARDS.get(main_board_id)
    if card is not None:
        return frozenset((0, number) for number in (card if npus == _TWO else card[: npus - 1]))
    return frozenset((*_OUTLETS, *((1, number) for number in _MESH[: npus - 1])))


def files(machine: Machine) -> List[str]:
    """Return the files that tell how a server is wired; cards have none."""
    if machine.board.main_board_id in CARDS:
        return []
    return [ROUTES, ROOT_INFO, f"{ENDPOINTS}/endpoints.json", f"{TOPOLOGIES}/topo_950.json"]


def remember(machine: Machine, device: UbDevice, booted_at: float, now: float, drills: Sequence[Drill]) -> None:
    """Work out the links of an NPU, their history and their counters from the faults of all times on its node."""
    if device.as_of == now:
        return
    device.as_of = now
    faults = [(drill, drill.fault) for drill in drills if isinstance(drill.fault, UbPortFault)]
    for port in device.ports:
        if not port.enabled:
            port.link_up_count = port.link_down_count = 0
            continue
        ends = ((device.npu, port.udie, port.port), port.peer)
        here = [(drill, fault) for drill, fault in faults if fault.end in ends]
        dark = [(drill.starts_at, drill.ends_at) for drill, fault in here if fault.darkens]
        for drill, fault in here:
            dark += fault.interruptions(drill.starts_at, min(drill.ends_at, now))
        history = link_history(booted_at, dark, now)
        port.link_up_count, port.link_down_count = history.up_count, history.down_count
        port.link_history = list(history.records)
        port.link_up = not any(start <= now < end for start, end in dark)
        chance = random.Random(f"{machine.name} {ends[0]}")  # noqa: S311 - no secret, and the same each time
        flits, bits = chance.uniform(40_000.0, 60_000.0), chance.uniform(20.0, 60.0)
        port.counters["rx_busi_flit_num"] = port.counters["tx_busi_flit_num"] = int(flits * history.up_for_s)
        port.counters["ub_mem_pkt_cnt_rx"] = port.counters["ub_mem_pkt_cnt_tx"] = int(flits * history.up_for_s / 8)
        port.wrong_bits = int(bits * history.up_for_s)
        # The receiver sees them: at the other end nothing is damaged.
        port.uncorrected = int(
            sum(
                fault.wrong_frames_per_s * max(min(drill.ends_at, now) - drill.starts_at, 0.0)
                for drill, fault in here
                if fault.end == ends[0]
            )
        )
        port.counters["crc_error_sum"] = port.uncorrected
