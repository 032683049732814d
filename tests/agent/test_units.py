"""The systemd units: what they start is there, and systemd itself finds nothing to complain about."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import List

import click
import pytest

from ascend_doctor.cli.main import cli

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
COMMAND = "/usr/bin/ascend-doctor"


def _values(unit: Path, key: str) -> List[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), re.MULTILINE)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_what_a_unit_starts_is_there(unit: Path):
    """The command line of each unit is one that the program takes."""
    (line,) = _values(unit, "ExecStart")
    program, verb, *words = line.split()
    assert COMMAND == program
    context = click.Context(cli)
    command = cli.get_command(context, verb)
    assert command is not None
    command.make_context(verb, words, parent=context)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_no_unit_lets_grpc_break_children(unit: Path):
    """The fork handlers of gRPC are off everywhere."""
    assert ["PATH=/usr/sbin:/usr/bin:/sbin:/bin GRPC_ENABLE_FORK_SUPPORT=0"] == _values(unit, "Environment")


def test_the_halves_are_parted():
    """The probe has no network and sees the devices; the uplink has the network, no device and no privilege."""
    probe, uplink = FOLDER / "ascend-doctor-probe.service", FOLDER / "ascend-doctor-uplink.service"
    assert ["AF_UNIX AF_NETLINK"] == _values(probe, "RestrictAddressFamilies")
    assert ["any"] == _values(probe, "IPAddressDeny")
    assert [] == _values(probe, "PrivateDevices")
    assert ["yes"] == _values(uplink, "PrivateDevices")
    assert [""] == _values(uplink, "CapabilityBoundingSet")
    assert ["ascend-doctor"] == _values(uplink, "User")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
def test_systemd_has_no_complaint(tmp_path: Path):
    """`systemd-analyze verify` prints nothing: it ends with 0 for a misspelt key, too."""
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace(COMMAND, "/bin/true"))
    words = ["systemd-analyze", "verify", *(str(tmp_path / unit.name) for unit in UNITS)]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert (0, b"") == (done.returncode, done.stdout)
