"""The vendor's files: versions, network settings, how the driver was installed."""

from __future__ import annotations

from typing import Any

import pytest

from ascend_doctor.facts.document import document
from ascend_doctor.facts.files import hccn_conf, install_info, version_info
from ascend_doctor.facts.files.hccn_conf import HccnConfDevice
from ascend_doctor.facts.source import Source
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from samples import answer


def read(source: Source[Any], text: str) -> Any:
    """Read a file."""
    return source.read(answer(text.encode()))


def facts(source: Source[Any], text: str) -> Any:
    """Read a file that holds facts."""
    found = read(source, text)
    assert not isinstance(found, Missing), found
    return found


def test_the_driver_names_the_firmware_that_it_accepts() -> None:
    """One range is shown as a pair, several as pairs; a version alone is both ends. Lines may be indented."""
    found = facts(version_info.DRIVER, "  Version=25.3.rc1\n  compatible_version_fw=[7.0.0, 7.8.99]\n")
    assert ("25.3.rc1", NOT_REPORTED, (("7.0.0", "7.8.99"),)) == (
        found.version,
        found.package_version,
        found.compatible_version_fw,
    )
    assert (["7.0.0", "7.8.99"], None) == (document(found)["compatible_version_fw"], document(found)["package_version"])
    several = facts(version_info.DRIVER, "Version=1\ncompatible_version_fw=[7.0.0,7.8.99],[8.1.0]\n")
    assert [["7.0.0", "7.8.99"], ["8.1.0", "8.1.0"]] == document(several)["compatible_version_fw"]


def test_a_file_without_ranges_names_none() -> None:
    """No line, and a line without a value, are both no range."""
    assert NOT_REPORTED == facts(version_info.FIRMWARE, "Version=7.1\ncompatible_version_drv=\n").compatible_version_drv
    named = facts(version_info.DRIVER, "Version=1\ncompatible_version=[V100R001C13],[V100R001C15]\n")
    assert ["V100R001C13", "V100R001C15"] == document(named)["compatible_version"]
    bare = facts(version_info.DRIVER, "Version=1\npackage_version=NA\n")
    assert NOT_REPORTED == bare.compatible_version_fw
    assert {"Version": "1", "package_version": "NA", "compatible_version_fw": None} == document(bare)


def test_the_firmware_names_the_drivers_that_it_accepts() -> None:
    """Ranges of drivers are pairs, a single one too; other lines are kept as written."""
    text = "Version=7.1.0\npackage_version=23.0.7\ncompatible_version_drv=[23.0.rc3,23.0.rc3.]\nfirmware_version=1.0\n"
    found = facts(version_info.FIRMWARE, text)
    assert "23.0.7" == found.package_version
    assert {"firmware_version": "1.0", "compatible_version_drv": [["23.0.rc3", "23.0.rc3."]]}.items() <= document(
        found
    ).items()


@pytest.mark.parametrize(
    "text",
    [
        "package_version=1\n",
        "Version=\n",
        "Version=1\nVersion=1\n",
        "版本=1\n",
        "Version=1\ncompatible_version_fw=7.0.0\n",
        "Version=1\ncompatible_version_fw=[1,2,3]\n",
        "Version=1\ncompatible_version_fw=[1,]\n",
        "Version=1\ncompatible_version_fw=[]\n",
        "Version=25.5",
    ],
)
def test_other_version_files_are_refused(text: str) -> None:
    """No version, two versions, a foreign key, something else than ranges, or a file that ends inside a line."""
    assert Absence.UNPARSED == read(version_info.DRIVER, text).why


def test_an_installation_is_read() -> None:
    """Path and state by name, every line by its own key; a state that is not there is missing."""
    found = facts(install_info.SOURCE, "UserName=HwHiAiUser\nDriver_Install_Path_Param=/usr/local/Ascend\n")
    assert ("/usr/local/Ascend", NOT_REPORTED) == (found.driver_install_path, found.driver_install_status)
    shown = document(found)
    assert ("HwHiAiUser", None, "/usr/local/Ascend") == (
        shown["UserName"],
        shown["Driver_Install_Status"],
        shown["driver_install_path"],
    )
    assert "complete" == facts(install_info.SOURCE, "Driver_Install_Status=complete\n").driver_install_status


