"""What nodes tell their cluster: how it is found, written and read."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Dict, List

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.checks import told_forms
from ascend_doctor.checks.told_forms import MAX_BYTES, UNTOLD
from ascend_doctor.checks.topic import Topic, read_quotes
from ascend_doctor.checks.topics import TOPICS, tell_all
from ascend_doctor.checks.topics.node import NODE, Node
from ascend_doctor.checks.topics.ports import MAX_PORTS, PORTS, Neighbour, Port, Ports
from ascend_doctor.checks.topics.tls import TLS, TlsSwitches
from ascend_doctor.checks.view import NOT_ASKED, NodeView
from ascend_doctor.facts.hccn_tool import ip, net_health, netdetect, tls
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.forms import TEXT, CodecError
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from small_cluster import AT, DRIVER, FIRMWARE, NPUS, answer, board, dropped, hccn, host, mapping, node, of, views
from small_cluster import tls as tls_answer

UNSET = answer(hccn(0, "ip"), "", "Get ipconf failed, because no ip was preset there!\n", 13)
NOT_SET = Missing(Absence.NOT_CONFIGURED, "Get ipconf failed, because no ip was preset there!", 13)


def ports_of(view: NodeView) -> Ports:
    """Return what a node tells of its ports."""
    facts = PORTS.facts_of(view)
    assert isinstance(facts, Ports)
    return facts


def test_a_node_tells_what_it_is() -> None:
    """Product, generation, count and versions; of a node without answers why there is nothing."""
    assert Node(NPUS, Generation.A2, False, "Ascend 910B3", DRIVER, (FIRMWARE,)) == NODE.facts_of(views()[0])
    silent = NODE.facts_of(NodeView("n", {}))
    assert Node(npus=NOT_ASKED, generation=NOT_ASKED, driver=NOT_ASKED) == silent


def test_the_cards_tell_the_driver_before_the_table_does() -> None:
    """What runs on the first card that tells it counts; the product has no name where the chips have none."""
    (view,) = views({1: of(board(0, driver="25.5.9"))}, nodes=1)
    facts = NODE.facts_of(view)
    assert isinstance(facts, Node)
    assert "25.5.9" == facts.driver
    nameless = answer("npu-smi info", "")
    facts = NODE.facts_of(NodeView("n", of(nameless)))
    assert isinstance(facts, Node)
    assert isinstance(facts.npus, Missing)
    assert None is facts.product


@pytest.mark.parametrize(
    ("facts", "generations", "has_it"),
    [
        (Node(generation=Generation.A2), {Generation.A2}, True),
        (Node(generation=Generation.A5), {Generation.A2}, False),
        (Node(generation=Generation.A5, older_form=True), {Generation.A2}, True),
        (Node(generation=Generation.A5, older_form=True), {Generation.A3}, False),
        (Node(), {Generation.A2}, True),
    ],
)
def test_a_product_that_is_not_known_may_be_any(facts: Node, generations: Any, has_it: bool) -> None:
    """A check is not for a product only where the product is known; a 950 may be asked like an A2."""
    assert has_it is facts.is_one_of(frozenset(generations))


def test_a_node_tells_how_its_ports_are_set() -> None:
    """Of each port its own settings and what it sees, and nothing of /etc/hccn.conf where both agree."""
    facts = ports_of(views()[0])
    assert [*range(NPUS)] == [port.phy_id for port in facts.ports]
    assert (
        Port(
            1,
            address="192.168.1.1",
            netmask="255.255.255.0",
            gateway="192.168.1.250",
            netdetect="192.168.1.250",
            link_up=True,
            healthy=True,
            neighbour=Neighbour("switch", None, "400GE1/1/1"),
        )
        == facts.ports[1]
    )
    assert (None, NOT_REPORTED) == (facts.gap, facts.saved_at)


def test_a_silent_neighbour_is_none() -> None:
    """Where nobody announces himself the neighbour is missing, and may be anybody."""
    (port,) = ports_of(NodeView("n", of(mapping(1), UNSET, answer(hccn(0, "lldp"), "\n")))).ports
    assert Missing(Absence.NOT_REPORTED, "no neighbour announces itself") == port.neighbour
    assert None is port.peer


def test_what_the_file_has_otherwise_is_told() -> None:
    """The saved address of a port that lives under another, that has none, or that does not answer."""
    conf = "address_0=10.0.0.1\nnetmask_0=255.0.0.0\ngateway_0=10.0.0.254\nnetdetect_0=10.0.0.9\n"
    saved = answer("cat /etc/hccn.conf", conf)
    other = answer(hccn(0, "ip"), "ipaddr:10.0.0.2\nnetmask:255.0.0.0\n")
    (moved,) = ports_of(NodeView("n", of(mapping(1), saved, other))).ports
    assert ("10.0.0.2", "10.0.0.1", "10.0.0.1") == (moved.used_address, moved.saved_address, moved.left)
    assert ("10.0.0.254", "10.0.0.9") == (moved.used_gateway, moved.probes)
    (unset,) = ports_of(NodeView("n", of(mapping(1), saved, UNSET))).ports
    assert (NOT_SET, None, "10.0.0.1", True) == (unset.address, unset.used_address, unset.left, unset.is_known)
    (view,) = views({1: {**dropped(0), **of(saved, mapping(1))}}, nodes=1)
    gone = ports_of(view).ports[0]
    assert ("10.0.0.1", None, None) == (gone.used_address, gone.left, gone.claim)
    assert isinstance(gone.address, Missing)


def test_a_port_that_only_the_file_knows_is_told() -> None:
    """An NPU that has dropped from the map still has an address for its peers."""
    saved = answer("cat /etc/hccn.conf", "address_0=10.0.0.1\nnetmask_0=255.0.0.0\naddress_7=10.0.0.7\nnetmask_7=-\n")
    facts = ports_of(NodeView("n", of(mapping(1), saved, UNSET)))
    assert [(0, None), (7, "10.0.0.7")] == [(port.phy_id, port.used_address) for port in facts.ports]
    assert {"0"} == set(PORTS.quotes_of(NodeView("n", of(mapping(1), saved, UNSET))))
    unknown = answer("cat /etc/hccn.conf", "address_0=\nnetmask_0=\n")
    (port,) = ports_of(NodeView("n", of(mapping(1), unknown))).ports
    assert (None, False) == (port.used_address, port.is_known)


def test_why_no_port_was_asked_is_told() -> None:
    """Without a map, or without an answer, the reason stands for all ports; /etc/hccn.conf may still name some."""
    assert Ports((), NOT_ASKED, NOT_ASKED) == PORTS.facts_of(NodeView("n", {}))
    assert TlsSwitches((), NOT_ASKED) == TLS.facts_of(NodeView("n", of(mapping(1))))
    assert {} == PORTS.quotes_of(NodeView("n", {}))
    assert {} == TLS.quotes_of(NodeView("n", {}))
    assert {"": ()} == NODE.quotes_of(NodeView("n", {}))
    assert b"{}" == NODE.told_by(NodeView("n", {})).quotes


def test_when_the_settings_were_written_is_told() -> None:
    """The time of the file, where the host tells it."""
    written = host(file_times={"/etc/hccn.conf": AT})
    assert AT == ports_of(NodeView("n", of(mapping(1), written))).saved_at
    assert NOT_REPORTED == ports_of(NodeView("n", of(mapping(1), host()))).saved_at


@pytest.mark.parametrize(
    ("port", "claim"),
    [
        (Port(0, address="10.0.0.1", netmask="255.255.255.0"), "10.0.0.1"),
        (Port(0, address="10.0.0.1"), "10.0.0.1"),
        (Port(0, address="10.0.0.1", netmask="255.x.x.0"), "10.0.0.1"),
        (Port(0, address="10.0.0.1", netmask="255.255.255.252"), None),
        (Port(0, address="10.0.0.1", netmask="255.255.255.252", neighbour=Neighbour("npu")), None),
        (Port(0, address="10.0.0.1", netmask="255.255.255.252", neighbour=Neighbour("switch")), "10.0.0.1"),
        (Port(0, address="10.x.x.1", netmask="255.255.255.0"), None),
        (Port(0, address=NOT_SET), None),
    ],
)
def test_an_address_belongs_to_one_port_but_on_a_cable_of_its_own(port: Port, claim: Any) -> None:
    """Small networks without a switch may be used again elsewhere; a masked address is nobody's."""
    assert claim == port.claim


