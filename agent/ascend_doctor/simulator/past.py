"""The past of a used machine: counters that have counted, memory that had errors. Nothing is wrong with it.

A reader that takes such numbers for present faults raises a false alarm: error counters live since the start of the
device, and the lifetime totals of the memory outlive even that.
"""

from __future__ import annotations

import random

from ascend_doctor.simulator.hardware import Chip, Machine, Port

_MOST_BY_COUNTER = {
    "mac_rx_bad_pkt_num": 40,
    "mac_rx_bad_oct_num": 20_000,
    "mac_rx_fcs_err_pkt_num": 40,
    "roce_rx_err_pkt_num": 10,
    "roce_err_ack_num": 30,
    "roce_err_psn_num": 900,
    "roce_new_pkt_rty_num": 600,
    "roce_verification_err_num": 5,
    "roce_err_qp_status_num": 12,
}


def use(machine: Machine, chance: random.Random) -> None:
    """Give a new machine a past. The same chance gives the same one."""
    for chip in machine.chips:
        _use_memory(chip, chance)
        _use_links(chip, chance)
    for port in machine.ports.values():
        _use_port(port, chance)


def _use_memory(chip: Chip, chance: random.Random) -> None:
    """Let memory have had errors: corrected ones lately, others before the start, with their rows isolated."""
    ecc = chip.ecc
    ecc.single_bit = chance.randint(0, 30)
    ecc.single_bit_aggregate = ecc.single_bit + chance.randint(0, 200)
    ecc.double_bit_aggregate = ecc.double_bit_isolated_pages = ecc.record_count = chance.choice((0, 0, 0, 1, 3))


def _use_links(chip: Chip, chance: random.Random) -> None:
    """Let the links to other chips have worked, and have repeated a little of it."""
    hccs = chip.hccs
    for link in hccs.lanes:
        hccs.tx_packets[link], hccs.rx_packets[link] = chance.randint(0, 10**10), chance.randint(0, 10**10)
        hccs.retries[link], hccs.errors[link] = chance.randint(0, 900), chance.randint(0, 40)
    chip.sio.tx_errors, chip.sio.rx_errors = chance.randint(0, 3), chance.randint(0, 3)


def _use_port(port: Port, chance: random.Random) -> None:
    """Let a port have seen a bad day long ago."""
    for name, most in _MOST_BY_COUNTER.items():
        port.counters[name] = port.counters.get(name, 0) + chance.randint(0, most)
