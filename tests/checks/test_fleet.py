"""A fleet as cluster checks see it: nodes at hand or over the wire, what they do not tell, and what has changed."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional, Tuple

import attrs
import pytest

from ascend_doctor.checks import catalogue, fabric, outcome
from ascend_doctor.checks.catalogue import Entry, Guide
from ascend_doctor.checks.causes import fold
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.engine import FleetJudge, judge_fleet
from ascend_doctor.checks.fleet import FleetView, NodeFacts
from ascend_doctor.checks.judging import by_node, judge_and_fold, refold
from ascend_doctor.checks.told_forms import UNTOLD
from ascend_doctor.checks.topic import Told, Topic
from ascend_doctor.checks.topics import TOPICS, tell_all
from ascend_doctor.checks.topics.node import NODE, Node
from ascend_doctor.checks.topics.ports import PORTS, Neighbour, Port, Ports
from ascend_doctor.checks.topics.tls import TLS, TlsSwitch, TlsSwitches
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import ip, netdetect
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Confidence, Status
from small_cluster import (
    AT,
    NPUS,
    Answers,
    address,
    answer,
    board,
    dark,
    dropped,
    hccn,
    mapping,
    of,
    tls,
    views,
    without_module,
)

ENTRIES = {name: entry for name, entry in catalogue.load().items() if entry.fleet}
TIMES = {topic.name: AT for topic in TOPICS}


def heard(view: NodeView) -> NodeFacts:
    """Return a node as the collector has it."""
    return NodeFacts(view.name, tell_all(view), TIMES, AT)


def told(name: str, **facts: Any) -> NodeFacts:
    """Return a node that tells these facts, by topic."""
    topics: Dict[str, Topic[Any]] = {topic.name: topic for topic in TOPICS}
    return NodeFacts(name, {key: Told(topics[key].encode(value)) for key, value in facts.items()}, TIMES)


def judged(check: str, nodes: List[NodeFacts]) -> Tuple[Finding, ...]:
    """Judge a fleet by one check."""
    return judge_fleet(FleetView(nodes), {check: ENTRIES[check]})


def test_a_fleet_is_in_natural_order_and_has_a_subject() -> None:
    """Node 10 comes after node 9; a single node stands for itself."""
    nodes = [told(name, ports=Ports()) for name in ("n10", "n9")]
    fleet = FleetView(nodes)
    assert ["n9", "n10"] == [node.name for node, _ in fleet.each(PORTS)]
    assert subjects.cluster() == fleet.subject
    assert subjects.node("n9") == FleetView(nodes[1:]).subject
    assert subjects.cluster() == fleet.limited_to([PORTS], nodes[:1]).subject


def test_a_node_may_tell_less_than_is_asked() -> None:
    """What an older agent does not tell, or nobody can read, is missing with the reason, and has no quotes."""
    node = NodeFacts("n", {"ports": Told(b"", b""), "tls": Told(b"{", b"{")})
    assert UNTOLD == node.read(NODE)
    assert UNTOLD == node.read(PORTS)
    broken = node.read(TLS)
    assert isinstance(broken, Missing)
    assert (Absence.UNPARSED, True) == (broken.why, "is no document" in broken.detail)
    assert ((), (), ()) == (node.quotes(NODE, ""), node.quotes(PORTS, "0"), node.quotes(TLS, "0"))
    assert 0.0 == node.collected_at(TOPICS)
    assert [] == [*FleetView([node]).each(PORTS)]
    assert node.is_one_of(frozenset())


def test_what_is_told_is_read_once() -> None:
    """Two checks get the same facts."""
    for node in (heard(views()[0]), NodeFacts.of(views()[0])):
        assert node.read(PORTS) is node.read(PORTS)
        assert AT == node.collected_at((PORTS, TLS)) == node.seen_at


def test_quotes_can_be_asked_by_their_source() -> None:
    """Of the lines about a port those of the address alone, or all."""
    for node in (heard(views()[0]), NodeFacts.of(views()[0])):
        assert ["hccn_tool/ip@2"] == [quote.key for quote in node.quotes(PORTS, "2", of=(ip.SOURCE,))]
        assert 6 == len(node.quotes(PORTS, "2", "0"))
        assert () == node.quotes(PORTS, "17")


def test_what_is_told_as_before_stays_the_same_object() -> None:
    """Only what differs is read again; what is no longer told is gone."""
    before = heard(views()[0])
    facts = {topic.name: before.read(topic) for topic in TOPICS}
    changed = {**tell_all(views()[0]), "tls": TLS.told_by(views({1: of(tls(0, 1))})[0])}
    after = before.followed_by(changed, {"ports": AT + 60}, AT + 61)
    assert (facts["ports"] is after.read(PORTS), facts["node"] is after.read(NODE)) == (True, True)
    assert facts["tls"] != after.read(TLS)
    assert (AT + 60, AT + 61) == (after.collected_at((PORTS, TLS)), after.seen_at)
    less = after.followed_by({"ports": Told(b"{}")})
    assert (Ports(), UNTOLD, None) == (less.read(PORTS), less.read(TLS), less.seen_at)
    assert UNTOLD == NodeFacts.of(views()[0]).followed_by({}).read(PORTS)


FAULTS: Dict[str, Tuple[Optional[Dict[int, Answers]], bool]] = {
    "healthy": (None, False),
    "healthy, direct": (None, True),
    "dark": ({1: dark(2)}, True),
    "dark at both ends": ({1: dark(2), 2: dark(2)}, True),
    "a module gone": ({1: without_module(2), 2: dark(2)}, True),
    "dropped": ({2: dropped(3)}, False),
    "tls": ({2: of(tls(1, 1))}, False),
    "firmware": ({1: of(board(0, firmware="6.4"))}, False),
    "twice": (
        {2: of(answer(hccn(1, "ip"), f"ipaddr:{address(1, 1)}\nnetmask:255.255.255.0\n"))},
        False,
    ),
    "target": ({1: of(answer(hccn(0, "netdetect"), "netdetect addr: 10.9.9.9\n"))}, True),
    "peer in vain": (
        {
            1: of(answer(hccn(0, "ip"), "ipaddr:10.9.9.9\nnetmask:255.255.255.0\n")),
            2: of(answer(hccn(0, "net_health"), "net health status: Receive timeout\n")),
        },
        True,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_over_the_wire_the_same_is_found(fault: str) -> None:
    """A fleet of told facts is judged and folded as one of which the answers are at hand."""
    changed, direct = FAULTS[fault]
    seen = views(changed, direct=direct)
    entries = catalogue.load()
    whole = judge_and_fold(seen, entries)
    own = [attrs.evolve(item, cause="") for item in whole if not entries[item.check].fleet]
    over_the_wire = FleetView([heard(view) for view in seen])
    across = judge_fleet(over_the_wire, entries)
    assert judge_fleet(FleetView.of(seen), entries) == across
    assert whole == refold([*own, *across], over_the_wire, entries)


def test_a_node_that_does_not_tell_is_named() -> None:
    """An older agent is no reason to pass a node over, nor to say nothing of the others."""
    whole = views(nodes=3)
    nodes = [heard(whole[0]), heard(whole[1]), NodeFacts("node-3", {"node": tell_all(whole[2])["node"]}, TIMES)]
    found = judged("cluster.tls-equal", nodes)
    assert [("node-3", Status.UNKNOWN), ("", Status.PASS)] == [(item.subject.node, item.status) for item in found]
    assert "what the node tells of the TLS switches of its NPUs is unknown" in found[0].summary
    assert f"{2 * NPUS} NPUs" in found[1].summary
    (alone,) = judged("cluster.tls-equal", nodes[2:])
    assert (subjects.node("node-3"), Status.UNKNOWN) == (alone.subject, alone.status)


def test_nodes_of_other_products_have_no_part() -> None:
    """Of a node without RoCE ports nothing is asked, whatever it does not tell."""
    other = told("other", node=Node(npus=8, generation=Generation.P310P))
    (found,) = judged("cluster.tls-equal", [other, *map(heard, views())])
    assert (Status.PASS, subjects.cluster()) == (found.status, found.subject)
    assert [Status.SKIP] == [item.status for item in judged("cluster.tls-equal", [other])]


WHAT_THEY_ARE: Dict[str, Dict[str, Any]] = {"n1": {"node": Node(npus=8)}, "n2": {}, "n3": {"node": Node()}}


def test_a_node_that_cannot_list_its_npus_is_among_those_to_look_at() -> None:
    """Where nobody tells anything, those are named that do not even tell what they are."""
    nodes = [told(name, tls=TlsSwitches(), **facts) for name, facts in WHAT_THEY_ARE.items()]
    (found,) = judged("cluster.tls-equal", nodes)
    assert (Status.UNKNOWN, ["n2", "n3"]) == (found.status, [subject.node for subject in found.affected])


class Counting:
    """A catalogue with a check for each topic, which counts how often it runs."""

    def __init__(self) -> None:
        self.ran: List[str] = []
        self.entries = {topic.name: self._entry(topic) for topic in (PORTS, TLS)}

    def _entry(self, topic: Topic[Any]) -> Entry:
        def judge(fleet: FleetView, limits: object) -> Iterator[Finding]:
            self.ran.append(topic.name)
            yield outcome.passed(fleet.subject, f"{len([*fleet.each(topic)])} nodes")
            yield from (outcome.passed(node.subject, "one") for node, _ in fleet.each(topic))

        check = Check(id=topic.name, topics=(topic,), judge=judge, limits=NoLimits())
        return Entry(check, Guide("t", {}), fleet=True)


def test_only_what_has_changed_is_judged_again() -> None:
    """A check runs again where one of its topics, what a node is, or the set of nodes has changed."""
    counting = Counting()
    judge = FleetJudge(counting.entries)
    one, two = map(heard, views())
    assert () == FleetJudge({}).judge(FleetView([one]))
    judge.judge(FleetView([]))
    judge.judge(FleetView([]))
    assert ["ports", "tls"] == counting.ran
    judge.judge(FleetView([one, two]))
    for nodes, ran in (
        ([one], ["ports", "tls"]),
        ([one, two], ["ports", "tls"]),
        ([two, one], []),
        ([one, two.followed_by(tell_all(views()[1]), TIMES)], []),
        ([one, two.followed_by({**tell_all(views()[1]), "tls": Told(b"{}")}, TIMES)], ["tls"]),
        ([one, two.followed_by({**tell_all(views()[1]), "node": Told(b"{}")}, TIMES)], ["ports", "tls"]),
        ([heard(views()[1])], ["ports", "tls"]),
    ):
        counting.ran.clear()
        found = judge.judge(FleetView(nodes))
        assert ran == counting.ran
        assert 2 * (len(nodes) + 1) == len(found)


def test_findings_have_the_time_of_what_they_rest_on() -> None:
    """The evidence of the node, else the oldest of all; it moves on though nothing is judged again."""
    judge = FleetJudge(Counting().entries)
    whole = views()
    nodes = [NodeFacts(view.name, tell_all(view), {"ports": AT + number}) for number, view in enumerate(whole)]
    assert [AT, AT, AT + 1, 0.0] == [item.judged_at for item in judge.judge(FleetView(nodes))][:4]
    later = [node.followed_by(tell_all(view), {"ports": AT + 60}) for node, view in zip(nodes, whole)]
    assert [AT + 60] * 3 == [item.judged_at for item in judge.judge(FleetView(later))][:3]
    of_ports = judge.judge(FleetView(later), lambda item: item.check == "ports" and bool(item.subject.node))
    assert [("node-1", AT + 60), ("node-2", AT + 60)] == [(item.subject.node, item.judged_at) for item in of_ports]


def test_ports_behind_a_switch_are_no_ends_of_a_cable() -> None:
    """Neighbours that probe each other over a switch, or over a router, are not joined by one cable."""
    assert () == fabric.of(FleetView.of(views())).pairs
    direct = fabric.of(FleetView.of(views(direct=True)))
    assert NPUS == len(direct.pairs)
    assert [("node-1", "0"), ("node-2", "0")] == [end.key for end in direct.pairs[0]]
    assert {("node-1", "3"): 3, ("node-2", "3"): 3}.items() <= direct.joined.items()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Port(0, address="10.0.0.1", netdetect="10.0.0.2"), Port(0, address="10.0.0.2", netdetect="10.0.0.9")),
        (Port(0, address="10.0.0.1", netdetect="10.0.0.1"), Port(0, address="10.0.0.2", netdetect="10.0.0.2")),
        (Port(0, address="10.0.0.1", netdetect="10.0.0.2"), Port(0, address="10.0.0.2")),
        (
            Port(0, address="10.0.0.1", netdetect="10.0.0.2"),
            Port(0, address="10.0.0.2", netdetect="10.0.0.1", neighbour=Neighbour("switch")),
        ),
        (
            Port(0, address="10.0.0.1", netdetect="10.0.0.2"),
            Port(0, address="10.0.0.2", netdetect="10.0.0.1", gateway="10.0.0.254"),
        ),
    ],
)
def test_a_cable_has_two_ends_that_probe_each_other(first: Port, second: Port) -> None:
    """One that probes another, or itself, or has a switch or a router behind it, is no end."""
    assert () == fabric.of(FleetView([told("n1", ports=Ports((first,))), told("n2", ports=Ports((second,)))])).pairs


def test_ports_are_found_by_their_addresses() -> None:
    """An address that several have leads to none of them; one that a port has left leads to that port."""
    one = told("n1", ports=Ports((Port(0, address="10.0.0.1", saved_address="10.0.0.5"), Port(1, address="10.0.0.2"))))
    two = told("n2", ports=Ports((Port(0, address="10.0.0.2"), Port(1))))
    ports = fabric.of(FleetView([one, two]))
    assert "n1 NPU 0 port" == str(ends(ports.owner("10.0.0.1"))) == str(ends(ports.leaver("10.0.0.5")))
    assert [None] * 4 == [ports.owner("10.0.0.2"), ports.owner("10.0.0.5"), ports.owner(None), ports.leaver(None)]
    assert "n2 NPU 1 port" == str(ends(ports.end(subjects.port("n2", 1))))
    assert None is ports.end(subjects.port("n3", 1))
    assert None is ports.end(subjects.port("n2", 7))


def ends(end: Optional[fabric.End]) -> subjects.Subject:
    """Return what a port is."""
    assert end is not None
    return end.subject


def test_the_fabric_is_built_once() -> None:
    """A check and the folding use the same."""
    fleet = FleetView.of(views())
    assert fabric.of(fleet) is fabric.of(fleet.limited_to([PORTS], fleet.nodes[:1]))


def test_what_passed_is_not_touched_by_folding() -> None:
    """Folding looks at problems and blind spots alone, and keeps the order."""
    port = subjects.port("n", 0)
    good = [Finding("roce.link", port, Status.PASS, "up"), Finding("roce.mtu", port, Status.SKIP, "none")]
    bad = [Finding("roce.optical.present", port, Status.FAIL, "gone"), Finding("roce.link", port, Status.FAIL, "down")]
    found = fold([good[0], *bad, good[1]])
    assert (good[0] is found[0], good[1] is found[3]) == (True, True)
    assert ["", bad[0].key] == [item.cause for item in found[1:3]]


def test_findings_are_sorted_by_the_nodes_that_they_concern() -> None:
    """A finding about several nodes concerns each of them once."""
    one, two = subjects.node("n1"), subjects.node("n2")
    both = Finding("c", one, Status.FAIL, "x", affected=(two, two, one))
    alone = Finding("c", two, Status.FAIL, "x")
    assert {"n1": [both], "n2": [both, alone]} == by_node([both, alone])


def test_a_side_of_very_many_nodes_is_told_in_few_words() -> None:
    """Of hundreds of nodes some are named, and how many there are besides."""
    switches = [TlsSwitches((TlsSwitch(0, number % 2),)) for number in range(200)]
    found = judged("cluster.tls-equal", [told(f"n{number}", tls=item) for number, item in enumerate(switches)])
    assert 100 == len(found)
    assert found[0].candidates[0].endswith("; n62 NPU 0; and 68 more nodes")
    versions = [Node(npus=8, driver=f"25.{number % 2}") for number in range(200)]
    (tie,) = judged("cluster.version-equal", [told(f"n{number}", node=item) for number, item in enumerate(versions)])
    assert tie.candidates[0].endswith(", n62, and 68 more")
    assert 200 == len(tie.affected)


def test_an_address_that_was_rolled_out_has_no_culprit() -> None:
    """Of very many owners none is the odd one; they are told in few words, and all of them are affected."""
    ports = Ports((Port(0, address="10.0.0.1", netmask="255.0.0.0"),))
    (found,) = judged("cluster.ip-duplicate", [told(f"n{number}", ports=ports) for number in range(100)])
    assert (Confidence.UNDETERMINED, 100, 16) == (found.confidence, len(found.affected), len(found.candidates))
    assert found.summary.endswith("n15 NPU 0 port, and 84 more")
    planned = attrs.evolve(ports, ports=(attrs.evolve(ports.ports[0], saved_address="10.0.0.2"),))
    odd = [*(told(f"n{number}", ports=ports) for number in range(100)), told("odd", ports=planned)]
    (found,) = judged("cluster.ip-duplicate", odd)
    assert (subjects.port("odd", 0), Confidence.DIRECT) == (found.subject, found.confidence)


@pytest.mark.parametrize(
    ("port", "status"),
    [
        (Port(0, address="10.0.0.1", netmask="255.0.0.0", netdetect="10.9.9.9"), Status.PASS),
        (Port(0, address="10.0.0.1", netmask="255.0.0.0", netdetect="11.9.9.9"), Status.WARN),
        (Port(0, address="10.0.0.1", netmask="255.0.0.0", netdetect="1x.9.9.9"), Status.PASS),
        (Port(0, address="10.0.0.1", netdetect="11.9.9.9"), Status.PASS),
    ],
)
def test_a_target_has_to_be_near(port: Port, status: Status) -> None:
    """Without a gateway it lies in the subnet of the port; where target or subnet are not known nothing is said."""
    (found,) = judged("cluster.netdetect-target", [told("n1", ports=Ports((port,)))])
    assert status is found.status


def test_a_problem_quotes_what_the_node_told() -> None:
    """The lines travel beside the facts, so that the collector can show them."""
    seen = views({1: of(answer(hccn(0, "netdetect"), "netdetect addr: 10.9.9.9\n"))}, direct=True)
    (found,) = judged("cluster.netdetect-target", [heard(view) for view in seen])
    assert [("hccn_tool/netdetect@0", ("netdetect addr: 10.9.9.9",))] == [
        (quote.key, quote.lines) for quote in found.quotes
    ]
    assert netdetect.SOURCE in ENTRIES["cluster.netdetect-target"].check.reads


def test_the_sources_of_a_check_follow_from_its_topics() -> None:
    """The plan asks what the topics read, each source once."""
    check: Check[Any, Any] = Check(id="x", topics=(TLS, PORTS, TLS), judge=lambda *_: iter(()), limits=NoLimits())
    assert (*TLS.reads, *PORTS.reads) == check.reads
    assert all(entry.check.topics for entry in ENTRIES.values())
    silent = NodeView("n", of(mapping(1)))
    assert (None, True) == (NodeFacts.of(NodeView("n", {})).seen_at, bool(NodeFacts.of(silent).seen_at))