def test_a_node_tells_its_tls_switches() -> None:
    """A missing certificate counts as off; what could not be read counts as nothing."""
    bare = answer(hccn(1, "tls"), "", "No certificate found\n", 1)
    (view,) = views({1: of(tls_answer(0, 1), bare, answer(hccn(2, "tls"), "odd"))}, nodes=1)
    facts = TLS.facts_of(view)
    assert isinstance(facts, TlsSwitches)
    assert [1, 0, None, 0] == [switch.effective for switch in facts.switches]
    assert {1: (0,), 0: (1, 3)} == facts.by_value


def test_quotes_prove_what_is_told() -> None:
    """A few lines of each answer that the facts come from, by port."""
    view = views()[0]
    found = PORTS.quotes_of(view)
    assert [*map(str, range(NPUS))] == list(found)
    assert [f"{source.name}@2" for source in (ip.SOURCE, netdetect.SOURCE, net_health.SOURCE)] == [
        quote.key for quote in found["2"]
    ]
    assert ("ipaddr:192.168.2.1", "netmask:255.255.255.0") == found["2"][0].lines
    assert "tls switch[0]" in TLS.quotes_of(view)["1"][0].lines[0]
    assert 2 == len(NODE.quotes_of(view)[""][0].lines)


def test_a_topic_is_told_and_read_back() -> None:
    """What travels is what the node knows, in the same bytes whenever it knows the same."""
    view = views({1: dropped(3)})[0]
    for topic in TOPICS:
        told = topic.told_by(view)
        assert topic.facts_of(view) == topic.decode(told.facts)
        assert told.facts == topic.encode(topic.decode(told.facts))
        quotes = topic.quotes_of(view)
        assert tuple(quote for items in quotes.values() for quote in items) == read_quotes(told.quotes, quotes)
    again = NodeView("n", dict(reversed([*view.evidence.items()])))
    assert tell_all(view) == tell_all(again)


