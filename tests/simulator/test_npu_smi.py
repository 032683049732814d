"""The rules behind what a simulated `npu-smi` prints, on small machines of our own."""

from __future__ import annotations

from typing import List, Tuple

import pytest

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator import tools
from ascend_doctor.simulator.hardware import Machine, Presence, Process
from ascend_doctor.simulator.profiles import PRODUCTS


def _machine(product: str = "atlas-800t-a2", npus: int = 2) -> Machine:
    return PRODUCTS[product].machine("node-1", npus)


def _run(machine: Machine, command: str) -> Tuple[List[str], int]:
    answer = tools.answer(machine, ["npu-smi", *command.split()], 0.0)
    assert b"" == answer.stderr
    return answer.stdout.decode().splitlines(), answer.exit_code


def _value(lines: List[str], key: str) -> str:
    return next(line.partition(" : ")[2] for line in lines if line.strip().startswith(key))


@pytest.mark.parametrize("product", sorted(PRODUCTS))
def test_all_lines_of_a_table_are_equally_wide(product: str) -> None:
    """The frame of `info` is straight on every product; on A5 the vendor's tool shifts the process rows by one."""
    machine = _machine(product)
    machine.chips[0].processes.append(Process(7, "python3", 12))
    lines, code = _run(machine, "info")
    assert 0 == code
    widths = {len(line) for line in lines}
    assert {len(lines[0])} == widths
    process = next(line for line in lines if "python3" in line)
    shift = 1 if machine.generation is Generation.A5 else 0
    head = next(line for line in lines if "Process id" in line)
    assert head.index("Process name") + shift == process.index("python3")


def test_failed_queries_look_like_zeros() -> None:
    """When the driver does not answer, `info` prints an idle, cold chip without memory and ends well."""
    machine = _machine()
    calls = ("dsmi_get_device_temperature", "dsmi_get_device_power_info", "dsmi_get_hbm_info", "dsmi_get_resource_info")
    machine.chips[0].query_failures = dict.fromkeys(calls, 16)
    machine.chips[0].processes.append(Process(7, "python3", 12))
    lines, code = _run(machine, "info")
    row = lines.index(next(line for line in lines if line.startswith("| 0     910B3")))
    assert 0 == code
    assert ["0.0", "0"] == lines[row].split("|")[3].split()[:2]
    assert lines[row + 1].split("|")[3].rstrip().endswith("0     / 0")
    assert not any("python3" in line for line in lines)


def test_no_more_than_eight_processes_of_a_chip_are_told() -> None:
    """The tool stops after eight, and cuts names where the kernel does."""
    machine = _machine()
    machine.chips[0].processes = [Process(pid, "a-very-long-process-name", 1) for pid in range(20)]
    rows = [line for line in _run(machine, "info")[0] if "a-very-long-pro" in line]
    assert 8 == len(rows)
    assert "a-very-long-proc" not in rows[0]


def test_a_process_without_a_name_has_an_empty_cell() -> None:
    """A process of another container has no entry under /proc."""
    machine = _machine()
    machine.chips[1].processes = [Process(99, None, 120)]
    cells = next(line for line in _run(machine, "info")[0] if "| 99 " in line).split("|")
    assert ["99", "", "120"] == [cell.strip() for cell in cells[2:5]]


@pytest.mark.parametrize("presence", [presence for presence in Presence if presence is not Presence.PRESENT])
def test_a_lost_card_leaves_a_trace_in_the_lists_only(presence: Presence) -> None:
    """`info` leaves the card out without a word, `-l` and `-m` have a card -1, and asking it is a wrong id."""
    machine = _machine()
    machine.chips[1].presence = presence
    assert not any(line.startswith("| 1 ") for line in _run(machine, "info")[0])
    listing = _run(machine, "info -l")[0]
    assert ["2", "-1", "0"] == [listing[row].partition(" : ")[2] for row in (0, 2, 3)]
    assert ["-1", "0", "-", "Mcu"] == _run(machine, "info -m")[0][1].split()
    lines, code = _run(machine, "info -t health -i 1")
    assert (["Invalid card id.", "Error parameter of -i"], 215) == (lines[:2], code)


