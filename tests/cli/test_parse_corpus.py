"""`ascend-doctor parse` against every recorded answer: what it prints holds what is expected, damage is placed."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

import attrs
import pytest

from ascend_doctor.cli.main import run
from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.npu_smi.blocks import NOTHING_OF_CHIPS
from samples import CORPUS, Case, Sample, runs_of_session, samples, vendor_cases
from waiting import PATIENCE_S

pytestmark = pytest.mark.skipif(CORPUS is None, reason="no ../shared/corpus beside this checkout")

# By the notes of its sample the tool said on standard error, with this exit code, that no address is set.
_EXIT_NO_ADDRESS = 13


@attrs.frozen
class Answer:
    """One recorded answer: its command line as printed, its bytes, and what has to be found in it."""

    name: str
    command: str
    data: bytes
    expect: Mapping[str, Any]
    exit_code: int = 0

    def __str__(self) -> str:
        return self.name


def _cut(sample: Sample) -> List[Tuple[str, str]]:
    """Cut a session up into (command line, output); loops print one answer after another without their commands."""
    text = sample.data.decode()
    if sample.command[-1].endswith("version.cfg"):
        return [("", text.partition("\n")[2])]  # the file's own first line looks like a prompt
    if "enable" in sample.command:
        return [("", text)]
    if "-tls" in sample.command:
        return [("", part) for part in re.split(r"(?m)^(?=dev_id:\d+, tls switch)", text) if part]
    if "-vnic" in sample.command:
        return [("", part) for part in re.split(r"(?m)^(?=vnic link status)", text)[1:]]
    if "-lldp" in sample.command:
        return [("", line) for line in text.splitlines(keepends=True)]
    return runs_of_session(text)


def _answers_of(sample: Sample) -> Iterator[Answer]:
    command = " ".join(sample.command) or "npu-smi info"
    if not sample.is_session:
        yield Answer(sample.path, command, sample.data, sample.expect)
        return
    runs = _cut(sample)
    expected: Sequence[Mapping[str, Any]] = sample.expect.get("runs", [sample.expect])
    assert len(expected) == len(runs)
    for position, ((typed, output), expect) in enumerate(zip(runs, expected)):
        # Where the answer itself names no device, its command or its place in the loop does.
        told = {key: value for key, value in expect.items() if key != "device" or "dev" in output}
        code = 0 if output.strip() else _EXIT_NO_ADDRESS
        yield Answer(f"{sample.path}#{position}", typed or command, output.encode(), told, code)


def _answers() -> Iterator[Answer]:
    for sample in samples():
        if sample.kind == "error answer":
            if sample.path.startswith("errors/npu-smi"):
                yield from _answers_of(attrs.evolve(sample, command=("npu-smi", "info")))
        elif query_for_command(sample.command) is not None:
            yield from _answers_of(sample)


ANSWERS = list(_answers())
GOOD = [item for item in ANSWERS if "error" not in item.expect]
BROKEN = [item for item in ANSWERS if "error" in item.expect]
CASES = [case for tool in ("npu-smi", "hccn_tool") for case in vendor_cases(tool) if query_for_command(case.argv)]


def _differences(expected: Any, shown: Any, place: str = "") -> Iterator[str]:
    """Yield where a document does not contain what is expected of it."""
    if isinstance(expected, dict) and isinstance(shown, dict):
        for key, value in expected.items():
            if key not in shown:
                yield f"{place}.{key} is not there"
            else:
                yield from _differences(value, shown[key], f"{place}.{key}")
    elif place.endswith((".types_include", ".types_exclude")):
        yield from (f"{place}: {word} is not there" for word in expected if word not in shown)
    elif isinstance(expected, list) and isinstance(shown, list) and len(expected) == len(shown):
        for index, (one, other) in enumerate(zip(expected, shown)):
            yield from _differences(one, other, f"{place}[{index}]")
    elif expected != shown or isinstance(expected, bool) != isinstance(shown, bool):
        yield f"{place}: expected {expected!r}, found {shown!r}"


def _parse(folder: Path, command: str, data: bytes, *options: str) -> int:
    path = folder / "out.txt"
    path.write_bytes(data)
    return run(["parse", "--command", command, *options, str(path)])


@pytest.mark.parametrize("item", GOOD, ids=str)
def test_the_object_holds_what_is_expected(item, tmp_path, capsys):
    """The printed object contains each expected key with the expected value, the command being given as printed."""
    assert 0 == _parse(tmp_path, item.command, item.data, "--exit-code", str(item.exit_code))
    assert [] == list(_differences(dict(item.expect), json.loads(capsys.readouterr().out)))


_PLACED = re.compile(r"ascend-doctor: \S+out\.txt: (line [1-9][0-9]*|the whole answer): expected .+\n\Z")


@pytest.mark.parametrize("item", BROKEN, ids=str)
def test_a_broken_sample_is_placed(item, tmp_path, capsys):
    """An answer that its author broke on purpose ends with 1 and one line that names the place."""
    assert 1 == _parse(tmp_path, item.command, item.data)
    out, err = capsys.readouterr()
    assert "" == out
    assert _PLACED.match(err), err


def _damaged(data: bytes) -> Dict[str, bytes]:
    text = data.decode()
    return {
        "empty": b"",
        "cut inside its last line": data.rstrip()[:-1],
        "doubled": 2 * data,
        "binary": data[: len(data) // 2] + b"\x00\xff\x1b[2J" + data[len(data) // 2 :],
        "in Chinese": re.sub("[A-Z][a-z]+|[a-z]{3,}", "\u72b6\u6001", text).encode(),
    }


@pytest.mark.parametrize("item", [item for item in GOOD if "ok" not in item.expect and item.data.strip()], ids=str)
def test_damage_is_placed(item, tmp_path, capsys):
    """Cut, empty, doubled, binary or translated, an answer ends with 1 and one printable line that names the place."""
    for damage, data in _damaged(item.data).items():
        if damage == "cut inside its last line" and item.command.startswith("cat "):
            continue  # people edit files and leave out the last newline: test_files.py shows what is read then
        if data == item.data:
            continue  # there is no word in it that could be translated
        code = _parse(tmp_path, item.command, data)
        out, err = capsys.readouterr()
        assert (1, "") == (code, out), damage
        assert _PLACED.match(err), err
        assert err[:-1].isprintable(), damage


@pytest.mark.parametrize("sample", [one for one in samples() if one.is_session], ids=str)
def test_a_session_as_a_whole_is_placed(sample, capsys):
    """Prompts and several runs in one file are no answer: the line is named where reading stopped."""
    if query_for_command(sample.command) is None:
        pytest.skip("no source asks this command")
    if _cut(sample) == [("", sample.data.decode())]:
        pytest.skip("no prompt, and one answer only")
    assert CORPUS is not None
    assert 1 == run(["parse", "--command", " ".join(sample.command), str(CORPUS / sample.path)])
    assert re.search(r"txt: line [1-9][0-9]*: expected ", capsys.readouterr().err)


def _options(case: Case) -> List[str]:
    assert CORPUS is not None
    folder = CORPUS / "vendor-code" / case.path
    return [
        *("--command", shlex.join(case.argv)),
        *("--stderr", str(folder / "stderr.txt"), "--exit-code", str(case.exit_code)),
        str(folder / "stdout.txt"),
    ]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_answer_of_the_vendors_code_is_an_object(case, capsys):
    """Each run is understood; one that the tool refused says so in the tool's own words."""
    assert 0 == run(["parse", *_options(case)])
    shown = json.loads(capsys.readouterr().out)
    if case.exit_code and "-link_stat" not in case.argv:
        assert shown["ok"] is False
    if shown.get("ok") is False:
        said = " ".join((case.stdout + b"\n" + case.stderr).decode().split())
        if shown["reason"] == NOTHING_OF_CHIPS:
            assert re.fullmatch(r"NPU ID : \d+( Chip Count : \d+)?", said)
            return
        assert shown["reason"]
        assert shown["reason"] in said