def test_times_of_collection_stand_beside_what_is_told() -> None:
    """The same answers in a later round are told in the same bytes; only the time of collection is another."""
    view = views()[0]
    later = NodeView("n", {key: attrs.evolve(item, started_at=AT + 60) for key, item in view.evidence.items()})
    told = tell_all(view)
    assert {AT} == {item.collected_at for item in told.values()}
    assert {name: attrs.evolve(item, collected_at=AT + 60) for name, item in told.items()} == tell_all(later)


def test_names_of_topics_differ_from_ids_of_checks() -> None:
    """Both name what a node shares: a topic has no dot in its name."""
    names = [topic.name for topic in TOPICS]
    assert len(set(names)) == len(names)
    assert [] == [name for name in names if "." in name or "/" in name or name != name.lower()]


def test_a_bug_in_a_topic_is_told_as_the_doctors_own_trouble() -> None:
    """It breaks nothing else, and so does reading what is not declared; nothing is quoted then."""

    def tells_more(view: NodeView) -> str:
        return str(view.read(tls.SOURCE))

    def breaks(view: NodeView) -> Any:
        raise KeyError("a bug")

    topic = Topic("x", "it", (ip.SOURCE,), tells_more, TEXT, breaks)
    gap = topic.facts_of(views()[0])
    assert isinstance(gap, Missing)
    assert "UndeclaredReadError in the topic x" in gap.detail
    assert {} == topic.quotes_of(views()[0])
    assert gap == topic.decode(topic.told_by(views()[0]).facts)
    assert {} == attrs.evolve(topic, quote=PORTS.quote).quotes_of(NodeView("n", {}))


def test_a_topic_may_have_nothing_to_quote() -> None:
    """Without a function for it nothing is quoted."""
    plain = Topic("x", "it", (), lambda view: view.name, TEXT)
    assert {} == plain.quotes_of(views()[0])
    assert "node-1" == plain.decode(plain.told_by(views()[0]).facts)


