"""The rules behind what a simulated `hccn_tool` says of the settings of a port, on small machines of our own."""

from __future__ import annotations

from typing import List

import attrs
import pytest

import simulated
from ascend_doctor.simulator import tools
from ascend_doctor.simulator.hardware import Answer, ExtraRoute, Machine, Neighbour
from ascend_doctor.simulator.profiles import PRODUCTS
from samples import CORPUS

_NOW = 1_767_312_000.0


def _machine(main_board_id: int = 0x24) -> Machine:
    machine = PRODUCTS["atlas-800t-a2"].machine("node-1", 2)
    machine.board = attrs.evolve(machine.board, main_board_id=main_board_id)
    port = machine.ports[0]
    port.address, port.gateway, port.netdetect = "10.0.0.2", "10.0.0.1", "10.0.0.1"
    return machine


def _run(machine: Machine, words: str) -> Answer:
    return tools.answer(machine, ["hccn_tool", "-i", "0", *words.split()], _NOW)


def _lines(machine: Machine, words: str) -> List[str]:
    return _run(machine, words).stdout.decode().splitlines()


WRONG_CALLS = (
    ("-cfg", 4),
    ("-cfg status now", 4),
    ("-cfg -g", 3),
    ("-cfg recovery", 12),
    ("-fec", 4),
    ("-fec -x", 3),
    ("-fec -g now", 4),
    ("-fec -s encoding rs", 12),
    ("-dscp_to_tc", 4),
    ("-dscp_to_tc -x", 3),
    ("-dscp_to_tc -s dscp 3 tc 1", 12),
    ("-dscp_to_tc -g dscp", 4),
    ("-dscp_to_tc -g tc 3", 3),
    ("-dscp_to_tc -g dscp 07", 1),
    ("-dscp_to_tc -g dscp 300", 1),
    ("-dscp_to_tc -g dscp 64", 9),
    ("-cur_tc_buf -g", 4),
    ("-cur_tc_buf -g tb 1", 3),
    ("-cur_tc_buf -s tc 1", 3),
    ("-cur_tc_buf -g tc 8", 10),
    ("-cur_tc_buf -g tc x", 10),
    ("-ip_route -a", 12),
    ("-ip_route -x", 3),
    ("-ip_route -g table", 4),
    ("-ip_route -g table 256", 1),
    ("-ip_route -g tab 1", 1),
    ("-generic", 4),
    ("-generic -s auto_adapt", 12),
    ("-generic -g auto_adapt", 3),
    ("-bad_thd -s high_limit 5", 12),
    ("-bad_thd -x", 3),
    ("-bad_thd -g now", 4),
    ("-auto_downgrade -g", 13),
    ("-xsfp_reset -g", 13),
    ("-traceroute -inet6", 4),
    ("-traceroute reset", 12),
    ("-traceroute reset now", 4),
    ("-traceroute -x", 3),
    ("-traceroute -g -d 10.0.0.3", 1),
    ("-arp -a dev eth0", 12),
    ("-pci -g", 13),
    ("-tc_qos -g now", 4),
)


@pytest.mark.parametrize(("words", "code"), WRONG_CALLS)
def test_a_call_is_refused_as_the_tool_refuses_it(words: str, code: int) -> None:
    """Wrong words, words that would change something, and what the product lacks have each their exit code."""
    assert code == _run(_machine(), words).exit_code


def test_boards_decide_over_some_commands() -> None:
    """What one board lacks another has."""
    assert [13, 13] == [_run(_machine(0x1C), words).exit_code for words in ("-bad_thd -g", "-generic -s auto_adapt")]
    assert [0, 4] == [_run(_machine(0x18), words).exit_code for words in ("-auto_downgrade -g", "-auto_downgrade -g x")]
    assert [1, 3] == [_run(_machine(0x3), words).exit_code for words in ("-xsfp_reset -g", "-xsfp_reset -x")]


