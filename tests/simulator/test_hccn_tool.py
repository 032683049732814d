"""The rules behind what a simulated `hccn_tool` prints, on small machines of our own."""

from __future__ import annotations

from typing import List, Optional

import attrs
import pytest

from ascend_doctor.simulator import tools
from ascend_doctor.simulator.hardware import (
    TEMPERATURE_UNREADABLE,
    TEMPERATURE_UNSUPPORTED,
    Answer,
    LinkEvent,
    Machine,
    Port,
    Presence,
)
from ascend_doctor.simulator.profiles import PRODUCTS

_NOW = 1_767_312_000.0
_GET = ("link", "ip", "gateway", "netdetect", "net_health", "lldp", "stat", "link_stat", "speed", "tls", "optical")


def _machine() -> Machine:
    machine = PRODUCTS["atlas-800t-a2"].machine("node-1", 2)
    port = machine.ports[0]
    port.address, port.gateway, port.netdetect = "10.0.0.2", "10.0.0.1", "10.0.0.1"
    return machine


def _run(machine: Machine, command: str, times: Optional[List[Optional[float]]] = None) -> Answer:
    return tools.answer(machine, ["hccn_tool", *command.split()], _NOW, lambda *_: times)


def _lines(machine: Machine, command: str) -> List[str]:
    return _run(machine, command).stdout.decode().splitlines()


def _port() -> Port:
    return _machine().ports[0]


def test_each_setting_has_its_line() -> None:
    """The short commands print what is set, each in its own form."""
    machine = _machine()
    assert ["link status: UP"] == _lines(machine, "-i 0 -link -g")
    assert ["ipaddr:10.0.0.2", "netmask:255.255.255.0"] == _lines(machine, "-i 0 -ip -g")
    assert ["default gateway:10.0.0.1, Iface:eth0"] == _lines(machine, "-i 0 -gateway -g")
    assert ["netdetect addr: 10.0.0.1"] == _lines(machine, "-i 0 -netdetect -g")
    assert ["net health status: Success"] == _lines(machine, "-i 0 -net_health -g")
    assert ["Speed: 200000 Mb/s"] == _lines(machine, "-i 0 -speed -g")
    assert b"\n" == _run(machine, "-i 0 -lldp -g").stdout


def test_what_is_not_set_differs_by_command() -> None:
    """No address and no gateway are errors with codes of their own; no netdetect address is 0.0.0.0."""
    machine = _machine()
    assert (b"", 13) == (_run(machine, "-i 1 -ip -g").stdout, _run(machine, "-i 1 -ip -g").exit_code)
    assert 2 == _run(machine, "-i 1 -gateway -g").exit_code
    assert ["netdetect addr: 0.0.0.0"] == _lines(machine, "-i 1 -netdetect -g")
    machine.ports[1].net_health = None
    assert 1 == _run(machine, "-i 1 -net_health -g").exit_code
    machine.ports[1].certificates.clear()
    assert 14 == _run(machine, "-i 1 -tls -g").exit_code
    machine.ports[1].speed_mbps = None
    assert ["Speed: Unknown!"] == _lines(machine, "-i 1 -speed -g")


@pytest.mark.parametrize(
    ("returned", "stdout", "stderr", "code"),
    [
        (-1, b"", b"Command execute failed!\n", 1),
        (-13, b"", b"permission denied: pls check this cmd run permission.\n", 12),
        (-16, b"hccn_tool is busy, please try again.\n", b"", 11),
        (-67, b"", b"Execute failed: Link status is down.\n", 22),
        (256, b"", b"Get lock failed. Please try again.\n", 25),
    ],
)
def test_a_failed_call_is_told_by_its_code(returned: int, stdout: bytes, stderr: bytes, code: int) -> None:
    """Busy goes to standard output, the others to standard error, with a code of their own."""
    machine = _machine()
    machine.ports[0].call_failures["link"] = returned
    answer = _run(machine, "-i 0 -link -g")
    assert (stdout, stderr, code) == (answer.stdout, answer.stderr, answer.exit_code)
    assert 0 == _run(machine, "-i 0 -ip -g").exit_code


def test_nothing_set_is_no_failure_of_the_call() -> None:
    """When the device has no such entry, gateway and TLS have words for it; net health tells nothing apart."""
    machine = _machine()
    machine.ports[0].call_failures["*"] = -2
    codes = {command: _run(machine, f"-i 0 -{command} -g").exit_code for command in _GET}
    assert {**dict.fromkeys(_GET, 1), "gateway": 2, "tls": 14} == codes
    machine.ports[0].call_failures["*"] = -16
    assert (1, 11) == tuple(_run(machine, f"-i 0 {words}").exit_code for words in ("-net_health -g", "-lldp -g"))
    assert 11 == _run(machine, "-i 0 -ping -g address 10.0.0.9").exit_code