def test_the_loss_of_a_die_takes_both_or_shows_another() -> None:
    """An A3 card goes with its die; with independent dies the lost one shows the values of logic id 0."""
    machine = _machine("atlas-800t-a3", 4)
    machine.chips[3].presence = Presence.NOT_EXIST
    assert not any(line.startswith("| 1     Ascend910") for line in _run(machine, "info")[0])
    machine.independent_dies = True
    rows = [line for line in _run(machine, "info")[0] if machine.chips[0].bus_id in line]
    assert ["0     0", "1     0"] == [row.split("|")[1].strip() for row in rows]
    assert ["1", "1", "0", "0", "Ascend910"] == _run(machine, "info -m")[0][5].split()


def test_a_ub_machine_forgets_what_is_lost() -> None:
    """On A5 the list of devices simply is shorter."""
    machine = _machine("ascend-950")
    machine.chips[0].presence = Presence.NOT_EXIST
    assert ["1"] == [line.split()[0] for line in _run(machine, "info -m")[0][1:]]
    machine.chips[1].presence = Presence.NOT_EXIST
    for command in ("info -l", "info -m"):
        assert ["There is no NPU card on this server."] == _run(machine, command)[0]


def test_the_name_is_missing_without_chip_information() -> None:
    """The name column is empty, and what checks the name first says that the product does not support it."""
    machine = _machine()
    machine.chips[0].query_failures = {"dsmi_get_computing_power_info": 65534}
    assert any(line.startswith("| 0                         | OK") for line in _run(machine, "info")[0])
    assert (["This device does not support querying ecc."], 0) == _run(machine, "info -t ecc -i 0")


def test_a_bad_state_without_a_code_is_not_believed() -> None:
    """`-t health` of a chip turns it into OK; of a card it is told as it is."""
    machine = _machine()
    machine.chips[0].health = "Warning"
    assert "OK" == _value(_run(machine, "info -t health -i 0 -c 0")[0], "Health Status")
    assert "Warning" == _value(_run(machine, "info -t health -i 0")[0], "Health")


def test_fault_codes_come_with_their_descriptions() -> None:
    """A code that the driver cannot describe is printed as a number."""
    machine = _machine()
    machine.chips[0].health, machine.chips[0].fault_codes = "Alarm", [0x80E01801, 0x12345678]
    lines, _ = _run(machine, "info -t health -i 0 -c 0")
    assert "80E01801 12345678" == _value(lines, "Error Code")
    assert ["", f"\t{'':30} : {0x12345678}"] == lines[-2:]


@pytest.mark.parametrize(
    ("kind", "call", "driver_code", "message", "code"),
    [
        ("health", "dsmi_get_device_errorcode", 16, 'Failed to query "health" result.', 211),
        ("ecc", "dsmi_get_ecc_info", 16, 'Failed to query "ecc" result.', 210),
        ("ecc", "dsmi_get_ecc_info", 99, 'Failed to query "ecc" result.', 211),
        ("ecc", "dsmi_get_ecc_info", 65534, "This device does not support querying ecc.", 0),
        ("usages", "dsmi_get_hbm_info", 87, 'Failed to query "usages" result.', 197),
    ],
)
def test_a_failed_query_of_one_chip_ends_badly(kind: str, call: str, driver_code: int, message: str, code: int) -> None:
    """With `-c` the exit code tells of a failed call; what is not supported is no failure."""
    machine = _machine()
    machine.chips[0].query_failures = {call: driver_code}
    assert ([message], code) == _run(machine, f"info -t {kind} -i 0 -c 0")


