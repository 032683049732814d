"""`npu-smi` of a simulated machine about connections and settings of the node, in states that nobody recorded."""

from __future__ import annotations

from typing import Any, List, Tuple

import attrs
import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.simulator import tools
from ascend_doctor.simulator.hardware import Machine, Presence
from ascend_doctor.simulator.profiles import PRODUCTS
from samples import answer


def machine_of(product: str = "atlas-800t-a2") -> Machine:
    """Return a healthy machine."""
    return PRODUCTS[product].machine("node-1")


def run(machine: Machine, command: str) -> Tuple[List[str], int]:
    """Return the lines that the tool prints, and its exit code."""
    found = tools.answer(machine, ["npu-smi", *command.split()], 0.0)
    return found.stdout.decode().splitlines(), found.exit_code


def read(machine: Machine, command: str) -> Any:
    """Return what the doctor's parser makes of an answer."""
    argv = ["npu-smi", *command.split()]
    found = tools.answer(machine, argv, 0.0)
    query = query_for_command(argv)
    assert query is not None
    return query.source.read(answer(found.stdout, exit_code=found.exit_code))


@pytest.mark.parametrize(
    ("product", "command", "complaints", "usage"),
    [
        ("atlas-800t-a2", "info -t hccs -i 0 -c 0 -lane 8", ["Error parameter of -lane"], "info -t hccs"),
        ("atlas-800t-a2", "info -t hccs -i 0 -c 0 -lane x", ["Error parameter of -lane"], "info -t hccs"),
        ("atlas-800t-a2", "info -t ecc -i 0 -c 0 -lane 3", ["Error parameter of -lane"], "info <watch"),
        ("atlas-800t-a2", "info -t hccs -i 0", ["Must input parameter of chip id."], "info -t hccs"),
        (
            "atlas-800t-a2",
            "info -t hccs-bw -i 0",
            ["", "This command must input card id and chip id.", ""],
            "info -t h",
        ),
        (
            "atlas-800t-a2",
            "info -t hccs-bw -i 0 -c 0 -time 1001",
            ["Invalid time.", "Error parameter of -time"],
            "info -t hccs-bw",
        ),
        ("atlas-800t-a2", "info -t hccs-bw -i 0 -c 0 -time", ["Error parameter of -time"], "info -t hccs-bw"),
        ("atlas-800t-a2", "info -t phyid-remap -p 9", ["Error parameter of -p"], "info <watch"),
        ("atlas-800t-a2", "info -t phyid-remap -p", ["Invalid phy id.", "Error parameter of -p"], "info <watch"),
        (
            "atlas-800t-a2",
            "info -t phyid-remap -i 0 -c 0",
            ["This command must input phy id. Input parameter of -p"],
            "info <watch",
        ),
        ("atlas-800t-a2", "info -t ecc -p 3", ["This command must input card id and chip id."], "info <watch"),
        ("atlas-800t-a2", "info -t info-vnpu -i 0", ["Must input parameter of chip id."], "info <watch"),
        ("atlas-800t-a2", "info -t sys-log-info -i 0", ["This command does not support input card id."], "info <watch"),
        ("atlas-800t-a3", "info -t sio-info -i 0", ["Must input parameter of chip id."], "info <watch"),
        ("atlas-800t-a3", "info -t multi-die-policy -i 0", ["This command does not support entering card id."], "info"),
        (
            "atlas-800t-a3",
            "info -t multi-die-policy-cfg-recover -i 0",
            ["This command does not support entering card id."],
            "info",
        ),
        ("ascend-950", "info -t phyid-remap", [], "info <watch"),
        ("ascend-950", "info -t sensors -i 0 -c 0", ["This device does not support input parameter of -c."], ""),
        ("atlas-800t-a2", "upgrade", ["", "There has no options.", ""], "upgrade <-h|-t type|-q type"),
        ("atlas-800t-a2", "upgrade -b mcu", ["", "This command must input card id.", ""], "upgrade"),
        ("atlas-800t-a2", "upgrade -b mcu -i 99", ["Invalid card id.", "Error parameter of -i"], "upgrade"),
        ("atlas-800t-a2", "upgrade -b mcu -i", ["Invalid card id.", "Error parameter of -i"], "upgrade"),
        ("atlas-800t-a2", "upgrade -b bogus -i 0", ["Error parameter of -b"], "upgrade"),
        ("atlas-800t-a2", "upgrade -t mcu -i 0", ["Error parameter of -t"], "upgrade"),
        ("atlas-800t-a2", "upgrade -i 0", ["", "Parameter error.", ""], ""),
    ],
)
def test_wrong_calls_end_in_the_help_of_their_type(
    product: str, command: str, complaints: List[str], usage: str
) -> None:
    """Every mistake is told; the help that follows is the type's own where it has one."""
    lines, code = run(machine_of(product), command)
    assert 215 == code
    told = next((number for number, line in enumerate(lines) if line.startswith("Usage")), len(lines))
    assert complaints == lines[:told]
    assert not usage or lines[told].startswith(f"Usage: npu-smi {usage}")