def test_a_newer_node_may_tell_more() -> None:
    """Keys and words that are not known are passed over; what is known is read."""
    told = {
        "npus": 8,
        "colour": "blue",
        "generation": "A9",
        "driver": {"why": "on-strike", "detail": "no pay", "since": 5},
    }
    facts = NODE.decode(json.dumps(told).encode())
    assert isinstance(facts, Node)
    assert 8 == facts.npus
    assert Missing(Absence.NOT_REPORTED, "no pay") == facts.driver
    assert isinstance(facts.generation, Missing)
    assert "A9" in facts.generation.detail


def test_an_older_node_may_tell_less() -> None:
    """What is left out was not told, which is not that it is not there."""
    assert Node() == NODE.decode(b"{}")
    assert UNTOLD == Node().npus
    assert Ports((Port(0),)) == PORTS.decode(b'{"ports":[{"phy_id":0}]}')


BAD: List[Any] = [
    (b"", "is no document"),
    (b"{", "is no document"),
    (b"\xff\xfe{\x00}\x00", "is no document"),
    (b'{"saved_at":NaN}', "is no document"),
    (b'{"saved_at":1e999}', "saved_at: expected a finite number"),
    (b'{"saved_at":1' + b"0" * 400 + b"}", "saved_at: expected a finite number"),
    (b"[" * 100_000, "is no document"),
    (b" " * (MAX_BYTES + 1), f"{MAX_BYTES + 1} bytes, {MAX_BYTES} are allowed"),
    (b"[]", "expected an object"),
    (b'{"ports":{}}', "ports: expected a list"),
    (b'{"ports":[7]}', r"ports\[0\]: expected an object"),
    (b'{"ports":[{}]}', r"ports\[0\].phy_id: is missing"),
    (b'{"ports":[{"phy_id":true}]}', r"ports\[0\].phy_id: expected an integer"),
    (b'{"ports":[{"phy_id":1' + b"0" * 20 + b"}]}", r"ports\[0\].phy_id: a number that is too large"),
    (b'{"ports":[{"phy_id":0,"address":5}]}', r"ports\[0\].address: expected text"),
    (b'{"ports":[{"phy_id":0,"address":"' + b"1" * 65 + b'"}]}', r"ports\[0\].address: expected at most 64"),
    (b'{"ports":[{"phy_id":0,"address":"\\ud800"}]}', r"ports\[0\].address: expected text"),
    (b'{"ports":[{"phy_id":0,"link_up":1}]}', r"ports\[0\].link_up: expected true or false"),
    (b'{"ports":[{"phy_id":0,"link_up":{"why":5}}]}', r"ports\[0\].link_up.why: expected text"),
    (b'{"ports":[' + b",".join([b'{"phy_id":0}'] * (MAX_PORTS + 1)) + b"]}", "ports: 257 items, 256 are allowed"),
    (b'{"gap":7}', "gap: expected an object"),
]


@pytest.mark.parametrize(("data", "says"), BAD, ids=range(len(BAD)))
def test_what_no_honest_node_tells_is_refused(data: bytes, says: str) -> None:
    """Wrong types and sizes, with the place; nothing else ever escapes."""
    with pytest.raises(CodecError, match=says):
        PORTS.decode(data)


def test_what_is_too_long_is_cut_before_it_travels() -> None:
    """What an honest node sends can be read, whatever its tools print."""
    facts = Ports(
        tuple(
            Port(number, address="1" * 99, gateway=Missing(Absence.UNPARSED, "x" * 999, -(10**30)))
            for number in range(MAX_PORTS + 5)
        )
    )
    found = PORTS.decode(PORTS.encode(facts))
    assert isinstance(found, Ports)
    assert (MAX_PORTS, "1" * 64) == (len(found.ports), found.ports[0].address)
    gap = found.ports[0].gateway
    assert isinstance(gap, Missing)
    assert (told_forms.MAX_DETAIL, -told_forms.MAX_NUMBER) == (len(gap.detail), gap.code)
    half = NODE.decode(NODE.encode(Node(product="chip \udc80")))
    assert Node(product="chip ?") == half


