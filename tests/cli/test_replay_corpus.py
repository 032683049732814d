"""`ascend-doctor replay` of recorded output of real machines: not one finding that the recording does not bear out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Sequence, Set, Tuple

import pytest
import yaml

from ascend_doctor.cli.main import run
from ascend_doctor.facts.catalogue import query_for_command
from samples import CORPUS, Sample, runs_of_session, samples

pytestmark = pytest.mark.skipif(CORPUS is None, reason="no ../shared/corpus beside this checkout")

Run = Tuple[str, str]
"""A command line, and what it printed."""

RECORDED = {
    sample.path: sample
    for sample in samples()
    if sample.entry["authenticity"] == "recorded"
    and query_for_command(sample.command) is not None
    and not {"set", "-s"} & set(sample.command)  # an answer to a setting tells nothing of the node
}

# Everything that is wrong with the recorded machines, read from the recordings by eye: who holds memory, which tables
# list a process, which health words are not OK. A sample that is not here has nothing wrong.
_INFO = "npu-smi/info/"
_BUSY_A3 = range(8, 16)
WRONG: Dict[str, Set[str]] = {
    f"{_INFO}dt950_25.6.rc1.b169_edited.txt": {
        "npu.processes|card:n1:6",
        *(f"npu.hbm-free|card:n1:{number}" for number in (6, 7)),
    },
    f"{_INFO}fixture_910b3_25.5.1_trimmed.txt": {"npu.processes|npu:n1:5", "npu.hbm-free|npu:n1:5"},
    f"{_INFO}fixture_a3_26.0.rc1_wide_trimmed.txt": {
        f"{check}|npu:n1:{number}" for number in (0, 1) for check in ("npu.processes", "npu.hbm-free")
    },
    f"{_INFO}nputop_310b4_23.0.0_alarm.txt": {"npu.health|npu:n1:0"},
    f"{_INFO}nputop_910b2c_23.0.2.1_trailing-blank.txt": {
        "npu.processes|npu:n1:0",
        "npu.hbm-free|npu:n1:0",
        "npu.hbm-free|npu:n1:1",
    },
    f"{_INFO}nputop_a3_25.2.0_trimmed_process.txt": {"npu.processes|npu:n1:3", "npu.hbm-free|npu:n1:3"},
    f"{_INFO}pr950x7_25.7.rc1_empty-process-names.txt": {
        *(f"npu.processes|card:n1:{number}" for number in (0, 1)),
        *(f"npu.hbm-free|card:n1:{number}" for number in (0, 5)),
    },
    f"{_INFO}yuanrong_910a_23.0.rc1.b070_warning_bytes-unit.txt": {
        "npu.hbm-free|npu:n1:2",
        *(f"npu.health|npu:n1:{number}" for number in range(4)),
    },
    f"{_INFO}yuanrong_910b4x8_24.1.rc3_empty-process-names.txt": {
        f"{check}|npu:n1:{number}" for number in (0, 1, 6, 7) for check in ("npu.processes", "npu.hbm-free")
    },
    f"{_INFO}yuanrong_910b4x8_25.2.0.txt": {"npu.processes|npu:n1:0"},
    f"{_INFO}yuanrong_a3x16_24.1.rc3.3_processes.txt": {
        f"{check}|npu:n1:{number}" for number in _BUSY_A3 for check in ("npu.processes", "npu.hbm-free")
    },
    "hccn_tool/fec-g/mind-cluster_910a_none.txt": {"roce.fec|port:n1:0"},
    "hccn_tool/ip-g/mind-cluster_910a_third-unset.session.txt": {"roce.ip|port:n1:2"},
    "hccn_tool/optical-g/mind-cluster_910a_four-lanes_contradictory.txt": {"roce.optical.present|port:n1:0"},
    "errors/npu-smi_dcmi-8020_device-used.session.txt": {"tool.npu-smi|node:n1:", "tool.busy|node:n1:"},
}
_OLD_DRIVER = re.compile(r"(?:\| npu-smi \S+ +Version|Software Version +): (?:[0-9]|1[0-9]|2[0-3])\.")


def _runs(sample: Sample) -> List[Run]:
    """Return the runs of a sample, each with the number of its NPU in place of the variable."""
    command = " ".join(sample.command)
    text = sample.data.decode()
    if command.endswith("version.cfg"):
        return [(command, text.partition("\n")[2])]  # the file's own first line looks like a prompt
    if "-lldp" in sample.command:
        return [(command.replace("$i", str(npu)), line) for npu, line in enumerate(text.splitlines(keepends=True))]
    if sample.is_session:
        # One prompt has lost the slash that its path begins with.
        return [(typed.replace("usr/", "/usr/").replace("//", "/"), out) for typed, out in runs_of_session(text)]
    for variable in ("${device_id}", "{device_id}", "$i"):
        command = command.replace(variable, "0")
    return [(command, text)]


def _replay(folder: Path, runs: Sequence[Run], capsys: Any) -> Tuple[int, Dict[str, Any]]:
    """Write a recording by hand, as the README shows, and judge it."""
    listed = []
    for number, (command, output) in enumerate(runs):
        (folder / f"{number}.txt").write_text(output)
        entry = {"command": command, "stdout": f"{number}.txt"}
        # By the note of the only silent sample the tool left with this code: no address is set.
        listed.append(entry if output.strip() or "hccn_tool" not in command else {**entry, "exit_code": 13})
    (folder / "recording.yaml").write_text(yaml.safe_dump({"format": 1, "node": "n1", "runs": listed}))
    code = run(["replay", str(folder), "--format", "json"])
    out, err = capsys.readouterr()
    assert "" == err
    return code, json.loads(out)


def _said(report: Dict[str, Any]) -> Set[str]:
    return {finding["key"] for finding in report["findings"] if finding["status"] in ("fail", "warn")}


@pytest.mark.parametrize("path", RECORDED)
def test_a_recording_of_a_real_machine_has_no_wrong_finding(path, tmp_path, capsys):
    """Each fail and each warning is true of the machine that was recorded, and none that is true is left out."""
    code, report = _replay(tmp_path, _runs(RECORDED[path]), capsys)
    is_old = _OLD_DRIVER.search(RECORDED[path].data.decode()) is not None
    is_old = is_old or (
        "driver/version.info" in " ".join(RECORDED[path].command) and b"Version=23." in RECORDED[path].data
    )
    assert WRONG.get(path, set()) | ({"version.driver-min|node:n1:"} if is_old else set()) == _said(report)
    assert (1 if any(item["status"] == "fail" for item in report["findings"]) else 2) == code


def test_whatever_is_wrong_was_recorded():
    """The table above names no sample that is not tried."""
    assert set() == set(WRONG) - set(RECORDED)


_A2 = "npu-smi/info/yuanrong_910b4x8_25.2.0.txt"
_MAP = "NPU ID   Chip ID   Chip Logic ID   Chip Name\n" + "".join(
    f"{npu}   0   {npu}   Ascend 910B4\n{npu}   1   -   Mcu\n" for npu in range(8)
)
_TLS = "dev_id:{}, tls switch[{}](0:disable, 1:enable), tls alarm time threshold[60]days\n"


def _each(command: str, output: str) -> List[Run]:
    return [(f"hccn_tool -i {npu} -{command} -g", output.format(npu)) for npu in range(8)]


# An A2 machine of which more than one tool was recorded, and the traps of the field: none of these is a fault.
HARMLESS: Dict[str, List[Run]] = {
    "all is well": [
        *_each("link", "link status: UP\n"),
        *_each("ip", "ipaddr:10.0.{0}.2\nnetmask:255.255.255.0\n"),
        *_each("gateway", "default gateway:10.0.{0}.1, Iface:eth{0}\n"),
        *_each("netdetect", "netdetect address: 10.0.{0}.1\n"),
        *_each("net_health", "net health status: Success\n"),
        *_each("tls", _TLS.format("{}", 0)),
    ],
    "TLS is on everywhere": _each("tls", _TLS.format("{}", 1)),
    "the gateway is the port's own address, as on a direct cable": [
        *_each("ip", "ipaddr:10.0.{0}.2\nnetmask:255.255.255.0\n"),
        *_each("gateway", "default gateway:10.0.{0}.2, Iface:eth{0}\n"),
    ],
    "many interruptions long ago": _each(
        "link_stat",
        "[devid {0}]current time        : Wed Aug 30 03:09:26 2023\n[devid {0}]link up count       : 40\n"
        "[devid {0}]link down count     : 39\n[devid {0}]link change records :\n"
        "[devid {0}]    Tue Aug  1 14:43:40 2023    LINK UP\n[devid {0}]    Tue Aug  1 14:43:26 2023    LINK DOWN\n",
    ),
    "an event code for information": [
        (
            "npu-smi info -t health -i 3 -c 0",
            "\tHealth Status : OK\n\tError Code : 8C2FA009\n\tError Information : node type=OS, event state=init\n",
        )
    ],
    "the tool does not know the command": _each("speed", "The command is not supported on this product.\n"),
}


@pytest.mark.parametrize("trap", HARMLESS)
def test_what_only_looks_like_a_fault_is_none(trap, tmp_path, capsys):
    """Beside the leftover process of the recorded A2 machine nothing is said to be wrong."""
    runs = [*_runs(RECORDED[_A2]), ("npu-smi info -m", _MAP), *HARMLESS[trap]]
    code, report = _replay(tmp_path, runs, capsys)
    assert (1, WRONG[_A2]) == (code, _said(report))


def test_a_busy_tool_is_no_fault_of_the_link(tmp_path, capsys):
    """The port of which the tool was busy is not known; the others are judged."""
    link = _each("link", "link status: UP\n")
    link[3] = (link[3][0], "hccn_tool is busy, please try again.\n")
    _, report = _replay(tmp_path, [("npu-smi info -m", _MAP), *link], capsys)
    assert {"tool.busy|node:n1:"} == _said(report)
    status = {item["key"]: item["status"] for item in report["findings"]}
    assert ("pass", "unknown") == (status["roce.link|port:n1:2"], status["roce.link|port:n1:3"])