@pytest.mark.parametrize(
    ("product", "command"),
    [
        ("ascend-950", "info -t hccs -i 0"),
        ("atlas-300i-pro", "info -t spod-info -i 99"),
        ("atlas-800t-a2", "info -t sio-info -i 0 -c 0"),
        ("atlas-800t-a2", "info -t multi-die-policy"),
        ("atlas-800t-a2", "info -t phyid-remap"),
        ("atlas-800t-a2", "info -t tls-cert -i 0"),
        ("atlas-800t-a2", "info -t hccs -i 0 -c 1"),
        ("atlas-800t-a2", "info -t hccs-bw -i 0 -c 1 -time 5"),
        ("atlas-800t-a2", "info -t info-vnpu -i 0 -c 1"),
        ("atlas-800t-a3", "info -t tls-cert -i 0 -c 1"),
        ("atlas-800t-a3", "info -t device-share-cfg-recover"),
        ("atlas-800t-a2", "info -t hccs -i 0 -c 0 -R"),
    ],
)
def test_what_a_product_has_not_is_told(product: str, command: str) -> None:
    """The type is refused before the card is looked at; a controller and a second die have less than a chip."""
    assert 0 == run(machine_of(product), command)[1]
    missing = read(machine_of(product), command) if "recover" not in command else Missing(Absence.NOT_SUPPORTED)
    assert isinstance(missing, Missing)
    assert Absence.NOT_SUPPORTED is missing.why


@pytest.mark.parametrize(
    ("place", "command", "line"),
    [
        ("user", "info -t key-manage", "This command can be executed only by the root user."),
        ("container", "info -t vnpu-mode", "This command cannot be executed on a VM or container."),
        ("vm", "info -t vnpu-mode", "This command cannot be executed on a VM or container."),
        ("container", "info -t key-manage", "This command cannot be executed on a container."),
        ("vm", "info -t vnpu-cfg-recover", "This command cannot be executed on a VM or container."),
        ("vm", "info -t template-info", "This command cannot be executed on a VM or container."),
        ("vm", "info -t info-vnpu -i 0 -c 0", "This command cannot be executed on a VM or container."),
    ],
)
def test_who_may_ask_from_where(place: str, command: str, line: str) -> None:
    """Some types are for root, for the host itself, or not for a container; saying so is no error for the tool."""
    machine = machine_of()
    machine.root, machine.in_container, machine.in_vm = place != "user", place == "container", place == "vm"
    assert ([line], 0) == run(machine, command)


def test_two_dies_in_other_surroundings() -> None:
    """A virtual machine may not ask for the policy of the dies, a container not whether it is kept."""
    machine = machine_of("atlas-800t-a3")
    machine.in_vm = True
    assert "on a VM." in run(machine, "info -t multi-die-policy")[0][0]
    machine.in_vm, machine.in_container, machine.independent_dies = False, True, True
    assert "INDEP_POLICY" in run(machine, "info -t multi-die-policy")[0][0]
    assert "Operation not permitted" in run(machine, "info -t multi-die-policy-cfg-recover")[0][0]


