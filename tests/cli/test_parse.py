"""`ascend-doctor parse`."""

from __future__ import annotations

import io
import json
import sys

import pytest

from ascend_doctor.cli.main import run

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