def test_a_failed_query_of_a_card_ends_well() -> None:
    """Without `-c` only a line under the block tells of it; a block that is not supported is left out."""
    machine = _machine()
    machine.chips[0].query_failures = {"dsmi_get_ecc_info": 16}
    lines, code = _run(machine, "info -t ecc -i 0")
    assert ("Failed to query npu chip: 0 info.", 0) == (lines[-2], code)
    machine.chips[0].query_failures = {"dsmi_get_ecc_info": 65534}
    assert 3 == len(_run(machine, "info -t ecc -i 0")[0])


def test_a_failed_query_of_a_ub_machine_ends_badly() -> None:
    """On A5 no controller answers after the chip, so the chip's failure is the last word."""
    machine = _machine("ascend-950")
    machine.chips[0].query_failures = {"dsmi_get_device_errorcode": 51}
    lines, code = _run(machine, "info -t health -i 0")
    assert ('Failed to query "health" info.', 204) == (lines[-1], code)


def test_ecc_subtracts_unsigned() -> None:
    """Fewer records than isolated pages give a number near two to the thirty-second."""
    machine = _machine()
    machine.chips[0].ecc.double_bit_isolated_pages = 5
    machine.chips[0].ecc.record_count = 1
    assert "4294967292" == _value(_run(machine, "info -t ecc -i 0")[0], "HBM Double Bit Next-Isolated Pages Count")


def test_the_rate_of_hbm_is_worked_out_on_a2_only() -> None:
    """An A2 tool divides what is used by what is there; the others pass on the driver's rate."""
    for product, expected in (("atlas-800t-a2", "50"), ("atlas-800t-a3", "7")):
        machine = _machine(product)
        machine.chips[0].hbm_mb, machine.chips[0].hbm_pct = (5, 10), 7
        assert expected == _value(_run(machine, "info -t usages -i 0")[0], "HBM Usage Rate(%)")


def test_an_inference_card_has_ddr() -> None:
    """310P tells of DDR and its huge pages, and nothing at all when the driver has no rates."""
    machine = _machine("atlas-300i-pro")
    card = machine.chips[0].npu
    assert "66" == _value(_run(machine, f"info -t usages -i {card}")[0], "DDR Hugepages Usage Rate(%)")
    machine.chips[0].hugepages = (0, 0)
    assert "0" == _value(_run(machine, f"info -t usages -i {card}")[0], "DDR Hugepages Usage Rate(%)")
    machine.chips[0].query_failures = {"dsmi_get_device_utilization_rate": 65534}
    expected = (["This device does not support querying usages."], 0)
    assert expected == _run(machine, f"info -t usages -i {card} -c 0")


def test_the_controller_is_a_chip_of_the_card() -> None:
    """Its chip id follows the last chip; it has a board and a health, and no memory."""
    machine = _machine("atlas-800t-a3")
    assert "MCU" == _value(_run(machine, "info -t board -i 0 -c 2")[0], "Chip Name")
    assert "OK" == _value(_run(machine, "info -t health -i 0 -c 2")[0], "Health Status")
    assert ["This device does not support querying ecc."] == _run(machine, "info -t ecc -i 0 -c 2")[0]


def test_who_asks_decides_what_compatibility_says() -> None:
    """Only root on the host learns whether driver and firmware fit."""
    machine = _machine()
    machine.compatibility = "NOK"
    assert "NOK" == _value(_run(machine, "info -t board -i 0")[0], "Compatibility")
    machine.install_status = None
    assert "UNKNOWN" == _value(_run(machine, "info -t board -i 0")[0], "Compatibility")
    machine.root = False
    assert "NOT SUPPORT" == _value(_run(machine, "info -t board -i 0")[0], "Compatibility")


def test_an_incomplete_driver_is_warned_of_on_the_host() -> None:
    """The line behind the table comes without a complete installation, and never in a container."""
    machine = _machine()
    machine.install_status = "failed"
    assert _run(machine, "info")[0][-1].startswith("[WARNING]The driver package may not be completely installed")
    machine.in_container = True
    assert not _run(machine, "info")[0][-1].startswith("[WARNING]")


