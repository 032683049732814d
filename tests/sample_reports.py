"""Reports for the renderers' tests: a drill with three culprits on two nodes of eight NPUs, and small cases."""

from __future__ import annotations

from typing import List, Tuple

import attrs

from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Ending, Evidence, quote
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.report import Liveness, NodeSummary, Report
from ascend_doctor.model.status import Confidence, Disruption, Severity, Status
from ascend_doctor.model.verdict import Verdict

MADE_AT = 1_790_000_000.0
SEEN_AT = MADE_AT - 42.0
NODES = ("train-a", "train-b")


def evidence(key: str, command: str, stdout: str, *, stderr: str = "", exit_code: int = 0) -> Evidence:
    """An answer that came shortly before the report."""
    return Evidence(
        key, tuple(command.split()), Ending.EXITED, exit_code, stdout.encode(), stderr.encode(), started_at=SEEN_AT
    )


LINK_DOWN = evidence("hccn_tool/link@3", "hccn_tool -i 3 -link -g", "link status: DOWN\n")
OPTICAL = evidence(
    "hccn_tool/optical@3",
    "hccn_tool -i 3 -optical -g",
    "present                     : present\n"
    "Rx Power0                   : 0.0001 mW\nRx Power1                   : 0.0002 mW\n",
)
TLS_ON = evidence("hccn_tool/tls@5", "hccn_tool -i 5 -tls -g", "dev_id:5, tls switch[1](0:disable, 1:enable)\n")
BOARD = evidence(
    "npu-smi/board@0",
    "npu-smi info -t board -i 0",
    "\tSoftware Version               : 25.2.0\n\tFirmware Version               : 7.5.0.1.129\n"
    "\tCompatibility                  : NOK\n",
)


def _consequences(cause: Finding, checks: Tuple[str, ...]) -> List[Finding]:
    return [
        Finding(check, cause.subject, Status.FAIL, f"{check} does not hold", cause=cause.key, judged_at=SEEN_AT)
        for check in checks
    ]


def _passes() -> List[Finding]:
    return [
        Finding(check, subjects.npu(node, phy_id), Status.PASS, "as it should be", judged_at=SEEN_AT)
        for check in ("npu.ecc", "npu.health", "npu.hbm-free")
        for node in NODES
        for phy_id in range(8)
    ]


def link_down() -> Finding:
    """A cable that is out."""
    return Finding(
        "roce.link",
        subjects.port("train-a", 3),
        Status.FAIL,
        "the link is DOWN, and the module there receives no light",
        observed=Quantity("DOWN"),
        expected="UP",
        quotes=(quote(LINK_DOWN), quote(OPTICAL, "Rx Power")),
        remedies=(
            Remedy("Reseat or replace the cable of this port, at the module and at the switch."),
            Remedy(
                "Then start the port again if it does not come up by itself.",
                "hccn_tool -i 3 -link -s up",
                Disruption.TRAFFIC,
            ),
        ),
        judged_at=SEEN_AT,
    )


def drill() -> Report:
    """Two nodes, sixteen NPUs, three culprits and one blind spot."""
    down = link_down()
    firmware = Finding(
        "version.driver-firmware",
        subjects.node("train-b"),
        Status.FAIL,
        "the firmware 7.5.0.1.129 is outside what the driver 25.2.0 accepts",
        observed=Quantity("7.5.0.1.129"),
        expected="a firmware from 7.7.0 to 7.7.999, by the driver's version.info",
        quotes=(quote(BOARD, "Version", "Compatibility"),),
        remedies=(
            Remedy(
                "Install the firmware of the same HDK release, then reboot.",
                "./Ascend-hdk-910b-npu-firmware_7.7.0.6.236.run --upgrade",
                Disruption.REBOOT,
            ),
        ),
        judged_at=SEEN_AT,
    )
    tls = Finding(
        "cluster.tls-equal",
        subjects.npu("train-b", 5),
        Status.FAIL,
        "the TLS switch is 1, and 0 on the 15 other NPUs: HCCL refuses to connect them",
        observed=Quantity(1),
        expected="0, as on most NPUs",
        quotes=(quote(TLS_ON),),
        remedies=(Remedy("Switch TLS off on this NPU.", "hccn_tool -i 5 -tls -s enable 0"),),
        confidence=Confidence.INFERRED,
        judged_at=SEEN_AT,
    )
    lane = Finding(
        "roce.optical.power",
        subjects.port("train-b", 0),
        Status.WARN,
        "lane 2 receives less light than the others",
        severity=Severity.ADVISORY,
        observed=Quantity(0.21, "mW"),
        expected="at least 0.25 mW",
        remedies=(Remedy("Clean the fibre ends and look again."),),
        confidence=Confidence.WEAK,
        judged_at=SEEN_AT,
    )
    blind = [
        Finding(
            "roce.lldp",
            subjects.port("train-b", phy_id),
            Status.UNKNOWN,
            "the neighbour is unknown: busy: another process drives the tool",
            severity=Severity.ADVISORY,
        )
        for phy_id in (1, 2)
    ]
    skipped = Finding("roce.netdetect", subjects.node("train-a"), Status.SKIP, "not for this product")
    facts = {"product": "Atlas 800I A2", "npus": "8", "driver": "25.2.0"}
    return Report(
        made_at=MADE_AT,
        verdict=Verdict.NOT_READY,
        nodes=(
            NodeSummary("train-a", Verdict.NOT_READY, seen_at=SEEN_AT, facts={**facts, "firmware": "7.7.0.6.236"}),
            NodeSummary("train-b", Verdict.NOT_READY, seen_at=SEEN_AT, facts={**facts, "firmware": "7.5.0.1.129"}),
        ),
        findings=(
            down,
            *_consequences(down, ("roce.lldp", "roce.net-health", "roce.flap")),
            firmware,
            *_consequences(firmware, ("cluster.version-equal",)),
            tls,
            lane,
            *blind,
            skipped,
            *_passes(),
        ),
        origin="the recording drill",
        doctor_version="0.1.0",
    )


