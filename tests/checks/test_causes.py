"""One fault gives one culprit: faults put into a small cluster, judged and folded as a whole."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Dict, List, Mapping, Optional, Set, Tuple

import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.causes import fold, without_circles
from ascend_doctor.checks.consequences import FAR_RULES, RULES
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.model.report import Report
from ascend_doctor.model.status import Severity, Status
from ascend_doctor.model.verdict import Verdict
from small_cluster import (
    AT,
    NPUS,
    OLD_FIRMWARE,
    Answers,
    answer,
    answerable,
    board,
    dark,
    dropped,
    ecc,
    firmware_file,
    hccn,
    health,
    host,
    of,
    silent,
    table,
    tls,
    views,
    without_module,
)

ENTRIES = catalogue.load()
JUDGED = answerable(ENTRIES)
DEAD = "dcmi module initialize failed. ret is -8005\n"
NPU_SMI = ["npu-smi info", "npu-smi info -m", "npu-smi info -l"] + [
    f"npu-smi info -t {what} -i {npu}" for what in ("board", "health", "ecc") for npu in range(NPUS)
]


def report(changed: Optional[Dict[int, Answers]] = None, *, nodes: int = 2, direct: bool = False) -> Report:
    """Judge healthy nodes with some answers changed."""
    seen = views(changed, nodes=nodes, direct=direct)
    return make_report(seen, judge_and_fold(seen, JUDGED), made_at=AT)


def culprits(whole: Report) -> List[Tuple[str, str]]:
    """Return the problems that somebody has to act on."""
    return [(finding.check, str(finding.subject)) for finding in whole.problems]


def busy(npu: int) -> Answers:
    """Return busy answers to some questions about a port."""
    text = "hccn_tool is busy, please try again.\n"
    return of(*(answer(hccn(npu, question), text, exit_code=11) for question in ("link", "ip", "tls")))


def misfit(*, installed: bool) -> Answers:
    """Return the answers of a node with firmware that does not fit, as it is installed or only as it runs."""
    cards = of(*(board(npu, OLD_FIRMWARE, "NOK") for npu in range(NPUS)))
    return {**cards, **of(firmware_file(OLD_FIRMWARE, "23.0.rc2", "[23.0.rc2,23.0.rc2.]"))} if installed else cards


def unreachable(npu: int) -> Answers:
    """Return a failed probe of the device."""
    return of(answer(hccn(npu, "net_health"), "net health status: Unreachable\n"))


def addressed(npu: int, address: str) -> Answers:
    """Return an address of a port that no file plans, and the failed probe that follows."""
    return {**of(answer(hccn(npu, "ip"), f"ipaddr:{address}\nnetmask:255.255.255.0\n")), **unreachable(npu)}


def dead_tool(**facts: object) -> Answers:
    """Return a node on which npu-smi does not start."""
    return of(*(answer(command, DEAD, exit_code=187) for command in NPU_SMI), host(**facts))


NODE_1, NODE_2 = "node-1", "node-2"
FAULTS: Mapping[str, Tuple[Dict[int, Answers], Tuple[str, str], Verdict]] = {
    "cable": ({1: dark(2)}, ("roce.link", f"{NODE_1} NPU 2 port"), Verdict.NOT_READY),
    "module": ({1: without_module(2)}, ("roce.optical.present", f"{NODE_1} NPU 2 port"), Verdict.NOT_READY),
    "dropped NPU": ({1: dropped(2)}, ("tool.timeout", f"{NODE_1} NPU 2"), Verdict.NOT_READY),
    "NPU left out": ({1: of(table(without=(2,)))}, ("npu.dropped", f"{NODE_1} NPU 2"), Verdict.NOT_READY),
    "firmware": ({1: misfit(installed=True)}, ("version.driver-firmware", NODE_1), Verdict.NOT_READY),
    "firmware, other file": ({2: misfit(installed=False)}, ("version.driver-firmware", NODE_2), Verdict.NOT_READY),
    "TLS switch": ({2: of(tls(1, 1))}, ("cluster.tls-equal", f"{NODE_2} NPU 1 port"), Verdict.NOT_READY),
    "leftover process": (
        {1: of(table(used={1: 20000}, processes={1: 4711}))},
        ("npu.processes", f"{NODE_1} NPU 1"),
        Verdict.NOT_READY,
    ),
    "double-bit error": (
        {1: of(ecc(1, 2), health(1, "Alarm", "80E01801"))},
        ("npu.ecc", f"{NODE_1} NPU 1"),
        Verdict.NOT_READY,
    ),
    "busy tool": ({1: busy(1)}, ("tool.busy", NODE_1), Verdict.INCOMPLETE),
    "duplicate address": (
        {1: unreachable(1), 2: addressed(1, "192.168.1.1")},
        ("cluster.ip-duplicate", f"{NODE_2} NPU 1 port"),
        Verdict.NOT_READY,
    ),
    "other address": ({2: addressed(1, "10.0.0.1")}, ("roce.ip", f"{NODE_2} NPU 1 port"), Verdict.NOT_READY),
    "no probed address": (
        {
            1: of(
                answer(hccn(1, "netdetect"), "netdetect addr: 0.0.0.0\n"),
                answer(hccn(1, "net_health"), "net health status: Init\n"),
            )
        },
        ("roce.netdetect", f"{NODE_1} NPU 1 port"),
        Verdict.DEGRADED,
    ),
    "dead tool": ({1: dead_tool()}, ("tool.npu-smi", NODE_1), Verdict.NOT_READY),
    "dead tool after an upgrade": (
        {1: dead_tool(file_times={"/usr/local/Ascend/driver/version.info": AT - 5})},
        ("version.reboot-pending", NODE_1),
        Verdict.NOT_READY,
    ),
    "hanging tool": ({1: of(*map(silent, NPU_SMI[:2]))}, ("tool.timeout", NODE_1), Verdict.NOT_READY),
    "new driver installed": (
        {
            1: of(
                answer(
                    "cat /usr/local/Ascend/driver/version.info",
                    "Version=25.5.2\nInnerversion=V100\ncompatible_version_fw=[7.0.0,8.9.9]\npackage_version=25.5.2\n",
                )
            )
        },
        ("version.reboot-pending", NODE_1),
        Verdict.DEGRADED,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_has_one_culprit(name: str) -> None:
    """Whatever follows from a fault is folded under it: one problem is left, at the right place."""
    changed, culprit, verdict = FAULTS[name]
    whole = report(changed)
    assert [culprit] == culprits(whole)
    assert verdict is whole.verdict
    assert () == whole.blind_spots


@pytest.mark.parametrize(("nodes", "direct"), [(1, False), (2, False), (2, True), (3, False)])
def test_a_healthy_cluster_is_ready(nodes: int, direct: bool) -> None:
    """Nothing is wrong with healthy nodes, behind switches or back to back."""
    whole = report(nodes=nodes, direct=direct)
    assert [] == culprits(whole)
    assert Verdict.READY is whole.verdict


def test_both_dead_ends_of_one_cable_are_one_problem() -> None:
    """Two links that are down at the two ends of a direct cable are the cable's fault, named once."""
    whole = report({1: dark(2), 2: dark(2)}, direct=True)
    (cable,) = whole.problems
    assert ("roce.link", "node-1 NPU 2 port") == (cable.check, str(cable.subject))
    assert "cable between node-1 NPU 2 port and node-2 NPU 2 port" in cable.summary
    assert (subjects.port("node-2", 2),) == cable.affected
    assert [Verdict.NOT_READY] * 2 == [node.verdict for node in whole.nodes]


