"""YAML that people write: what it means, and how its mistakes are named."""

from __future__ import annotations

from typing import Dict, List, Literal, Optional, Union

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_validator

from ascend_doctor.knowledge import strict_yaml
from ascend_doctor.knowledge.strict_yaml import DocumentError


def error_of(text, model=None):
    """Return the error that a text leads to."""
    with pytest.raises(DocumentError) as caught:
        document = strict_yaml.load(text, "f.yaml")
        strict_yaml.validate(document, model or Town)
    return caught.value


class House(BaseModel):
    """A part of the model below."""

    model_config = ConfigDict(extra="forbid", strict=True)
    number: int
    colour: str = "white"


class Shed(BaseModel):
    """Another part, a variant beside the first."""

    model_config = ConfigDict(extra="forbid", strict=True)
    tools: List[str]


class Town(BaseModel):
    """A model with everything that places have to be found in."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    houses: List[House] = []
    by_name: Dict[str, House] = {}
    mayor: Optional[House] = None
    buildings: List[Union[House, Shed]] = []
    motto: str = Field(default="", alias="slogan")

    @field_validator("name")
    @classmethod
    def _no_shouting(cls, name: str) -> str:
        if name.isupper():
            raise ValueError("do not shout")
        return name


class Empty(BaseModel):
    """A model that knows no key."""

    model_config = ConfigDict(extra="forbid")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("false", False),
        ("~", None),
        ("null", None),
        ("''", ""),
        ("'true'", "true"),
        ("! 12", "12"),
        ("12", 12),
        ("-3", -3),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1:20", "1:20"),
        ("2025-01-01", "2025-01-01"),
        ("9" * 60, "9" * 60),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_plain_words_are_what_they_look_like(text, value):
    """Only true, false, null and decimal numbers are anything but text."""
    found = strict_yaml.load(f"key: {text}", "f.yaml").value["key"]

    assert (value, type(value)) == (found, type(found))


def test_empty_text_is_nothing():
    """A document without content is null and stands at the beginning."""
    document = strict_yaml.load("# only a remark\n", "f.yaml")

    assert None is document.value
    assert (1, 1) == document.position()


def test_positions_of_values_and_keys():
    """Every value and every key has its line and column."""
    document = strict_yaml.load("a: 1\nb:\n  - x\n  - {c: 2}\n7: z\n", "f.yaml")

    assert {"a": 1, "b": ["x", {"c": 2}], 7: "z"} == document.value
    assert (4, 9) == document.position(("b", 1, "c"))
    assert (4, 6) == document.key_position(("b", 1, "c"))
    assert (3, 5) == document.key_position(("b", 0))
    assert (5, 1) == document.key_position((7,))
    assert (3, 3) == document.position(("b", 9, "unknown"))


def test_error_at_a_place():
    """A caller can complain about any part of the document."""
    document = strict_yaml.load("a: 1\nb: 2\n", "f.yaml")

    assert "f.yaml:2:4: too small" == str(document.error(("b",), "too small"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: the key `a` is here a second time (first in line 1): keep one"),
        ("a: &x 1", "f.yaml:1:4: anchors and aliases"),
        ("a: *x", "f.yaml:1:4: anchors and aliases"),
        ("a: !!int '3'", "f.yaml:1:4: the tag tag:yaml.org,2002:int is not used"),
        ("a: !python/object:os.system []", "f.yaml:1:4: the tag !python/object:os.system is not used"),
        ("a: ! []", "f.yaml:1:4: the tag ! is not used"),
        ("? [a]\n: b", "f.yaml:1:3: a key must be a text or a whole number"),
        ("true: b", "f.yaml:1:1: a key must be a text or a whole number"),
        ("1.5: b", "f.yaml:1:1: a key must be a text or a whole number"),
        ("--- 1\n--- 2", "f.yaml:2:1: a second document begins here"),
        ("a: b: c", "f.yaml:1:5: a `:` where none can be"),
        ("a:\n\t- b", "f.yaml:2:1: this is not YAML: indent with spaces"),
        ("a: 'b", "f.yaml:1:6: this is not YAML: while scanning a quoted scalar found unexpected end of stream"),
        ("a: \x07", "f.yaml:1:4: a character U+0007 that cannot be printed"),
        ("a: 1\nb: \ud800", "f.yaml:2:4: a character U+D800 that cannot be printed"),
        ("a: 1e999", "f.yaml:1:4: the number 1e999 is too large"),
        ("[" * 40, "f.yaml:1:33: nested deeper than 32 levels"),
    ],
)
def test_mistakes_of_yaml(text, message):
    """Each mistake is named with line, column and remedy."""
    assert str(error_of(text)).startswith(message), str(error_of(text))


def test_message_cannot_steer_a_terminal():
    """A key with escape sequences and line feeds is shown without them, on one line."""
    error = error_of('name: x\n"\\e[2J\\nready": 1')

    assert "f.yaml:2:1: unknown key `\ufffd[2J\ufffdready`" == str(error).partition(":" + " known")[0]
    assert str(error).isprintable()


def test_too_long_text():
    """The size is bounded before anything is read."""
    with pytest.raises(DocumentError, match=r"^f: is longer than 4 bytes$"):
        strict_yaml.load("a: 12", "f", max_bytes=4)


def test_read_file(tmp_path):
    """A file is read as UTF-8, with or without a byte order mark."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: \xe5\x9f\x8e\n")

    assert {"name": "城"} == strict_yaml.read(path).value
    assert {"name": "x"} == strict_yaml.load("\ufeffname: x", "f").value


