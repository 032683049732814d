"""`npu-smi info -t hccs|hccs-credit|sio-info|spod-info`: what connects chips; `-t tls-cert`: a chip's certificate."""

from __future__ import annotations

from typing import Callable, Dict, List, Sequence

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Chip, Hccs, Machine
from ascend_doctor.simulator.hardware.interconnect import HEALTHY_HDLC, LINKS
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.blocks import NOT_SUPPORTED, Block, OfChip, Query, needs_chip
from ascend_doctor.simulator.npu_smi.cards import Card
from ascend_doctor.simulator.npu_smi.layout import key_line, key_lines
from ascend_doctor.simulator.npu_smi.usage import help_for
from ascend_doctor.simulator.superpod import Sdid

CALL = "dsmi_get_device_info"
"""The call of the driver that all of these queries make."""
_PACKET_BYTES = 20
_LANE_GBIT_S = 56
_ITEM = 20
_LANES_BY_MODE = {0b00: 0, 0b01: 1, 0b10: 4, 0b11: 2}
_CLASS_9000 = (0x1C, 0x1D)
_CLASS_900 = (0x18, 0x19)


def links_of(machine: Machine) -> range:
    """Return the links that the tool shows on a machine: boards of the 9000 class leave out the first."""
    return LINKS[1:] if machine.board.main_board_id in _CLASS_9000 else LINKS


def _asked(render: Callable[[Machine, Chip], List[str]]) -> OfChip:
    """Return the block of a query that the driver may refuse."""

    def block(machine: Machine, chip: Chip) -> Block:
        failure = chip.query_failures.get(CALL, codes.OK)
        return Block((), codes.tool_code(failure)) if failure else Block(render(machine, chip))

    return block


def lane_mode(word: int) -> int:
    """Return how many lanes a link uses, by the driver's word."""
    return _LANES_BY_MODE[word >> 9 & 0b11]


def hccs_lines(machine: Machine, chip: Chip, lane: int = 0) -> List[str]:
    """Return the lines about the HCCS links of a chip, about one of them with `lane`."""
    hccs = chip.hccs
    links = [lane] if lane else list(links_of(machine))
    gap = "" if lane else " "

    def listed(values: List[object]) -> str:
        return "[" + "".join(f"{value!s:<{_ITEM}}{gap}" for value in values) + "]"

    modes = [lane_mode(hccs.lanes[link]) for link in links]
    marks: List[object] = ["".join(str(hccs.lanes[link] >> bit & 1) for bit in range(1, 5)) for link in links]
    rows = (
        ("hccs health status", "OK" if _is_healthy(hccs) else "NOK"),
        ("hccs lane mode", listed(list(modes))),
        ("hccs link lane list", listed(marks)),
        ("hccs link speed", listed([mode * _LANE_GBIT_S for mode in modes])),
        ("hccs tx packets", listed([hccs.tx_packets[link] for link in links])),
        ("hccs tx bytes", listed([hccs.tx_packets[link] * _PACKET_BYTES for link in links])),
        ("hccs rx packets", listed([hccs.rx_packets[link] for link in links])),
        ("hccs rx bytes", listed([hccs.rx_packets[link] * _PACKET_BYTES for link in links])),
        ("hccs retry count", listed([hccs.retries[link] for link in links])),
        ("hccs error count", listed([hccs.errors[link] for link in links])),
        ("hccs first error lane", hccs.pcs_status >> 8 & 0xFF if hccs.pcs_status else "NA"),
    )
    return key_lines(rows)


def _is_healthy(hccs: Hccs) -> bool:
    return hccs.pcs_status == 0 and hccs.hdlc_status == HEALTHY_HDLC


def bandwidth_lines(machine: Machine, chip: Chip, window_ms: int) -> List[str]:
    """Return the lines about what passed over the links within a window. The totals hold links that are not shown."""
    per_s = _PACKET_BYTES / (window_ms / 1000) / 1024**3
    tx, rx = chip.hccs.window_tx * per_s, chip.hccs.window_rx * per_s
    return [
        f"{'hccs link':<30} {'tx_bandwidth(GB/S)':<30} {'rx_bandwidth(GB/S)':<30}",
        *(f"{link:<35} {tx:<30.6f} {rx:<30.6f}" for link in links_of(machine)),
        f"{'total':<35} {tx * len(LINKS):<30.6f} {rx * len(LINKS):<30.6f}",
    ]


# How the boards of two classes wire the links of their chips: for each link the switch chip, and its port. They come
# from the published tool (npu_info_print_ext.c); two neighbouring phy-ids are wired alike on the first class.
_CHIPS_900 = ((7, 6, 5, 4, 3, 2, 1), (7, 2, 1, 4, 3, 6, 5))
_PORTS_900 = ((16, 4), (14, 2), (12, 0), (19, 7), (17, 5), (15, 3), (13, 1), (18, 6))
_CHIPS_9000 = (
    (2, 2, 3, 3, 1, 1),
    (1, 1, 2, 2, 3, 3),
    (3, 3, 2, 2, 1, 1),
    (1, 1, 2, 2, 3, 3),
    (1, 1, 2, 2, 3, 3),
    (3, 3, 2, 2, 1, 1),
    (1, 1, 2, 2, 3, 3),
    (3, 3, 2, 2, 1, 1),
)
_PORTS_9000 = (
    (10, 10, 22, 22, 21, 21),
    (22, 22, 9, 9, 21, 21),
    (15, 15, 3, 3, 15, 14),
    (16, 17, 4, 4, 16, 16),
    (17, 16, 5, 5, 17, 17),
    (14, 14, 2, 2, 14, 15),
    (20, 20, 8, 8, 20, 20),
    (23, 23, 11, 11, 23, 23),
)