def test_newer_tools_say_one_thing_of_fec() -> None:
    """Whatever the words are, they say that the mode cannot be changed."""
    machine = _machine()
    machine.ports[0].settings.fec = None
    said = [_lines(machine, f"-fec{words}") for words in ("", " -g", " -s encoding off")]
    assert [["This device does not support switching fec mode."]] * 3 == said
    assert ["fec mode: rs FEC mode"] == _lines(_machine(), "-fec -g")


def test_buffers_of_classes() -> None:
    """A class that the product does not use is told as such."""
    assert ["Current TC used buffer:    0"] == _lines(_machine(), "-cur_tc_buf -g tc 3")
    assert ["Current TC 4 is not enabled."] == _lines(_machine(), "-cur_tc_buf -g tc 4")


def test_the_map_of_dscps_begins_before_it_fails() -> None:
    """The head is printed before the device is asked; a class that cannot be is told as a wrong call."""
    machine = _machine()
    machine.ports[0].call_failures["dscp_to_tc"] = -1
    whole, one = _run(machine, "-dscp_to_tc -g"), _run(machine, "-dscp_to_tc -g dscp 3")
    assert (b"dscp      tc\n", 1) == (whole.stdout, whole.exit_code)
    assert (b"", 1) == (one.stdout, one.exit_code)
    machine.ports[0].call_failures.clear()
    machine.ports[0].settings.classes.dscp_tc[2] = 7
    assert ["dscp      tc", "   0       0", "   1       0"] == _lines(machine, "-dscp_to_tc -g")[:3]
    assert [10, 10] == [_run(machine, f"-dscp_to_tc -g{words}").exit_code for words in ("", " dscp 2")]


def test_calls_that_do_not_tell_why_they_failed() -> None:
    """Two commands say of a busy device only that they failed; one speaks of a recovery that nobody asked for."""
    machine = _machine()
    machine.ports[0].call_failures["*"] = -16
    assert [1, 1] == [_run(machine, words).exit_code for words in ("-udp -g", "-vnic -g")]
    assert ["hccn_tool is busy, please try again.", "Recovery failed."] == [
        line.split(" Check")[0] for line in _lines(machine, "-cfg status")
    ]


def test_settings_show_in_their_answers() -> None:
    """Each setting has its line."""
    machine = _machine()
    settings = machine.ports[0].settings
    settings.udp_port, settings.udp_status, settings.config_status = 4791, "custom", 9
    settings.bandwidth_limit_mbps, settings.duplex, settings.announces_itself = 10_000, None, False
    settings.vnic_address, settings.vnic_up = "192.0.2.199", False
    assert ["udp_port:4791", "status:custom"] == _lines(machine, "-udp -g")[:2]
    assert ["config status:FAULT"] == _lines(machine, "-cfg status")
    assert ["bw_limit[10000 Mbps], bw_max[200000 Mbps], bw_cur[10000 Mbps]"] == _lines(machine, "-shaping -g")
    assert ["Duplex: Unknown!"] == _lines(machine, "-duplex -g")
    assert "current enable status: disable" == _lines(machine, "-send_arp -g")[1]
    assert "vnic link status: DOWN" == _lines(machine, "-vnic -g")[0]


