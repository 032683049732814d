"""Whatever the network and the processes do, the two halves agree in the end and break no promise on the way."""

from __future__ import annotations

from typing import Dict, List, Optional

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ascend_doctor.model.sections import Sections
from ascend_doctor.model.status import Status
from ascend_doctor.wire.agent_session import Retention
from ascend_doctor.wire.collector_session import Offer
from wire_pair import Line, Pair, sections

CHECKS = st.sampled_from(["a", "b", "c", "d"])
STEPS = [
    "looks again",
    "commits",
    "waits",
    "up: arrives",
    "up: is lost",
    "up: comes twice",
    "down: arrives",
    "down: is lost",
]
FATES = st.sampled_from(["arrives", "arrives", "is lost", "comes twice"])


class TwoHalves(RuleBasedStateMachine):
    """A node and a collector over streams that lose, double and overtake, with kills of either at any time.

    `wire_pair` holds the promise on every step that an acknowledged change is in the store.
    """

    pair: Pair

    @initialize(
        max_inflight=st.integers(1, 4), max_count=st.integers(1, 6), max_transitions=st.sampled_from([2, 10_000])
    )
    def begin(self, max_inflight: int, max_count: int, max_transitions: int) -> None:
        """Nothing is known; the node has just called."""
        offer = Offer(max_inflight=max_inflight, heartbeat_s=15.0)
        self.pair = Pair(offer=offer, retention=Retention(max_count=max_count, max_transitions=max_transitions))
        self.pair.connect()

    @rule(statuses=st.dictionaries(CHECKS, st.one_of(st.none(), st.sampled_from(Status)), min_size=1))
    def finds_out(self, statuses: Dict[str, Optional[Status]]) -> None:
        """The node's findings change; None: the check is no more."""
        state = self.pair.agent.state
        new = sections({check: status for check, status in statuses.items() if status is not None}, self.pair.now)
        kept = {name: item for name, item in state.sections.items() if name not in statuses}
        times = {name: at for name, at in state.times.items() if name in kept}
        self.pair.become(Sections({**kept, **new.sections}, {**times, **new.times}))

    @rule(after_rest=st.booleans(), steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=8))
    def lives(self, after_rest: bool, steps: List[str]) -> None:
        """The node looks again, and messages of the present stream arrive, are lost, or come twice."""
        if after_rest:
            self.pair.settle()
        for step in steps:
            if step == "looks again":
                self._look_again()
            elif step == "commits":
                self.pair.commit()
            elif step == "waits":
                self.pair.wait(5.0)
            elif self.pair.line is not None:
                way, fate = step.split(": ")
                self._deliver(self.pair.line, fate, up=way == "up")

    def _look_again(self) -> None:
        """All is as before, at a later time."""
        self.pair.now += 0.25
        state = self.pair.agent.state
        self.pair.become(Sections(state.sections, dict.fromkeys(state.sections, self.pair.now)))

    @precondition(lambda self: self.pair.line is None)
    @rule()
    def connects(self) -> None:
        """The agent opens a stream; the collector may still believe in older ones."""
        self.pair.connect()

    @precondition(lambda self: self.pair.line is not None)
    @rule()
    def breaks(self) -> None:
        """The stream breaks at the agent's end; what was sent may still arrive."""
        self.pair.disconnect()

    @precondition(lambda self: self.pair.lines)
    @rule(number=st.integers(0, 3), fate=FATES, up=st.booleans())
    def stray_message(self, number: int, fate: str, up: bool) -> None:
        """A message of any stream that the collector believes in arrives, be it long over for the agent."""
        self._deliver(self.pair.lines[number % len(self.pair.lines)], fate, up=up)

    @rule()
    def everything_arrives(self) -> None:
        """The network is well for a moment."""
        self.pair.deliver()

    @rule(seconds=st.sampled_from([0.5, 2.0, 10.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        """Both halves get a tick."""
        self.pair.wait(seconds)

    @rule()
    def is_backed_up(self) -> None:
        """Somebody copies the collector's store."""
        self.pair.backup = self.pair.store.copied()

    @rule(
        kind=st.sampled_from(
            [
                "agent dies",
                "collector dies",
                "collector is restored",
                "spool folds",
                "spool folds wholly",
                "disk is lost",
            ]
        )
    )
    def trouble(self, kind: str) -> None:
        """A process is killed and starts again on what its disk holds, or its backup; the spool is full, or lost."""
        if kind == "agent dies":
            self.pair.restart_agent()
        elif kind == "collector dies":
            self.pair.restart_collector()
        elif kind == "collector is restored":
            self.pair.restore_collector()
        elif kind == "disk is lost":
            self.pair.restart_agent(lose_spool=True)
        elif kind == "spool folds wholly":
            self.pair.fold()
        elif self.pair.spool.changes:
            self.pair.spool.fold()

    def teardown(self) -> None:
        """The two halves agree once the network is well again, and every transition has come, once and in order.

        Missing are only those that the agent counted as lost, and those that a restored store had.
        """
        self.pair.settle()
        assert Sections(self.pair.store.state.sections).digest == self.pair.agent.state.digest
        told, history = self.pair.spool.told, self.pair.store.history
        assert [item for item in told if item in history] == history
        assert len(told) - len(history) <= self.pair.excused + self.pair.agent.lost_transitions

    def _deliver(self, line: Line, fate: str, *, up: bool) -> None:
        deliver = self.pair.deliver_up if up else self.pair.deliver_down
        deliver(line, lose=fate == "is lost", double=fate == "comes twice")


TestTwoHalves = TwoHalves.TestCase
TestTwoHalves.settings = settings(
    max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
