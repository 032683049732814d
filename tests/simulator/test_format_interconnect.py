"""Where only recordings show a form, the simulator prints it with their labels, columns and widths."""

from __future__ import annotations

import re
from typing import Dict, List

import pytest

from ascend_doctor.simulator import tools
from ascend_doctor.simulator.profiles import PRODUCTS
from samples import Sample, samples

SIMULATED: Dict[str, str] = {
    "npu-smi/info-t-info-vnpu/blog_910b4-32g_two_one-bound.txt": "atlas-800i-a2",
    "npu-smi/info-t-template-info/blog_910b4-32g.txt": "atlas-800i-a2",
    "npu-smi/info-t-key-manage/vendor-doc_950.txt": "ascend-950",
    "npu-smi/info-t-sio-info/vendor-doc_950.txt": "ascend-950",
    "npu-smi/info-t-tls-cert/vendor-doc_950.txt": "ascend-950",
    "npu-smi/info-t-phyid-remap/vendor-doc_950.txt": "ascend-950",
    "npu-smi/upgrade-b-vrd/vendor-doc_950_six.txt": "ascend-950",
    "npu-smi/v/vendor-doc_950_masked.txt": "ascend-950",
}
# A recorded chip with vNPUs has rows that a whole one has not; a document may leave out the tab before a label.
_ROWS_OF_VNPUS = re.compile(r"\|  [0-9]+  ")


def _form(text: str) -> List[str]:
    """Return the lines with a mark in place of each value, and without the white space at their ends."""
    lines = []
    for line in text.splitlines():
        label, colon, _ = line.strip().partition(":")
        if not line.strip() or _ROWS_OF_VNPUS.match(line):
            continue
        if line.startswith("|"):
            is_data = re.search("[0-9]", line) is not None
            lines.append(re.sub("[0-9]+", "0", " ".join(line.split())) if is_data else line.rstrip())
        else:
            lines.append(f"{label}{colon}")
    return lines


@pytest.mark.parametrize("sample", [one for one in samples("npu-smi") if one.path in SIMULATED], ids=str)
def test_the_form_is_that_of_the_recording(sample: Sample) -> None:
    """Labels, their padding and the frames of tables are the same; values are the machine's own."""
    machine = PRODUCTS[SIMULATED[sample.path]].machine("node-1")
    machine.settings.key_service = (False, False)
    found = tools.answer(machine, sample.command, 0.0)
    shown, recorded = _form(found.stdout.decode()), _form(sample.data.decode())
    assert set(recorded) == set(shown)
    assert 0 == found.exit_code