@pytest.mark.parametrize(
    ("command", "stderr", "code"),
    [
        ("", "Get invalid major cmd number. Please check your input.", 2),
        ("-i " * 70, "Get invalid major cmd number. Please check your input.", 2),
        ("x" * 1000, "Get invalid input param len.", 5),
        ("-x 0 -link -g", 'Get invalid major cmd type. The valid major cmd type should be "-a" or "-i".', 1),
        ("-a -link -g", "Get invalid major cmd.", 3),
        ("-i 0", "Get invalid major cmd.", 3),
        ("-i 0 link -g", "Get invalid major cmd.", 3),
        ("-i 0 -bogus -g", "Get invalid major cmd.", 3),
        ("-i 9 -link -g", "Get invalid device id.", 4),
        ("-i x -link -g", "Get invalid device id.", 4),
        ("-i 100 -link -g", "Get invalid device id.", 4),
        ("-i 0 -link", "The total count of input parameters is wrong!", 4),
        ("-i 0 -ip -g more", "The total count of input parameters is wrong!", 4),
        ("-i 0 -stat -g more", "The total count of input parameters is wrong!", 4),
        ("-i 0 -optical -g v2 more", "The total count of input parameters is wrong!", 4),
        ("-i 0 -link -z", "Get unknown option!", 3),
        ("-i 0 -link -g more", "Get unknown option!", 3),
        ("-i 0 -link -s down", "permission denied: pls check this cmd run permission.", 12),
        ("-i 0 -ping -g address", "The total count of input parameters is wrong!", 4),
        ("-i 0 -ping -g pkt 64 address", "The total count of input parameters is wrong!", 4),
        ("-i 0 -ping -g address 10.0.0.300", "The ip address you configured is invalid!", 6),
        ("-i 0 -ping -g to 10.0.0.3", "Get unknown option!", 3),
        ("-i 0 -ping -x address 10.0.0.3", "Get unknown option!", 3),
        ("-i 0 -ping -g address 10.0.0.3 pkt 65508", "Get invalid parameters!", 1),
    ],
)
def test_wrong_words_are_refused(command: str, stderr: str, code: int) -> None:
    """Every mistake has its sentence on standard error and its code, which means other things elsewhere."""
    answer = _run(_machine(), command)
    assert (stderr, code) == (answer.stderr.decode().splitlines()[0], answer.exit_code)


def test_a_wrong_call_shows_the_help_of_its_command() -> None:
    """The help goes to standard output; `-h` has that of all simulated commands."""
    lines = _lines(_machine(), "-i 0 -speed -z")
    assert "[ hccn_tool -i devid -speed ] needs the following parameters:" == lines[0]
    every = _lines(_machine(), "-h")
    assert set(lines[1:-1]) < set(every)
    assert {f"hccn_tool -i devid -{command}" for command in (*_GET, "ping")} < set(every)
    assert every == _lines(_machine(), "--help")


@pytest.mark.parametrize("words", ["-context -g", "-eth_test -g", "-pci -g", "-qp_info -g"])
def test_what_is_not_simulated_is_not_supported(words: str) -> None:
    """A command that the real tool knows has no invented answer."""
    answer = _run(_machine(), f"-i 0 {words}")
    assert (b"The command is not supported on this product.\n", 13) == (answer.stdout, answer.exit_code)


def test_machines_of_the_9000_kind_speak_ipv4_only() -> None:
    """IPv6 is refused on the products that do not have it, whatever comes behind the word."""
    machine = _machine()
    machine.board = attrs.evolve(machine.board, main_board_id=0x1C)
    for words in ("-ip -inet6 -g", "-gateway -inet6", "-netdetect -inet6 -g", "-ping -inet6 -g ipv6_address ::1"):
        assert 23 == _run(machine, f"-i 0 {words}").exit_code


def test_settings_for_ipv6() -> None:
    """Address, gateway and probed address have a form of their own, and words of their own where they are not set."""
    machine = _machine()
    assert [13, 2] == [_run(machine, f"-i 0 {words} -inet6 -g").exit_code for words in ("-ip", "-gateway")]
    assert b"netdetect addr: ::\n" == _run(machine, "-i 0 -netdetect -inet6 -g").stdout
    settings = machine.ports[0].settings
    settings.ipv6_address, settings.ipv6_gateway, settings.ipv6_netdetect = "2001:db8::7", "2001:db8::1", "2001:db8::9"
    assert b"ipv6_address:2001:db8::7\nprefix_length:64\n" == _run(machine, "-i 0 -ip -inet6 -g").stdout
    assert b"gateway:2001:db8::1\n" == _run(machine, "-i 0 -gateway -inet6 -g").stdout
    assert b"netdetect addr: 2001:db8::9\n" == _run(machine, "-i 0 -netdetect -inet6 -g").stdout
    codes = [_run(machine, f"-i 0 -ip -inet6{words}").exit_code for words in ("", " -s", " -x", " -g y")]
    assert [4, 12, 3, 4] == codes
    machine.ports[0].call_failures["*"] = -16
    assert [1, 11] == [_run(machine, f"-i 0 {words} -inet6 -g").exit_code for words in ("-ip", "-netdetect")]