def test_neighbours_routes_and_rules() -> None:
    """What somebody added stands beside what the device knows by itself."""
    machine = _machine()
    settings = machine.ports[0].settings
    settings.neighbours += [
        Neighbour("10.0.0.1", "02:fe:00:00:00:01", "eth0"),
        Neighbour("10.0.0.9", "", "eth0"),
        Neighbour("10.0.0.1", "02:7f:00:00:00:01", "eth0", permanent=True),
    ]
    settings.extra_routes += [ExtraRoute("10.9.0.0/24", "10.0.0.9"), ExtraRoute("10.8.0.0/24", "10.0.0.9", 100)]
    settings.extra_rules.append(("from 10.0.0.9", 100))
    assert [
        "arp table:",
        "(10.0.0.1) at 02:fe:00:00:00:01 [ether]  on eth0",
        "(10.0.0.9) at <incomplete>  on eth0",
        "(10.0.0.1) at 02:7f:00:00:00:01 [ether] PERM on eth0",
    ] == _lines(machine, "-arp -g")
    assert (
        "10.9.0.0        10.0.0.9        255.255.255.0   UG    0      0        0 eth0"
        == _lines(machine, "-route -g")[3]
    )
    assert "32765:\tfrom 10.0.0.9 lookup 100" == _lines(machine, "-ip_rule -g")[2]
    assert "10.8.0.0/24 via 10.0.0.9 dev eth0 table 100" == _lines(machine, "-ip_route -g")[-1]
    assert ["ip route table:", "10.8.0.0/24 via 10.0.0.9 dev eth0"] == _lines(machine, "-ip_route -g table 100")
    machine.ports[0].address = machine.ports[0].gateway = ""
    assert not [line for line in _lines(machine, "-route -g") if line.endswith(" eth0") and "10.9" not in line]
    assert ["ip route table:"] == _lines(machine, "-ip_route -g")[:1]


def test_an_entry_that_is_not_there_has_words_of_its_own() -> None:
    """The tool's own spelling."""
    machine = _machine()
    machine.ports[0].call_failures["arp"] = -2
    answer = _run(machine, "-arp -g")
    assert (b"The confuguraion does not exist! Please preset firstly!\n", 32) == (answer.stderr, answer.exit_code)


@pytest.mark.skipif(CORPUS is None, reason="no ../shared/corpus beside this checkout")
def test_answers_look_as_the_recorded_ones() -> None:
    """Routes, virtual network card and network device have the lines of the recorded machines, value for value."""
    assert CORPUS is not None
    recorded = (CORPUS / "hccn_tool/route-g/llm-action_910b_no-default.session.txt").read_text().splitlines()[1:]
    machine = PRODUCTS["atlas-800t-a2"].machine("node-1")
    port = machine.ports[3]
    port.address = "10.20.11.24"
    assert (
        recorded == tools.answer(machine, ["hccn_tool", "-i", "3", "-route", "-g"], _NOW).stdout.decode().splitlines()
    )
    card = (CORPUS / "hccn_tool/vnic-g/hcomm-doc_loop_eight.session.txt").read_text().splitlines()[1:4]
    port.settings.vnic_address = "192.168.2.199"
    assert card == tools.answer(machine, ["hccn_tool", "-i", "3", "-vnic", "-g"], _NOW).stdout.decode().splitlines()
    device = tools.answer(machine, ["hccn_tool", "-i", "3", "-status", "-g"], _NOW).stdout.decode().splitlines()
    seen = (CORPUS / "hccn_tool/status-g/arthurchiao_910b1_elided-commented.session.txt").read_text().splitlines()
    assert seen[1] == device[0]
    assert {"Supports auto-negotiation: No", "Supported pause frame use: Symmetric"} <= {
        line.strip() for line in device
    } & {line.strip() for line in seen}


def test_a_dark_port_knows_no_speed_and_no_mode() -> None:
    """Without a link speed and duplex are unknown, and nobody is spoken to; the healthy port knows its gateway."""
    text = "nodes:\n  - {name: n1, npus: 2}\nfaults:\n  - {fault: cable-pulled, node: n1, npu: 1}\n"
    cluster = simulated.make(text)
    dark, lit = cluster.machine("n1").ports[1], cluster.machine("n1").ports[0]
    assert (None, None, []) == (dark.speed_mbps, dark.settings.duplex, dark.settings.neighbours)
    assert [lit.gateway] == [neighbour.address for neighbour in lit.settings.neighbours]
    down = tools.answer(cluster.machine("n1"), ["hccn_tool", "-i", "1", "-status", "-g"], _NOW).stdout.decode()
    assert "Speed: Unknown!" in down
    assert "Link detected: no" in down
