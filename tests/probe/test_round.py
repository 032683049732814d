"""One round: lanes, busy devices, NPUs that hang, other doctors."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import Scope
from ascend_doctor.model.evidence import Ending
from ascend_doctor.model.reading import Missing
from ascend_doctor.probe import child
from ascend_doctor.probe import round as rounds
from ascend_doctor.probe.locks import NpuLocks
from ascend_doctor.probe.plan import Lane
from ascend_doctor.probe.round import RoundSettings
from ascend_doctor.probe.runner import Runner
from fake_tools import descriptors, device_source, file_source, runner, write_tool
from scripted_runner import ScriptedRunner, complete, ended, map_answer, map_of_modules, play
from waiting import PATIENCE_S

LINK, SPEED = device_source("hccn_tool/a"), device_source("hccn_tool/b")
NODE = (mapping.SOURCE, info.SOURCE)


def take(runner, sources, **more):
    """Make a round with short waits."""
    more.setdefault("settings", RoundSettings(busy_waits_s=(0.01, 0.02, 0.04)))
    return play(rounds.take(runner, sources, **more))


def _took(subject):
    """Return how long a round took, from the first question to the last answer."""
    return max(end for _, end in subject.spans.values()) - min(began for began, _ in subject.spans.values())


def eight(**answers):
    """Return the answers of a machine with eight NPUs, some of them special."""
    return {"npu-smi/mapping": map_answer(8), **answers}


def test_every_question_is_asked_once():
    """The node, every NPU and the files: one run each, one answer each."""
    subject = ScriptedRunner(eight())
    taken = take(subject, (*NODE, LINK, SPEED, file_source("/x")))

    assert len(subject.asked) == len(set(subject.asked)) == len(taken.evidence) == 3 + 16
    assert set(subject.asked) == set(taken.evidence)
    assert tuple(range(8)) == taken.devices.phy_ids
    assert () == taken.remarks


def test_lanes_run_side_by_side():
    """One NPU is asked one thing at a time, different NPUs at the same time."""
    subject = ScriptedRunner(eight(), delay_s=1.0)
    take(subject, (mapping.SOURCE, LINK, SPEED))

    assert 3.0 == _took(subject)
    assert 8 == subject.most_running
    for phy_id in range(8):
        assert subject.spans[f"hccn_tool/a@{phy_id}"][1] <= subject.spans[f"hccn_tool/b@{phy_id}"][0]


def test_runs_at_once_are_capped():
    """No more tools run at one time than the settings allow, files and all."""
    subject = ScriptedRunner(eight(), delay_s=0.01)
    take(subject, (*NODE, LINK, SPEED, file_source("/x")), settings=RoundSettings(runs_at_once=3))

    assert 3 == subject.most_running


def test_node_lane_runs_beside_the_others():
    """Questions that take the node's lock follow each other, also about different NPUs."""
    subject = ScriptedRunner(eight(), delay_s=0.01)
    take(subject, (mapping.SOURCE, LINK, SPEED), settings=RoundSettings(lanes={"hccn_tool/a": Lane.NODE}))
    spans = sorted(subject.spans[f"hccn_tool/a@{phy_id}"] for phy_id in range(8))

    assert all(first[1] <= second[0] for first, second in zip(spans, spans[1:]))


def test_cached_map_saves_the_wait():
    """With the map of an earlier round the NPUs are asked at once; the map stays when nobody asks for it."""
    known = take(ScriptedRunner(eight()), (mapping.SOURCE,)).devices
    subject = ScriptedRunner()
    taken = take(subject, (LINK,), devices=known)

    assert 8 == len(subject.asked)
    assert known is taken.devices


def test_new_map_replaces_the_cached_one():
    """A map that is asked for again is used from the next round on; a failed answer leaves the old one."""
    known = take(ScriptedRunner(eight()), (mapping.SOURCE,)).devices
    grown = take(ScriptedRunner({"npu-smi/mapping": map_answer(2)}), (mapping.SOURCE,), devices=known)
    failed = take(ScriptedRunner({"npu-smi/mapping": "rubbish"}), (mapping.SOURCE,), devices=known)

    assert (0, 1) == grown.devices.phy_ids
    assert known == failed.devices


def test_product_that_the_map_does_not_tell():
    """Where the names in the map tell no product, the table is asked before the NPUs are."""
    subject = ScriptedRunner({"npu-smi/mapping": map_answer(1).replace("910B3", "xxx")})
    take(subject, (*NODE, LINK))

    assert ["npu-smi/mapping", "npu-smi/info", "hccn_tool/a@0"] == subject.asked


