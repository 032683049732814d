"""The files of a simulated server: the same in memory and on disk, and consistent with what its tools say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import pytest

from ascend_doctor.probe import host as probe_host
from ascend_doctor.probe.host.tree import LocalTree
from ascend_doctor.simulator import files, host, install
from ascend_doctor.simulator.hardware import Machine, Process, Service
from ascend_doctor.simulator.host.kernel import kernel_files, kernel_links
from ascend_doctor.simulator.profiles import PRODUCTS

SECTIONS = ("system", "tuning", "memory", "limits", "npu-processes")
"""Those that come from files alone; the space on a disk is the one of the machine that the files lie on."""


def _busy_machine() -> Machine:
    machine = PRODUCTS["atlas-800t-a2"].machine("node-1")
    machine.chips[3].processes.append(Process(23721, "python3", 30_000))
    machine.chips[4].processes.append(Process(23721, "python3", 30_000))
    machine.chips[5].processes.append(Process(23722, None, 30_000))
    preload = {"LD_PRELOAD": "/usr/lib64/libjemalloc.so.2"}
    machine.host.services.append(Service(31415, "vllm", (0,), preload, ["/usr/lib64/libjemalloc.so.2"], 1024, 65536))
    return machine


def _told(machine: Machine, word: str) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(host.answer(("host-facts", word), host.tree_of(machine)) or b"")
    return found


def _write(folder: Path, machine: Machine) -> LocalTree:
    everything = {**files.files(machine), **kernel_files(machine)}
    install.write_files(folder, "node-1", everything, files.file_times(machine), kernel_links(machine))
    return LocalTree(str(install.root_folder(folder, "node-1")))


@pytest.mark.parametrize("word", SECTIONS)
def test_the_files_on_disk_tell_the_same(tmp_path: Path, word: str) -> None:
    """A real probe below the simulated root gathers what one in the same process does."""
    machine = _busy_machine()
    tree = _write(tmp_path, machine)
    assert _told(machine, word) == json.loads(probe_host.answer(("host-facts", word), tree) or b"")


def test_links_of_a_process_that_ends_go_away(tmp_path: Path) -> None:
    """After the end of a process its folder is gone."""
    machine = _busy_machine()
    _write(tmp_path, machine)
    machine.host.services.clear()
    machine.chips[3].processes.clear()
    machine.chips[4].processes.clear()
    tree = _write(tmp_path, machine)
    assert {"processes": [], "unseen": 0} == json.loads(probe_host.answer(("host-facts", "npu-processes"), tree) or b"")
    assert not tree.exists("/proc/31415")


def test_a_process_of_the_tools_is_one_of_the_system() -> None:
    """What holds memory of a chip has the chip open; a process without a /proc entry is not there."""
    found = {each["pid"]: each for each in _told(_busy_machine(), "npu-processes")["processes"]}
    assert {31415, 23721} == set(found)
    assert ("python3", [3, 4]) == (found[23721]["name"], found[23721]["devices"])
    assert ({"open_files": 1024, "locked_bytes": 65536}, []) == (
        found[31415]["limits"],
        found[31415]["absent_preloads"],
    )


def test_the_space_on_the_disks_is_the_machines() -> None:
    """In memory the disks have their sizes; the partition of the firmware is none that anybody writes to."""
    found = _told(PRODUCTS["atlas-800t-a2"].machine("node-1"), "disks")["file_systems"]
    assert ["/", "/data"] == [each["mount"] for each in found]
    assert (439 * 1024, 361 * 1024) == (found[0]["total_mb"], found[0]["free_mb"])


def test_a_small_machine() -> None:
    """One NUMA node, no frequencies, an old kernel's settings, and the doctor as a service."""
    machine = PRODUCTS["atlas-300i-pro"].machine("node-1")
    machine.host.numa_nodes, machine.host.governor, machine.host.migration_cost_ns = 1, None, None
    machine.host.from_a_login, machine.host.shm_mb = False, 64
    assert 1 == _told(machine, "system")["numa_nodes"]
    assert {} == _told(machine, "tuning")["governors"]
    assert "sched_migration_cost_ns" not in _told(machine, "tuning")
    assert not _told(machine, "limits")["from_a_login"]
    assert 64 == _told(machine, "memory")["shm_mb"]


def test_an_x86_machine_gathers_entropy() -> None:
    """The products with x86 processors run the daemon, the others need none."""
    daemons = {name: _told(product.machine("n"), "system")["entropy_daemon"] for name, product in PRODUCTS.items()}
    assert {name: "haveged" if name.endswith("x86") else "" for name in PRODUCTS} == daemons


def test_the_folder_of_a_service_that_stops_goes_away(tmp_path: Path) -> None:
    """That a control group is there says that the service runs: an empty folder is not left behind."""
    machine = _busy_machine()
    machine.system.running.append("firewalld")
    _write(tmp_path, machine)
    machine.system.running.remove("firewalld")
    machine.system.running.remove("docker")
    found = json.loads(probe_host.answer(("host-facts", "services"), _write(tmp_path, machine)) or b"")
    assert ["chronyd", "containerd"] == found["running"]