def ready() -> Report:
    """One node on which all is well."""
    facts = {"product": "Atlas 800I A2", "npus": "8", "driver": "25.2.0", "firmware": "7.7.0.6.236"}
    findings = tuple(item for item in _passes() if item.subject.node == "train-a")
    summary = NodeSummary("train-a", Verdict.READY, seen_at=SEEN_AT, facts=facts)
    return Report(MADE_AT, Verdict.READY, (summary,), findings, "this node", "0.1.0")


def fleet() -> Report:
    """Many nodes: one is odd, one is lost, one was never seen, one could not be looked at."""
    facts = {"product": "Atlas 800I A2", "npus": "8", "driver": "25.2.0", "firmware": "7.7.0.6.236"}
    nodes = [NodeSummary(f"n{number:03d}", Verdict.READY, seen_at=SEEN_AT, facts=facts) for number in range(1, 65)]
    nodes[9] = attrs.evolve(nodes[9], verdict=Verdict.DEGRADED, facts={**facts, "npus": "7", "driver": "25.0.rc1"})
    nodes[20] = attrs.evolve(nodes[20], verdict=Verdict.INCOMPLETE, liveness=Liveness.LOST, seen_at=SEEN_AT - 9000)
    nodes[21] = NodeSummary("n022", Verdict.INCOMPLETE, Liveness.NEVER_SEEN)
    nodes[30] = attrs.evolve(nodes[30], verdict=Verdict.INCOMPLETE, facts={"product": "Atlas 800I A2"})
    findings = (
        Finding("npu.present", subjects.node("n031"), Status.UNKNOWN, "the number of NPUs is unknown: timed-out"),
        Finding(
            "npu.present", subjects.node("n021"), Status.STALE, "was pass 150 minutes ago, and nothing newer has come"
        ),
        Finding(
            "cluster.version-equal",
            subjects.node("n010"),
            Status.WARN,
            "driver 25.0.rc1, and 25.2.0 on the other nodes",
            candidates=("n010: 25.0.rc1", "all others: 25.2.0"),
            confidence=Confidence.UNDETERMINED,
            affected=(subjects.node("n011"),),
        ),
    )
    return Report(MADE_AT, Verdict.INCOMPLETE, tuple(nodes), findings, "the collector head:8443", "0.1.0")


def hostile() -> Report:
    """A report in which every string tries to steer the terminal."""
    bad = "\x1b]0;owned\x07\x1b[2J[red]\x9b31m\u202egnp\r\nREADY"
    remedy = Remedy(bad, bad)
    answer = Evidence("k", (bad,), stdout=f"{bad}\n".encode(), stderr=b"\xff\x1b[31m", exit_code=7)
    finding = Finding(
        bad,
        subjects.node(bad),
        Status.FAIL,
        bad,
        observed=Quantity(bad, bad),
        expected=bad,
        quotes=(quote(answer), quote(attrs.evolve(answer, ending=Ending.TIMED_OUT, exit_code=None, stdout=b""))),
        remedies=(remedy,),
        affected=(subjects.npu(bad, 1),),
        candidates=(bad,),
        judged_at=float(10**30),
    )
    blind = Finding("npu.ecc", subjects.node(bad), Status.UNKNOWN, bad)
    node = NodeSummary(bad, Verdict.NOT_READY, facts={"product": bad, "driver": bad, "npus": bad})
    other = NodeSummary(bad + "2", Verdict.NOT_READY, Liveness.STALE)
    return Report(MADE_AT, Verdict.NOT_READY, (node, other), (finding, blind), bad, bad)
