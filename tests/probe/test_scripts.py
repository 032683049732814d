"""The script that the Python of the jobs runs, files with several places, and who may be run."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any, Dict

import pytest

from ascend_doctor.facts.files import cann
from ascend_doctor.facts.runtime import devices, stack
from ascend_doctor.facts.runtime.answers import SCRIPT
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.evidence import Ending
from ascend_doctor.model.reading import Missing
from ascend_doctor.probe import scripts
from ascend_doctor.probe.local import LocalRunner, LocalSettings
from ascend_doctor.probe.scripts import ascend_runtime
from ascend_doctor.probe.tools import ToolPaths
from waiting import PATIENCE_S


def test_the_script_answers_in_any_python() -> None:
    """It needs nothing but the standard library, and says what is not there."""
    path = scripts.resolved((SCRIPT,))[0]
    shown: Dict[str, Any] = {}
    for what in ("stack", "devices", "compute"):
        run = subprocess.run([sys.executable, "-I", path, what], capture_output=True, timeout=PATIENCE_S, check=True)
        shown[what] = json.loads(run.stdout)
        assert what == shown[what]["what"]
    assert {"python", "packages"} <= set(shown["stack"])
    assert "torch" in shown["devices"]["error"]
    wrong = subprocess.run([sys.executable, path, "nonsense"], capture_output=True, timeout=PATIENCE_S, check=False)
    assert (2, b"") == (wrong.returncode, wrong.stdout)


class Product:
    """What a matrix of our own torch is worth."""

    def __init__(self, value: float) -> None:
        self.value = value

    def npu(self) -> Product:
        """Move it."""
        return self

    def __eq__(self, other: object) -> Any:
        return Product(float(self.value == other))

    def __hash__(self) -> int:
        return 0

    def all(self) -> Product:
        """Look at every cell."""
        return self

    def item(self) -> float:
        """Return the only value."""
        return self.value


def fake_torch(broken: int, wrong: int) -> Any:
    """Return a torch of three NPUs, one of which fails and one of which computes wrong."""
    torch = types.SimpleNamespace(float16="half", chosen=0)

    def choose(number: int) -> None:
        if number == broken:
            raise RuntimeError("507015")
        torch.chosen = number

    torch.npu = types.SimpleNamespace(device_count=lambda: 3, set_device=choose, synchronize=lambda: None)
    torch.ones = lambda *_, **__: Product(1)
    torch.matmul = lambda *_: Product(0.5 if torch.chosen == wrong else ascend_runtime.SIZE)
    return torch


def test_a_runtime_is_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every NPU by itself: one that fails says how, one that computes wrong is told, and the rest goes on."""
    monkeypatch.setitem(sys.modules, "torch", fake_torch(broken=1, wrong=2))
    monkeypatch.setitem(sys.modules, "torch_npu", types.SimpleNamespace())
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    assert 0 == ascend_runtime.main(["compute"])
    right, failed, wrong = json.loads(capsys.readouterr().out)["devices"]
    assert (0, True) == (right["device"], right["is_right"])
    assert {"device": 1, "error": "RuntimeError: 507015"} == failed
    assert wrong["is_right"] is False
    assert {"count": 3} == ascend_runtime.devices()


def runner(folder: Path, **tools: str) -> LocalRunner:
    """Return a runner that knows these tools, and sees the node's files in a folder."""
    # A checkout may lie below a folder that everybody may write to, such as /tmp.
    trusted = {str(place.parent) for path in tools.values() for place in (Path(path), Path(path).resolve())}
    paths = ToolPaths({name: (path,) for name, path in tools.items()}, trusted=tuple(sorted(trusted)))
    return LocalRunner(LocalSettings(tools=paths, root=str(folder)))


def test_the_runner_gives_the_script_to_the_configured_python(tmp_path: Path) -> None:
    """The evidence keeps the script's name, not its place on this machine."""
    evidence = asyncio.run(runner(tmp_path, python3=sys.executable).run(stack.SOURCE.about()))
    assert (Ending.EXITED, ("python3", SCRIPT, "stack")) == (evidence.ending, evidence.argv)
    assert not isinstance(stack.SOURCE.read(evidence), Missing)


def test_without_a_configured_python_none_is_run(tmp_path: Path) -> None:
    """There are many Pythons, and the doctor does not choose one."""
    evidence = asyncio.run(runner(tmp_path).run(devices.SOURCE.about(WHOLE_NODE)))
    assert Ending.NOT_FOUND is evidence.ending


def test_the_first_place_where_a_file_is_counts(tmp_path: Path) -> None:
    """The evidence says which; without any it names where was looked."""
    absent = asyncio.run(runner(tmp_path).run(cann.TOOLKIT.about()))
    assert Ending.NOT_FOUND is absent.ending
    assert "ascend-toolkit/latest/x86_64-linux" in absent.note
    place = "/usr/local/Ascend/ascend-toolkit/latest/aarch64-linux/ascend_toolkit_install.info"
    path = tmp_path / place.lstrip("/")
    path.parent.mkdir(parents=True)
    path.write_text("package_name=Ascend-cann-toolkit\nversion=8.2.RC1\n")
    evidence = asyncio.run(runner(tmp_path).run(cann.TOOLKIT.about()))
    assert ("cat", place) == evidence.argv
    assert "8.2.RC1" == getattr(cann.TOOLKIT.read(evidence), "version", None)
