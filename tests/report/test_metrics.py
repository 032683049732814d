"""Metrics: the text format, the numbers of the hardware, and the doctor's own."""

from __future__ import annotations

import math

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

import sample_reports
import simulated
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.status import Status
from ascend_doctor.report import doctor_metrics, exposition, hardware_metrics

MAPPING = """\
\tNPU ID                         Chip ID                        Chip Logic ID                  Chip Name
\t0                              0                              0                              Ascend 910B3
\t0                              1                              -                              Mcu
\t1                              0                              1                              Ascend 910B3
\t1                              1                              -                              Mcu
"""
ECC = """\
        NPU ID                         : 0
        Chip Count                     : 1

        DDR Single Bit Error Count     : 0
        DDR Double Bit Error Count     : 0
        DDR Single Bit Aggregate Total Err Cnt : 0
        DDR Double Bit Aggregate Total Err Cnt : 0
        DDR Single Bit Isolated Pages Count    : 0
        DDR Double Bit Isolated Pages Count    : 0
        HBM Single Bit Error Count     : 3
        HBM Double Bit Error Count     : 0
        HBM Single Bit Aggregate Total Err Cnt : 12
        HBM Double Bit Aggregate Total Err Cnt : 1
        HBM Single Bit Isolated Pages Count    : 0
        HBM Double Bit Isolated Pages Count    : 1
        HBM Single Bit Next Isolated Pages Count : 0
        HBM Double Bit Next Isolated Pages Count : 4294967292
        Chip ID                        : 0
"""
NOW = sample_reports.MADE_AT


def _answer(key, command, stdout, started_at=NOW - 20, **more):
    return Evidence(
        key, tuple(command.split()), Ending.EXITED, 0, stdout.encode(), started_at=started_at, duration_s=0.25, **more
    )


def _view(*answers):
    mapping = _answer("npu-smi/mapping", "npu-smi info -m", MAPPING)
    return NodeView("n", {item.key: item for item in (mapping, *answers)}, now=NOW)


def _samples(families):
    """The samples as Prometheus' own parser reads them."""
    text = exposition.render(families)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_hardware_numbers_are_in_base_units():
    """Numbers of the tools come out in base units, by phy-id."""
    view = _view(
        _answer("hccn_tool/link@0", "hccn_tool -i 0 -link -g", "link status: UP\n"),
        _answer("hccn_tool/link@1", "hccn_tool -i 1 -link -g", "link status: DOWN\n"),
        _answer("hccn_tool/speed@0", "hccn_tool -i 0 -speed -g", "Speed: 200000 Mb/s\n"),
        _answer("npu-smi/ecc@0", "npu-smi info -t ecc -i 0", ECC),
    )
    found = _samples(hardware_metrics.hardware_families(view))
    assert 1.0 == found["ascend_npu_link_up", (("npu", "0"),)]
    assert 0.0 == found["ascend_npu_link_up", (("npu", "1"),)]
    assert 25e9 == found["ascend_npu_link_speed_bytes", (("npu", "0"),)]
    labels = (("error", "single_bit"), ("memory", "hbm"), ("npu", "0"))
    assert 3.0 == found["ascend_npu_ecc_errors_total", labels]
    assert 12.0 == found["ascend_npu_ecc_lifetime_errors_total", labels]
    assert 2.0 == found["ascend_node_npus", (("state", "present"),)]


def test_what_was_not_told_has_no_sample():
    """A missing value is left out; it never becomes 0."""
    view = _view(
        _answer("npu-smi/ecc@0", "npu-smi info -t ecc -i 0", ECC),
        _answer("hccn_tool/speed@0", "hccn_tool -i 0 -speed -g", "Speed: Unknown! (255)\n"),
    )
    found = _samples(hardware_metrics.hardware_families(view))
    odd = (("error", "double_bit"), ("memory", "hbm"), ("npu", "0"))
    assert ("ascend_npu_ecc_next_isolated_pages", odd) not in found
    assert not [name for name, _ in found if name == "ascend_npu_link_speed_bytes"]
    assert not [name for name, labels in found if "ecc" in name and ("npu", "1") in labels]