def test_no_map_no_guess():
    """Without a map no NPU is asked, and the round ends with what it has."""
    subject = ScriptedRunner({"npu-smi/mapping": "rubbish"})
    taken = take(subject, (*NODE, LINK))

    assert ["npu-smi/mapping", "npu-smi/info"] == subject.asked
    assert isinstance(taken.devices, Missing)


def test_busy_device_is_asked_again():
    """A busy answer is not the last word; the attempts are counted."""
    subject = ScriptedRunner(eight(**{"hccn_tool/a@3": ["busy", "busy", "UP"]}))
    taken = take(subject, (mapping.SOURCE, LINK))

    assert (b"UP", 3) == (taken.evidence["hccn_tool/a@3"].stdout, taken.evidence["hccn_tool/a@3"].attempts)
    assert 1 == taken.evidence["hccn_tool/a@2"].attempts


def test_device_that_stays_busy():
    """After the last wait the answer stands as it is, and the rest of the lane is asked all the same."""
    waits = []
    subject = ScriptedRunner(eight(**{"hccn_tool/a@3": "busy"}))
    taken = take(subject, (mapping.SOURCE, LINK, SPEED), jitter=lambda: waits.append(1) or 0.0)

    assert (b"busy", 4) == (taken.evidence["hccn_tool/a@3"].stdout, taken.evidence["hccn_tool/a@3"].attempts)
    assert [1, 1, 1] == waits
    assert b"fine\n" == taken.evidence["hccn_tool/b@3"].stdout


def test_waits_grow_and_spread():
    """The waits are those of the settings, stretched by up to a half."""
    subject = ScriptedRunner(eight(**{"hccn_tool/a@0": ["busy", "busy", "UP"]}))
    take(subject, (mapping.SOURCE, LINK), settings=RoundSettings(busy_waits_s=(1.0, 2.0)), jitter=lambda: 1.0)

    assert 4.5 == _took(subject)


@pytest.mark.parametrize("ending", [Ending.TIMED_OUT, Ending.ABANDONED])
def test_npu_that_hangs_is_asked_no_more(ending):
    """After one run that did not end, the rest of that lane is left out with the reason; other NPUs do not notice."""
    subject = ScriptedRunner(eight(**{"hccn_tool/a@3": ended(ending)}))
    taken = take(subject, (mapping.SOURCE, LINK, SPEED))

    skipped = taken.evidence["hccn_tool/b@3"]
    assert (Ending.SKIPPED, "not asked: `hccn_tool -i 3 a` did not answer in this round") == (
        skipped.ending,
        skipped.note,
    )
    assert "hccn_tool/b@3" not in subject.asked
    assert {Ending.EXITED} == {item.ending for key, item in taken.evidence.items() if not key.endswith("@3")}


def test_card_that_hangs_stops_its_lane_only():
    """A question about a card of two chips is in the lane of the first; the second chip's lane goes on."""
    card = device_source("npu-smi/card", scope=Scope.CARD, tool="npu-smi")
    answers = {"npu-smi/mapping": map_of_modules(2), "npu-smi/card@1": ended(Ending.TIMED_OUT)}
    taken = take(ScriptedRunner(answers), (mapping.SOURCE, card, LINK))

    endings = {key: item.ending for key, item in taken.evidence.items()}
    assert Ending.SKIPPED is endings["hccn_tool/a@2"]
    assert Ending.EXITED is endings["hccn_tool/a@3"]


def test_aggregate_that_hangs_with_a_known_map():
    """When `npu-smi info` hangs, the NPUs are asked all the same, by the map of an earlier round."""
    known = take(ScriptedRunner(eight()), (mapping.SOURCE,)).devices
    subject = ScriptedRunner({"npu-smi/info": ended(Ending.TIMED_OUT)})
    taken = take(subject, (info.SOURCE, LINK), devices=known)

    assert Ending.TIMED_OUT is taken.evidence["npu-smi/info"].ending
    assert 9 == len(subject.asked)


def test_map_that_hangs():
    """When the map itself hangs, the same tool is not asked about the node again, and the round ends."""
    subject = ScriptedRunner({"npu-smi/mapping": ended(Ending.TIMED_OUT)})
    taken = take(subject, (*NODE, LINK, file_source("/x")))

    assert {"npu-smi/mapping", "file/x"} == set(subject.asked)
    assert Ending.SKIPPED is taken.evidence["npu-smi/info"].ending


def test_progress_is_told():
    """Before each question: how many are done, how many there are, and the command."""
    told = []
    take(
        ScriptedRunner({"npu-smi/mapping": map_answer(1)}),
        (mapping.SOURCE, LINK, SPEED),
        progress=lambda *now: told.append(now),
    )

    assert [(0, 1, "npu-smi info -m"), (1, 3, "hccn_tool -i 0 a"), (2, 3, "hccn_tool -i 0 b")] == told