def test_the_published_build_lacks_commands() -> None:
    """`-speed` and `-ping` are in a part of the tool that its published source does not link."""
    machine = _machine()
    machine.all_commands = False
    codes = [
        _run(machine, f"-i 0 {words}").exit_code for words in ("-speed -g", "-ping -g address 10.0.0.9", "-link -g")
    ]
    assert [3, 3, 0] == codes


def test_a_lost_device_is_told_or_waited_for() -> None:
    """A device that is not there is an error; one whose health cannot be read keeps the tool waiting."""
    machine = _machine()
    machine.chips[0].presence, machine.chips[1].presence = Presence.NOT_EXIST, Presence.HEALTH_FAILS
    assert 4 == _run(machine, "-i 0 -link -g").exit_code
    assert _run(machine, "-i 1 -link -g").hangs
    card = PRODUCTS["atlas-300i-pro"].machine("node-1")
    assert 13 == _run(card, "-i 0 -link -g").exit_code


def test_a_caller_without_a_home_is_warned_first() -> None:
    """The warning stands before the data, on the same stream."""
    machine = _machine()
    machine.home = "/home/nobody"
    assert ["[WARNING]", "link status: UP"] == [line[:15].split(' "')[0] for line in _lines(machine, "-i 0 -link -g")]


def test_an_expired_certificate_is_told_on_the_other_stream() -> None:
    """The status of an expired certificate goes to standard error, and the tool ends well."""
    machine = _machine()
    machine.ports[0].certificates[0].end = "Thu Jan  1 00:00:00 2026"
    machine.ports[0].certificates[1].end = "Sat Jan 31 00:00:00 2026"
    answer = _run(machine, "-i 0 -tls -g")
    assert b"\t tls expiration status[2](0:normal, 1:near expiration, 2:has expired)\n" == answer.stderr
    assert b"status[1]" in answer.stdout
    assert 0 == answer.exit_code


def test_certificates_are_named_by_their_place() -> None:
    """The device's own is first, then up to fourteen authorities, then the list of revoked ones."""
    machine = _machine()
    own, authority = machine.ports[0].certificates
    machine.ports[0].certificates = [own, *[authority] * 15]
    names = [line.partition("[")[2].partition("]")[0] for line in _lines(machine, "-i 0 -tls -g") if "info:" in line]
    assert ["pub cert", "ca1 cert", "ca14 cert", "crl"] == [names[0], names[1], names[14], names[15]]


def test_preset_certificates_are_told_by_their_issuer() -> None:
    """Certificates of somebody else are not the delivered ones."""
    machine = _machine()
    assert "preconfigured[1]" in _lines(machine, "-i 0 -tls -g")[0]
    for certificate in machine.ports[0].certificates:
        certificate.issuer = "/CN=Somebody"
    assert "preconfigured[0]" in _lines(machine, "-i 0 -tls -g")[0]


def test_link_history_is_newest_first_and_short() -> None:
    """At most ten records are shown, in the device's time; without any there is NA."""
    machine = _machine()
    assert "[devid 0]link change records : NA" == _lines(machine, "-i 0 -link_stat -g")[-1]
    machine.ports[0].link_history = [(_NOW - 60 * minute, LinkEvent.UP) for minute in range(12)]
    lines = _lines(machine, "-i 0 -link_stat -g")
    assert 4 + 10 == len(lines)
    assert "[devid 0]    Fri Jan  2 00:00:00 2026    LINK UP" == lines[4]


def test_counters_are_named_by_the_tool() -> None:
    """Three counters have other names in the answer than in the device, and one that it lacks is 0."""
    machine = _machine()
    machine.ports[0].counters = {"roce_err_psn_num": 7, "mac_tx_total_pkt_num": 2**64 + 1}
    lines = _lines(machine, "-i 0 -stat -g")
    assert {"roce_out_of_order_num:7", "mac_tx_total_pkt_num:1", "roce_cqe_num:0"} < set(lines)
    assert not any("roce_err_psn_num" in line for line in lines)


