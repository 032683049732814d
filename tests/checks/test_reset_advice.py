"""The command that resets a lost NPU names its card and chip, or is not given."""

from __future__ import annotations

import attrs
import pytest

from ascend_doctor.checks import remedies, resets
from ascend_doctor.checks.node import npu_boot, npu_dropped, npu_health, tool_timeout
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.devices import Device, DeviceMap
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.reading import NOT_REPORTED
from ascend_doctor.model.status import Disruption, Status
from small_cluster import answer, health, host, mapping, of, silent

ONE_CHIP = [(npu, 0, npu) for npu in range(4)]
TWO_CHIPS = [(phy_id // 2, phy_id % 2, phy_id) for phy_id in range(6)]
ODD_SLOTS = [(1, 0, 0), (2, 0, 1), (5, 0, 2)]


@pytest.mark.parametrize(
    ("places", "lost", "expected"),
    [
        (ONE_CHIP, 5, remedies.reset(5, 0)),
        (TWO_CHIPS, 7, remedies.reset(3, 1)),
        (ODD_SLOTS, 3, remedies.REBOOT),
        (ODD_SLOTS, 2, remedies.reset(5, 0)),
        ([], 0, remedies.REBOOT),
    ],
)
def test_the_address_of_a_lost_npu(places, lost, expected):
    """An NPU that the map leaves out is addressed in step with the others, and never by a guess."""
    devices = DeviceMap(tuple(Device(*place) for place in places), NOT_REPORTED)
    assert expected == resets.reset_of(devices, lost)


def _node(*, container: bool, name: str = "Ascend 910B3") -> NodeView:
    words = mapping(1)
    renamed = attrs.evolve(words, stdout=words.stdout.replace(b"Ascend 910B3", name.encode()))
    answers = of(renamed, host(container=container, davinci=[0]))
    return NodeView("node-1", answers)


@pytest.mark.parametrize(
    ("subject", "name", "expected"),
    [
        (subjects.npu("node-1", 0), "Ascend 910B3", "npu-smi set -t reset -i 0 -c 0 -m 1"),
        (subjects.npu("node-1", 0), "Ascend950PR", "npu-smi set -t reset -i 0 -m 1"),
        (subjects.card("node-1", 4), "Ascend 910B3", "npu-smi set -t reset -i 4 -c 0 -m 1"),
        (subjects.card("node-1", 4), "Ascend950PR", "npu-smi set -t reset -i 4 -m 1"),
        (subjects.node("node-1"), "Ascend 910B3", "npu-smi set -t reset -i N -c 0 -m 1"),
    ],
)
def test_the_tool_of_each_product_has_its_own_words(subject, name, expected):
    """The 950 addresses an NPU by one number, the others by card and chip."""
    assert expected == resets.steps(_node(container=False, name=name), subject)[0].command


def test_nobody_resets_for_what_shows_inside_a_container():
    """There the host has to be looked at first."""
    steps = resets.steps(_node(container=True), subjects.npu("node-1", 0))
    assert [remedies.FROM_THE_HOST] == steps
    assert Disruption.NONE is steps[0].disruption


@pytest.mark.parametrize("container", [True, False])
@pytest.mark.parametrize("finder", [tool_timeout, npu_health, npu_boot, npu_dropped])
def test_checks_of_an_npu_that_is_gone_advise_a_reset_on_the_host_alone(finder, container):
    """Each of them prints the advice that fits to where it looks from."""
    view = _node(container=container)
    gone = of(silent("npu-smi info -t health -i 0")) if finder is tool_timeout else of(health(0, "UNKNOWN"))
    if finder is npu_dropped:
        gone = of(answer("npu-smi info -t health -i 0", "Invalid card id.\nError parameter of -i\n", exit_code=215))
    view = NodeView("node-1", {**view.evidence, **gone})
    found = [item for item in finder.judge(view, finder.CHECK.limits) if item.status is Status.FAIL]
    assert 1 == len(found)
    assert container is (remedies.FROM_THE_HOST in found[0].remedies)
    assert container is not any(step.disruption is Disruption.NPU_RESET for step in found[0].remedies)
