"""Answers of `npu-smi` about connections, vNPUs and settings of the node: what is read, and what is refused."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.model.reading import Absence, Missing
from samples import answer


def _read(command: str, text: str, exit_code: int = 0) -> Any:
    query = query_for_command(f"npu-smi {command}".split())
    assert query is not None
    return query.source.read(answer(text.encode(), exit_code=exit_code))


TOPO = "info -t topo"
HEAD = "\t   NPU0       NPU1       CPU Affinity\n"
ROWS = "NPU0       X          HCCS       0-23\nNPU1       HCCS       X          24-47\n"


def test_interfaces_of_network_cards_are_kept() -> None:
    """Newer tools name the interface of each NIC column, where they find one."""
    text = "\t   NPU0       NIC0        NIC1        \nNPU0       X          UB         NA         \n"
    text += "NIC0       UB         X          NA         \nNIC1       NA         NA         X          \n"
    text += "\nNIC0: ens0f0\nNIC1: \n\nLegend:\n\n  X    = Self\n"
    facts = _read(TOPO, text)
    assert ("ens0f0",) == facts.nics
    assert [0] == [row.number for row in facts.npus]
    assert "UB" == document(facts)["links"]["NPU0-NIC0"]
    assert None is document(facts)["all_pairs"]


def test_a_word_that_the_legend_explains_is_accepted() -> None:
    """A future kind of connection is no reason to refuse the matrix, when the tool says what it is."""
    text = HEAD + ROWS.replace("HCCS", "WARP")
    assert isinstance(_read(TOPO, text), Missing)
    assert "WARP" == document(_read(TOPO, text + "Legend:\n  WARP = Connection by warp.\n"))["all_pairs"]


HCCS = "info -t hccs -i 0 -c 0"
COUNTERS = "".join(
    f"\t{f'hccs {name} ':<30} : [1 2 ]\n"
    for name in ("tx packets", "tx bytes", "rx packets", "rx bytes", "retry count", "error count")
)
REMOTE = "info -t hccs -i 0 -c 0 -R"
BANDWIDTH = "info -t hccs-bw -i 0 -c 0 -time 100"
CREDIT = "info -t hccs-credit -i 0"
PHY_ID = "info -t phyid-remap -p 3"
VRD = "upgrade -b vrd -i 0"
WATCH = "info watch"
SYSTEM_LOG = (
    "\tCurrent syslog dump config recover mode : enable\n\tCurrent syslog dump config gear : 2\n"
    "\tCurrent syslog dump config path : /var/log/npu\n\tNPU 3 syslog collecting process is existed\n"
)
VNPU = "info -t info-vnpu -i 0 -c 0"
EDGE = "+" + "-" * 20 + "+\n"
VNPU_HEAD = (
    f"{EDGE}| NPU resource static info as follow: |\n| Format:Free/Total NA: Currently, query is not supported. |\n"
    "| AICORE Memory AICPU VPC VENC VDEC JPEGD JPEGE PNGD |\n| GB |\n"
)
SHARES = "| 20/20 32/32 7/7 9/9 0/0 2/2 24/24 4/4 NA/NA |\n"
TOTAL = "| Total number of vnpu: {} |\n"
LIST = "| Vnpu ID | Vgroup ID | Container ID | Status | Template Name |\n"
TEMPLATE_HEAD = (
    f"{EDGE}|NPU instance template info is: |\n|Name AICORE Memory AICPU VPC VENC JPEGD |\n|GB PNGD VDEC JPEGE |\n"
)


@pytest.mark.parametrize(
    ("command", "text", "place"),
    [
        (TOPO, "\t   NPU0       NPU0\n", "line 1: expected the names of the nodes"),
        (TOPO, HEAD, "line 2: expected a row for each node"),
        (TOPO, HEAD + "NPU7       X          HCCS       0-23\n", "line 2: expected a row that starts with"),
        (TOPO, HEAD + "NPU0       X          0-23\n", "line 2: expected 2 relations and a list of CPUs"),
        (TOPO, HEAD + "NPU0       X          X          0-23\n", "line 2: expected how NPU0 is connected to NPU1"),
        (TOPO, HEAD + ROWS + ROWS, "line 4: expected each node once"),
        (TOPO, HEAD + ROWS + "Legend:\n  X    = Self\n  X    = Self\n", "line 6: expected a line of the legend"),
        (HCCS, COUNTERS.partition("\thccs error")[0], "line 6: expected `hccs error count`"),
        (HCCS, COUNTERS.replace("[1 2 ]", "1 2", 1), "line 1: expected a list in square brackets"),
        (HCCS, COUNTERS.replace("[1 2 ]", "[1 2 3 ]", 1), "the whole answer: expected lists of the same length"),
        (REMOTE, "NPU_PORT HCCS_REMOTE\n", "line 1: expected the head NPU_PORT"),
        (REMOTE, "NPU_PORT HCCS_REMOTE_CHIP HCCS_REMOTE_PORT\n", "line 2: expected a row for each link"),
        (REMOTE, "NPU_PORT HCCS_REMOTE_CHIP HCCS_REMOTE_PORT\nM1 7 16\n", "line 2: expected ports such as"),
        (REMOTE, "NPU_PORT HCCS_REMOTE_CHIP HCCS_REMOTE_PORT\nM1 7\n", "line 2: expected three cells"),
        (BANDWIDTH, "hccs link tx_bandwidth(GB/S) rx_bandwidth(GB/S)\n1 0.5 0.5\n", "line 3: expected `total`"),
        (CREDIT, "\tCredits : 64\n", "line 1: expected the credits of a link"),
        (PHY_ID, "\tPhysical :3\n", "line 1: expected an id of the chip"),
        (PHY_ID, "\tChip Physical ID :3\n\tNPU ID :3\n", "line 3: expected `Chip ID`"),
        (VRD, "\tVersion : 3\n", "line 1: expected `VRD Count`"),
        (VRD, "\tVRD Count : 1\n\tCurrent Version : 4\n", "line 2: expected `VRD Name`"),
        (VRD, "\tVRD Count : 1\n\tVRD Name : \n", "line 2: expected the name of a regulator"),
        (VRD, "\tVRD Count : 1\n\tVRD Name : AIC\n\tand so on\n\tmore\n", "line 3: expected `label : value`"),
        (VRD, "\tVRD Count : 1\n\tVRD Name : AIC\n\tCurrent Version : 4\n", "line 4: expected versions and"),
        (VRD, "\tVRD Count : 2\n", "line 1: expected 2 regulators"),
        (WATCH, "NpuID(Idx)  Colour\n", "line 1: expected the name of a known column"),
        (WATCH, "NpuID(Idx)  Pwr(W)\n", "line 2: expected a row for each chip"),
        (WATCH, "NpuID(Idx)  Pwr(W)\n0 90.1 7\n", "line 2: expected values for"),
        (VNPU, "| text |\n", "line 1: expected the upper edge"),
        (VNPU, VNPU_HEAD + SHARES, "line 7: expected the lower edge"),
        (VNPU, VNPU_HEAD.replace("GB", "MB") + SHARES + EDGE, "line 5: expected `GB`"),
        (VNPU, VNPU_HEAD + EDGE, "line 6: expected further rows"),
        (VNPU, VNPU_HEAD + SHARES + EDGE, "line 7: expected `Total number of vnpu`"),
        (VNPU, VNPU_HEAD + "| 20/20 |\n" + TOTAL.format(0) + EDGE, "line 6: expected free and total"),
        (VNPU, VNPU_HEAD + SHARES + TOTAL.format(0) + "| x | y |\n" + EDGE, "line 8: expected Vnpu ID"),
        (VNPU, VNPU_HEAD + SHARES + TOTAL.format(1) + LIST + EDGE, "line 9: expected 1 vNPUs"),
        (VNPU, VNPU_HEAD + SHARES + TOTAL.format(1) + LIST + "| 1 | 2 |\n" + EDGE, "line 9: expected values for"),
        ("info -t template-info", TEMPLATE_HEAD + "|v 1 2 3 4 5 6|\n" + EDGE, "line 6: expected the second row"),
        ("info -t template-info", TEMPLATE_HEAD + "|v 1 2|\n|0 1 2|\n" + EDGE, "line 5: expected a template"),
        (
            "info -t template-info",
            TEMPLATE_HEAD + 2 * "|v 1 2 3 4 5 6|\n|0 1 2|\n" + EDGE,
            "line 9: expected each template once",
        ),
        (
            "info -t sys-log-info",
            2 * "\tNPU 3 syslog collecting process is existed\n",
            "line 2: expected each NPU once",
        ),
        ("info -t sys-log-info", "\tNPU 3 syslog collecting process is existed\n", "line 1: expected `label : value`"),
        ("-v", "npu-smi version: 25.5.0\nnpu-smi version: 25.5.0\n", "line 2: expected `npu-smi version: `"),
        ("-h", "Usage: npu-smi <Command|-h|-v> [Options...]\n", "line 2: expected the rest of the commands"),
        ("info -h", "Usage: npu-smi info [Options...]\n\n-p x\n", "line 4: expected a list of types"),
        ("info -h", "NPU\n", "line 1: expected `Usage: npu-smi`"),
        ("info -h", "Usage: npu-smi info\nü\n", "line 2: expected a help text in English"),
    ],
)
def test_what_is_not_understood_is_placed(command: str, text: str, place: str) -> None:
    """Nothing is guessed from an answer of another form, or one that was cut or edited."""
    missing = _read(command, text)
    assert isinstance(missing, Missing)
    assert Absence.UNPARSED is missing.why
    assert place in missing.detail


@pytest.mark.parametrize(
    ("command", "text", "shown"),
    [
        (HCCS, COUNTERS, {"tx_packets": [1, 2], "first_error_lane": None}),
        (BANDWIDTH, "hccs link tx_bandwidth(GB/S) rx_bandwidth(GB/S)\ntotal 1.5 0\n", {"total_tx_bandwidth": 1.5}),
        (
            CREDIT,
            "\tNPU ID : 0\n\tChip Count : 1\n\n\tHCCS Avail Credit Count M2 : 64\n\tChip ID : 0\n",
            {"npu": 0, "chips": [{"chip": 0, "credits": {"2": 64}}]},
        ),
        (
            VRD,
            "\tVRD Count : 1\n\n\tVRD Name : AIC\n Failed\n",
            {"vrd_count": 1, "names": ["AIC"], "current": [None]},
        ),
        (VRD, "\tVRD Count : NA\n", {"vrd_count": None, "names": []}),
        ("upgrade -b mcu -i 0", "\tVersion : 24.2.3\n", {"version": "24.2.3"}),
        ("info -t multi-die-policy", "\tMulti_die policy : INDEP_POLICY\n", {"policy": "INDEP_POLICY"}),
        ("info -t vnpu-cfg-recover", "\tVNPU config recover mode : Enable\n", {"recover_mode": "Enable"}),
        (
            "info -t multi-die-policy-cfg-recover",
            "\tMulti-die-policy config recover mode : Disable\n",
            {"recover_mode": "Disable"},
        ),
        (
            "set -t create-vnpu -i 0 -c 0 -f v",
            "\tStatus : OK\n\tMessage : Create vnpu success\n",
            {"status": "OK", "message": "Create vnpu success"},
        ),
        ("-v", "npu-smi version: 25.5.0\n", {"version": "25.5.0"}),
        ("-h", "Usage: npu-smi <Command>\n\tupgrade  Upgrade firmware\n", {"types": [], "types_count": 0}),
        ("info -t vnpu-mode", "\tvnpu-mode : docker\n", {"mode": "docker", "vnpu_mode": "docker"}),
        (
            "info -t sys-log-info",
            SYSTEM_LOG,
            {"recover_mode": "enable", "gear": 2, "path": "/var/log/npu", "collecting": [3]},
        ),
        (VNPU, VNPU_HEAD + SHARES + TOTAL.format(0) + EDGE, {"total_vnpu": 0, "aicore": [20, 20], "pngd": None}),
        (VNPU, VNPU_HEAD + SHARES + TOTAL.format(0) + LIST + EDGE, {"vnpus": []}),
        (
            VNPU,
            VNPU_HEAD + SHARES.replace("7/7", "3.5/7") + TOTAL.format(1) + LIST + "| 100 | NA | f | 1 | v |\n" + EDGE,
            {"aicpu": [3.5, 7], "vnpus": [{"id": 100, "vgroup": None, "container": "f", "status": 1, "template": "v"}]},
        ),
        (WATCH, "NpuID(Idx)  Pwr(W)  Temp(C)\n0 90.1 NA\n1 - 41\n", {"rows": [[0, 90.1, None], [1, None, 41]]}),
        (WATCH, "NpuID(Idx)  Pwr(W)\n0 1\n1 2\n0 3\n1 4\n0 5\n", {"rows": [[0, 3], [1, 4]]}),
    ],
)
def test_rare_forms_are_read(command: str, text: str, shown: Dict[str, object]) -> None:
    """What no recording shows, and the vendor's code prints, is read as well."""
    found = document(_read(command, text))
    assert shown == {name: found[name] for name in shown}


