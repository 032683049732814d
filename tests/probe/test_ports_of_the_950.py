"""Ports of a 950: a round asks about those that an NPU's own answer names, after everything else."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.judging import judge_and_fold
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import link
from ascend_doctor.facts.hccn_tool.ub import bit_err, dev_info, optical
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import Source
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.probe import plan
from ascend_doctor.probe import round as rounds
from ascend_doctor.probe.locks import NpuLocks
from ascend_doctor.probe.round import Round
from ascend_doctor.simulator import scenario
from ascend_doctor.simulator.clock import VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from scripted_runner import ScriptedRunner, complete

NODE = (mapping.SOURCE, info.SOURCE)
OLDER_TOOL = b'Get invalid major cmd type. The valid major cmd type should be "-a" or "-i".\n'


def answers_of(product: str, npus: int, sources: Tuple[Source[Any], ...]) -> Dict[str, Evidence]:
    """Return what a healthy machine of a product answers to every question that these sources can put to it."""
    text = f"nodes: [{{name: a, product: {product}, npus: {npus}}}]"
    cluster = SimulatedCluster(scenario.load(text, "test"), VirtualClock())
    found: Dict[str, Evidence] = {}

    async def ask() -> Round:
        return await rounds.take(Simulated(cluster, found), sources)

    complete(ask())
    return found


class Simulated:
    """A runner over one simulated node that keeps what it answered."""

    def __init__(self, cluster: SimulatedCluster, found: Dict[str, Evidence]) -> None:
        self._cluster = cluster
        self._found = found

    async def run(self, query: Any) -> Evidence:
        """Answer one query."""
        answer = self._cluster.answer("a", query.argv)
        evidence = Evidence(
            query.key, query.argv, exit_code=answer.exit_code, stdout=answer.stdout, stderr=answer.stderr
        )
        self._found[query.key] = evidence
        return evidence


def names(asked: List[str]) -> List[str]:
    """Return the sources of some keys, each once, in order."""
    return list(dict.fromkeys(key.partition("@")[0] for key in asked))


def test_ports_are_asked_when_they_are_known() -> None:
    """The ports of each NPU come after its own list; optical ones only are asked about their light."""
    sources = (*NODE, dev_info.SOURCE, bit_err.SOURCE, optical.SOURCE)
    runner = ScriptedRunner(answers_of("ascend-950", 2, sources))
    taken = complete(rounds.take(runner, sources))
    about = [key for key in runner.asked if key.endswith(("@0", "@0.0.4")) or "@0." in key]
    assert ["hccn_tool/dev_info", "hccn_tool/bit_err", "hccn_tool/ub_optical"] == names(about)
    assert "hccn_tool/bit_err@0.1.9" in taken.evidence
    assert "hccn_tool/ub_optical@1.0.4" in taken.evidence
    assert "hccn_tool/ub_optical@1.1.0" not in taken.evidence
    assert len(runner.asked) == len(set(runner.asked))


def test_ports_of_an_earlier_round_stay_known() -> None:
    """A round in which nobody asks for the list, or which asks for the map again, still knows the ports."""
    sources = (*NODE, dev_info.SOURCE, bit_err.SOURCE)
    runner = ScriptedRunner(answers_of("ascend-950", 2, sources))
    first = complete(rounds.take(runner, sources))
    for later in ((bit_err.SOURCE,), (mapping.SOURCE, info.SOURCE, bit_err.SOURCE)):
        taken = complete(rounds.take(runner, later, devices=first.devices))
        assert "hccn_tool/bit_err@1.0.4" in taken.evidence
        assert first.devices == taken.devices


def test_a_single_card_has_no_ports_to_ask() -> None:
    """Where the list is empty no port is asked."""
    sources = (*NODE, dev_info.SOURCE, bit_err.SOURCE)
    runner = ScriptedRunner(answers_of("atlas-350-1p", 1, sources))
    complete(rounds.take(runner, sources))
    assert [] == [key for key in runner.asked if key.startswith("hccn_tool/bit_err")]


def test_an_npu_that_hangs_costs_one_deadline() -> None:
    """When the list does not come, the ports that were known are left out for this round."""
    sources = (*NODE, dev_info.SOURCE, bit_err.SOURCE)
    known = answers_of("ascend-950", 2, sources)
    first = complete(rounds.take(ScriptedRunner(known), sources))
    hangs = {**known, "hccn_tool/dev_info@0": Evidence("", (), Ending.TIMED_OUT)}
    taken = complete(rounds.take(ScriptedRunner(hangs), sources, devices=first.devices))
    assert Ending.SKIPPED is taken.evidence["hccn_tool/bit_err@0.0.4"].ending
    assert Ending.EXITED is taken.evidence["hccn_tool/bit_err@1.0.4"].ending


def test_another_doctor_leaves_the_ports_out_too(tmp_path: Any) -> None:
    """Known ports of an NPU that somebody else asks all the time are told as not asked."""
    sources = (*NODE, dev_info.SOURCE, bit_err.SOURCE)
    runner = ScriptedRunner(answers_of("ascend-950", 1, sources))
    first = complete(rounds.take(runner, sources))

    async def beside_another() -> Round:
        other = await NpuLocks(str(tmp_path)).take(0, 1.0)
        try:
            settings = rounds.RoundSettings(lock_wait_s=0.01)
            locks = NpuLocks(str(tmp_path))
            return await rounds.take(runner, sources, devices=first.devices, settings=settings, locks=locks)
        finally:
            assert other is not None
            other.release()

    assert Ending.SKIPPED is complete(beside_another()).evidence["hccn_tool/bit_err@0.0.4"].ending


def test_a_tool_of_the_older_form_is_asked_in_that_form() -> None:
    """A 950 whose tool takes the command lines of the A2 is asked about RoCE ports, in the same round."""
    sources = (*NODE, dev_info.SOURCE, bit_err.SOURCE, link.SOURCE)
    answers: Dict[str, Any] = dict(answers_of("ascend-950", 2, NODE))
    for npu in range(2):
        answers[f"hccn_tool/dev_info@{npu}"] = Evidence("", (), exit_code=1, stderr=OLDER_TOOL)
        answers[f"hccn_tool/link@{npu}"] = "link status: UP\n"
    taken = complete(rounds.take(ScriptedRunner(answers), sources))
    assert b"link status: UP\n" == taken.evidence["hccn_tool/link@1"].stdout
    entries = {name: entry for name, entry in catalogue.load().items() if name in ("roce.link", "ub.ports")}
    view = NodeView("a", taken.evidence)
    statuses = {(item.check, str(item.subject)): item.status.value for item in judge_and_fold([view], entries)}
    assert "skip" == statuses["ub.ports", "a NPU 1"]
    assert "pass" == statuses["roce.link", "a NPU 1 port"]


def test_who_asks_about_ports_asks_for_the_ports() -> None:
    """One check alone is enough to have the list of ports in the plan."""
    entries = {"ub.errors": catalogue.load()["ub.errors"]}
    assert dev_info.SOURCE in plan.sources_for(entries)
    assert dev_info.SOURCE not in plan.sources_for({"npu.ecc": catalogue.load()["npu.ecc"]})
