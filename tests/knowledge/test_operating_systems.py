"""The operating systems that the vendor lists."""

from __future__ import annotations

import pytest

from ascend_doctor.knowledge import operating_systems


@pytest.mark.parametrize(
    ("os_id", "version", "listed"),
    [
        ("openEuler", "22.03", True),
        ("openeuler", "24.03", True),
        ("openEuler", "23.09", False),
        ("ubuntu", "22.04", True),
        ("ubuntu", "18.04", False),
        ("kylin", "V10", True),
        ("kylin", "v11", True),
        ("euleros", "2.0", True),
        ("centos", "7", True),
        ("centos", "8", False),
        ("debian", "10", True),
        ("debian", "12", False),
        ("bclinux", "", True),
        ("fedora", "41", False),
    ],
)
def test_a_system_is_listed_by_its_name_and_version(os_id: str, version: str, listed: bool) -> None:
    """The words are those of /etc/os-release; some systems count in every version."""
    assert listed is operating_systems.is_supported(os_id, version)


def test_the_list_is_a_list() -> None:
    """Every row has a name, and none is there twice."""
    rows = operating_systems.supported()
    assert len(rows) == len(set(rows))
    assert all(os_id for os_id, _ in rows)