@pytest.mark.parametrize(
    ("command", "text", "exit_code", "why"),
    [
        ("info -t tls-cert -i 0 -c 0", "The certificate does not exist.\n", 0, Absence.NOT_CONFIGURED),
        ("info -t tls-cert -i 0 -c 0", "This device does not support querying tls-cert.\n", 0, Absence.NOT_SUPPORTED),
        (HCCS, "This device does not support querying hccs.\n", 0, Absence.NOT_SUPPORTED),
        (PHY_ID, "Error parameter of -p\nUsage: npu-smi info\n type: board, phyid-remap.\n", 215, Absence.TOOL_FAILED),
        ("info -t template-info", "Failed to get template info.\n", 211, Absence.TOOL_FAILED),
        (REMOTE, "This device dose not support querying hccs topo.\n", 0, Absence.NOT_SUPPORTED),
        (BANDWIDTH, 'Failed to query "hccs-bw" info.\n', 211, Absence.TOOL_FAILED),
        (CREDIT, "This device does not support querying hccs-credit.\n", 0, Absence.NOT_SUPPORTED),
        (CREDIT, "\tNPU ID : 0\n\tChip Count : 1\n", 0, Absence.NOT_REPORTED),
        ("info -t sys-log-info", "This command cannot be executed on a container.\n", 0, Absence.NO_PERMISSION),
        (
            "info -t key-manage",
            "This command can be executed only by the root user.\n",
            0,
            Absence.NO_PERMISSION,
        ),
        (BANDWIDTH, "Invalid time.\nError parameter of -time\n", 215, Absence.TOOL_FAILED),
        (VNPU, "The vnpu is not in docker mode, does not support querying info-vnpu.\n", 0, Absence.NOT_SUPPORTED),
        ("info -t sys-log-info", "This command does not support input card id.\n", 215, Absence.TOOL_FAILED),
        ("-v", "dcmi module initialize failed. ret is -8005\n", 187, Absence.TOOL_FAILED),
        (VRD, "Failed to query vrd version.\n", 210, Absence.TIMED_OUT),
        (WATCH, "dcmi module initialize failed. ret is -8020\n", 172, Absence.BUSY),
        ("bogus", "", 211, Absence.TOOL_FAILED),
        (
            "info -t bogus",
            "Error parameter of -t\nUsage: npu-smi info\n type: board, health.\n",
            215,
            Absence.TOOL_FAILED,
        ),
        (TOPO, "Error parameter of -t\nUsage: npu-smi info\n type: board, health.\n", 215, Absence.NOT_SUPPORTED),
        (TOPO, "Error parameter of -t\nUsage: npu-smi info\n type: board, topo.\n", 215, Absence.TOOL_FAILED),
    ],
)
def test_refusals_are_told_apart(command: str, text: str, exit_code: int, why: Absence) -> None:
    """An old tool, another product, a missing certificate and a caller without rights are four different things."""
    missing = _read(command, text, exit_code)
    assert isinstance(missing, Missing), missing
    assert why is missing.why, missing
