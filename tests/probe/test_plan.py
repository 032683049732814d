"""Which questions are due, to whom they go, and in which order."""

from __future__ import annotations

import attrs
import pytest

from ascend_doctor.checks import catalogue as checks
from ascend_doctor.checks.engine import CheckSettings
from ascend_doctor.facts import devices
from ascend_doctor.facts.hccn_tool import link, ping, tls
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import Cost, Scope
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED
from ascend_doctor.probe import plan
from ascend_doctor.probe.plan import Lane
from fake_tools import device_source, file_source
from scripted_runner import map_answer, map_of_modules


def map_from(text):
    """Return the map that `npu-smi info -m` makes."""
    found = mapping.SOURCE.read(Evidence("npu-smi/mapping", (), exit_code=0, stdout=text.encode()))
    return devices.build(found, NOT_REPORTED)


def test_sources_of_all_checks():
    """The plan holds what the checks read, in the order of the catalogue, and nothing that sends traffic."""
    sources = plan.sources_for(checks.load())

    assert {mapping.SOURCE, info.SOURCE, identity.SOURCE, link.SOURCE, tls.SOURCE} <= set(sources)
    assert ping.SOURCE not in sources
    assert len(set(sources)) == len(sources)


def test_sources_of_disabled_checks_are_left_out():
    """What only a disabled check reads is not asked; the map, the aggregate and the host facts always are."""
    entries = checks.load()
    off = {check_id: CheckSettings(enabled=False) for check_id in entries}

    assert (identity.SOURCE, mapping.SOURCE, info.SOURCE) == plan.sources_for(entries, off)


def test_harmless_sources_leave_out_what_runs_only_on_request():
    """Recording a node sends no traffic, and puts no question that only an opt-in check puts."""
    entries = checks.load()
    recorded = plan.harmless_sources(entries)

    assert {link.SOURCE, tls.SOURCE} <= set(recorded)
    assert ping.SOURCE not in recorded
    link_check = entries["roce.link"]
    on_request = attrs.evolve(link_check, check=attrs.evolve(link_check.check, opt_in="to be asked for"))
    only = [source for source in plan.harmless_sources({"roce.link": on_request}) if source in link_check.check.reads]
    assert [] == only


def test_questions_to_the_node():
    """The map comes first; files take no lock and stand aside; questions to NPUs are not among them."""
    found = plan.for_node([info.SOURCE, file_source("/x"), mapping.SOURCE, identity.SOURCE, link.SOURCE])

    assert [mapping.SOURCE, info.SOURCE] == [query.source for query in found.tools]
    assert ["host/facts", "file/x"] == [query.key for query in found.others]


def test_lanes_by_device():
    """Each NPU has its lane, cheap questions before slow ones; one about a card goes to its lowest phy-id."""
    slow, card = device_source("a/slow", cost=Cost.SLOW), device_source("a/card", scope=Scope.CARD)
    lanes = plan.for_devices([slow, device_source("a/each"), card], map_from(map_of_modules(2)))

    assert {
        0: ("a/each@0", "a/card@0", "a/slow@0"),
        1: ("a/each@1", "a/slow@1"),
        2: ("a/each@2", "a/card@1", "a/slow@2"),
        3: ("a/each@3", "a/slow@3"),
    } == {lane: tuple(query.key for query in queries) for lane, queries in lanes.items()}
    assert [3, 3, 2, 2] == [len(queries) for queries in lanes.values()]


def test_lane_of_the_node():
    """A source that takes a lock of the whole node goes into the node's lane with all its questions."""
    locked, free = device_source("a/locked"), device_source("a/free")
    lanes = plan.for_devices([locked, free], map_from(map_answer(2)), {"a/locked": Lane.NODE, "a/free": Lane.DEVICE})

    assert {None, 0, 1} == set(lanes)
    assert ["a/locked@0", "a/locked@1"] == [query.key for query in lanes[None]]


def test_product_without_the_thing_is_not_asked():
    """What a product does not have is not in the plan."""
    text = map_answer(1).replace("Ascend 910B3", "310P3")

    assert {} == plan.for_devices([device_source("a/roce", generations=ROCE)], map_from(text))


@pytest.mark.parametrize(("source", "expected"), [(info.SOURCE, None), (link.SOURCE, 1)])
def test_device_of_a_question(source, expected):
    """A question to the node occupies no device."""
    found = map_from(map_answer(2))

    assert expected == plan.device_of(source.about(found.targets(source)[-1]), found)
