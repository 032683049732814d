"""Which versions go together, and how versions are ordered."""

from __future__ import annotations

import pytest

from ascend_doctor.knowledge import stack, versions
from ascend_doctor.knowledge.stack import Fit
from ascend_doctor.model.product import Generation


def test_versions_are_ordered_as_the_vendor_names_them() -> None:
    """Tests and candidates come before the release, patches after it."""
    names = [
        "23.0.7",
        "24.1.rc3",
        "24.1.0.b062",
        "24.1.0",
        "24.1.0.3",
        "25.0.rc1",
        "25.0.rc1.1",
        "25.5.t2.b001",
        "25.5.1",
    ]
    assert names == sorted(sorted(names), key=versions.order)
    assert versions.order("24.1.RC3") == versions.order("24.1.rc3")
    assert versions.order("24.1.odd") > versions.order("24.1.0")


@pytest.mark.parametrize(
    ("version", "base"), [("2.7.1.post1+git4c901a4", "2.7.1"), ("2.7.1+cpu", "2.7.1"), ("2.1", "2.1"), ("main", "main")]
)
def test_the_base_of_a_version_has_three_numbers(version: str, base: str) -> None:
    """Builds and hashes do not count."""
    assert base == versions.base(version)


@pytest.mark.parametrize(
    ("cann", "driver", "generation", "fit"),
    [
        ("9.1.1", "26.1.1", Generation.A2, Fit.YES),
        ("8.5.0", "25.5.1", Generation.A3, Fit.YES),
        ("8.2.RC1", "25.2.0", None, Fit.YES),
        ("9.1.0", "25.0.rc1.1", Generation.A2, Fit.NO),
        ("9.0.0", "24.1.0", Generation.A2, Fit.TOO_OLD),
        ("9.0.0", "24.1.0", Generation.A5, Fit.NOT_LISTED),
        ("9.0.0", "25.7.rc1.6", Generation.A5, Fit.YES),
        ("9.0.0", "25.7.rc1.6", Generation.A2, Fit.NOT_LISTED),
        ("8.2.RC1", "24.1.0", Generation.A2, Fit.NOT_LISTED),
        ("10.0.0", "25.5.1", Generation.A2, Fit.NOT_LISTED),
        ("7.0.0", "23.0.3", Generation.A2, Fit.YES),
        ("7.0.0", "23.0.3", Generation.P310P, Fit.NOT_LISTED),
    ],
)
def test_a_cann_and_a_driver_are_judged_by_the_lists(cann: str, driver: str, generation: Generation, fit: Fit) -> None:
    """Listed, excluded, older than all that are listed, or not said; a family counts only for its own products."""
    found = stack.cann_with_driver(cann, driver, generation)
    assert fit is found.fit
    assert bool(found.origin) is (fit is not Fit.NOT_LISTED)


def test_either_side_may_list_the_other() -> None:
    """The generation is the head of the inner version; without one nothing fits."""
    driver, cann = "V100R001C21SPC002B220", "V100R001C22SPC001B231"
    assert stack.generations_fit(driver, ("V100R001C22",), cann, ())
    assert stack.generations_fit(driver, (), cann, ("V100R001C21",))
    assert not stack.generations_fit(driver, ("V100R001C2",), cann, ())
    assert not stack.generations_fit(None, (), "odd", ())


def test_rows_are_found_by_their_version() -> None:
    """Hashes of commits do not count; what nobody lists has no row."""
    build = stack.build_of("2.7.1.post2+gitabc")
    assert build is not None
    assert ("2.7.1", "8.5.0") == (build["torch"], build["cann"])
    assert None is stack.build_of("9.9.9")
    assert ((("3.9", "3.10", "3.11")), "torch_python.tsv") == stack.pythons_of("2.6.0+cpu")
    assert ((), "") == stack.pythons_of("9.9.9")
    assert ["0.9.1"] == [row["vllm"] for row in stack.sets_of("0.9.1+empty")]
    assert ("25.2.0",) == stack.lines_of("8.2.rc1")
    mindie = stack.cann_of_mindie("2.1.rc1")
    assert mindie is not None
    assert "8.2.RC1" == mindie["cann"]
    assert None is stack.cann_of_mindie("9.9")