def test_network_settings_are_read() -> None:
    """Settings of an NPU, of none, and unknown ones, which may come several times; masks and IPv6 are addresses."""
    text = (
        "# set by hand\nprio_tc=1\naddress_0=10.xx.xx.10\nnetmask_0=255.255.0.0\ngateway_0=fe80::1\ntls_enable_0=1\n"
        "arp_0=-i eth0 a\narp_0=-i eth0 b\nip_route_0=a\nip_route_0=b\nsend_arp_status_10=0\n"
    )
    found = facts(hccn_conf.SOURCE, text)
    zero = HccnConfDevice(
        0,
        "10.xx.xx.10",
        "255.255.0.0",
        "fe80::1",
        tls_enable=1,
        arp="-i eth0 a\n-i eth0 b",
        extra={"ip_route": "a\nb"},
    )
    assert (zero, HccnConfDevice(10, send_arp_status=0)) == found.devices
    assert {"prio_tc": "1"} == found.settings
    assert (2, zero, True) == (found.device_count, found.first, found.complete)


def test_a_file_of_other_settings_has_no_first_npu() -> None:
    """A file may say nothing of any NPU."""
    assert None is facts(hccn_conf.SOURCE, "prio_tc=1\n").first


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("gateway_0=\n", Absence.NOT_REPORTED),
        ("gateway_0=10.0.0\n", Absence.UNPARSED),
        ("gateway_0=10.0.0.1", Absence.UNPARSED),
    ],
)
def test_a_value_that_is_cut_short_is_missing(text: str, why: Absence) -> None:
    """Empty, no address, or the last of a file without a newline at its end: the line is there, the value is not."""
    assert why == facts(hccn_conf.SOURCE, text).devices[0].gateway.why


def test_other_values_that_are_cut_short_are_missing() -> None:
    """The same for switches and for the arp line."""
    (device,) = facts(hccn_conf.SOURCE, "tls_enable_0=\nsend_arp_status_0=on\narp_0=\n").devices
    assert (NOT_REPORTED, NOT_REPORTED) == (device.tls_enable, device.arp)
    assert Missing(Absence.UNPARSED, "line 2: expected a whole number, found 'send_arp_status_0=on'") == (
        device.send_arp_status
    )


def test_an_address_and_its_mask_belong_together() -> None:
    """Where one of the two is set, the other is missing and not just absent."""
    address, mask = facts(hccn_conf.SOURCE, "address_0=10.0.0.1\nnetmask_1=255.0.0.0\n").devices
    assert (NOT_REPORTED, NOT_REPORTED) == (address.netmask, mask.address)
    assert (None, None) == (address.gateway, mask.gateway)


def test_lines_left_out_by_hand_are_told() -> None:
    """`...` is no setting, and the file is not complete."""
    assert not facts(hccn_conf.SOURCE, "address_0=10.0.0.1\n...\nnetmask_7=255.0.0.0\n").complete


@pytest.mark.parametrize(
    "text",
    [
        "# nothing\n",
        "address_0\n",
        "地址_0=1\n",
        "address_0=10.0.0.1\naddress_0=10.0.0.2\n",
        "arp_0=a\narp_0=a\n",
        "ip_route_0=a\nip_route_0=a\n",
        "prio_tc=1\nprio_tc=2\n",
        "prio_tc=1",
        "ip_route_0=a",
    ],
)
def test_other_settings_are_refused(text: str) -> None:
    """No setting at all, a line of another form, a setting that comes twice, an unknown value that may be cut."""
    assert Absence.UNPARSED == read(hccn_conf.SOURCE, text).why