@pytest.mark.parametrize(
    ("driver_code", "library_code", "exit_code"),
    [(7, -8005, 187), (46, -8002, 190), (87, -8020, 172), (99, -8005, 187)],
)
def test_nothing_works_without_the_library(driver_code: int, library_code: int, exit_code: int) -> None:
    """A failed start-up is all that any command tells, with the library's code in the exit code's low byte."""
    machine = _machine()
    machine.init_failure = driver_code
    for command in ("-v", "-h", "info", "info -t health -i 0"):
        lines, code = _run(machine, command)
        assert ([str(library_code)], exit_code) == ([line.split()[-1] for line in lines], code)
    assert 211 == _run(machine, "bogus")[1]


def test_a_tool_of_another_generation_does_not_start() -> None:
    """The tool for A5 refuses any other product, and theirs refuses A5; without a device neither starts."""
    for product, tool in (("atlas-800t-a2", Generation.A5), ("ascend-950", Generation.A2)):
        machine = _machine(product)
        machine.tool_generation = tool
        assert (["dcmi module initialize failed. ret is -8255"], 193) == _run(machine, "info")
    machine.chips.clear()
    assert (["dcmi module initialize failed. ret is -8007"], 185) == _run(machine, "info")


@pytest.mark.parametrize(
    ("options", "complaints"),
    [
        ("-i", ["Invalid card id.", "Error parameter of -i"]),
        ("-i x", ["Invalid card id.", "Error parameter of -i"]),
        ("-t health -i 9", ["Invalid card id.", "Error parameter of -i"]),
        ("-t health -i 0 -c 7", ["Invalid chip id.", "Error parameter of -c"]),
        ("-t health -c 0", ["Invalid chip id.", "Error parameter of -c"]),
        ("-t health -i 0 -c", ["Invalid chip id.", "Error parameter of -c"]),
        ("-t", ["Error parameter of -t"]),
        ("-t nonsense", ["Error parameter of -t"]),
        ("-t health -t ecc", ["Error parameter of -t"]),
        ("-t health -i 0 -i 0", ["Error parameter of -i"]),
        ("--bogus", ["Error parameter of --bogus"]),
        ("-t health", ["", "This command must input card id.", ""]),
        ("-i 0", ["Must input parameter of type."]),
    ],
)
def test_wrong_options_end_in_the_help(options: str, complaints: List[str]) -> None:
    """Every mistake is told, then the help follows."""
    lines, code = _run(_machine(), f"info {options}")
    assert 215 == code
    assert complaints == lines[: lines.index(next(line for line in lines if line.startswith("Usage")))]


def test_a_lost_card_answers_to_no_number() -> None:
    """A lost card has the id that stands for none: the tool then complains less of a wrong number."""
    machine = _machine()
    machine.chips[1].presence = Presence.NOT_EXIST
    assert "Error parameter of -i" == _run(machine, "info -t health -i x")[0][0]


def test_help_and_version() -> None:
    """The helps end well, the version is the tool's own."""
    machine = _machine()
    machine.tool_version = "1.2.3"
    assert (["npu-smi version: 1.2.3"], 0) == _run(machine, "-v")
    assert _run(machine, "--help") == _run(machine, "-h")
    assert _run(machine, "info --help") == _run(machine, "info -h")
    assert 215 == _run(machine, "")[1]


def test_what_is_not_simulated_is_not_supported() -> None:
    """A type that the real tool knows has no invented answer; without one for `-c`, A5 refuses that."""
    assert (["This device does not support querying rootkey."], 0) == _run(_machine(), "info -t rootkey -i 0 -c 0")
    refused = (["This device does not support input parameter of -c."], 215)
    assert refused == _run(_machine("ascend-950"), "info -t health -i 0 -c 0")


def test_another_tool_is_not_there() -> None:
    """Only the vendor's two tools are simulated."""
    assert 127 == tools.answer(_machine(), ["/usr/bin/lspci"], 0.0).exit_code
    assert 127 == tools.answer(_machine(), [], 0.0).exit_code
