"""The settings of a RoCE port that no check asks about: what the simulated tool prints is read as what it was fed."""

from __future__ import annotations

from typing import Any, List, Tuple

import attrs
import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.simulator import tools
from ascend_doctor.simulator.hardware import Answer, Machine, Neighbour
from ascend_doctor.simulator.hardware.port_settings import LaneDowngrade
from ascend_doctor.simulator.profiles import PRODUCTS
from samples import answer


def machine(product: str = "atlas-800t-a3") -> Machine:
    """Return a machine with two NPUs."""
    return PRODUCTS[product].machine("n1", 2)


def printed(one: Machine, words: str) -> Answer:
    """Return what the tool prints about the first NPU."""
    return tools.answer(one, ["hccn_tool", "-i", "0", *words.split()], 1_767_312_000.0)


def read(one: Machine, words: str) -> Any:
    """Return what the doctor reads of it."""
    query = query_for_command(["hccn_tool", "-i", "0", *words.split()])
    assert query is not None
    said = printed(one, words)
    return query.source.read(Evidence("k", (), stdout=said.stdout, stderr=said.stderr, exit_code=said.exit_code))


def parsed(words: str, text: str, exit_code: int = 0) -> Any:
    """Return what the doctor reads of a text."""
    query = query_for_command(["hccn_tool", "-i", "0", *words.split()])
    assert query is not None
    return query.source.read(answer(text.encode(), exit_code=exit_code))


def test_how_classes_share_the_bandwidth() -> None:
    """By class: the share in percent and the algorithm."""
    facts = read(machine(), "-tc_qos -g")
    assert ((25, 25, 25, 25, 0, 0, 0, 0), ("ets",) * 4 + ("strict",) * 4) == (facts.tc_bandwidth_pct, facts.tsa)


def test_the_buffer_of_a_class() -> None:
    """The highest use of a class that the product has, and that it does not have another."""
    one = machine()
    one.ports[0].settings.classes.most_used[2] = 4096
    used, unused = read(one, "-cur_tc_buf -g tc 2"), read(one, "-cur_tc_buf -g tc 5")
    assert [(True, 4096), (False, None)] == [(facts.enabled, facts.used_buffer) for facts in (used, unused)]


def test_the_reaction_to_congestion() -> None:
    """Whether it is on, the DSCP of the notifications, and the numbers of the algorithm that was asked about."""
    one = machine()
    status, dscp = read(one, "-dcqcn -g status"), read(one, "-dcqcn -g cnp_dscp")
    parameters = read(one, "-dcqcn -g param alg_mode 1").parameters
    assert (True, 0, 48) == (status.enabled, status.alg_mode, dscp.cnp_dscp)
    assert (12, 200_000, 1) == (len(parameters), parameters["max_speed"], parameters["alg_mode"])


def test_the_reaction_to_congestion_where_the_device_knows_less() -> None:
    """It is switched off, has no DSCP, and a speed that is none of the two."""
    one = machine()
    settings = one.ports[0].settings.congestion
    settings.enabled, settings.cnp_dscp, settings.parameters["max_speed"] = False, 255, 1
    assert read(one, "-dcqcn -g status").enabled is False
    assert Absence.NOT_CONFIGURED is read(one, "-dcqcn -g cnp_dscp").cnp_dscp.why
    assert Absence.NOT_REPORTED is read(one, "-dcqcn -g param alg_mode 0").parameters["max_speed"].why


@pytest.mark.parametrize(
    ("lanes", "expected"),
    [
        (LaneDowngrade(), (False, True, 7, "not downgrade")),
        (LaneDowngrade(True, False, 3, 1), (True, False, 3, "downgrade success")),
        (LaneDowngrade(state=2), (False, True, 7, "downgrade failure")),
        (LaneDowngrade(state=9), (False, True, 7, None)),
    ],
)
def test_fewer_lanes(lanes: LaneDowngrade, expected: Tuple[Any, ...]) -> None:
    """Setting, ability, patience and what came of it; a state that the tool has no word for is left out."""
    one = machine()
    one.ports[0].settings.downgrade = lanes
    shown = document(read(one, "-auto_downgrade -g"))
    names = ("enabled", "supported", "filter_time_s", "downgrade_status")
    assert expected == tuple(shown[name] for name in names)


def test_how_long_a_lost_link_is_kept_quiet() -> None:
    """In seconds."""
    one = machine()
    one.ports[0].settings.down_filter_s = 2
    assert 2 == read(one, "-link -g down_fault_time").down_fault_time_s
    assert "UP" == read(one, "-link -g").link


def test_the_neighbours_by_ipv6() -> None:
    """One that somebody put there, one that answers, one that does not."""
    one = machine()
    one.ports[0].settings.ipv6_neighbours = [
        Neighbour("2001:db8::1", "02:00:00:00:00:01", "eth0"),
        Neighbour("2001:db8::2", "02:00:00:00:00:02", "eth0", permanent=True),
        Neighbour("2001:db8::3", "", "eth0"),
    ]
    facts = read(one, "-neigh -inet6 -g")
    assert ["REACHABLE", "PERMANENT", "INCOMPLETE"] == [entry.state for entry in facts.entries]
    assert (3, True) == (facts.entry_count, isinstance(facts.entries[2].mac, Missing))
    assert (
        parsed("-neigh -inet6 -g", "neigh table:\nfe80::1 dev eth0 lladdr 02:00:00:00:00:01 router STALE\n")
        .entries[0]
        .router
    )