def test_vnpus_of_an_inference_card() -> None:
    """In a container the tool does not even look; split for virtual machines it does not tell of containers."""
    machine = machine_of("atlas-300i-pro")
    card = machine.chips[0].npu
    assert (8, 8) == read(machine, f"info -t info-vnpu -i {card} -c 0").aicore
    machine.settings.vnpu_for_vm = True
    assert "not in docker mode" in run(machine, f"info -t info-vnpu -i {card} -c 0")[0][0]
    machine.in_container = True
    assert (["This command cannot be executed on a container."], 217) == run(
        machine, f"info -t info-vnpu -i {card} -c 0"
    )


def test_settings_of_the_node() -> None:
    """What is set is what is shown."""
    machine = machine_of()
    assert Absence.TOOL_FAILED is read(machine, "info -t key-manage").why
    machine.settings.key_service = (True, False)
    shown = read(machine, "info -t key-manage")
    assert ("Enable", "Stop") == (shown.auto_startup, shown.running)
    machine.settings.syslog = (2, "/var/log/npu")
    shown = read(machine, "info -t sys-log-info")
    assert ("enable", 2, "/var/log/npu") == (shown.recover_mode, shown.gear, shown.path)
    machine.settings.vnpu_for_vm, machine.settings.vnpu_recovery = True, False
    assert "VM" == read(machine, "info -t vnpu-mode").mode
    assert "Disable" == read(machine, "info -t vnpu-cfg-recover").recover_mode


def test_topology_with_interfaces_and_lost_cards() -> None:
    """The tool pairs interfaces `ensN` with four NPUs each; with a lost card it fails before an A3 and not on one."""
    machine = machine_of()
    machine.topology.nics = ["eth0", "ens1f0", "ens9"]
    facts = read(machine, "info -t topo")
    assert ("ens1f0",) == facts.nics
    (row,) = [row for row in facts.matrix if row.node == "NIC1"]
    assert 4 * ("NA",) + 4 * ("UB",) == row.relations[:8]
    machine.chips[1].presence = Presence.NOT_EXIST
    assert 191 == run(machine, "info -t topo")[1]
    two_dies = machine_of("atlas-800t-a3")
    two_dies.chips[3].presence = Presence.NOT_EXIST
    assert 14 == len(read(two_dies, "info -t topo").npus)
    two_dies.independent_dies = True
    assert 17 + 4 + 5 < len(run(two_dies, "info -t topo")[0])


def test_topology_depends_on_the_host() -> None:
    """Cards of two sides of the node are SYS to each other; x86 hosts and virtual machines see less or more."""
    machine = machine_of("atlas-300i-pro")
    machine.topology.cpu_affinity = ("0-23", "0-23", "24-47", "24-47")
    facts = read(machine, "info -t topo")
    assert ("X", "PHB", "SYS", "SYS") == facts.npus[0].relations[:4]
    machine.in_vm = True
    assert 214 == run(machine, "info -t topo")[1]
    machine.in_vm, machine.machine = False, "x86_64"
    assert Absence.NOT_SUPPORTED is read(machine, "info -t topo").why
    virtual = machine_of("atlas-800t-a2-x86")
    virtual.in_vm = True
    assert read(virtual, "info -t topo").is_complete


def test_a_lost_lane_shows_in_all_forms() -> None:
    """The words of the driver decide lanes, marks and speed, for all links and for one."""
    machine = machine_of("atlas-800t-a3")
    hccs = machine.chips[0].hccs
    hccs.lanes[3], hccs.lanes[5] = 0x607, 0x203
    facts = read(machine, "info -t hccs -i 0 -c 0")
    assert (4, 4, 2, 4, 1, 4, 4) == facts.lane_mode
    assert ("1111", "1111", "1100", "1111", "1000", "1111", "1111") == facts.link_lane_list
    assert (112,) == read(machine, "info -t hccs -i 0 -c 0 -lane 3").link_speed
    assert (56,) == read(machine, "info -t hccs -i 0 -c 0 -lane 5").link_speed


