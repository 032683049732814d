"""What a node shares: every outcome, what did not pass in words, and the facts of its topics."""

from __future__ import annotations

import random
from typing import Dict, List, Mapping, Optional, Tuple

import attrs
import pytest

import small_cluster
from ascend_doctor.agent.sharing import Sharing
from ascend_doctor.checks import catalogue
from ascend_doctor.checks.engine import judge_node
from ascend_doctor.checks.fleet import NodeFacts
from ascend_doctor.checks.topics import TOPICS, tell_all
from ascend_doctor.checks.view import NodeView
from ascend_doctor.collector.told import ToldSections
from ascend_doctor.model import subject
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.model.sections import SectionsChange, apply
from ascend_doctor.model.state import EMPTY, NodeState, Told, difference
from ascend_doctor.model.state import apply as applied
from ascend_doctor.model.status import Status
from ascend_doctor.wire import limits
from ascend_doctor.wire.sections import findings_of, told_in

NODE = "node-1"


def _finding(check: str, phy_id: int, status: Status, at: float = 10.5, **more: object) -> Finding:
    text = f"{check} is {status.value}"
    return attrs.evolve(Finding(check, subject.port(NODE, phy_id), status, text, judged_at=at), **more)


class Node:
    """A node and what it shares, change by change."""

    def __init__(self) -> None:
        self.sharing = Sharing(NODE)
        self.state = EMPTY
        self.sequence = 0
        self.sections = self.sharing.begin(EMPTY)

    def become(self, *findings: Finding, topics: Optional[Mapping[str, Told]] = None) -> SectionsChange:
        """Let the node be in this state, and return what it tells."""
        change = difference(self.state, NodeState.of(findings, topics), 99.0)
        self.state = applied(self.state, change)
        self.sequence += 1
        told = self.sharing.follow(self.state, self.sequence, change)
        self.sections = apply(self.sections, told)
        return told


@pytest.fixture
def node() -> Node:
    """A node of which nothing is known yet."""
    return Node()


def test_a_pass_is_told_without_words(node: Node) -> None:
    """The values of what passed change in every round: they stay on the node."""
    node.become(_finding("npu.ecc", 0, Status.PASS, observed=Quantity(1)))
    told = node.become(_finding("npu.ecc", 0, Status.PASS, at=70.25, observed=Quantity(2)))

    assert ({}, {"npu.ecc": 70.0}) == (told.sections, told.times)
    (found,) = findings_of(node.sections.sections["npu.ecc"], NODE, 70.0)
    assert (Status.PASS, "port:node-1:0", None) == (found.status, found.subject.key, found.observed)


def test_a_failure_is_told_whole(node: Node) -> None:
    """What did not pass comes with everything that is known of it, and with its history."""
    node.become(_finding("roce.link", 0, Status.PASS), _finding("roce.link", 1, Status.PASS))
    broken = _finding("roce.link", 1, Status.FAIL, at=70.0, expected="a link", since=70.0)
    told = node.become(_finding("roce.link", 0, Status.PASS, at=70.0), broken)

    assert ["roce.link"] == list(told.sections)
    (found,) = findings_of(told.sections["roce.link"], NODE, 70.0, passes=False)
    assert broken == found
    ((sequence, transition),) = told.transitions
    assert (2, "port:.:1", Status.PASS, Status.FAIL) == (
        sequence,
        transition.subject,
        transition.before,
        transition.after,
    )


def test_the_oldest_answer_dates_a_check(node: Node) -> None:
    """A check is as old as its oldest result, in whole seconds."""
    told = node.become(_finding("roce.link", 0, Status.PASS, at=70.9), _finding("roce.link", 1, Status.PASS, at=65.7))

    assert 65.0 == told.times["roce.link"]


