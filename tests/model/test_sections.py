"""Sections and how they change."""

from __future__ import annotations

import hashlib

import attrs
from hypothesis import given, settings

from ascend_doctor.model.sections import NOTHING, Section, Sections, SectionsChange, apply, difference, whole
from ascend_doctor.model.status import Severity, Status
from wire_examples import ALL_SECTIONS, CHECK_SECTION, SECTIONS, SECTIONS_CHANGE, SECTIONS_CHANGES, TOPIC_SECTION

QUICK = settings(max_examples=40, deadline=None)


@given(ALL_SECTIONS, ALL_SECTIONS)
@QUICK
def test_difference_leads_from_one_to_the_other(old: Sections, new: Sections) -> None:
    """Applying the difference to the one gives the other, with its times, its digest and its size."""
    reached = apply(old, difference(old, new))
    assert (new, new.times) == (reached, reached.times)
    assert (new.digest, new.size) == (reached.digest, reached.size)


@given(ALL_SECTIONS, SECTIONS_CHANGES)
@QUICK
def test_digest_and_size_are_kept_by_any_change(state: Sections, change: SectionsChange) -> None:
    """Whatever a change holds, digest and size after it are those of the sections computed anew; no time is loose."""
    after = apply(state, change)
    anew = Sections(after.sections)
    assert (anew.digest, anew.size) == (after.digest, after.size)
    assert after.times.keys() <= after.sections.keys()


@given(ALL_SECTIONS)
@QUICK
def test_whole_makes_sections_from_nothing(state: Sections) -> None:
    """Sections are what their whole change makes of nothing, and do not differ from themselves."""
    made = apply(NOTHING, whole(state))
    assert (state, state.times) == (made, made.times)
    assert SectionsChange() == difference(state, made)


def test_sections_are_equal_by_content() -> None:
    """Two sections are one when their bytes are; nothing else counts, nor is a section anything else."""
    again = Section(CHECK_SECTION.name, bytes(bytearray(CHECK_SECTION.content)), Severity.ADVISORY)
    assert CHECK_SECTION == again
    assert len({CHECK_SECTION, again, TOPIC_SECTION}) == 2
    assert CHECK_SECTION != CHECK_SECTION.content


def test_outcomes_and_their_counts() -> None:
    """A section of a check tells the outcome of every subject, and how many are good."""
    assert {"npu:.:0": Status.PASS, "port:.:3": Status.FAIL} == CHECK_SECTION.outcomes
    assert (1, 0) == (CHECK_SECTION.passed, CHECK_SECTION.skipped)
    assert (0, 0) == (TOPIC_SECTION.passed, TOPIC_SECTION.skipped)


def test_times_do_not_count() -> None:
    """Two nodes whose sections are the same have one digest, whatever the order and the times."""
    other = Sections(dict(reversed(list(SECTIONS.sections.items()))))
    assert SECTIONS == other
    assert SECTIONS.digest == other.digest
    assert SECTIONS.digest != apply(SECTIONS, SectionsChange(removed=frozenset({"ports"}))).digest


def test_digest_is_that_of_the_protocol() -> None:
    """The rule is that of the capability `digest.2`: the sum of the sha256 of the contents, modulo 2^256."""
    contents = (b"one", b"two", b"three", b"four")
    total = sum(int.from_bytes(hashlib.sha256(content).digest(), "big") for content in contents)
    state = Sections({str(content): Section(str(content), content) for content in contents})
    assert (total % 2**256).to_bytes(32, "big") == state.digest
    assert "46a2dd64" == state.digest.hex()[:8]
    assert bytes(32) == NOTHING.digest


def test_what_is_not_there_is_ignored() -> None:
    """Times and removals of unknown names change nothing; a name that goes and comes at once is there."""
    assert NOTHING == apply(NOTHING, attrs.evolve(SECTIONS_CHANGE, sections={}))
    both = SectionsChange(sections={"ports": TOPIC_SECTION}, removed=frozenset({"ports"}))
    after = apply(SECTIONS, both)
    assert (SECTIONS, SECTIONS.digest, SECTIONS.size) == (after, after.digest, after.size)


def test_old_state_stays_as_it_was() -> None:
    """A change makes new sections and leaves the old ones, which others may be looking at."""
    before = dict(SECTIONS.sections), dict(SECTIONS.times), SECTIONS.digest
    after = apply(SECTIONS, SectionsChange(times={"ports": 5.0}, removed=frozenset({"roce.link"})))
    assert before == (SECTIONS.sections, SECTIONS.times, SECTIONS.digest)
    assert ({"ports"}, {"ports": 5.0}) == (after.sections.keys(), after.times)


def test_size_of_a_change() -> None:
    """The size counts contents, times, removals and what transitions say, and is none of nothing."""
    assert 0 == SectionsChange().size
    grown = [
        attrs.evolve(SECTIONS_CHANGE, sections={}),
        attrs.evolve(SECTIONS_CHANGE, times={}),
        attrs.evolve(SECTIONS_CHANGE, removed=frozenset()),
        attrs.evolve(SECTIONS_CHANGE, transitions=SECTIONS_CHANGE.transitions[:1]),
    ]
    assert all(change.size < SECTIONS_CHANGE.size for change in grown)