def test_far_ends_depend_on_the_board() -> None:
    """The boards of two classes are wired in their own way, any other is refused; one link can be asked for alone."""
    machine = machine_of("atlas-800t-a3")
    assert "M14" == read(machine, "info -t hccs -i 1 -c 1 -R").links[0].remote_port
    assert ["M3"] == [link.npu_port for link in read(machine, "info -t hccs -i 1 -c 1 -lane 3 -R").links]
    machine.board = attrs.evolve(machine.board, main_board_id=0x1D)
    assert (3, "M15") == attrs.astuple(read(machine, "info -t hccs -i 1 -c 0 -R").links[0])[1:]
    assert Absence.NOT_SUPPORTED is read(machine, "info -t hccs -i 7 -c 0 -R").why
    assert "Error parameter of -lane" == run(machine, "info -t hccs -i 0 -c 0 -lane 1")[0][0]


def test_failing_calls_are_passed_on() -> None:
    """A driver that does not answer ends every query of this kind, with the code of the tool."""
    machine = machine_of("atlas-800t-a3")
    machine.chips[0].query_failures["dsmi_get_device_info"] = 16
    for kind in ("hccs", "sio-info", "spod-info", "hccs-credit", "tls-cert"):
        assert ([f'Failed to query "{kind}" result.'], 210) == run(machine, f"info -t {kind} -i 0 -c 0")
    assert (['Failed to query "hccs-bw" info.'], 210) == run(machine, "info -t hccs-bw -i 0 -c 0 -time 9")
    assert "Failed to query npu chip: 0 info." in run(machine, "info -t hccs-credit -i 0")[0]
    assert 2 == len(read(machine_of("atlas-800t-a3"), "info -t hccs-credit -i 0").chips)
    machine.chips[2].certificate = None
    assert Absence.NOT_CONFIGURED is read(machine, "info -t tls-cert -i 1 -c 0").why


def test_a_950_in_a_pod_has_a_chassis() -> None:
    """The main board tells a pod from single servers."""
    machine = machine_of("ascend-950")
    machine.board = attrs.evolve(machine.board, main_board_id=0x03)
    assert 0 == read(machine, "info -t spod-info -i 0").chassis_id


def test_what_a_whole_chip_can_give_away() -> None:
    """A whole 910B keeps 4 GB for itself; which templates there are depends on its board."""
    assert ((28, 32), (6, 6)) == attrs.astuple(read(machine_of("atlas-800i-a2"), "info -t info-vnpu -i 0 -c 0"))[1:3]
    templates = read(machine_of("atlas-800t-a2-x86"), "info -t template-info").templates
    assert ["vir10_3c_32g", "vir05_1c_16g"] == [template.name for template in templates]


def test_versions_beside_the_chips() -> None:
    """Controller and regulators of a card are asked with `upgrade -b`; what a product has not is refused."""
    machine = machine_of()
    assert "25.2.9" == read(machine, "upgrade -b mcu -i 3").version
    assert "NA" in run(machine, "upgrade -i 3 -b vrd")[0][0]
    assert 0 == read(machine_of("atlas-800t-a3"), "upgrade -b vrd -i 3").vrd_count
    assert (["This device does not support querying version."], 217) == run(machine, "upgrade -b vdm -i 0")
    assert 217 == run(machine_of("atlas-350-2p"), "upgrade -b vdm -i 0")[1]
    assert 0 == read(machine_of("ascend-950"), "upgrade -b vdm -i 0").vrd_count
    assert 6 == read(machine_of("ascend-950"), "upgrade -b vrd -i 0").vrd_count
    assert (
        "Usage: npu-smi upgrade <-h|-t type|-b type> [Options...]" == run(machine_of("ascend-950"), "upgrade -h")[0][0]
    )