def test_old_numbers_are_dropped():
    """An answer older than three of its source's intervals is not repeated."""
    old = _answer("hccn_tool/link@0", "hccn_tool -i 0 -link -g", "link status: UP\n", started_at=NOW - 900)
    assert not [
        name for name, _ in _samples(hardware_metrics.hardware_families(_view(old))) if name.endswith("link_up")
    ]


def test_without_a_map_there_are_no_npus():
    """A node of which the NPUs are not known yields no sample of any NPU."""
    assert () == hardware_metrics.hardware_families(NodeView("n", {}))


def test_node_metrics(golden):
    """The outcome of each check of a node, as the golden text says."""
    golden.check("metrics/node.prom", exposition.render(doctor_metrics.node_families(sample_reports.drill())))


def test_fleet_metrics(golden):
    """The aggregates of a fleet, as the golden text says; no series names a node."""
    text = exposition.render(doctor_metrics.fleet_families(sample_reports.fleet()))
    assert "n0" not in text
    golden.check("metrics/fleet.prom", text)


def test_what_passed_is_counted_whether_told_or_not():
    """What is only counted in the report is in the number too."""
    report = attrs.evolve(sample_reports.ready(), also_passed=70)
    told = sum(finding.status is Status.PASS for finding in report.findings)
    found = _samples(doctor_metrics.fleet_families(report))
    assert told + 70 == found["ascend_doctor_fleet_good_results", (("status", "pass"),)]


def test_a_fleet_that_did_not_tell_its_npus():
    """Without a word about NPUs there is no number of NPUs, rather than 0."""
    report = sample_reports.fleet()
    silent = tuple(attrs.evolve(node, facts={}) for node in report.nodes)
    found = _samples(doctor_metrics.fleet_families(attrs.evolve(report, nodes=silent)))
    assert [] == [name for name, _ in found if name == "ascend_doctor_fleet_npus"]


def test_the_verdict_is_a_state_set():
    """Exactly one of the states of a verdict is 1."""
    found = _samples(doctor_metrics.node_families(sample_reports.drill()))
    states = {labels[0][1]: value for (name, labels), value in found.items() if name == "ascend_doctor_node_verdict"}
    assert {"ready": 0.0, "degraded": 0.0, "incomplete": 0.0, "not_ready": 1.0} == states


def test_sources_report_on_themselves():
    """A tool whose answer cannot be read is not up, and has no time of a last success."""
    view = _view(
        _answer("hccn_tool/link@0", "hccn_tool -i 0 -link -g", "link status: UP\n"),
        _answer("hccn_tool/link@1", "hccn_tool -i 1 -link -g", "what is this\n"),
        _answer("npu-smi/ecc@0", "npu-smi info -t ecc -i 0", "garbage\n"),
        _answer("unheard/of", "unheard of", ""),
        _answer("hccn_tool/tls@x", "hccn_tool -i x -tls -g", ""),
    )
    found = _samples(doctor_metrics.source_families(view))
    assert 0.0 == found["ascend_doctor_source_up", (("source", "hccn_tool/link"),)]
    assert 1.0 == found["ascend_doctor_source_up", (("source", "npu-smi/mapping"),)]
    assert 0.5 == found["ascend_doctor_source_duration_seconds", (("source", "hccn_tool/link"),)]
    assert ("ascend_doctor_source_last_success_timestamp_seconds", (("source", "npu-smi/ecc"),)) not in found
    assert not [labels for _, labels in found if ("source", "unheard/of") in labels]
    assert 0.0 == found["ascend_doctor_source_up", (("source", "hccn_tool/tls"),)]


