"""Lines, places and numbers: the ground under every parser."""

from __future__ import annotations

import pytest

from ascend_doctor.facts.parsing import MAX_BYTES, Line, ParseError, decimal, integer, lines_of


def test_lines_keep_their_numbers() -> None:
    """Blank lines are left out and still counted; trailing white space and carriage returns go."""
    assert [Line(1, "\ta : 1"), Line(3, "b")] == lines_of(b"\ta : 1  \n\nb\r\n")


def test_a_line_knows_its_words() -> None:
    """Words are what stands between white space; `stripped` has none at either end."""
    line = Line(7, "\t5   0  Ascend 910B3")
    assert ("5", "0", "Ascend", "910B3") == line.words
    assert "5   0  Ascend 910B3" == line.stripped


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"", 0, "an answer"),
        (b" \n\t\n", 0, "an answer"),
        (b"ok\nnot \xff text\n", 2, "UTF-8"),
        (b"ok\nno\x00\n", 2, "printable"),
        (b"ok\n\x1b[31mred\n", 2, "printable"),
        (b"ok\nhalf a li", 2, "cut off"),
    ],
)
def test_damaged_text_is_refused_with_its_place(data: bytes, line: int, said: str) -> None:
    """Nothing, bytes that are no text, control characters and a cut last line each name the line."""
    with pytest.raises(ParseError, match=said) as caught:
        lines_of(data)
    assert line == caught.value.line
    assert str(caught.value).startswith(f"line {line}: " if line else "the whole answer: ")


def test_text_from_a_device_may_lack_the_last_newline() -> None:
    """Where the caller says so, a last line without a newline is taken."""
    assert [Line(1, "Ifname: eth0")] == lines_of(b"Ifname: eth0", ends_in_newline=False)


def test_an_error_shows_only_the_start_of_what_it_found() -> None:
    """However long a line is, the error stays short."""
    assert len(str(Line(1, "x" * 5000).error("a number"))) < 150


@pytest.mark.parametrize("text", ["", "1.5", "0x10", "٣", "1" * 21, "- 1", "1\n"])
def test_only_ascii_digits_make_a_whole_number(text: str) -> None:
    """Everything that is no plain whole number is refused with the name of the field."""
    with pytest.raises(ParseError, match="a whole number for Chip Count"):
        integer(text, Line(1, text), "Chip Count")


@pytest.mark.parametrize("text", ["", "1.", ".5", "1e3", "nan", "inf", "1.2.3"])
def test_only_plain_decimals_make_a_number(text: str) -> None:
    """Exponents, infinities and half numbers are refused with the name of the field."""
    with pytest.raises(ParseError, match="a number for Power"):
        decimal(text, Line(1, text), "Power")


def test_numbers_are_read() -> None:
    """Negative numbers and decimals are numbers."""
    assert -8005 == integer("-8005", Line(1, ""), "ret")
    assert -1.25 == decimal("-1.25", Line(1, ""), "power")


def test_an_answer_without_end_is_refused_where_it_should_have_ended() -> None:
    """What is longer than any tool's answer is not looked at; the line is that where the patience ended."""
    with pytest.raises(ParseError) as refused:
        lines_of(b"1234567\n" * (MAX_BYTES // 8 + 1))
    assert MAX_BYTES // 8 + 1 == refused.value.line
    assert f"the end of the answer within {MAX_BYTES} bytes" == refused.value.expected
    assert MAX_BYTES // 8 == len(lines_of(b"1234567\n" * (MAX_BYTES // 8)))