def test_read_file_that_is_not_there(tmp_path):
    """What the system says stands in the message, which has no line."""
    with pytest.raises(DocumentError, match=r"none\.yaml: cannot be read: No such file or directory$") as caught:
        strict_yaml.read(tmp_path / "none.yaml")

    assert 0 == caught.value.line


def test_read_file_that_is_too_long(tmp_path):
    """No more than the bound is read."""
    path = tmp_path / "a.yaml"
    path.write_text("a: 12345")

    with pytest.raises(DocumentError, match="is longer than 4 bytes"):
        strict_yaml.read(path, max_bytes=4)


def test_read_file_in_another_encoding(tmp_path):
    """The place of the first byte that is not UTF-8 is named."""
    path = tmp_path / "a.yaml"
    path.write_bytes("a: 1\nb: 昇腾".encode("gbk"))

    with pytest.raises(DocumentError, match=r"a\.yaml:2:4: is not UTF-8 here: save the file as UTF-8"):
        strict_yaml.read(path)


def test_validate_returns_the_model():
    """A right document becomes the model."""
    document = strict_yaml.load("name: x\nhouses: [{number: 3}]\nslogan: y", "f.yaml")

    assert Town(name="x", houses=[House(number=3)], slogan="y") == strict_yaml.validate(document, Town)


def test_validate_names_every_mistake_in_order():
    """All mistakes are found in one go, sorted by their places; the first is the error itself."""
    text = "name: X\nhouses:\n  - number: 1\n  - numbr: 2\nby_name:\n  a: {number: x, y: 1}\nmayor: 3\nslogn: z"
    error = error_of(text)

    expected = [
        "f.yaml:1:7: `name`: do not shout, not 'X'",
        "f.yaml:4:5: `houses[1].number` is missing: add it",
        "f.yaml:4:5: unknown key `numbr`: did you mean `number`?",
        "f.yaml:6:15: `by_name.a.number`: input should be a valid integer, not 'x'",
        "f.yaml:6:18: unknown key `y`: known here: colour, number",
        "f.yaml:7:8: `mayor` needs keys with values (`key: value`) here, and found a single value",
        "f.yaml:8:1: unknown key `slogn`: did you mean `slogan`?",
    ]
    assert expected == [str(item) for item in error.all]
    assert expected[0] == str(error)


def test_validate_looks_into_the_right_variant():
    """Of several variants that may stand at a place, the key is compared with those of each."""
    error = error_of("name: x\nbuildings:\n  - {tool: [a]}")

    assert "f.yaml:3:6: unknown key `tool`: did you mean `tools`?" in [str(item) for item in error.all]


@pytest.mark.parametrize(("text", "found"), [("", "nothing"), ("- 1", "a list"), ("just words", "a single value")])
def test_validate_a_document_of_another_kind(text, found):
    """What is no mapping at all is told what it should be."""
    message = f"the document needs keys with values (`key: value`) here, and found {found}"

    assert message == error_of(text).message


def test_validate_where_no_key_is_known():
    """Without any known key the advice is to remove it."""
    assert "f.yaml:1:1: unknown key `a`: remove it" == str(error_of("a: 1", Empty))


class Whole(BaseModel):
    """A model with a rule for the document as a whole."""

    model_config = ConfigDict(extra="forbid")
    low: int
    high: List[int]

    @field_validator("high")
    @classmethod
    def _some(cls, high: List[int]) -> List[int]:
        if not high:
            raise ValueError("give one at least")
        return high


def test_message_leaves_out_long_values():
    """A list or mapping is not repeated in the message."""
    assert "f.yaml:2:7: `high`: give one at least" == str(error_of("low: 1\nhigh: []", Whole))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("ab:-[]{}&*!|>'\"%@`#,?~ \n\t01.\\x")), max_size=60))
def test_any_text_loads_or_is_refused(text):
    """No text does anything but load or raise the one error with a place inside it."""
    try:
        document = strict_yaml.load(text, "f")
    except DocumentError as error:
        assert 1 <= error.line <= text.count("\n") + 2  # noqa: PT017 - both outcomes are right
    else:
        assert (1, 1) <= document.position()


class Waits(BaseModel):
    """A mapping of which the keys are known."""

    seconds: Dict[Literal["link", "optical"], float] = {}


class Tools(BaseModel):
    """What holds such a mapping."""

    tools: Waits


def test_a_mapping_with_a_fixed_vocabulary_names_the_known_key():
    """A key that a mapping cannot have is answered at its own place with the known one that looks most like it."""
    error = error_of("tools:\n  seconds:\n    opticl: 5\n", Tools)
    assert "f.yaml:3:5: unknown key `opticl`: did you mean `optical`?" == str(error)