def test_families_stay_together_when_nodes_are_merged():
    """Metrics of several nodes carry their node, and each family is written once."""
    families = exposition.merged(
        [
            family
            for node in ("a", "b")
            for family in exposition.labelled(doctor_metrics.node_families(sample_reports.ready()), node=node)
        ]
    )
    names = [family.name for family in families]
    assert sorted(set(names)) == sorted(names)
    found = _samples(families)
    assert {"a", "b"} == {dict(labels)["node"] for name, labels in found if name == "ascend_doctor_node_verdict"}


@pytest.mark.parametrize(
    ("value", "expected"), [(1.0, "1"), (0.25, "0.25"), (math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf")]
)
def test_numbers(value, expected):
    """Numbers are written as the format has them."""
    family = exposition.Family("x", "gauge", "about", (((), value),))
    assert f"x {expected}" == exposition.render([family]).splitlines()[-1]


def test_a_family_without_samples_is_not_written():
    """A name without a sample is left out."""
    assert "" == exposition.render([exposition.Family("x", "gauge", "about")])


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_labels_survive(text):
    """Printable text of a label comes back from Prometheus' own parser; the rest becomes question marks."""
    families = exposition.Families()
    families.add("x_total", "help with \\ and\nnewline", 2, name=text)
    [(key, value)] = _samples(families).items()
    shown = "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
    assert (("x_total", (("name", shown),)), 2.0) == (key, value)


def test_help_and_type_come_first():
    """Each family begins with its help and its type."""
    for family in doctor_metrics.fleet_families(sample_reports.fleet()):
        lines = exposition.render([family]).splitlines()
        assert [f"# HELP {family.name}", f"# TYPE {family.name}"] == [
            line[: len(family.name) + 7] for line in lines[:2]
        ]
        assert ("counter" if family.name.endswith("_total") else "gauge") == family.kind


def test_stale_results_keep_their_old_time():
    """A check whose results are stale shows when they were collected; one that cannot look shows no time."""
    report = sample_reports.fleet()
    stale, unknown = (attrs.evolve(report.findings[1], judged_at=5.0), attrs.evolve(report.findings[0], check="a.b"))
    found = _samples(doctor_metrics.node_families(attrs.evolve(report, findings=(stale, unknown))))
    times = {labels: value for (name, labels), value in found.items() if "last_success" in name}
    assert {(("check", "npu.present"),): 5.0} == times


def _simulated(product):
    cluster = simulated.make(f"nodes:\n  - {{name: n1, product: {product}}}\n", 900.0)
    queries = list(simulated.queries(cluster, "n1"))
    return NodeView("n1", {query.key: simulated.evidence_of(cluster, "n1", query) for query in queries})


@pytest.mark.parametrize(
    ("product", "npus", "ports"),
    [("atlas-800i-a2", 8, 8), ("atlas-800t-a3", 16, 16), ("atlas-300i-pro", 4, 0), ("ascend-950", 8, 0)],
)
def test_every_product_has_its_numbers(product, npus, ports):
    """Each NPU of each product has a temperature and a health; only products with RoCE have links and light."""
    families = hardware_metrics.hardware_families(_simulated(product))
    found = _samples(families)
    series = {name: {labels for other, labels in found if other == name} for name, _ in found}
    assert npus == len(series["ascend_npu_temperature_celsius"])
    assert npus == sum(value for (name, labels), value in found.items() if name == "ascend_npu_health")
    assert ports == len(series.get("ascend_npu_link_up", ()))
    assert ports == len({dict(labels)["npu"] for labels in series.get("ascend_npu_optical_rx_power_watts", ())})
    assert len(found) <= 1500
    assert len(families) == len({family.name for family in families})


def test_a_chip_that_the_map_does_not_know_has_no_numbers():
    """Numbers of a chip that has no phy-id are not put under somebody else's."""
    strange = ECC.replace("Chip ID                        : 0", "Chip ID                        : 3")
    view = _view(_answer("npu-smi/ecc@0", "npu-smi info -t ecc -i 0", strange))
    found = _samples(hardware_metrics.hardware_families(view))
    assert [] == [name for name, _ in found if "ecc" in name]