def test_failure_of_the_doctor_leaves_nothing_running():
    """When a runner breaks its promise, the error comes through and no other question goes on."""

    class Broken(ScriptedRunner):
        async def run(self, query):
            if query.key == "hccn_tool/a@3":
                raise RuntimeError("a bug")
            return await super().run(query)

    async def main():
        subject = Broken(eight(), delays_s={f"hccn_tool/a@{phy_id}": 5 for phy_id in range(8)})
        with pytest.raises(RuntimeError, match="a bug"):
            await rounds.take(subject, (mapping.SOURCE, LINK))
        await asyncio.sleep(0)
        return subject.running

    assert 0 == play(main())


def test_lock_keeps_a_second_doctor_away(tmp_path):
    """An NPU that another doctor is asking is waited for, then left out with the reason; the others are asked."""
    locks = NpuLocks(str(tmp_path / "locks"))

    async def main():
        held = await NpuLocks(str(tmp_path / "locks")).take(3, 1.0)
        settings = RoundSettings(lock_wait_s=0.15)
        first = await rounds.take(ScriptedRunner(eight()), (mapping.SOURCE, LINK), settings=settings, locks=locks)
        held.release()
        held.release()
        second = await rounds.take(ScriptedRunner(eight()), (mapping.SOURCE, LINK), settings=settings, locks=locks)
        return first, second

    first, second = complete(main())
    left_out = [item for item in first.evidence.values() if item.ending is Ending.SKIPPED]
    assert [("hccn_tool/a@3", "another ascend-doctor has been asking NPU 3 all the time")] == [
        (item.key, item.note) for item in left_out
    ]
    assert {Ending.EXITED} == {item.ending for item in second.evidence.values()}
    assert () == second.remarks


def test_lock_is_waited_for(tmp_path):
    """A lock that comes free in time is taken; giving up while waiting leaves nothing open."""

    async def main():
        locks = NpuLocks(str(tmp_path / "locks"))
        held = await locks.take(0, 0.0)
        waiting = asyncio.ensure_future(locks.take(0, PATIENCE_S))
        given_up = asyncio.ensure_future(locks.take(0, PATIENCE_S))
        await asyncio.sleep(0.02)
        before = descriptors()
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        held.release()
        taken = await waiting
        taken.release()
        return [target for _, target in before - descriptors()]

    assert [str(tmp_path / "locks" / "npu-0.lock")] * 3 == [path for path in complete(main()) if "npu-0" in path]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: folder.write_text("a file"), "File exists"),
        (lambda folder: (folder.mkdir(), folder.chmod(0o777)), "is not this user's own"),
        (lambda folder: (folder.mkdir(), (folder / "npu-0.lock").mkdir()), "Is a directory"),
    ],
)
def test_no_locks_where_the_folder_is_not_ours(tmp_path, spoil, reason):
    """Without a usable folder everything is asked without locks, and the round says so once."""
    spoil(tmp_path / "locks")
    locks = NpuLocks(str(tmp_path / "locks"))
    taken = take(ScriptedRunner({"npu-smi/mapping": map_answer(1)}), (mapping.SOURCE, LINK), locks=locks)

    assert Ending.EXITED is taken.evidence["hccn_tool/a@0"].ending
    assert 1 == len(taken.remarks)
    assert reason in taken.remarks[0]


@attrs.frozen
class _Impatient:
    """A runner that soon gives up NPU 3, which hangs, and has time for the others on the slowest machine."""

    _runner: Runner

    async def run(self, query):
        source = attrs.evolve(query.source, timeout_s=0.3) if query.target.phy_id == 3 else query.source
        return await self._runner.run(attrs.evolve(query, source=source))


def test_one_npu_dropped_of_eight(tmp_path, monkeypatch):
    """With real processes: where all tools about NPU 3 hang, the round ends all the same, the rest whole."""
    monkeypatch.setattr(child, "KILL_GRACE_S", PATIENCE_S)
    (tmp_path / "map").write_text(map_answer(8))
    write_tool(tmp_path, "npu-smi", f"exec cat {tmp_path}/map")
    hang = 'if [ "$2" = 3 ]; then trap "" TERM; while :; do sleep 0.05; done; fi'
    write_tool(tmp_path, "hccn_tool", f"{hang}\necho fine")
    sources = [device_source(f"hccn_tool/s{number}") for number in range(12)]
    taken = complete(rounds.take(_Impatient(runner(tmp_path)), (mapping.SOURCE, *sources)))

    about = [item for key, item in taken.evidence.items() if key.endswith("@3")]
    assert [Ending.TIMED_OUT] + [Ending.SKIPPED] * 11 == [item.ending for item in about]
    assert 7 * 12 == sum(item.stdout == b"fine\n" for item in taken.evidence.values())
