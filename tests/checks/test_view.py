"""What a check sees of a node and of a fleet."""

from __future__ import annotations

import attrs

from ascend_doctor.checks.view import NOT_ASKED, NodeView
from ascend_doctor.facts.hccn_tool import link, ping
from ascend_doctor.facts.hccn_tool.link import LinkFacts
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import board, info
from ascend_doctor.facts.source import EARLIER, WHOLE_NODE, Target
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.reading import Absence, Missing
from small_cluster import AT, answer, ecc, hccn, mapping, of, silent, table

UP = "link status: UP\n"
A3 = (
    "\tNPU ID  Chip ID  Chip Logic ID  Chip Phy-ID  Chip Name\n"
    "\t0  0  0  0  Ascend910\n\t0  1  1  1  Ascend910\n\t0  2  -  -  Mcu\n"
)


def test_an_answer_is_parsed_once() -> None:
    """Two checks get the same facts, also through limited views."""
    view = NodeView("n", of(mapping(1), answer(hccn(0, "link"), UP)))
    first = view.limited_to([link.SOURCE]).read(link.SOURCE, Target(phy_id=0))
    assert LinkFacts("UP") == first
    assert first is view.read(link.SOURCE, Target(phy_id=0))


def test_what_nobody_asked_is_missing() -> None:
    """No evidence is no fact."""
    assert NOT_ASKED == NodeView("n", {}).read(info.SOURCE)


def test_each_yields_every_target_with_its_subject() -> None:
    """A port that was not asked is among them when another one was."""
    view = NodeView("n", of(mapping(2), answer(hccn(0, "link"), UP)))
    found = [*view.each(link.SOURCE)]
    assert [subjects.port("n", 0), subjects.port("n", 1)] == [subject for _, subject, _ in found]
    assert [LinkFacts("UP"), NOT_ASKED] == [reading for _, _, reading in found]


def test_without_a_map_the_answers_tell_the_targets() -> None:
    """Recorded answers can be judged though nobody recorded the map; other answers are left alone."""
    unknown = Evidence("of-another-doctor", ("x",))
    view = NodeView("n", {**of(answer(hccn(3, "link"), UP), ecc(0)), unknown.key: unknown})
    assert [(Target(phy_id=3), subjects.port("n", 3), LinkFacts("UP"))] == [*view.each(link.SOURCE)]
    assert 2 == len(list(view.answers()))
    assert view.has(link.SOURCE)


def test_the_node_stands_for_what_was_not_asked_at_all() -> None:
    """Silence is reported once, with the reason: the missing map, or that nobody asked."""
    dead = NodeView("n", of(silent("npu-smi info -m")))
    ((target, subject, reading),) = dead.each(link.SOURCE)
    assert (WHOLE_NODE, subjects.node("n")) == (target, subject)
    assert isinstance(reading, Missing)
    assert "timed-out" in str(reading)
    ((_, _, reading),) = NodeView("n", of(mapping(1))).each(link.SOURCE)
    assert NOT_ASKED == reading


def test_subjects_follow_from_the_scope() -> None:
    """A card with one chip is that NPU, a card with two stays a card, an unknown one too."""
    one, two = NodeView("n", of(mapping(1))), NodeView("n", of(answer("npu-smi info -m", A3)))
    assert subjects.npu("n", 0) == one.subject_of(board.SOURCE, Target(npu=0))
    assert subjects.card("n", 0) == two.subject_of(board.SOURCE, Target(npu=0))
    assert subjects.card("n", 7) == NodeView("n", {}).subject_of(board.SOURCE, Target(npu=7))
    assert subjects.node("n") == one.subject_of(identity.SOURCE, WHOLE_NODE)
    assert subjects.node("n") == one.subject_of(board.SOURCE, WHOLE_NODE)
    assert subjects.port("n", 0) == one.subject_of(ping.SOURCE, Target(phy_id=0, address="10.0.0.1"))


def test_quotes_hold_the_lines_that_matter() -> None:
    """A quote leads to its evidence; without evidence there is none."""
    view = NodeView("n", of(answer(hccn(0, "link"), UP)))
    (quote,) = view.quote(link.SOURCE, Target(phy_id=0), "status")
    assert ("link status: UP",) == quote.lines
    assert () == view.quote(info.SOURCE)


def test_the_oldest_answer_dates_a_set_of_sources() -> None:
    """Sources without an answer do not count, and no answer gives no time."""
    view = NodeView("n", of(table(1)))
    assert AT == view.collected_at([info.SOURCE, link.SOURCE])
    assert 0.0 == view.collected_at([link.SOURCE])


def test_earlier_answers_do_not_make_the_present_ones_old() -> None:
    """Of a source that keeps earlier answers the present one tells when it was collected."""
    present = answer(hccn(0, "link"), UP)
    earlier = attrs.evolve(present, key=f"{present.key}{EARLIER}1", started_at=AT - 60)
    assert AT == NodeView("n", of(earlier, present)).collected_at([link.SOURCE])


def test_newer_answers_are_parsed_only_where_they_differ() -> None:
    """A view of newer evidence keeps what is answered as before, and nothing that is gone."""
    old = NodeView("n", of(mapping(1), answer(hccn(0, "link"), UP), table(1)))
    port = Target(phy_id=0)
    first, _ = old.read(link.SOURCE, port), old.read(info.SOURCE)
    same = old.followed_by(of(mapping(1), answer(hccn(0, "link"), UP)))
    assert first is same.read(link.SOURCE, port)
    assert NOT_ASKED == same.read(info.SOURCE)
    other = old.followed_by(of(mapping(1), answer(hccn(0, "link"), "link status: DOWN\n")))
    assert LinkFacts("DOWN") == other.read(link.SOURCE, port)


def test_what_was_parsed_elsewhere_is_not_parsed_again() -> None:
    """Facts that come with the answers count; those of an answer that is not there do not."""
    view = NodeView("n", of(mapping(1), answer(hccn(0, "link"), UP)))
    key = link.SOURCE.about(Target(phy_id=0)).key
    read = {key: LinkFacts("read elsewhere"), "hccn_tool/link@7": LinkFacts("of nobody")}
    newer = view.followed_by(view.evidence, read)

    assert LinkFacts("read elsewhere") == newer.read(link.SOURCE, Target(phy_id=0))
    assert NOT_ASKED == newer.read(link.SOURCE, Target(phy_id=7))


def test_the_reason_of_a_new_answer_counts() -> None:
    """An answer that is missing for another reason than before is read again, though it prints the same."""
    query = link.SOURCE.about(Target(phy_id=0))
    before, after = (Evidence(query.key, query.argv, ending=Ending.SKIPPED, note=note) for note in ("one", "another"))
    old = NodeView("n1", {query.key: before})
    assert Missing(Absence.NOT_RUN, "one") == old.read(link.SOURCE, Target(phy_id=0))

    newer = old.followed_by({query.key: after})

    assert Missing(Absence.NOT_RUN, "another") == newer.read(link.SOURCE, Target(phy_id=0))