def test_a_check_that_is_no_more(node: Node) -> None:
    """Its section goes, and what had failed is told to be over."""
    node.become(_finding("roce.link", 0, Status.FAIL), _finding("npu.ecc", 0, Status.PASS))
    told = node.become(_finding("npu.ecc", 0, Status.PASS))

    assert frozenset({"roce.link"}) == told.removed
    assert [(Status.FAIL, None, 99.0)] == [(item.before, item.after, item.at) for _, item in told.transitions]


def _answers() -> Tuple[Dict[str, Evidence], List[Finding]]:
    answers = small_cluster.node(1, 2)
    entries = small_cluster.answerable(catalogue.load())
    return answers, [*judge_node(NodeView(NODE, answers), entries)]


def test_the_topics_are_told(node: Node) -> None:
    """The collector reads the same facts out of them as the node told."""
    answers, findings = _answers()
    view = NodeView(NODE, answers)
    node.become(*findings, topics=tell_all(view))

    heard = NodeFacts(NODE, ToldSections(node.sections.sections))
    here = NodeFacts.of(view)
    assert [here.read(topic) for topic in TOPICS] == [heard.read(topic) for topic in TOPICS]
    assert [here.quotes(topic, "3") for topic in TOPICS] == [heard.quotes(topic, "3") for topic in TOPICS]
    assert len(TOPICS) == len(ToldSections(node.sections.sections))


def test_what_is_told_as_before_is_not_told_again(node: Node) -> None:
    """A second round with the same facts brings new times and nothing else."""
    answers, findings = _answers()
    node.become(*findings, topics=tell_all(NodeView(NODE, answers)))
    later = {name: attrs.evolve(item, collected_at=500.9) for name, item in node.state.topics.items()}
    told = node.become(*(attrs.evolve(item, judged_at=500.0) for item in findings), topics=later)

    assert ({}, frozenset(), ()) == (told.sections, told.removed, told.transitions)
    assert {500.0} == set(told.times.values())


def test_a_topic_that_says_something_else(node: Node) -> None:
    """Its section goes over, and no other."""
    node.become(topics={"ports": Told(b"{}"), "tls": Told(b"{}")})
    told = node.become(topics={"ports": Told(b'{"ports":[]}'), "tls": Told(b"{}")})

    assert ["ports"] == list(told.sections)


def test_a_state_without_its_way_is_shared_the_same(node: Node) -> None:
    """Who begins with the state has the same sections as who followed every change."""
    answers, findings = _answers()
    node.become(_finding("roce.flap", 0, Status.WARN))
    node.become(*findings, topics=tell_all(NodeView(NODE, answers)))

    assert node.sections == Sharing(NODE).begin(node.state)


def test_no_more_is_shared_than_a_collector_takes(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The longest are told in short, as bad as they are, with a word in the log; once there is room they are whole."""
    monkeypatch.setattr(limits, "MAX_SECTIONS_BYTES", 2_000)
    long = [_finding("roce.link", port, Status.FAIL, expected=f"{port} " + "x" * 900) for port in range(3)]
    node.become(_finding("npu.ecc", 0, Status.WARN), *long, topics={"ports": Told(random.Random(1).randbytes(2_500))})

    assert node.sections.size <= 2_000
    (found,) = findings_of(node.sections.sections["roce.link"], NODE, 0.0)
    text = "3 results are too long to be told; `ascend-doctor check` on the node shows all"
    assert ("node:node-1:", Status.FAIL, text) == (found.subject.key, found.status, found.summary)
    assert (b"", b"") == told_in(node.sections.sections["ports"])
    (ecc,) = findings_of(node.sections.sections["npu.ecc"], NODE, 0.0)
    assert "npu.ecc is warn" == ecc.summary
    assert ["too much to tell a collector: of roce.link, ports it hears in short"] == caplog.messages
    assert node.sections == Sharing(NODE).begin(node.state)

    node.become(_finding("npu.ecc", 0, Status.WARN), long[0], topics={"ports": Told(b"{}")})
    (found,) = findings_of(node.sections.sections["roce.link"], NODE, 0.0)
    assert long[0].expected == found.expected
    assert node.sections == Sharing(NODE).begin(node.state)
