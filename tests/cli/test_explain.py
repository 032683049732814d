"""`ascend-doctor explain`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest

from ascend_doctor.cli.main import run
from ascend_doctor.knowledge import tables


@pytest.fixture(autouse=True)
def _no_site() -> Iterator[None]:
    yield
    tables.use_site({})


def explained(capsys: Any, *words: str) -> str:
    """Return what is printed for a question that has an answer."""
    assert 0 == run(["explain", *words])
    printed: str = capsys.readouterr().out
    return printed


def test_a_code_is_explained_in_a_few_lines(capsys) -> None:
    """Meaning, severity, remedy, the checks that would have caught it, and the file that says so."""
    printed = explained(capsys, "0x80E01801")
    assert printed.startswith("80E01801: NPU event code\n  Means:      HBM")
    for words in ("RestartBusiness", "module 0x070", "npu.ecc", "fault_codes.tsv", "What to do:"):
        assert words in printed
    assert max(map(len, printed.splitlines())) <= 100


def test_a_number_with_a_minus_is_no_option(capsys) -> None:
    """Return codes are asked for as they are printed."""
    assert "driver cannot be reached" in " ".join(explained(capsys, "-8005").split())
    assert "tool.npu-smi" in explained(capsys, "--", "-8005")


def test_a_line_of_a_log_needs_no_quotes(capsys) -> None:
    """The words of the line are put together again; all that it holds is explained."""
    printed = explained(capsys, "[ERROR]", "HCCL(1,x):", "EI0006", "get", "socket", "timeout")
    assert printed.startswith("EI0006: HCCL code\n")
    assert "\n\nget socket timeout: text in a log\n" in printed


def test_a_check_is_explained_and_all_are_listed(capsys) -> None:
    """An id gives the whole guide; nothing gives the list."""
    assert "Why it matters" in explained(capsys, "roce.link")
    assert "roce.link" in explained(capsys)


def test_programs_get_json(capsys) -> None:
    """The same in stable keys: codes, checks, the list, and what is not known."""
    (answer,) = json.loads(explained(capsys, "--json", "EI0006"))["answers"]
    assert ("EI0006", True) == (answer["name"], "roce.link" in answer["checks"])
    assert {"kind", "name", "meaning", "severity", "action", "checks", "origin", "source", "decoded", "known"} == set(
        answer
    )
    (check,) = json.loads(explained(capsys, "--json", "roce.link"))["answers"]
    assert ("check", "roce.link") == (check["kind"], check["name"])
    assert "roce.link" in json.loads(explained(capsys, "--json"))["checks"]
    assert 2 == run(["explain", "--json", "EI00066"])
    assert "EI0006" in json.loads(capsys.readouterr().out)["nearest"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("roce.lnk", "did you mean `roce.link`"),
        ("EI006", "nearest known are"),
        ("\x1b[31m", "the whole line of the log"),
    ],
)
def test_the_nearest_is_named_for_what_nobody_knows(asked: str, says: str, capsys) -> None:
    """No answer ends with 2 and one printable line."""
    assert 2 == run(["explain", asked])
    err = capsys.readouterr().err
    assert says in err
    assert err[:-1].isprintable()


def test_the_site_is_heard(capsys, tmp_path: Path) -> None:
    """A file of the configured folder decides, and is named; a mistake in it is told by `config check` as well."""
    folder = tmp_path / "knowledge"
    folder.mkdir()
    folder.joinpath("ours.yaml").write_text("fault_codes:\n  - {code: 80DEAD00, level: SeparateNPU, module: door}\n")
    config = tmp_path / "config.yaml"
    config.write_text(f"knowledge_dir: {folder}\n")
    printed = explained(capsys, "--config", str(config), "80DEAD00")
    assert f"{folder}/ours.yaml:2" in printed
    folder.joinpath("ours.yaml").write_text("fault_code: []\n")
    assert 2 == run(["config", "check", "--config", str(config)])
    assert f"{folder}/ours.yaml:1:1: " in capsys.readouterr().err


def test_nobody_is_sent_to_a_check_that_is_not_there(capsys) -> None:
    """A code that only checks of a later version catch is explained without them, for people and for programs."""
    assert "no check before the start" in explained(capsys, "EI0004")
    (answer,) = json.loads(explained(capsys, "--json", "EI0004"))["answers"]
    assert [] == answer["checks"]


def test_the_json_says_which_form_it_has(capsys) -> None:
    """Every answer to a program carries the version of its form; the id of a check may be in capitals."""
    for words in (["EI0006"], ["ROCE.LINK"], []):
        assert "1.0" == json.loads(explained(capsys, "--json", *words))["format_version"]


def test_a_product_is_no_trouble(capsys) -> None:
    """Nothing is said about severity, remedies or checks of a product."""
    printed = explained(capsys, "910B4")
    assert "Atlas 800I A2: product" in printed
    assert not any(word in printed for word in ("Severity", "What to do", "Caught by"))