def remote_lines(machine: Machine, chip: Chip, lane: int = 0) -> List[str]:
    """Return the lines of `-R`: where the links of a chip lead."""
    board, number = machine.board.main_board_id, 2 * chip.npu + chip.chip
    chips: Sequence[int]
    if board in _CLASS_900 and number < 2 * len(_PORTS_900):
        card = number // 2
        chips, ports = _CHIPS_900[card % 2], [_PORTS_900[card][link % 2] for link in range(len(LINKS))]
    elif board in _CLASS_9000 and number < len(_CHIPS_9000):
        chips, ports = _CHIPS_9000[number], list(_PORTS_9000[number])
    else:
        return ["This device dose not support querying hccs topo."]
    head = f"{'NPU_PORT':<20} {'HCCS_REMOTE_CHIP':<20} {'HCCS_REMOTE_PORT':<20}"
    rows = zip(links_of(machine), chips, ports)
    return [head, *(f"M{link:<20} {far:<20} M{port:<20}" for link, far, port in rows if lane in (0, link))]


def _credit(machine: Machine, chip: Chip) -> List[str]:
    return [f"\tHCCS Avail Credit Count M{link}     : {chip.hccs.credits[link]}" for link in links_of(machine)]


def _sio(_machine: Machine, chip: Chip) -> List[str]:
    sio = chip.sio
    return [f"\tTX Error Count : {sio.tx_errors + sio.growing}", f"\tRX Error Count : {sio.rx_errors + sio.growing}"]


def _super_pod(machine: Machine, chip: Chip) -> List[str]:
    pod = machine.super_pod
    head = [key_line("Super Pod Size", pod.size), key_line("Super Pod ID", pod.id)]
    if machine.generation is Generation.A5:
        # The highest bits of the main board tell a pod, which has chassis, from servers (vendor source).
        in_pod = machine.board.main_board_id >> 5 & 0b111 == 0
        place = ("Chassis ID", pod.chassis_id) if in_pod else ("Server Index", pod.server_index)
        return [*head, key_line(*place), key_line("Super Pod Type", pod.type)]
    number = Sdid(pod.server_index, chip.phy_id).number if chip.sdid is None else chip.sdid
    return [key_line("SDID", number), *head, key_line("Server Index", pod.server_index)]


def _certificate(machine: Machine, chip: Chip) -> Block:
    failure = chip.query_failures.get(CALL, codes.OK)
    if machine.generation is Generation.A3 and chip.chip:
        return NOT_SUPPORTED  # the two dies of a module share the certificate of the first
    if failure:
        return Block((), codes.tool_code(failure))
    certificate = chip.certificate
    if certificate is None:
        return Block(["The certificate does not exist."])
    return Block(
        key_lines(
            (
                ("Alarm status", certificate.alarm_status),
                ("Start time", certificate.start),
                ("End time", certificate.end),
                ("Common name", certificate.common_name),
            )
        )
    )


def _not_for_cards(_machine: Machine, _card: Card) -> Block:
    return NOT_SUPPORTED


def _hccs_needs_chip(machine: Machine, _card: Card) -> Block:
    lines = ["Must input parameter of chip id.", *help_for(machine.generation, "hccs")]
    return Block(lines, codes.TOOL_INVALID_PARAMETER)


def _alone(block: OfChip) -> Callable[[Machine, Card], Block]:
    """Answer for a card of the A5, whose only chip stands without a frame."""
    return lambda machine, card: block(machine, card.chips[0])


_HCCS = _asked(hccs_lines)
_CREDIT = _asked(_credit)
_SIO = _asked(_sio)
_SUPER_POD = _asked(_super_pod)

QUERIES: Dict[str, Query] = {
    "hccs": Query("hccs", _HCCS, _HCCS, of_card=_hccs_needs_chip),
    "hccs-credit": Query("hccs-credit", _CREDIT, _CREDIT),
    "sio-info": Query("sio-info", _SIO, _SIO, of_card=needs_chip),
    "spod-info": Query("spod-info", _SUPER_POD, _SUPER_POD, of_card=needs_chip),
    "tls-cert": Query("tls-cert", _certificate, _certificate, of_card=_not_for_cards),
}
QUERIES_A5: Dict[str, Query] = {
    "sio-info": Query("sio-info", _SIO, _SIO, of_card=_alone(_SIO)),
    "spod-info": Query("spod-info", _SUPER_POD, _SUPER_POD, of_card=_alone(_SUPER_POD)),
    "tls-cert": Query("tls-cert", _certificate, _certificate, of_card=_alone(_certificate)),
}
