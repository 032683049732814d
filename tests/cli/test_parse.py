"""`ascend-doctor parse`."""

from __future__ import annotations

import io
import json
import sys

import pytest

import samples
from ascend_doctor.cli.main import run
from ascend_doctor.facts import catalogue

LINK = "hccn_tool -i 0 -link -g"


def _stdin(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_file_is_parsed(tmp_path, capsys):
    """The facts in a file are printed as one JSON object."""
    path = tmp_path / "link.txt"
    path.write_bytes(b"link status: DOWN\n")
    assert 0 == run(["parse", "--command", LINK, str(path)])
    assert {"link": "DOWN"} == json.loads(capsys.readouterr().out)


def test_standard_input_is_parsed(monkeypatch, capsys):
    """Without a file, standard input is read; the tool may be given by its path."""
    _stdin(monkeypatch, b"link status: UP\n")
    assert 0 == run(["parse", "--command", f"/usr/local/Ascend/driver/tools/{LINK}"])
    assert {"link": "UP"} == json.loads(capsys.readouterr().out)


def test_an_error_answer_is_an_object(tmp_path, monkeypatch, capsys):
    """What the tool refused to say is printed with the reason, from both streams and the exit code."""
    path = tmp_path / "err.txt"
    path.write_bytes(b"Cmd hccn_tool is running, please try again later!\n")
    _stdin(monkeypatch, b"")
    assert 0 == run(["parse", "--command", LINK, "--stderr", str(path), "--exit-code", "255"])
    shown = json.loads(capsys.readouterr().out)
    assert shown["ok"] is False
    assert "missing" in shown


def test_what_cannot_be_read_is_placed(monkeypatch, capsys):
    """Output of an unknown form ends with 1, the line, and what was expected there."""
    _stdin(monkeypatch, b"link stat\n")
    assert 1 == run(["parse", "--command", LINK])
    out, err = capsys.readouterr()
    assert "" == out
    assert err.startswith("ascend-doctor: standard input: line 1: expected ")
    assert err.endswith("found 'link stat'\n")


@pytest.mark.parametrize("line", ["hccn_tool -i 0 -lnk -g", "nvidia-smi", ""])
def test_an_unknown_command_names_the_nearest(line, capsys):
    """A command that nobody knows ends with 2 and names known ones."""
    assert 2 == run(["parse", "--command", line, "/dev/null"])
    err = capsys.readouterr().err
    assert "no parser for" in err
    assert "npu-smi info" in err or "-link -g" in err


def test_bad_quotes_are_named(capsys):
    """A command line that no shell would take is refused."""
    assert 2 == run(["parse", "--command", "npu-smi 'info", "/dev/null"])
    assert "--command is no command line: No closing quotation" in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path, capsys):
    """A file that cannot be read is named with what to do."""
    assert 2 == run(["parse", "--command", LINK, str(tmp_path / "none")])
    assert "none cannot be read: No such file or directory; give a file" in capsys.readouterr().err


def test_every_sample_holds_what_is_expected(corpus, capsys):
    """The verb prints for each recorded answer an object that contains what the corpus expects of it."""
    found = 0
    for sample in samples.samples(""):
        query = catalogue.query_for_command(sample.command)
        if query is None or sample.is_session or not sample.expect or "{" in "".join(sample.command):
            continue
        argv = " ".join(f"'{word}'" for word in sample.command)
        code = run(["parse", "--command", argv, str(corpus / sample.path)])
        out, err = capsys.readouterr()
        if code == 1:
            assert "line " in err or "whole answer" in err
            continue
        shown = json.loads(out)
        plain = {key: value for key, value in sample.expect.items() if not isinstance(value, (dict, list))}
        assert plain.items() <= {**shown, **{key: plain[key] for key in ("complete", "elided") if key in plain}}.items()
        found += 1
    assert found > 20
