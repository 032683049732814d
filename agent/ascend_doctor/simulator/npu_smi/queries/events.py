"""`npu-smi info -t current-fault-event`: the alarms that are up on a chip."""

from __future__ import annotations

from typing import Dict

from ascend_doctor.simulator.hardware import Chip, Machine
from ascend_doctor.simulator.npu_smi.blocks import NOT_SUPPORTED, Block, Query
from ascend_doctor.simulator.npu_smi.cards import Card
from ascend_doctor.simulator.npu_smi.layout import key_line


def _events(_machine: Machine, chip: Chip) -> Block:
    if chip.fault_events is None:
        return NOT_SUPPORTED
    lines = [key_line("Fault Event Count", len(chip.fault_events))]
    label = "Fault Event Information"
    if not chip.fault_events:
        return Block([*lines, key_line(label, "NA")])
    for event in chip.fault_events:
        text = (
            f"event id=0x{event.event_id:X}, severity={event.severity}, node type ex={event.node_type}, "
            f"node id={event.node_id}, sub node type ex={event.sub_node_type}, sub node id={event.sub_node_id}"
        )
        lines.append(key_line(label, text))
        label = ""
    return Block(lines)


def _of_card(machine: Machine, card: Card) -> Block:
    return _events(machine, card.chips[0])


QUERIES_A5: Dict[str, Query] = {
    "current-fault-event": Query("current-fault-event", _events, None, of_card=_of_card),
}
