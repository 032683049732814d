"""The command line as a whole: verbs, exit codes, messages, and what is imported when."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ascend_doctor.checks import catalogue
from ascend_doctor.cli import errors, main
from ascend_doctor.cli.main import VERBS, run
from ascend_doctor.knowledge.strict_yaml import DocumentError
from ascend_doctor.probe.recording import RecordingError
from conftest import ROOT
from waiting import PATIENCE_S, wait_until

PROGRAM = [sys.executable, "-c", "from ascend_doctor.cli.main import main; main()"]


def _start(*args, **more):
    return subprocess.run([*PROGRAM, *args], capture_output=True, text=True, timeout=PATIENCE_S, check=False, **more)


def test_help_imports_next_to_nothing():
    """`--help` loads no library but click: people and scripts ask for it all the time."""
    code = (
        "import sys\n"
        "from ascend_doctor.cli import main\n"
        "assert main.run(['--help']) == 0\n"
        "heavy = ('attr', 'attrs', 'grpc', 'google', 'rich', 'prometheus_client', 'yaml', 'pydantic', 'asyncio')\n"
        "print('loaded:', [name for name in heavy if name in sys.modules])\n"
    )
    shown = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    assert "loaded: []" == shown.stdout.splitlines()[-1]


def test_help_names_every_verb(capsys):
    """The help lists each verb with its sentence."""
    assert 0 == run(["--help"])
    out = capsys.readouterr().out
    assert [] == [name for name in VERBS if not re.search(rf"^  {name} ", out, re.MULTILINE)]


@pytest.mark.parametrize("name", list(VERBS))
def test_every_verb_can_be_loaded(name, capsys):
    """Each entry of the table leads to a command with help of its own."""
    assert 0 == run([name, "--help"])
    assert f"Usage: ascend-doctor {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", list(VERBS))
def test_every_verb_is_in_the_manual(name):
    """The manual has a section for each verb."""
    assert f"\n## `ascend-doctor {name}" in (ROOT / "docs" / "usage.md").read_text()


def test_version(capsys):
    """`--version` prints the version of the installed program."""
    assert 0 == run(["--version"])
    assert re.fullmatch(r"ascend-doctor \d+\.\d+\S*\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["chekc"], "no such command `chekc`: did you mean `check`? (see `ascend-doctor --help`)"),
        (["zzz"], "no such command `zzz`: there are check, "),
        (["--nope"], "--nope"),
        (["check", "--format", "xml"], "is not one of 'terminal', 'json', 'prometheus'"),
        (["replay"], "Missing argument 'DIR' (see `ascend-doctor replay --help`)"),
        (["explain", "roce.lnk"], "no check has the id `roce.lnk`: did you mean `roce.link`?"),
        (["explain", "!"], "nothing is known of '!': give a code, or the whole line of the log"),
        (["check", "--check", "npu.ec"], "no check has the id `npu.ec`: did you mean `npu.ecc`?"),
        (["check", "--config", "/nowhere.yaml"], "/nowhere.yaml: cannot be read: No such file or directory"),
        (["replay", "/nowhere"], "/nowhere: there is no such folder: give the folder that holds recording.yaml"),
        (["record", "/"], "/ is there already: give the name of a folder that is not"),
    ],
)
def test_a_mistake_is_answered_in_one_line(args, expected, capsys):
    """Wrong usage ends with 2 and one line that says what to do; never with a traceback."""
    assert 2 == run(args)
    out, err = capsys.readouterr()
    assert "" == out
    assert 1 == len(err.splitlines())
    assert expected in err


def _raise(error):
    def act():
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (click.exceptions.Exit(3), 3, ""),
        (click.ClickException("wrong."), 2, "ascend-doctor: wrong\n"),
        (errors.UserError("do this"), 2, "ascend-doctor: do this\n"),
        (errors.UserError("do this", 1), 1, "ascend-doctor: do this\n"),
        (OSError(28, "No space left on device", "/x"), 2, "ascend-doctor: /x: No space left on device: check"),
        (OSError("odd"), 2, "ascend-doctor: OSError: check"),
        (
            DocumentError("f", 1, 2, "a", [DocumentError("f", 3, 4, "b")]),
            2,
            "ascend-doctor: f:1:2: a\nascend-doctor: f:3:4: b\n",
        ),
        (RecordingError("is full"), 2, "ascend-doctor: is full\n"),
        (errors.UserError("\x1b[2Jboo\nboo"), 2, "ascend-doctor: \\x1b[2Jboo\\x0aboo\n"),
    ],
)
def test_errors_become_exit_codes(error, code, said, capsys):
    """Each kind of error has its exit code, and its words, made harmless, on standard error."""
    assert code == errors.exit_code_of(_raise(error))
    assert capsys.readouterr().err.startswith(said)


def test_a_bug_is_no_verdict(capsys):
    """A crash must not look like NOT READY: it ends with 2, with the traceback for the authors."""
    assert 2 == errors.exit_code_of(_raise(ZeroDivisionError("oops")))
    err = capsys.readouterr().err
    assert "ZeroDivisionError: oops" in err
    assert err.endswith(
        "ascend-doctor: this is a bug of ascend-doctor and says nothing of the node: please report it\n"
    )


def test_the_result_of_a_verb_is_its_exit_code():
    """A number that a verb returns is the exit code; anything else is 0."""
    assert [1, 0] == [errors.exit_code_of(lambda: 1), errors.exit_code_of(lambda: None)]


def test_a_broken_pipe_is_quiet():
    """When nobody reads on, nothing is complained about, and the exit code is that of a broken pipe."""
    reader, writer = os.pipe()
    os.close(reader)
    shown = subprocess.run(
        [*PROGRAM, "config", "show"], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False
    )
    os.close(writer)
    assert (141, "") == (shown.returncode, shown.stderr)


def test_a_full_disk_is_told():
    """Output that cannot be written ends with 2 and says so."""
    if not Path("/dev/full").exists():
        pytest.skip("this machine has no /dev/full")
    with Path("/dev/full").open("w") as full:
        shown = subprocess.run(
            [*PROGRAM, "explain"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False
        )
    assert 2 == shown.returncode
    assert shown.stderr.splitlines()[0].startswith("ascend-doctor: No space left on device")


def test_ctrl_c_leaves_without_a_traceback(tmp_path):
    """An interrupt while a tool runs ends with 130, quietly."""
    tool = tmp_path / "npu-smi"
    tool.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\nsleep 3600\n")
    tool.chmod(0o700)
    config = tmp_path / "c.yaml"
    config.write_text(f"tools: {{npu-smi: [{tool}], trusted_folders: [{tmp_path}], lock_folder: {tmp_path}/locks}}\n")
    running = subprocess.Popen(
        [*PROGRAM, "check", "--config", str(config)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until((tmp_path / "started").exists)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert (130, "", "") == (running.returncode, out, err.strip())


def test_any_locale_can_print(tmp_path):
    """A host whose locale lacks a character gets symbols in ASCII or an escape, and no crash."""
    shown = _start("check", env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, cwd=tmp_path)
    assert "Traceback" not in shown.stderr
    assert shown.stdout.isascii()
    assert shown.returncode in (0, 1, 2)


def test_explain(capsys):
    """`explain` prints the guide of one check, and lists all without an id."""
    assert 0 == run(["explain", "roce.link"])
    out = capsys.readouterr().out
    assert out.startswith("roce.link: ")
    assert "What to do" in out
    assert 0 == run(["explain"])
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert list(catalogue.load()) == listed


def test_streams_that_cannot_be_changed_are_left_alone():
    """Standard output may be something that is no text file."""
    assert main._never_fail_on(object()) is None
