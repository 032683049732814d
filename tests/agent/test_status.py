"""`ascend-doctor status`: the last word of the agent, at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import attrs
import pytest

from ascend_doctor.cli.main import run
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.probe import verdict_file
from ascend_doctor.probe.verdict_file import LocalVerdict, Problem

PROBLEM = Problem("roce.link", "node-1 NPU 3 port", "fail", "the link is down")


def _verdict(verdict: Verdict, **more: object) -> LocalVerdict:
    now = time.time()
    found = LocalVerdict("node-1", verdict, now - 40, now + 100, verdict_file.boot_id(), doctor_version="1.0")
    return attrs.evolve(found, **more)


def _status(folder: Path, *words: str) -> int:
    return run(["status", "--state-dir", str(folder), *words])


def test_a_ready_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """READY is exit code 0 and one line."""
    verdict_file.write(tmp_path, _verdict(Verdict.READY))
    assert _status(tmp_path) == 0
    assert capsys.readouterr().out.startswith("READY  node-1: 0 problems; judged ")


def test_a_broken_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """NOT READY is exit code 1, with the problems, what was not seen, and the doctor's own trouble."""
    found = _verdict(
        Verdict.NOT_READY, problem_count=2, blind_count=1, problems=(PROBLEM,), remarks=("the disk is full",)
    )
    verdict_file.write(tmp_path, found)
    assert _status(tmp_path) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("NOT READY  node-1: 2 problems, 1 thing not seen; judged ")
    assert lines[1:] == [
        "  fail  node-1 NPU 3 port: the link is down [roce.link]",
        "  and 1 more: `ascend-doctor check` shows all",
        "  note: the disk is full",
    ]


@pytest.mark.parametrize(
    "more",
    [{"valid_until": 1.0}, {"boot_id": "another"}, {"made_at": time.time() + 1e6}],
    ids=["expired", "another boot", "from the future"],
)
def test_an_old_verdict_does_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str], more: dict[str, object]):
    """Too old, of another boot, or from the future: no verdict, exit code 2."""
    verdict_file.write(tmp_path, _verdict(Verdict.READY, **more))
    assert _status(tmp_path) == 2
    out = capsys.readouterr().out
    assert out.startswith("INCOMPLETE  ")
    assert "was READY, and counts no more" in out


@pytest.mark.parametrize(("words", "expected"), [((), 0), (("--strict",), 1)])
def test_warnings_count_where_asked(tmp_path: Path, words: tuple[str, ...], expected: int):
    """DEGRADED is ready, unless one is strict."""
    verdict_file.write(tmp_path, _verdict(Verdict.DEGRADED))
    assert expected == _status(tmp_path, *words)


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """For scripts: the verdict as it counts now, and as it was."""
    verdict_file.write(tmp_path, _verdict(Verdict.READY, valid_until=1.0, problems=(PROBLEM,)))
    assert _status(tmp_path, "--format", "json") == 2
    found = json.loads(capsys.readouterr().out)
    assert ("1.0", "incomplete", "ready") == (found["format_version"], found["verdict"], found["verdict_when_made"])
    assert [attrs.asdict(PROBLEM)] == found["problems"]


def test_no_agent(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Without a verdict one line says what to do."""
    assert _status(tmp_path) == 2
    assert f"ascend-doctor: no verdict in {tmp_path}: is the agent running? (`ascend-doctor agent`)\n" == (
        capsys.readouterr().err
    )


def test_hostile_text_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What a tool printed is shown with its escapes visible."""
    problem = attrs.evolve(PROBLEM, summary="\x1b[2J")
    verdict_file.write(tmp_path, _verdict(Verdict.NOT_READY, problem_count=1, problems=(problem,), remarks=("\x07",)))
    _status(tmp_path)
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("text", ["agent: {state_dir: DIR}\n", "node: x\nagent: {state_dir: DIR, metrics: null}\n"])
def test_the_configuration_names_the_folder(tmp_path: Path, text: str):
    """Without an option the state directory of the configuration counts."""
    verdict_file.write(tmp_path, _verdict(Verdict.NOT_READY))
    config = tmp_path / "config.yaml"
    config.write_text(text.replace("DIR", str(tmp_path)))
    assert run(["status", "--config", str(config)]) == 1


@pytest.mark.parametrize("text", ["", "node: x\n", "[1]\n", "agent: {}\n", "agent: 3\n"])
def test_without_a_word_of_the_configuration_it_is_the_usual_folder(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
):
    """A configuration that names no folder leaves the default."""
    config = tmp_path / "config.yaml"
    config.write_text(text)
    run(["status", "--config", str(config)])
    assert "no verdict in /var/lib/ascend-doctor: " in capsys.readouterr().err


def test_a_mistake_in_the_configuration_has_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A folder that is none is told with line and column."""
    config = tmp_path / "config.yaml"
    config.write_text("agent:\n  state_dir: 3\n")
    assert run(["status", "--config", str(config)]) == 2
    assert "config.yaml:2:14: write an absolute path" in capsys.readouterr().err


def test_it_loads_next_to_nothing(tmp_path: Path):
    """A gate that asks before every job gets its answer at once: no check, no parser, no gRPC is loaded for it."""
    verdict_file.write(tmp_path, _verdict(Verdict.READY))
    config = tmp_path / "config.yaml"
    config.write_text(f"agent: {{state_dir: {tmp_path}}}\n")
    code = (
        "import sys; from ascend_doctor.cli.main import run; code = run(sys.argv[1:]);"
        "heavy = ('asyncio', 'grpc', 'google', 'pydantic', 'rich', 'psutil', 'starlette', 'cryptography');"
        "print(code, [name for name in heavy if name in sys.modules],"
        " [name for name in sys.modules if name.startswith(('ascend_doctor.facts', 'ascend_doctor.checks'))])"
    )
    words = [sys.executable, "-c", code, "status", "--config", str(config)]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
    assert done.stdout.splitlines()[-1] == b"0 [] []"