@pytest.mark.parametrize("end", [1, 2])
def test_a_pulled_module_explains_the_dead_link_at_the_other_end(end: int) -> None:
    """The module is the culprit, whichever end of the direct cable it was in; the far node is not ready either."""
    whole = report({end: without_module(2), 3 - end: dark(2)}, direct=True)
    assert [("roce.optical.present", f"node-{end} NPU 2 port")] == culprits(whole)
    assert [Verdict.NOT_READY] * 2 == [node.verdict for node in whole.nodes]


def test_a_dropped_npu_explains_the_failed_probe_of_its_peer() -> None:
    """Whoever probes an NPU that has dropped is its victim, and not ready; the saved settings tell who that is."""
    whole = report({1: dropped(2), 2: unreachable(2)}, direct=True)
    assert [("tool.timeout", "node-1 NPU 2")] == culprits(whole)
    assert (subjects.port("node-2", 2),) == whole.problems[0].affected
    assert [Verdict.NOT_READY] * 2 == [node.verdict for node in whole.nodes]


def test_a_failed_probe_without_a_reason_stands_for_itself() -> None:
    """The NPU that is probed is well, so nothing explains that it does not answer."""
    whole = report({2: unreachable(2)}, direct=True)
    assert [("roce.net-health", "node-2 NPU 2 port")] == culprits(whole)


