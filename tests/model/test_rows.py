"""Rows: mappings that share their keys."""

from __future__ import annotations

import pickle

import pytest

from ascend_doctor.model import rows
from ascend_doctor.model.rows import numbers, row


def test_a_row_is_a_mapping():
    """It has what it was made of, in the same order."""
    found = row({"b": 1, "a": 2})

    assert {"b": 1, "a": 2} == found
    assert ["b", "a"] == list(found)
    assert (2, True, False, "{'b': 1, 'a': 2}") == (len(found), "a" in found, "c" in found, repr(found))
    assert (1, None) == (found["b"], found.get("c"))
    with pytest.raises(KeyError):
        found["c"]
    with pytest.raises(TypeError):
        hash(found)


def test_rows_are_compared_by_what_they_hold():
    """Neither the order nor what the other mapping is made of counts."""
    assert row({"a": 1, "b": 2}) == row({"b": 2, "a": 1})
    assert row({"a": 1}) != row({"a": 2})
    assert numbers({"a": 1.0}) == row({"a": 1.0})
    assert row({"a": 1}) != ["a"]


def test_keys_are_kept_once():
    """Two rows with the same keys in the same order share them."""
    assert row({"a": 1, "b": 2})._layout is numbers({"a": 3.0, "b": 4.0})._layout


def test_other_values_for_known_keys():
    """The row stays as it was, and the new one has the new values; with a key that it does not have there is none."""
    for make in (row, numbers):
        old = make({"a": 1.0, "b": 2.0})
        assert {"a": 1.0, "b": 5.0} == old.with_known({"b": 5.0})
        assert old.with_known({"b": 5.0, "c": 6.0}) is None
        assert {"a": 1.0, "b": 2.0} == old


def test_a_row_of_a_row_is_the_same():
    """Nothing is copied that is compact already."""
    for make in (row, numbers):
        found = make({"a": 1.0})
        assert found is make(found)


def test_rows_travel_between_processes():
    """A row that was pickled is as before."""
    for make in (row, numbers):
        found = make({"a": 1.0, "b": 2.0})
        back = pickle.loads(pickle.dumps(found))
        assert found == back
        assert type(found._values) is type(back._values)


def test_layouts_are_bounded():
    """Peers that make up ever new keys do not fill the memory."""
    for number in range(2 * rows.MAX_LAYOUTS):
        row({str(number): 1})

    assert rows.MAX_LAYOUTS >= rows._remembered.cache_info().currsize


def test_wide_rows_are_not_remembered():
    """A row with more keys than any honest node has names of sections keeps them for itself."""
    wide = {str(number): number for number in range(rows.MAX_KEYS + 1)}
    before = rows._remembered.cache_info().misses
    assert wide == row(wide)
    assert before == rows._remembered.cache_info().misses