def test_a_process_of_its_own_does_the_same(capsys):
    """The installed program prints the same bytes and ends with the same code as the function behind it."""
    program = [sys.executable, "-c", "from ascend_doctor.cli.main import main; main()", "parse"]
    for case in (CASES[0], CASES[-1], next(case for case in CASES if case.stderr)):
        code = run(["parse", *_options(case)])
        there = subprocess.run(
            [*program, *_options(case)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert (code, capsys.readouterr().out, "") == (there.returncode, there.stdout, there.stderr)


NOISE = {
    "table": ("npu-smi info", b"| 0     910B3               | OK            |"),
    "rule": ("npu-smi info", b"+" + b"-" * 4000 + b"+"),
    "key line": ("npu-smi info -t health -i 0", b"\tError Code                     : 80E01801"),
    "counter": ("hccn_tool -i 0 -stat -g", b"mac_tx_mac_pause_num:0"),
    "heading": ("hccn_tool -i 0 -lldp -g", b"System Name TLV"),
    "brackets": ("hccn_tool -i 0 -tls -g", b"dev_id:0, [" + b"ca cert] [" * 500 + b"] info:"),
    "reply": ("hccn_tool -i 0 -ping -g address 10.0.0.2", b"recv seq=0,time=0.1ms"),
    "setting": ("cat /etc/hccn.conf", b"address_0=10.0.0.1"),
    "no line end": ("npu-smi info -m", b"0 "),
}


@pytest.mark.parametrize("size", [1_000_000, 10_000_000], ids=["1 MB", "10 MB"])
@pytest.mark.parametrize("noise", NOISE)
def test_noise_ends_soon(noise, size, tmp_path, capsys):
    """However much is printed, the answer is refused in one short line, and without a long wait."""
    command, line = NOISE[noise]
    end = b"" if noise == "no line end" else b"\n"
    began = time.process_time()
    code = _parse(tmp_path, command, (line + end) * (size // len(line + end)))
    spent_s = time.process_time() - began
    out, err = capsys.readouterr()
    assert (1, "") == (code, out)
    assert _PLACED.match(err), err
    assert len(err) < 600
    assert spent_s < 2.0
