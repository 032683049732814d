"""What the probe gathers of the host: from the files below a root, and from nothing else."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

import pytest

from ascend_doctor.probe import host
from ascend_doctor.probe.host import mounts, numbers
from ascend_doctor.probe.host.tree import LocalTree, Space

LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max open files            1024                 524288               files
Max locked memory         unlimited            unlimited            bytes
"""


def _ask(root: Path, word: str, files: Mapping[str, str], links: Optional[Mapping[str, str]] = None) -> Dict[str, Any]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1"))
    for name, target in (links or {}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    found: Dict[str, Any] = json.loads(host.answer(("host-facts", word), LocalTree(str(root))) or b"")
    return found


@pytest.mark.parametrize("word", ["system", "tuning", "memory", "disks", "limits", "npu-processes"])
def test_nothing_is_guessed(tmp_path: Path, word: str) -> None:
    """Below an empty root nothing is found out, and nothing is taken from this machine."""
    found = _ask(tmp_path, word, {})
    assert {"allocators": []} == found if word == "system" else {} == found


def test_the_system(tmp_path: Path) -> None:
    """Release, page size, processors, firmware, services and libraries come from their files."""
    vector = struct.pack("=QQQQQQ", 33, 1, 6, 65536, 0, 0).decode("latin-1")
    files = {
        "etc/os-release": 'NAME="openEuler"\nID="openEuler"\nVERSION_ID=22.03\nPRETTY_NAME="openEuler 22.03 (LTS)"\n',
        "proc/self/auxv": vector + "cut",
        "sys/devices/system/cpu/online": "0-47,96-143\n",
        "sys/devices/system/node/online": "0-3\n",
        "sys/class/dmi/id/sys_vendor": "Huawei\n",
        "sys/fs/cgroup/system.slice/haveged.service/cgroup.procs": "1\n",
        "usr/lib64/libjemalloc.so.2": "",
    }
    expected = {
        "os_id": "openEuler",
        "os_version": "22.03",
        "os_name": "openEuler 22.03 (LTS)",
        "page_size": 65536,
        "hypervisor": "none",
        "cpus": 96,
        "numa_nodes": 4,
        "entropy_daemon": "haveged",
        "allocators": ["/usr/lib64/libjemalloc.so.2"],
    }
    assert expected == _ask(tmp_path, "system", files)


@pytest.mark.parametrize(
    ("files", "hypervisor"),
    [
        ({"sys/hypervisor/type": "xen\n"}, "xen"),
        ({"proc/device-tree/hypervisor/compatible": "linux,kvm"}, "a hypervisor in the device tree"),
        ({"sys/class/dmi/id/sys_vendor": "QEMU\n", "sys/class/dmi/id/product_name": "KVM Virtual Machine\n"}, "QEMU"),
        ({"sys/class/dmi/id/sys_vendor": "OpenStack Foundation\n"}, "OpenStack"),
        ({"sys/class/dmi/id/sys_vendor": "Huawei\n", "sys/class/dmi/id/product_name": "A800I A2\n"}, "none"),
    ],
)
def test_what_a_machine_runs_on(tmp_path: Path, files: Mapping[str, str], hypervisor: str) -> None:
    """The kernel's word counts before the firmware's, and firmware of a maker of servers names none."""
    assert hypervisor == _ask(tmp_path, "system", files)["hypervisor"]


def test_a_node_without_an_entropy_daemon(tmp_path: Path) -> None:
    """It is told apart from a node whose services cannot be seen."""
    files = {"sys/fs/cgroup/system.slice/sshd.service/cgroup.procs": "1\n", "etc/os-release": "ID=debian\n"}
    found = _ask(tmp_path, "system", files)
    assert "" == found["entropy_daemon"]
    assert "debian" == found["os_id"]


def test_the_tuning(tmp_path: Path) -> None:
    """Settings are the kernel's; the migration cost is read where newer kernels have it."""
    files = {
        "proc/sys/vm/swappiness": "60\n",
        "proc/sys/vm/overcommit_memory": "junk\n",
        "proc/sys/kernel/numa_balancing": "1\n",
        "sys/kernel/debug/sched/migration_cost_ns": "500000\n",
        "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
        "sys/devices/system/cpu/cpufreq/policy0/scaling_governor": "performance\n",
        "sys/devices/system/cpu/cpufreq/policy4/scaling_governor": "powersave\n",
        "sys/devices/system/cpu/cpufreq/boost": "1\n",
    }
    expected = {
        "swappiness": 60,
        "numa_balancing": 1,
        "sched_migration_cost_ns": 500000,
        "transparent_hugepage": "madvise",
        "governors": {"performance": 1, "powersave": 1},
    }
    assert expected == _ask(tmp_path, "tuning", files)


def test_a_kernel_that_sets_no_frequencies(tmp_path: Path) -> None:
    """It has processors and no governors."""
    assert {"governors": {}} == _ask(tmp_path, "tuning", {"sys/devices/system/cpu/online": "0\n"})


@pytest.mark.parametrize(
    ("options", "shm_mb"),
    [
        ("rw,nosuid", 1000),
        ("rw,size=65536k", 64),
        ("rw,size=64m,inode64", 64),
        ("rw,size=500g", 512_000),
        ("size=2097152", 2),
        ("rw,size=25%", 500),
    ],
)
def test_the_size_of_shared_memory(tmp_path: Path, options: str, shm_mb: int) -> None:
    """It is the option of the mount, and half of the memory without one."""
    files = {
        "proc/meminfo": "MemTotal:        2048000 kB\nMemAvailable:    1024000 kB\nHugePages_Total:       0\n",
        "proc/mounts": f"proc /proc proc rw 0 0\ntmpfs /dev/shm tmpfs {options} 0 0\n",
    }
    assert {"total_mb": 2000, "available_mb": 1000, "shm_mb": shm_mb} == _ask(tmp_path, "memory", files)


def test_shared_memory_of_an_unknown_whole(tmp_path: Path) -> None:
    """A share of what nobody tells is not known; a table without /dev/shm says nothing."""
    assert {} == _ask(tmp_path, "memory", {"proc/mounts": "tmpfs /dev/shm tmpfs rw 0 0\n"})
    assert {} == _ask(tmp_path, "memory", {"proc/mounts": "tmpfs /run tmpfs rw,size=1k 0 0\n"})


def test_the_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each disk is asked once; what lies on another machine is named and never asked."""
    asked = []

    def space(_tree: LocalTree, path: str) -> Optional[Space]:
        asked.append(path)
        return None if path.endswith("/gone") else Space(75 * 1024**2, 25 * 1024**2)

    monkeypatch.setattr(LocalTree, "space", space)
    table = [
        "/dev/sda3 / ext4 rw 0 0",
        "/dev/sda3 /var/lib/kubelet/x ext4 rw 0 0",
        "overlay /var/lib/docker/overlay2/a/merged overlay rw 0 0",
        "/dev/sdb /my\\040data xfs rw 0 0",
        "/dev/sdc /gone xfs rw 0 0",
        "tmpfs /run tmpfs rw 0 0",
        "nas:/x /share nfs4 rw 0 0",
        "sshfs /there fuse.sshfs rw 0 0",
        "cut",
    ]
    found = _ask(tmp_path, "disks", {"proc/1/mounts": "\n".join(table)})
    assert [("/", 100, 25), ("/my data", 100, 25)] == [
        (each["mount"], each["total_mb"], each["free_mb"]) for each in found["file_systems"]
    ]
    assert ["/share", "/there"] == found["elsewhere"]
    assert ["/proc/1/root/", "/proc/1/root/my data", "/proc/1/root/gone", "/gone"] == asked


def test_an_overlay_is_the_disk_of_a_container(tmp_path: Path) -> None:
    """The root of a container is an overlay; its space is that of the disk below."""
    (found,) = _ask(tmp_path, "disks", {"proc/mounts": "overlay / overlay rw 0 0\n"})["file_systems"]
    assert "/" == found["mount"]
    assert found["total_mb"] >= found["free_mb"] >= 0
    assert LocalTree(str(tmp_path)).space("/nowhere") is None


@pytest.mark.parametrize(
    ("group", "login"),
    [
        ("0::/user.slice/user-0.slice/session-3.scope\n", True),
        ("0::/system.slice/ascend-doctor-probe.service\n", False),
        ("0::/\n", False),
    ],
)
def test_the_limits(tmp_path: Path, group: str, login: bool) -> None:
    """The doctor's own limits, whether they are those of a login, and the kernel's."""
    files = {
        "proc/self/limits": LIMITS,
        "proc/self/cgroup": group,
        "proc/sys/net/core/somaxconn": "4096\n",
        "proc/sys/net/ipv4/tcp_max_syn_backlog": "2048\n",
    }
    expected = {
        "own": {"open_files": 1024, "locked_bytes": -1},
        "from_a_login": login,
        "somaxconn": 4096,
        "tcp_max_syn_backlog": 2048,
    }
    assert expected == _ask(tmp_path, "limits", files)


def _process(pid: int, environ: str = "", **files: str) -> Dict[str, str]:
    return {
        f"proc/{pid}/stat": "x",
        f"proc/{pid}/comm": "vllm\x1b[2J\n",
        f"proc/{pid}/limits": LIMITS,
        f"proc/{pid}/environ": environ,
        **{f"proc/{pid}/{name}": text for name, text in files.items()},
    }


def test_the_processes_on_npus(tmp_path: Path) -> None:
    """Who has a device open is found by its open files; of its environment only what is asked for leaves the node."""
    environ = (
        "SECRET=x\0ASCEND_GLOBAL_LOG_LEVEL=0\0"
        "LD_PRELOAD=/usr/lib64/libjemalloc.so.2:/usr/lib64/gone.so /nfs/x.so:/usr/../nfs/y.so libz.so"
        ":/usr/lib64/link.so\0"
    )
    files = {
        **_process(40, environ),
        "proc/40/root/usr/lib64/libjemalloc.so.2": "",
        "proc/40/root/usr/bin/migratepages": "",
        **_process(50),
        "proc/self/stat": "",
        "proc/2/comm": "kthreadd\n",
        "proc/2/task/2/children": "3 4 ",
        "proc/3/stat": "",
    }
    links = {
        "proc/40/fd/3": "/dev/davinci11",
        "proc/40/fd/4": "/dev/davinci2",
        "proc/40/fd/5": "/dev/davinci_manager",
        "proc/40/fd/6": "socket:[1]",
        "proc/40/fd/7": "/dev/davinci2",
        "proc/50/fd/0": "/dev/davinci_manager",
        "proc/40/root/usr/lib64/link.so": "/etc/alternatives/inside-of-its-container.so",
    }
    process = {
        "pid": 40,
        "name": "vllm?[2J",
        "devices": [2, 11],
        "limits": {"open_files": 1024, "locked_bytes": -1},
        "log_level": "0",
        "preloads": ["/usr/lib64/libjemalloc.so.2", "/usr/lib64/gone.so", "/usr/lib64/link.so"],
        "absent_preloads": ["/usr/lib64/gone.so"],
        "hccl_nics": None,
        "migratepages": True,
    }
    assert {"processes": [process], "unseen": 0} == _ask(tmp_path, "npu-processes", files, links)


@pytest.mark.parametrize(
    ("environ", "network", "expected"),
    [
        ("HCCL_SOCKET_IFNAME==eth0", "net:[1]", ["eth0"]),
        ("HCCL_SOCKET_IFNAME=eth", "net:[1]", ["eth0", "eth1"]),
        ("HCCL_SOCKET_IFNAME==gone", "net:[1]", []),
        ("HCCL_SOCKET_IFNAME=^eth", "net:[1]", None),
        ("HCCL_SOCKET_IFNAME==eth0", "net:[2]", None),
        ("HCCL_SOCKET_IFNAME==eth0\0HCCL_IF_IP=10.0.0.1", "net:[1]", None),
        ("HCCL_SOCKET_IFNAME=", "net:[1]", None),
        ("GLOO_SOCKET_IFNAME=eth0", "net:[1]", None),
    ],
)
def test_the_interfaces_that_a_process_allows(
    tmp_path: Path, environ: str, network: str, expected: Optional[List[str]]
) -> None:
    """Only names of the node's own interfaces leave it; a choice of very many, or of another network, is none."""
    names = ("eth0", "eth1", *(f"veth{number}" for number in range(40)))
    files = {**_process(90, environ), **{f"sys/class/net/{name}/operstate": "up\n" for name in names}}
    links = {"proc/90/fd/3": "/dev/davinci0", "proc/90/ns/net": network, "proc/self/ns/net": "net:[1]"}
    (found,) = _ask(tmp_path, "npu-processes", files, links)["processes"]
    assert expected == found.get("hccl_nics")


def test_processes_that_cannot_be_seen_are_counted(tmp_path: Path) -> None:
    """One without a list of open files may have an NPU open; one that has ended does not count."""
    files = {**_process(60), "proc/61/comm": "ended\n", "proc/2/comm": "bash\n", "proc/2/fd/0": ""}
    assert {"processes": [], "unseen": 1} == _ask(tmp_path, "npu-processes", files)


def test_an_environment_that_cannot_be_read(tmp_path: Path) -> None:
    """What it says is missing then, not empty."""
    files = {"proc/70/stat": "x"}
    (found,) = _ask(tmp_path, "npu-processes", files, {"proc/70/fd/3": "/dev/davinci0"})["processes"]
    unseen = {"limits", "log_level", "preloads", "absent_preloads", "hccl_nics"}
    assert {"pid", "name", "devices", "migratepages", *unseen} == set(found)
    assert {None} == {found[name] for name in unseen}
    assert "?" == found["name"]


@pytest.mark.parametrize(
    ("text", "count"), [("0", 1), ("0-3", 4), ("0,2-3,8", 4), ("", None), (None, None), ("all", None), ("1-", None)]
)
def test_lists_of_numbers(text: Optional[str], count: Optional[int]) -> None:
    """The kernel's lists are counted, anything else is not known."""
    assert count == numbers.listed(text)


def test_a_tree_is_not_caught_by_what_is_no_file(tmp_path: Path) -> None:
    """A pipe where a file should be is not opened: reading it would never end."""
    os.mkfifo(tmp_path / "pipe")
    tree = LocalTree(str(tmp_path))
    assert (None, None, None) == (tree.text("/pipe"), tree.data("/"), tree.link("/pipe"))
    assert mounts.mounts(tree) is None


def test_texts_leave_the_node_clean_and_short(tmp_path: Path) -> None:
    """A name of thousands of letters is cut, and control characters are replaced."""
    found = _ask(tmp_path, "npu-processes", {"proc/80/comm": "x" * 5000}, {"proc/80/fd/3": "/dev/davinci0"})
    assert host.MAX_WORDS == len(found["processes"][0]["name"])
