"""Each half of the agent loads what it uses and nothing else: it runs for months beside jobs."""

from __future__ import annotations

import linecache
import subprocess
import sys
from types import SimpleNamespace
from typing import List, Tuple

import pytest

from ascend_doctor.cli import lean

_START = "from ascend_doctor.cli.main import cli\ncli.get_command(None, 'agent')\n"
_PROBE = """\
from ascend_doctor.agent import probe_process
from ascend_doctor.checks import catalogue
from ascend_doctor.cli import knowing
from ascend_doctor.probe.local import LocalRunner
catalogue.load()
"""
_UPLINK = "from ascend_doctor.agent import uplink_process\n"
_CONFIGURATION = ["ascend_doctor.cli.configuration", "pydantic", "yaml", "importlib.metadata"]
_OPENSSL = ["_hashlib", "_ssl"]
_GRPC = ["grpc", "google.protobuf"]
_JUDGING = ["ascend_doctor.facts", "ascend_doctor.checks", "ascend_doctor.knowledge"]


@pytest.mark.parametrize(
    ("half", "unused"),
    [
        (_PROBE, [*_CONFIGURATION, *_OPENSSL, *_GRPC, "rich", "statistics", "zipfile"]),
        (_UPLINK, [*_CONFIGURATION, *_JUDGING, "cryptography", "rich", "zipfile"]),
    ],
    ids=["probe", "uplink"],
)
def test_a_half_loads_what_it_uses(half: str, unused: List[str]):
    """The probe has no TLS and no gRPC, the uplink no parser and no check, and neither reads configurations."""
    code = f"{_START}{half}import sys\nprint(*(name for name in {unused!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _with_path(code)], capture_output=True, text=True, check=True
    )

    assert ("", "") == (done.stdout.strip(), done.stderr)


def test_what_was_left_out_can_be_had(tmp_path):
    """Whoever imports ssl after all gets it, and what was loaded before stays as it is."""
    code = "from ascend_doctor.cli import lean\nlean.load()\nimport ssl, hashlib, asyncio\nlean.load()\n"
    code += "ssl.create_default_context()\nprint(hashlib.sha256(b'').hexdigest()[:8], asyncio.sslproto.ssl)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _with_path(code)], capture_output=True, text=True, check=True
    )

    assert ("e3b0c442 None\n", "") == (done.stdout, done.stderr)


def _with_path(code: str) -> str:
    """Return code that finds what this process finds; -S leaves out what a site adds to every Python."""
    return f"import sys\nsys.path[:0] = {sys.path!r}\n{code}"


def test_memory_is_kept_flat_where_the_c_library_can(monkeypatch: pytest.MonkeyPatch):
    """Glibc is told; another C library, which has no such setting, or one that cannot be asked, is left as it is."""
    told: List[Tuple[int, int]] = []
    monkeypatch.setattr("ctypes.CDLL", lambda _: SimpleNamespace(mallopt=lambda *words: told.append(words)))
    lean.keep_memory_flat()
    monkeypatch.setattr("ctypes.CDLL", lambda _: SimpleNamespace())
    lean.keep_memory_flat()

    assert [(-3, 65536)] == told


def test_what_the_start_left_behind_is_dropped():
    """The texts of generated methods go."""
    linecache.cache["<attrs generated methods of a class>"] = (1, None, ["def __init__(self):"], "")
    lean.forget_the_start()

    assert {} == linecache.cache