def test_two_pulled_modules_are_two_problems() -> None:
    """A cable with no module at either end has two culprits, whatever else is down."""
    whole = report({1: {**without_module(2), **dark(3)}, 2: without_module(2)}, direct=True)
    modules = {("roce.optical.present", f"node-{end} NPU 2 port") for end in (1, 2)}
    assert modules | {("roce.link", "node-1 NPU 3 port")} == set(culprits(whole))


def test_one_dead_end_stands_for_itself() -> None:
    """A link that is down at one end only, as a switch's port would be, is no cable of two NPUs."""
    whole = report({1: dark(2)}, direct=True)
    assert "the link is down" == whole.problems[0].summary


def test_independent_faults_stay_apart() -> None:
    """Three faults at three places are three problems, and nothing else is one."""
    whole = report({1: dark(2), 2: {**of(tls(1, 1)), **misfit(installed=True)}})
    assert {
        ("roce.link", "node-1 NPU 2 port"),
        ("cluster.tls-equal", "node-2 NPU 1 port"),
        ("version.driver-firmware", "node-2"),
    } == set(culprits(whole))


def test_consequences_point_at_the_root() -> None:
    """Nobody has to follow a chain: every consequence names the last cause."""
    whole = report({1: dead_tool(file_times={"/usr/local/Ascend/driver/version.info": AT - 5})})
    roots = {finding.cause for finding in whole.findings if finding.cause}
    assert {"version.reboot-pending|node:node-1:"} == roots
    assert "tool.npu-smi" in {finding.check for finding in whole.consequences_of(whole.problems[0])}


def test_passes_are_never_folded() -> None:
    """A check that holds has no cause."""
    whole = report({1: dropped(2)})
    assert [] == [finding for finding in whole.findings if finding.cause and finding.status is Status.PASS]


def test_a_warning_that_explains_a_failure_weighs_as_much() -> None:
    """An advisory warning becomes a blocking failure when it explains one, so that the verdict is no milder."""
    port = subjects.port("node-1", 0)
    warning = Finding("roce.ip", port, Status.WARN, "another address", Severity.ADVISORY)
    failure = Finding("roce.net-health", port, Status.FAIL, "unreachable")
    cause, effect = fold([warning, failure])
    assert (Status.FAIL, Severity.BLOCKING) == (cause.status, cause.severity)
    assert cause.key == effect.cause


def test_folding_twice_changes_nothing() -> None:
    """Folded findings fold to themselves."""
    seen = views({1: dark(2)})
    once = judge_and_fold(seen, ENTRIES)
    assert once == fold(once)


def test_a_failure_of_the_node_does_not_explain_failures_of_its_parts() -> None:
    """A tool that hangs for the whole node explains what could not be seen, not what was seen."""
    port = subjects.port("node-1", 0)
    findings = (
        Finding("tool.timeout", subjects.node("node-1"), Status.FAIL, "no answer"),
        Finding("roce.link", port, Status.FAIL, "down"),
        Finding("roce.ip", port, Status.UNKNOWN, "unknown"),
    )
    assert ["", "", "tool.timeout|node:node-1:"] == [finding.cause for finding in fold(findings)]


def test_a_finding_does_not_explain_itself() -> None:
    """A check that is named by its own rule's pattern has no cause in itself."""
    dead = Finding("tool.npu-smi", subjects.node("node-1"), Status.FAIL, "fails")
    assert (dead,) == fold([dead])


def test_a_cluster_finding_is_explained_by_a_node_it_names() -> None:
    """A tie between nodes belongs to none of them, and one of them may explain it."""
    findings = (
        Finding("version.driver-firmware", subjects.node("node-2"), Status.FAIL, "do not fit"),
        Finding(
            "cluster.version-equal", subjects.cluster(), Status.WARN, "differ", affected=(subjects.node("node-2"),)
        ),
        Finding("cluster.netdetect-target", subjects.cluster(), Status.UNKNOWN, "unknown"),
    )
    assert ["", "version.driver-firmware|node:node-2:", ""] == [finding.cause for finding in fold(findings)]


