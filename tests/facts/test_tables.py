"""The vendor's forms of text: key lines, settings, tables."""

from __future__ import annotations

from typing import Optional, Tuple

import pytest

from ascend_doctor.facts.parsing import Line, ParseError, integer
from ascend_doctor.facts.tables import (
    Assignment,
    Column,
    assignments,
    bind,
    cells_of,
    count,
    is_elision,
    key_line,
    key_lines,
    labels_of,
    normalised,
    read_head,
    read_row,
    reading_of,
    rule_of,
    settings,
    whole,
    words,
)
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing


def line(text: str) -> Line:
    """Return a line with a number that is not the first."""
    return Line(4, text)


@pytest.mark.parametrize("text", ["", "NA", "na", "N/A", "-"])
def test_words_for_nothing_are_missing(text: str) -> None:
    """The tools' ways of printing no value are not values."""
    assert NOT_REPORTED == reading_of(text)


def test_not_supported_is_another_reason() -> None:
    """What the product does not have is told apart from what was not printed; 0 is a value."""
    assert Missing(Absence.NOT_SUPPORTED, "not supported") == reading_of("not supported")
    assert "0" == reading_of("0")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\tNPU ID                         : 0", ("npu id", "0")),
        ("System Time(local) : Thu Apr  9 10:03:04 2026", ("system time(local)", "Thu Apr  9 10:03:04 2026")),
        ("PCIe Bus Info : 0000:61:00.0", ("pcie bus info", "0000:61:00.0")),
        ("\tProduct Name                   :", ("product name", "")),
        ("\t                               : node type=HBM", ("", "node type=HBM")),
        ("a : b : c", ("a", "b : c")),
        ("ipaddr:10.0.0.1", None),
        ("Health\uff1aOK", None),
    ],
)
def test_a_key_line_is_split_at_its_first_colon(text: str, expected: Optional[Tuple[str, str]]) -> None:
    """Only a colon between blanks parts a label from its value."""
    parts = key_line(line(text))
    assert expected == (None if parts is None else (parts.key, parts.value))


def test_labels_are_compared_in_one_spelling() -> None:
    """Case, padding and a blank before the bracket do not matter."""
    assert normalised("Temperature(C)") == normalised(" temperature  (C) ")


@pytest.mark.parametrize("text", ["no colon", ": only a value", "健康状态 : OK"])
def test_a_line_without_an_english_label_is_refused(text: str) -> None:
    """Every line must have a label that some known tool could print."""
    with pytest.raises(ParseError, match="line 4"):
        key_lines([line(text)])


def test_lines_are_bound_to_fields() -> None:
    """Known labels fill their fields, unknown ones stay as printed."""
    lines = key_lines([line("Chip Count : 2"), line("Temp (C) : NA"), line("Name : x"), line("New Thing : 7")])
    fields = {"chip count": ("chips", whole), "temp(c)": ("temp", count), "name": ("name", words)}
    assert {"chips": 2, "temp": NOT_REPORTED, "name": "x", "extra": {"New Thing": "7"}} == bind(lines, fields)


def test_a_label_that_comes_twice_is_refused() -> None:
    """Twice the same label means two answers in one, known label or not."""
    with pytest.raises(ParseError, match="'A' only once"):
        bind(key_lines([line("A : 1"), line("A : 1")]), {})


def test_settings_are_read() -> None:
    """Blanks around, comments and values with anything in them are fine."""
    assert [Assignment("arp_0", "-i eth0 -s 10.0.0.1 a=b", line("  arp_0=-i eth0 -s 10.0.0.1 a=b"))] == assignments(
        [line("# comment"), line("  arp_0=-i eth0 -s 10.0.0.1 a=b")]
    )
    assert {"A": "1", "B": ""} == settings([line("A = 1"), line("B=")])


@pytest.mark.parametrize("lines", [["no setting"], ["版本=1"], ["A=1", "A=1"]])
def test_other_settings_are_refused(lines: Tuple[str, ...]) -> None:
    """No `=`, a foreign key, a key that comes twice."""
    with pytest.raises(ParseError, match="line 4"):
        settings([line(text) for text in lines])


@pytest.mark.parametrize(
    ("text", "character"), [("+---+--+", "-"), (" +======+ ", "="), ("+-=-+", ""), ("| a |", ""), ("+", ""), ("++", "")]
)
def test_rules_are_recognised(text: str, character: str) -> None:
    """A rule is drawn with one character from end to end."""
    assert character == rule_of(line(text))


@pytest.mark.parametrize(
    ("text", "elided"), [("...", True), ("| ......  |", True), ("…", True), ("..", False), ("a...", False)]
)
def test_elisions_are_recognised(text: str, elided: bool) -> None:
    """Dots alone, in a row or on their own, stand for rows that somebody left out."""
    assert elided == is_elision(line(text))


@pytest.mark.parametrize("text", ["", "|", "| open", "open |", "+---+"])
def test_a_row_stands_between_bars(text: str) -> None:
    """Anything else is no row."""
    with pytest.raises(ParseError, match="a row between bars"):
        cells_of(line(text))


def _text(text: str, row: Line, what: str) -> str:
    return text


NUMBER = Column("Util(%)", "util", integer)
USAGE = Column("Usage", "usage", _text)
NAME = Column("Name", "name", _text)
KNOWN = (NUMBER, USAGE, NAME, Column("Name of it", "other", _text))


def test_a_head_is_read_by_the_names_of_its_columns() -> None:
    """A cell holds several columns or none; the longest name that fits counts."""
    head = read_head(line("| Util(%)   Usage | Name of it |      |"), KNOWN)
    assert ((NUMBER, USAGE), (KNOWN[3],), ()) == head
    assert ("Util(%)", "Usage", "Name of it") == labels_of(head)


@pytest.mark.parametrize("text", ["| Speed |", "| Usage(MB) |", "| Util(%) 利用率 |"])
def test_an_unknown_column_is_named(text: str) -> None:
    """The error shows the name that is not known."""
    with pytest.raises(ParseError, match=r"the name of a known column, found '(Speed|Usage\(MB\)|利用率)'"):
        read_head(line(text), KNOWN)


HEAD = ((NUMBER, USAGE), (NAME,), ())


def test_a_row_is_read_by_its_head() -> None:
    """Padding within `used / total` does not matter; the last value of a cell may be empty or hold blanks."""
    assert {"util": 7, "usage": "3/ x", "name": "a / 1"} == read_row(line("row"), ("7  3/ x", "a / 1", ""), HEAD)
    assert {"util": 7, "usage": "64/65", "name": ""} == read_row(line("row"), ("7 64/ 65", "", ""), HEAD)
    assert {"util": 7, "usage": "", "name": ""} == read_row(line("row"), ("7", "", ""), HEAD)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("7 1/2", "x"), "3 cells"),
        (("7 1/2", "x", "y"), "an empty cell"),
        (("", "x", ""), "values for Util"),
        (("x 1/2", "x", ""), "a whole number for Util"),
    ],
)
def test_a_row_of_another_form_is_refused(cells: Tuple[str, ...], said: str) -> None:
    """Too few cells, a value where there is no column, none where there is one, a word for a number."""
    with pytest.raises(ParseError, match=said):
        read_row(line("row"), cells, HEAD)
