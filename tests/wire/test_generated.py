"""The committed generated code is what the `.proto` files say."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PROTOS = ROOT / "protos"


def _generate() -> ModuleType:
    pytest.importorskip("grpc_tools", reason="the generator is not installed: generated code is not compared")
    spec = importlib.util.spec_from_file_location("protos_generate", PROTOS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, version in module.GENERATORS.items():
        if importlib.metadata.version(name) != version:
            pytest.skip(f"{name} is not {version}: generated code is not compared")
    return module


def test_generated_code_is_current(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A fresh run of `make protos` yields the committed files, all of them and byte for byte."""
    generate = _generate()
    assert 0 == generate.main([str(tmp_path)])
    fresh = {path.name: path.read_bytes() for path in generate.generated(tmp_path)}
    committed = {path.name: path.read_bytes() for path in generate.generated(PROTOS)}
    assert sorted(fresh) == sorted(committed)
    assert fresh == committed


def test_other_generators_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A newer generator would shut out the oldest runtime that is supported: it is refused by version."""
    generate = _generate()
    monkeypatch.setitem(generate.GENERATORS, "grpcio-tools", "9.9.9")
    assert 1 == generate.main([])
    assert "grpcio-tools 9.9.9 generates this code" in capsys.readouterr().err


def test_every_element_is_explained() -> None:
    """Each message, field, enum, word, service and call of the protocol has a comment right above it."""
    silent = []
    for path in sorted(PROTOS.glob("ascend_doctor/v1/*.proto")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for above, line in zip(lines, lines[1:]):
            element = re.match(r"\s*(message|enum|service|rpc|oneof|[\w.<>, ]+ \w+ = \d+;|\w+ = \d+;)", line)
            if element and not above.strip().startswith("//"):
                silent.append(f"{path.name}: {line.strip()}")
    assert [] == silent


def test_generated_code_asks_for_the_oldest_runtime() -> None:
    """The floors of pyproject.toml are those that the generated code checks when it is loaded."""
    code = (PROTOS / "ascend_doctor/v1/ingest_pb2_grpc.py").read_text(encoding="utf-8")
    floor = re.search(r"GRPC_GENERATED_VERSION = '([\d.]+)'", code)
    assert floor is not None
    assert f'"grpcio>={floor.group(1)},<2"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