@pytest.mark.parametrize("without", ["", "npu.boot", "npu.dropped", "tool.timeout"])
def test_an_npu_that_is_gone_has_one_culprit_whatever_tells_of_it(without: str) -> None:
    """Not ready explains that the tools hang, and that explains that the NPU is in no list; never in a circle."""
    npu = subjects.npu("node-1", 3)
    order = ("npu.boot", "tool.timeout", "npu.dropped", "npu.health", "npu.ecc")
    seen = [Finding(check, npu, Status.FAIL, "gone") for check in order if check != without]
    for findings in (seen, list(reversed(seen))):
        assert [seen[0].check] == [finding.check for finding in fold(findings) if not finding.cause]


def test_a_circle_of_causes_is_cut_at_one_place() -> None:
    """Whatever the rules say, folding ends, and somebody is left to be named."""
    circle = {"a": "b", "b": "c", "c": "b", "d": "c", "e": "a", "f": "f"}
    assert {"a": "b", "c": "b", "d": "c", "e": "a"} == without_circles(circle)
    assert {"a": "b", "b": "c"} == without_circles({"a": "b", "b": "c"})


def test_what_hangs_for_the_whole_node_explains_what_nobody_knows_of_its_ports() -> None:
    """Without the map of the NPUs the ports are unknown as a whole; a single port has its own reason."""
    hung = Finding("tool.timeout", subjects.npu("node-1", 3), Status.FAIL, "no answer")
    whole = Finding("roce.link", subjects.node("node-1"), Status.UNKNOWN, "unknown")
    port = Finding("roce.link", subjects.port("node-1", 5), Status.UNKNOWN, "unknown")
    assert ["", hung.key, ""] == [finding.cause for finding in fold([hung, whole, port])]


def test_a_user_without_a_name_is_one_problem() -> None:
    """That hccn_tool then fails is folded under it; that hccn_tool is not there is not."""
    node = subjects.node("node-1")
    nameless = Finding("tool.permission", node, Status.FAIL, "no entry", Severity.ADVISORY)
    silent_tool = Finding("tool.hccn-tool", node, Status.FAIL, "fails", observed=Quantity("nameless user"))
    folded = fold([nameless, silent_tool])
    assert ["", nameless.key] == [finding.cause for finding in folded]
    assert Severity.BLOCKING is folded[0].severity
    absent = Finding("tool.hccn-tool", node, Status.FAIL, "not there")
    assert ["", ""] == [finding.cause for finding in fold([nameless, absent])]


def test_the_rules_name_checks_that_exist_and_have_no_circle() -> None:
    """Every cause is a check; following cause and outcome never leads back."""
    edges: Set[Tuple[Tuple[str, Status], Tuple[str, Status]]] = set()
    for rule in RULES:
        assert rule.cause in ENTRIES
        named = {check for check in ENTRIES for pattern in rule.effects if catalogue_match(check, pattern)}
        assert named
        edges |= {
            ((rule.cause, one), (check, other))
            for one in rule.cause_is
            for check in named - {rule.cause}
            for other in rule.effect_is
        }
    alive = {node for edge in edges for node in edge}
    while True:
        ends = {node for node in alive if not any(cause == node and effect in alive for cause, effect in edges)}
        if not ends:
            break
        alive -= ends
    assert set() == alive


def test_the_rules_across_a_cable_name_checks_that_exist() -> None:
    """Causes and effects at the two ends of a cable are checks."""
    named = {check for rule in FAR_RULES for check in (rule.cause, *rule.effects)}
    assert set() == named - set(ENTRIES)


def catalogue_match(check: str, pattern: str) -> bool:
    """Tell whether a rule's pattern names a check."""
    return fnmatchcase(check, pattern)


def test_a_dead_tool_does_not_explain_what_has_nothing_to_do_with_it() -> None:
    """What the kernel does not show of the host stays a gap of its own; what needs the vendor's tools is folded."""
    tool = Finding("tool.npu-smi", subjects.node("n1"), Status.FAIL, "it does not run")
    gaps = [
        Finding(check, subjects.node("n1"), Status.UNKNOWN, "not known")
        for check in ("host.virtual", "host.sched-migration", "host.ports", "npu.health", "cluster.tls-equal")
    ]
    folded = fold([tool, *gaps])
    assert ["host.virtual", "host.sched-migration"] == [item.check for item in folded[1:] if not item.cause]