def test_a_file_with_too_many_ports_does_not_burst_the_topic() -> None:
    """Only so many ports are told, however many /etc/hccn.conf lists."""
    lines = "".join(f"address_{number}=10.0.0.1\nnetmask_{number}=255.0.0.0\n" for number in range(900))
    view = NodeView("n", of(mapping(1), answer("cat /etc/hccn.conf", lines)))
    assert MAX_PORTS == len(ports_of(view).ports)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"3":7}', r"^\['3'\]: expected a list"),
        (b'{"3":[{"key":"k"}]}', r"^\['3'\]\[0\].digest: is missing"),
        (b'{"3":[{"key":"k","digest":"d","command":"c","lines":["a","b","c"]}]}', r"lines: 3 items, 2 are allowed"),
        (b"[]", "expected an object"),
    ],
)
def test_quotes_that_are_none_are_refused(data: bytes, says: str) -> None:
    """Only the quotes that are asked for are looked at."""
    with pytest.raises(CodecError, match=says):
        read_quotes(data, ["3"])
    if b"{" in data:
        assert () == read_quotes(data, ["4"])


TEXTS = st.text(max_size=150)
GAPS = st.builds(
    Missing, st.sampled_from(Absence), st.text(st.characters(exclude_categories=["Cs"]), max_size=100), st.none()
)
SETTINGS = st.one_of(GAPS, st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
FLAGS = st.one_of(GAPS, st.booleans())
PORT = st.builds(
    Port,
    st.integers(0, 70),
    address=SETTINGS,
    netmask=SETTINGS,
    gateway=SETTINGS,
    netdetect=SETTINGS,
    link_up=FLAGS,
    healthy=FLAGS,
    neighbour=st.one_of(GAPS, st.builds(Neighbour, st.sampled_from([None, "npu", "switch"]))),
    saved_address=st.sampled_from([None, "10.0.0.1"]),
)


@settings(max_examples=60, deadline=None)
@given(st.builds(Ports, st.lists(PORT, max_size=5).map(tuple), st.one_of(st.none(), GAPS), GAPS))
def test_whatever_is_told_is_read_back(facts: Ports) -> None:
    """Every fact survives the way, its reasons too."""
    assert facts == PORTS.decode(PORTS.encode(facts))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["ports", "gap", "saved_at", "phy_id", "address", "link_up", "why", "switches", "npus", "driver"]
)


@settings(max_examples=60, deadline=None)
@given(st.one_of(JSON, st.dictionaries(KEYS, st.one_of(JSON, st.lists(st.dictionaries(KEYS, JSON))))))
def test_no_document_breaks_the_reader(document: object) -> None:
    """Any document is read, or refused as one."""
    data = json.dumps(document).encode()
    for topic in TOPICS:
        with contextlib.suppress(CodecError):
            assert topic.decode(data) is not None
    with contextlib.suppress(CodecError):
        assert isinstance(read_quotes(data, ["ports"]), tuple)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(node(1, 2))), st.binary(max_size=200)))
def test_no_answer_breaks_a_topic(garbled: Dict[str, bytes]) -> None:
    """Whatever the tools print, a node tells something that can be read."""
    whole = node(1, 2)
    answers = {key: attrs.evolve(item, stdout=garbled.get(key, item.stdout)) for key, item in whole.items()}
    view = NodeView("n", answers)
    for topic in TOPICS:
        facts = topic.facts_of(view)
        assert not isinstance(facts, Missing)
        assert not isinstance(topic.decode(topic.told_by(view).facts), Missing)


def test_a_quote_travels_whole() -> None:
    """What a quote says of the run is told where it is not the usual."""
    silent = Evidence("hccn_tool/ip@0", ("hccn_tool",), note="killed at its deadline")
    view = NodeView("n", {**of(mapping(1)), silent.key: silent})
    (quote,) = read_quotes(PORTS.told_by(view).quotes, ["0"])
    assert ("doctor", ("killed at its deadline",)) == (quote.stream, quote.lines)
