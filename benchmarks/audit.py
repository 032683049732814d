"""Compares what collectors say of a swarm, in reports and in the history, with what its nodes have said themselves."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import math
import threading
import time
from typing import Any, Counter, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Tuple

import attrs
import grpc.aio
from cluster_processes import Collector
from fleet import ask, say
from swarm import BROKEN
from witness import Turn

from ascend_doctor.collector.store import HistoryQuery
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model.report import Liveness, Report
from ascend_doctor.model.status import Status
from ascend_doctor.model.verdict import Verdict

Bad = FrozenSet[Tuple[str, str, str]]
"""What is not well on a node: check, subject, status."""
NOTHING_BAD: Bad = frozenset()
_GOOD = ("", Status.PASS.value, Status.SKIP.value)
GRACE_S = 2.0
"""What a collector heard in its last seconds it need not have shared: so late may everybody else be."""
_SHOWN = 5
"""Of everything that is wrong so many are printed."""


@attrs.frozen
class Account:
    """One node in a report."""

    liveness: Liveness
    verdict: Verdict
    bad: Bad

    @property
    def is_consistent(self) -> bool:
        """Whether the verdict is that which follows from what is not well: the check of the benchmark blocks."""
        if any(check == BROKEN for check, _, _ in self.bad):
            return self.verdict is Verdict.NOT_READY
        return (self.verdict is Verdict.READY) == (not self.bad)


_WELL = Account(Liveness.LIVE, Verdict.READY, NOTHING_BAD)


@attrs.frozen
class Seen:
    """One report: when it was asked for and came (epoch seconds), its nodes, and what it says of those not well."""

    asked: float
    got: float
    names: FrozenSet[str]
    unwell: Mapping[str, Account]

    @classmethod
    def of(cls, report: Report, asked: float, got: float) -> Seen:
        """Read a report. What the collector finds by comparing nodes none of them has said."""
        bad: Dict[str, List[Tuple[str, str, str]]] = collections.defaultdict(list)
        for item in report.findings:
            if (item.status.is_problem or item.status.is_blind) and not item.check.startswith("cluster."):
                bad[item.subject.node].append((item.check, item.subject.key, item.status.value))
        found = {node.name: Account(node.liveness, node.verdict, frozenset(bad[node.name])) for node in report.nodes}
        return cls(asked, got, frozenset(found), {name: item for name, item in found.items() if item != _WELL})


class Watcher:
    """Asks a collector for its report again and again."""

    def __init__(self, collector: Collector, every_s: float) -> None:
        self._collector = collector
        self._every_s = every_s
        self._stop = threading.Event()
        self.unanswered = 0
        self.seen: List[Seen] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            asked = time.time()
            try:
                report = asyncio.run(ask(self._collector))
            except grpc.aio.AioRpcError as error:
                say(f"no report: {error.details()}")
                self.unanswered += 1
            else:
                self.seen.append(Seen.of(report, asked, time.time()))

    def end(self) -> None:
        """Stop asking."""
        self._stop.set()
        self._thread.join()


@attrs.frozen
class Kill:
    """A collector was killed at a time (epoch seconds); who survived is at an address."""

    at: float
    survivor: str


class Testimony:
    """What one node said: its turns, and how its state was between them."""

    def __init__(self, told: Mapping[str, Any], kills: Sequence[Kill] = ()) -> None:
        self.turns: Sequence[Turn] = [tuple(item) for item in told["turns"]]
        self.acked: int = told["acked"]
        self._welcomes: Sequence[Tuple[float, str]] = [tuple(item) for item in told["welcomes"]]
        self.moves = [(kill.at, self._back_at(kill)) for kill in kills if self._was_elsewhere(kill)]
        """When the node lost its collector, and when the other one welcomed it; infinite when that did not come."""
        now: Dict[Tuple[str, str], str] = {}
        self._spans: List[Tuple[float, Bad]] = [(0.0, NOTHING_BAD)]
        for at, _, check, subject, _, after in self.turns:
            now[check, subject] = after
            bad = frozenset((*key, status) for key, status in now.items() if status not in _GOOD)
            if self._spans[-1][0] == at:
                self._spans.pop()
            self._spans.append((at, bad))

    def late_s(self, seen: Seen, bad: Bad) -> float:
        """Return for how long it was no more so when a report was asked for that says so; infinite if it never was.

        What a node said while no collector served it, or in the last seconds of the one that did, the other one can
        know only after it has welcomed the node.
        """
        ends = [*(at for at, _ in self._spans[1:]), math.inf]
        late_s = math.inf
        for (begin, state), end in zip(self._spans, ends):
            if state == bad and begin <= seen.got:
                due = max((back for lost, back in self.moves if lost - GRACE_S <= end <= back), default=end)
                late_s = min(late_s, max(0.0, seen.asked - due))
        return late_s

    def _was_elsewhere(self, kill: Kill) -> bool:
        before = [address for at, address in self._welcomes if at < kill.at]
        return not before or before[-1] != kill.survivor

    def _back_at(self, kill: Kill) -> float:
        return next((at for at, address in self._welcomes if at >= kill.at and address == kill.survivor), math.inf)


@attrs.frozen
class ReportAudit:
    """What was found in reports. `late_s` is how late a right verdict was at most."""

    reports: int
    missing: int
    wrong: int
    late_s: float


def audit_reports(reports: Sequence[Seen], nodes: Mapping[str, Testimony], limit_s: float) -> ReportAudit:
    """Compare reports with what the nodes said. What is later than the limit is wrong."""
    missing = wrong = 0
    longest_s = 0.0
    changing = {name for name, item in nodes.items() if item.turns}
    for seen in reports:
        lost = nodes.keys() ^ seen.names | {name for name, it in seen.unwell.items() if it.liveness != Liveness.LIVE}
        _show("missing in a report, or not alive", lost, missing)
        missing += len(lost)
        for name in sorted((changing | seen.unwell.keys()) & nodes.keys() - lost):
            account = seen.unwell.get(name, _WELL)
            late_s = nodes[name].late_s(seen, account.bad)
            if late_s > limit_s or not account.is_consistent:
                _show("wrong, late by so many seconds", [(late_s, name, seen.asked, account)], wrong)
                wrong += 1
            if late_s < math.inf:
                longest_s = max(longest_s, late_s)
    return ReportAudit(len(reports), missing, wrong, longest_s)


@attrs.frozen
class HistoryAudit:
    """What was found in the history: how many turns were told, and how many of them are lost, foreign, out of order."""

    told: int
    lost: int
    foreign: int
    disordered: int


def audit_history(store: str, nodes: Mapping[str, Testimony]) -> HistoryAudit:
    """Compare the history in a store with what the nodes said: all of it, once, and in its order."""
    certain: Counter[Tuple[str, ...]] = collections.Counter()
    possible: Dict[Tuple[str, ...], List[Tuple[str, ...]]] = collections.defaultdict(list)
    for name, item in nodes.items():
        for _, sequence, check, subject, before, after in item.turns:
            possible[name, check, subject].append((before, after))
            certain[name, check, subject] += sequence <= item.acked
    kept: Dict[Tuple[str, ...], List[Tuple[str, ...]]] = collections.defaultdict(list)
    for key, change in _history(store):
        kept[key].append(change)
    lost = foreign = disordered = 0
    for key in {*possible, *kept}:
        said, found = possible[key], kept[key]
        missing = Counter(said[: certain[key]]) - Counter(found)
        surplus = Counter(found) - Counter(said)
        if missing or surplus or said[: len(found)] != found:
            _show("history", [(*key, "said", said, "kept", found)], lost + foreign + disordered)
        lost += sum(missing.values())
        foreign += sum(surplus.values())
        disordered += not (missing or surplus) and said[: len(found)] != found
    return HistoryAudit(sum(certain.values()), lost, foreign, disordered)


def _history(store: str) -> Iterator[Tuple[Tuple[str, ...], Tuple[str, ...]]]:
    """Yield what the store has, oldest first: node, check and subject; status before and after."""
    pages = []
    with contextlib.closing(open_store(store, time.time())) as opened:
        before_id: Optional[int] = None
        while True:
            page = opened.history(HistoryQuery(before_id=before_id, limit=5000))
            if not page:
                break
            pages.append(page)
            before_id = page[-1].id
    for page in reversed(pages):
        for item in reversed(page):
            change = item.transition
            yield (item.node, change.check, change.subject), (_word(change.before), _word(change.after))


def _word(status: Optional[Status]) -> str:
    return "" if status is None else status.value


def _show(what: str, items: Any, shown: int) -> None:
    for item in list(items)[: max(0, _SHOWN - shown)]:
        say(f"{what}: {item}")
