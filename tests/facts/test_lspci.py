"""The list of PCI devices: NPUs are found among the others."""

from __future__ import annotations

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.facts.host.lspci import SOURCE, LspciFacts
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from samples import answer

NPU = "Processing accelerators: Huawei Technologies Co., Ltd. Device"


def read(text: str) -> object:
    """Read a list."""
    return SOURCE.read(answer(text.encode()))


def test_npus_are_found_among_other_devices() -> None:
    """Neither compression engines of the same vendor nor bridges are NPUs; the id is in the name or in brackets."""
    text = (
        "0000:00:00.0 PCI bridge: Huawei Technologies Co., Ltd. HiSilicon PCIe Root Port (rev 21)\n"
        f"0000:01:00.0 {NPU} d802 (rev 20)\n"
        "0000:02:00.0 Processing accelerators [1200]: Huawei Technologies Co., Ltd. Device [19e5:d802] (rev ff)\n"
        "0000:75:00.0 Processing accelerators: Huawei Technologies Co., Ltd. HiSilicon ZIP Engine (rev 21)\n"
        f"0000:76:00.0 {NPU} a126 (rev 20)\n"
    )
    assert LspciFacts(("0000:01:00.0", "0000:02:00.0"), "d802", ("0000:02:00.0",)) == read(text)


def test_the_document_counts() -> None:
    """What `ascend-doctor parse` prints has the number of NPUs; several kinds have no common id."""
    facts = read(f"01:00.0 {NPU} d802 (rev 20)\n02:00.0 {NPU} d500 (rev 20)\n")
    assert {"devices": ["01:00.0", "02:00.0"], "device_id": None, "unreadable": [], "count": 2} == document(facts)
    assert LspciFacts((), NOT_REPORTED) == read("00:00.0 Host bridge: Maker Name\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lspci: command not found\n",
        f"01:00.0 {NPU} d802\n01:00.0 {NPU} d802\n",
        "01:00.0 nothing\n",
        "01:00.0 A: B",
    ],
)
def test_another_form_is_refused(text: str) -> None:
    """What is no list of devices, names one twice or is cut is not understood."""
    missing = read(text)
    assert isinstance(missing, Missing)
    assert Absence.UNPARSED == missing.why


@pytest.mark.parametrize("command", ["lspci", "lspci -D -d 19e5:", "lspci | grep acce", "/usr/sbin/lspci -nn"])
def test_its_commands_are_known(command: str) -> None:
    """The ways in which people list the devices find the parser."""
    query = query_for_command(command.split())
    assert query is not None
    assert SOURCE is query.source
