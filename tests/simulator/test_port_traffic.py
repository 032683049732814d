"""What a simulated port answers about module, signal and traffic, in forms that no recording holds."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import attrs
import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.simulator import tools
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.hccn_tool import wavering
from ascend_doctor.simulator.profiles import PRODUCTS
from ascend_doctor.simulator.superpod import Sdid
from simulated import make

NOW = 1_767_312_000.0
FLAPPING = """
nodes:
  - {name: n1, product: atlas-800t-a2, npus: 2}
uptime: 90000
faults:
  - {fault: link-flapping, node: n1, npu: 1, period: 20, down: 4}
"""


def machine(product: str = "atlas-800t-a3") -> Machine:
    """Return a healthy machine."""
    return PRODUCTS[product].machine("n1")


def ask(node: Machine, command: str, lost: int = 0) -> Tuple[Any, str, int]:
    """Return what the doctor reads, what it was printed on standard error, and the exit code."""
    argv = ("hccn_tool", "-i", "1", *command.split())
    times: List[Optional[float]] = [None] * lost + [0.05] * (3 - lost)
    answer = tools.answer(node, argv, NOW, lambda *_: times)
    query = query_for_command(argv)
    evidence = Evidence("x", argv, exit_code=answer.exit_code, stdout=answer.stdout, stderr=answer.stderr)
    read = None if query is None else query.source.read(evidence)
    return read, (answer.stderr or answer.stdout).decode().split("\n")[0], answer.exit_code


def test_the_receivers_of_an_npu_are_told_by_group() -> None:
    """Most boards have one group of lanes, the Atlas 9000 A3 has two with a name."""
    node = machine()
    assert [None] == [macro.port for macro in ask(node, "-serdes -g")[0].macros]
    node.board = attrs.evolve(node.board, main_board_id=0x1C)
    assert [0, 1] == [macro.port for macro in ask(node, "-serdes -g")[0].macros]


@pytest.mark.parametrize(("in_db", "first"), [(True, 23.9967), (False, 251.0)])
def test_a_retimer_tells_its_ratios_in_its_own_unit(in_db: bool, first: float) -> None:
    """One kind in dB without a history, the other as a linear measure with one."""
    node = machine()
    node.ports[1].retimer.in_db = in_db
    facts = ask(node, "-scdr -t 5")[0]
    assert (in_db, first, not in_db) == (facts.in_db, facts.host_snr[0], isinstance(facts.host_snr_history[0], float))


def test_a_module_tells_whether_its_signal_is_asked_for() -> None:
    """Only boards of A3 ask; an absent module tells nothing."""
    node = machine()
    node.ports[1].optic.media_snr_db = None
    facts = ask(node, "-optical_snr -g")[0]
    assert (True, True, False) == (facts.query_enabled, facts.host_supported, facts.media_supported)
    node.ports[1].optic.present = False
    assert not isinstance(ask(node, "-optical_snr -g")[0].host_supported, bool)


def test_a_flapping_link_shows_wherever_the_device_remembers() -> None:
    """Every interruption is a record of the history and one of the registers; the link is up when somebody looks."""
    cluster = make(FLAPPING, 61.0)
    node = cluster.machine("n1")
    history, downs = ask(node, "-link_stat -g")[0], ask(node, "-down_data -g")[0]
    assert (4, 3) == (history.link_up_count, history.link_down_count)
    assert [1, 1, 1] == [dict(record.registers)["rf_lf"] for record in downs.records]
    assert node.ports[1].link_up
    assert () == ask(machine(), "-down_data -g")[0].records


def test_traffic_passes_both_ways() -> None:
    """The bandwidth is that of the counters, and objects of RDMA are freed when no job runs."""
    node = make(FLAPPING).machine("n1")
    rates, objects = ask(node, "-bandwidth -g time 500")[0], ask(node, "-hw_stats -g")[0]
    assert 0.4 < rates.tx_mb_s == rates.rx_mb_s < 0.7
    assert objects.counters["qp_alloc"] == objects.counters["qp_dealloc"] > 0


@pytest.mark.parametrize(
    ("command", "words", "code"),
    [
        ("-bandwidth -s", "Get unknown option!", 3),
        ("-bandwidth -g time", "The total count of input parameters is wrong!", 4),
        ("-bandwidth -g time 5", "Get invalid parameters!", 1),
        ("-bandwidth -g time ten", "Get invalid parameters!", 1),
        ("-bandwidth -g speed 5", "Get unknown option!", 3),
        ("-bandwidth -g time 500 time 500", "Get unknown option!", 3),
        ("-bandwidth -g time 500 more", "Get unknown option!", 3),
        ("-scdr -t", "The total count of input parameters is wrong!", 4),
        ("-scdr -x 5", "Get unknown option!", 3),
        ("-scdr -t 9", "Get unknown option!", 3),
        ("-scdr -t 6", "permission denied: pls check this cmd run permission.", 12),
        ("-scdr -t 4", "The command is not supported on this product.", 13),
        ("-scdr -g", "The command is not supported on this product.", 13),
        ("-hccs_ping -g", "The total count of input parameters is wrong!", 4),
        ("-hccs_ping -s address 192.0.2.199", "Get unknown option!", 3),
        ("-hccs_ping -g address 10.0.0.1", "The ip address you configured is invalid!", 6),
        ("-hccs_ping -g address here", "The ip address you configured is invalid!", 6),
        ("-hccs_ping -g address 192.0.2.198", "The ip address you configured is invalid!", 6),
        ("-hccs_ping -g address 192.60.2.199", "The ip address you configured is invalid!", 6),
        ("-hccs_ping -g sdid 5", "The ip address you configured is invalid!", 6),
        ("-hccs_ping -g sdid x", "Get invalid parameters!", 1),
        ("-hccs_ping -g sdid 0 address 192.0.2.199", "The ip address you configured is invalid!", 6),
        ("-hccs_ping -g sdid 0 cnt 0", "Get invalid parameters!", 1),
        ("-hccs_ping -g sdid 0 cnt", "Get invalid parameters!", 1),
        ("-hccs_ping -g cnt 3", "Get invalid parameters!", 1),
    ],
)
def test_a_wrong_call_is_told_as_the_tool_tells_it(command: str, words: str, code: int) -> None:
    """The words and the exit code of the vendor's source."""
    _, said, ended = ask(machine(), command)
    assert (words, code) == (said, ended)