def test_what_a_port_announces_of_itself() -> None:
    """It has the form of a neighbour's announcement."""
    facts = parsed("-local_lldp -g", "Chassis ID TLV\n\tMAC: 02:00:00:00:00:01\nEnd of LLDPDU TLV\n")
    assert "02:00:00:00:00:01" == facts.chassis_id


WORDS = ("-tc_qos -g", "-cur_tc_buf -g tc 0", "-dcqcn -g status", "-dcqcn -g cnp_dscp", "-dcqcn -g param alg_mode 0")
WORDS += ("-auto_downgrade -g", "-link -g down_fault_time", "-neigh -inet6 -g")


@pytest.mark.parametrize("words", WORDS)
def test_a_tool_that_does_not_know_the_words_has_nothing_to_tell(words: str) -> None:
    """What an older tool calls an unknown option the doctor calls not supported."""
    assert Absence.NOT_SUPPORTED is parsed(words, "Get unknown option!\n", 3).why


@pytest.mark.parametrize("words", WORDS)
def test_a_cut_or_doubled_answer_is_refused(words: str) -> None:
    """Half of an answer, and the same answer twice, give no facts."""
    text = printed(machine(), words).stdout.decode()
    for damaged in (text * 2, text[:-1], text.partition("\n")[2] or "nothing of the kind\n"):
        assert Absence.UNPARSED is parsed(words, damaged).why


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("-tc_qos -g", "TC Bandwidth: 25% 25%\nTSA_MAP: 0:ets 1:ets\n"),
        ("-tc_qos -g", "TC Bandwidth: " + "0% " * 8 + "\nTSA_MAP: " + "0:ets " * 8 + "\n"),
        ("-dcqcn -g status", "dcqcn enable status:   maybe\ndcqcn enable alg_mode: 0\n"),
        ("-dcqcn -g cnp_dscp", "cnp_dscp     : 64\n"),
        ("-auto_downgrade -g", "setting          : on\nability          : support\nfilter time      : 7 s\n"),
        ("-auto_downgrade -g", "setting          : enable\nability          : some\nfilter time      : 7 s\n"),
        ("-auto_downgrade -g", "setting          : enable\nability          : support\nfilter time      : 7\n"),
        (
            "-auto_downgrade -g",
            "setting          : enable\nability          : support\nfilter time      : 7 s\ndowngrade status : odd\n",
        ),
        ("-link -g down_fault_time", "down_fault_time: 1\n"),
        ("-neigh -inet6 -g", "neigh table:\n10.0.0.1 dev eth0 REACHABLE\n"),
        ("-neigh -inet6 -g", "neigh table:\nnobody\n"),
        ("-neigh -inet6 -g", "neigh table:\nfe80::1 dev eth0 FAILED\nfe80::1 dev eth0 FAILED\n"),
    ],
)
def test_an_answer_of_another_form_is_refused(words: str, text: str) -> None:
    """Values out of form are never taken for facts."""
    assert Absence.UNPARSED is parsed(words, text).why


REFUSED: List[Tuple[str, int]] = [
    ("-dcqcn", 4),
    ("-dcqcn -s enable 1", 12),
    ("-dcqcn -x", 3),
    ("-dcqcn -g", 4),
    ("-dcqcn -g status now", 4),
    ("-dcqcn -g all", 3),
    ("-dcqcn -g param", 4),
    ("-dcqcn -g param mode 0", 3),
    ("-dcqcn -g param alg_mode 2", 1),
    ("-neigh -inet6", 4),
    ("-neigh -g now", 3),
    ("-neigh -inet6 -a", 12),
    ("-neigh -inet6 -x", 3),
    ("-neigh -inet6 -g now", 4),
]


@pytest.mark.parametrize(("words", "code"), REFUSED)
def test_wrong_words_are_refused(words: str, code: int) -> None:
    """Each wrong call has its exit code."""
    assert code == printed(machine(), words).exit_code


def test_what_the_9000_and_older_boards_lack() -> None:
    """No IPv6 on the one, no lanes to give up on the other."""
    assert b"IPV6" in printed(machine("atlas-9000-a3"), "-neigh -inet6 -g").stdout
    assert 13 == printed(machine("atlas-800t-a2"), "-auto_downgrade -g").exit_code


def test_calls_that_fail_do_so_without_a_reason() -> None:
    """The tool does not tell why."""
    one = machine()
    settings = one.ports[0].settings
    settings.downgrade, settings.classes = None, attrs.evolve(settings.classes, schedule=None)
    assert [1, 1] == [printed(one, words).exit_code for words in ("-tc_qos -g", "-auto_downgrade -g")]