@pytest.mark.parametrize(
    ("present", "temperature", "vcc_mv", "shown", "readings"),
    [
        (True, 41, 3265.0, "41 C", True),
        (False, 41, 3265.0, "NA", False),
        (True, TEMPERATURE_UNREADABLE, 3265.0, "get failed", True),
        (False, TEMPERATURE_UNSUPPORTED, 3265.0, "not supported", False),
        (True, 41, 0.0, "41 C", False),
    ],
)
def test_a_module_tells_what_it_can(present: bool, temperature: int, vcc_mv: float, shown: str, readings: bool) -> None:
    """Without a module, a sensor or diagnostics the readings are NA, in both forms of the answer."""
    machine = _machine()
    optic = machine.ports[0].optic
    optic.present, optic.temperature_c, optic.vcc_mv = present, temperature, vcc_mv
    lines = _lines(machine, "-i 0 -optical -g")
    assert f"temperature          : {shown}" in lines
    assert readings is ("Tx Power0            : 1.0000 mW" in lines)
    assert readings is not ("Tx Power             : NA" in lines)
    power = next(line for line in _lines(machine, "-i 0 -optical -g v2") if line.startswith("TxPower Lane0"))
    assert ("0.00" if readings else "-") == power.split()[2]


def test_a_module_may_have_two_lanes_a_port() -> None:
    """The other two lanes are NA, or a dash in the tables."""
    machine = _machine()
    machine.ports[0].optic.two_lanes = True
    lines = _lines(machine, "-i 0 -optical -g")
    for key in ("Tx Power", "Rx Power", "Tx Bias", "Media SNR Lane"):
        values = [line.partition(": ")[2] for line in lines if line.startswith(key) and line[len(key)].isdigit()]
        assert ["NA", "NA"] == values[2:], key
    tables = _lines(machine, "-i 0 -optical -g v2")
    assert "-" == next(line for line in tables if line.startswith("RxPower Lane2")).split()[2]
    assert 2 == next(line for line in tables if line.startswith("RxLos")).count("Normal")


def test_a_module_may_not_measure_noise() -> None:
    """SNR is `not supported` in the list and a dash in the tables."""
    machine = _machine()
    optic = machine.ports[0].optic
    optic.host_snr_db = optic.media_snr_db = None
    assert 8 == sum(line.endswith(": not supported") for line in _lines(machine, "-i 0 -optical -g"))
    snr = [line for line in _lines(machine, "-i 0 -optical -g v2") if "SNR" in line]
    assert {"-"} == {word for line in snr for word in line.split()[2:]}


def test_a_dark_lane_has_no_decibels() -> None:
    """No light is minus infinity in dBm, and the flags name the lanes."""
    machine = _machine()
    optic = machine.ports[0].optic
    optic.rx_power_mw[1], optic.rx_los, optic.high_power = 0.0, 0b10, False
    tables = _lines(machine, "-i 0 -optical -g v2")
    assert "-inf" == next(line for line in tables if line.startswith("RxPower Lane1")).split()[2]
    flags = next(line for line in tables if line.startswith("RxLos")).split()[2:]
    assert ["Normal", "Abnormal"] == [flags[0], flags[2]]
    assert "High power enable reg: not enabled" in tables


def test_a_module_may_be_out_of_reach() -> None:
    """When the device cannot talk to the module there are no data at all."""
    machine = _machine()
    machine.ports[0].optic.reachable = False
    for words in ("-optical -g", "-optical -g v2"):
        answer = _run(machine, f"-i 0 {words}")
        assert (b"", b"Control link unreachable.\n", 15) == (answer.stdout, answer.stderr, answer.exit_code)


def test_a_ping_counts_what_comes_back() -> None:
    """The summary tells the loss; to the tool a single lost packet is a failure."""
    answer = _run(_machine(), "-i 0 -ping -g address 10.0.0.9 pkt 64", [0.137, 0.046, 0.058])
    expected = (
        b"device 0 PING 10.0.0.9\n"
        b"recv seq=0,time=0.137000ms\nrecv seq=1,time=0.046000ms\nrecv seq=2,time=0.058000ms\n"
        b"3 packets transmitted, 3 received, 0.00% packet loss\n"
    )
    assert (expected, b"", 0) == (answer.stdout, answer.stderr, answer.exit_code)
    lossy = _run(_machine(), "-i 0 -ping -g address 10.0.0.9", [None, 0.05, 0.05])
    assert lossy.stdout.endswith(b"3 packets transmitted, 2 received, 33.33% packet loss\n")
    assert (b"Command execute failed!\n", 1) == (lossy.stderr, lossy.exit_code)


def test_without_a_network_nobody_answers() -> None:
    """A machine on its own loses every packet."""
    answer = tools.answer(_machine(), ["hccn_tool", "-i", "0", "-ping", "-g", "address", "10.0.0.9"], _NOW)
    assert answer.stdout.endswith(b"3 packets transmitted, 0 received, 100.00% packet loss\n")