@pytest.mark.parametrize(("lost", "received"), [(0, 3), (1, 2), (3, 0)])
def test_a_ping_over_hccs_always_ends_well(lost: int, received: int) -> None:
    """The tool leaves with 0 even when all packets are lost; the doctor reads how many came back."""
    facts, _, code = ask(machine(), "-hccs_ping -g address 192.0.2.199", lost)
    assert (0, 3, received) == (code, facts.transmitted, facts.received)


def test_a_die_is_named_by_number_and_by_address() -> None:
    """Both names lead to the same die, and what is no name of a die leads nowhere."""
    die = Sdid(server=3, phy_id=11)
    assert "192.3.3.188" == str(die.address)
    assert die == Sdid.of_address(die.address) == Sdid.of_number(die.number)
    assert None is Sdid.of_number(60 << 22)


def test_readings_waver_a_little_and_repeat() -> None:
    """A module's readings differ from one moment to another, by less than any limit, and not within a moment."""
    optic = make(FLAPPING).machine("n1").ports[0].optic
    moments = [wavering.at(optic, NOW + 10.0 * number) for number in range(20)]
    assert 1 < len({tuple(moment.rx_power_mw) for moment in moments})
    assert all(abs(moment.rx_power_mw[0] / optic.rx_power_mw[0] - 1) < 0.02 for moment in moments)
    assert moments[0] == wavering.at(optic, NOW)
    dark = attrs.evolve(optic, rx_power_mw=[0.0] * 4, host_snr_db=None, vcc_mv=0.0)
    assert ([0.0] * 4, None, 0.0) == tuple(
        getattr(wavering.at(dark, NOW), name) for name in ("rx_power_mw", "host_snr_db", "vcc_mv")
    )


def test_a_muted_port_still_sees_light() -> None:
    """A switched-off transmitter takes the link down at both ends, and the light away at the other end only."""
    text = "nodes:\n  - {name: 'n[1-2]', product: atlas-800t-a2}\nfabric: {kind: direct}\n"
    cluster = make(f"{text}faults:\n  - {{fault: tx-disabled, node: n1, npu: 1}}\n")
    own, far = (cluster.machine(node).ports[1] for node in ("n1", "n2"))
    assert (False, False) == (own.link_up, far.link_up)
    assert (0, 0xF) == (own.optic.rx_los, far.optic.rx_los)
