"""Whatever the network and the processes do, the two halves agree in the end and break no promise on the way."""

from __future__ import annotations

from typing import Dict, List, Optional

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ascend_doctor.model.state import NodeState
from ascend_doctor.model.status import Status
from ascend_doctor.wire.agent_session import Retention
from ascend_doctor.wire.collector_session import Offer
from wire_pair import Line, Pair, answer, finding

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

    @initialize(max_inflight=st.integers(1, 4), max_count=st.integers(1, 6))
    def begin(self, max_inflight: int, max_count: int) -> None:
        """Nothing is known; the node has just called."""
        offer = Offer(max_inflight=max_inflight, heartbeat_s=15.0)
        self.pair = Pair(offer=offer, retention=Retention(max_count=max_count))
        self.pair.connect()

    @rule(statuses=st.dictionaries(CHECKS, st.one_of(st.none(), st.sampled_from(Status)), min_size=1))
    def finds_out(self, statuses: Dict[str, Optional[Status]]) -> None:
        """The node's findings and answers change; None: the check is no more."""
        state = self.pair.agent.state
        now = self.pair.now
        kept = [item for item in state.findings.values() if item.check not in statuses]
        new = [finding(check, status, now) for check, status in statuses.items() if status is not None]
        answers = [answer(f"tool/{item.check}", item.summary, item.judged_at) for item in kept + new]
        self.pair.become(NodeState.of(kept + new, answers))

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
        state, now = self.pair.agent.state, self.pair.now
        found = [attrs.evolve(item, judged_at=now) for item in state.findings.values()]
        answers = [attrs.evolve(item, started_at=now, duration_s=0.5) for item in state.evidence.values()]
        self.pair.become(NodeState.of(found, answers))

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

    @rule(kind=st.sampled_from(["agent dies", "collector dies", "spool folds", "spool folds wholly", "disk is lost"]))
    def trouble(self, kind: str) -> None:
        """A process is killed and starts again on what its disk holds; the spool is full, put away, or lost."""
        if kind == "agent dies":
            self.pair.restart_agent()
        elif kind == "collector dies":
            self.pair.restart_collector()
        elif kind == "disk is lost":
            self.pair.restart_agent(lose_spool=True)
        elif kind == "spool folds wholly":
            self.pair.fold()
        elif self.pair.spool.changes:
            self.pair.spool.fold()

    def teardown(self) -> None:
        """The two halves agree once the network is well again."""
        self.pair.settle()
        fresh = NodeState(self.pair.store.state.findings, self.pair.store.state.evidence)
        assert fresh.digest == self.pair.agent.state.digest

    def _deliver(self, line: Line, fate: str, *, up: bool) -> None:
        deliver = self.pair.deliver_up if up else self.pair.deliver_down
        deliver(line, lose=fate == "is lost", double=fate == "comes twice")


TestTwoHalves = TwoHalves.TestCase
TestTwoHalves.settings = settings(
    max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
