"""Gathering facts of the host around the NPUs: from files below a root, as they are on a real node."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence

import pytest

from ascend_doctor.facts.host import kernel_log as kernel_log_facts
from ascend_doctor.probe import host
from ascend_doctor.probe.host import kernel, kernel_log
from ascend_doctor.probe.host import network as host_network
from ascend_doctor.probe.host.tree import LocalTree

NPU = "0000:c1:00.0"
BUS = "sys/devices/pci0000:c0/0000:c0:00.0"


def below(root: Path, files: Mapping[str, str]) -> LocalTree:
    """Write files below a root, and return the node that they are."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return LocalTree(str(root))


def ask(section: str, tree: LocalTree) -> Dict[str, Any]:
    """Return what a section says."""
    found: Dict[str, Any] = json.loads(host.answer(("host-facts", section), tree) or b"")
    return found


def on_the_bus(root: Path, **files: str) -> LocalTree:
    """Write one NPU and a bridge, the entries of the bus being links as the kernel makes them."""
    device = {
        "uevent": "DRIVER=devdrv_device_driver\nPCI_CLASS=120000\nPCI_ID=19E5:D802\n",
        "current_link_speed": "16.0 GT/s PCIe\n",
        "max_link_speed": "32.0 GT/s PCIe\n",
        "current_link_width": "8\n",
        "max_link_width": "16\n",
        "numa_node": "-1\n",
        "aer_dev_fatal": "Undefined 0\nDLP 2\nTOTAL_ERR_FATAL 2\n",
        "aer_dev_nonfatal": "CmpltTO 1\nUnsupReq 4\nTOTAL_ERR_NONFATAL 5\n",
        **files,
    }
    tree = below(
        root,
        {
            **{f"{BUS}/{NPU}/{name}": text for name, text in device.items()},
            f"{BUS}/uevent": "DRIVER=pcieport\nPCI_ID=19E5:A120\n",
            f"{BUS}/max_link_width": "8\n",
            f"{BUS}/max_link_speed": "16 GT/s\n",
            "sys/devices/system/node/node0/distance": "10\n",
            "sys/devices/system/node/node1/distance": "10\n",
            "sys/devices/system/node/possible": "0-1\n",
        },
    )
    entries = root / "sys/bus/pci/devices"
    entries.mkdir(parents=True)
    entries.joinpath(NPU).symlink_to(f"../../../devices/pci0000:c0/0000:c0:00.0/{NPU}")
    entries.joinpath("0000:c0:00.0").symlink_to("../../../devices/pci0000:c0/0000:c0:00.0")
    return tree


def test_an_npu_on_the_bus(tmp_path: Path) -> None:
    """Link, slot, place and errors are read; bridges are no NPUs; unsupported requests are no errors."""
    found = ask("pci", on_the_bus(tmp_path))

    assert 2 == found["numa_nodes"]
    (device,) = found["devices"]
    expected = {
        "address": NPU,
        "device_id": "d802",
        "driver": "devdrv_device_driver",
        "speed_gts": 16.0,
        "max_speed_gts": 32.0,
        "port_speed_gts": 16.0,
        "width": 8,
        "max_width": 16,
        "port_width": 8,
        "numa_node": -1,
        "aer_fatal": 2,
        "aer_nonfatal": 1,
    }
    assert expected == device


def test_a_device_that_fell_off_the_bus(tmp_path: Path) -> None:
    """What a dead device shows as its link is no link."""
    tree = on_the_bus(
        tmp_path, current_link_speed="Unknown\n", current_link_width="255\n", max_link_width="0\n", numa_node="far\n"
    )
    (tmp_path / BUS / NPU / "aer_dev_fatal").unlink()
    (device,) = ask("pci", tree)["devices"]

    for name in ("speed_gts", "width", "max_width", "numa_node", "aer_fatal"):
        assert device[name] is None


def test_no_bus_at_all(tmp_path: Path) -> None:
    """Without a bus nothing is said of devices, which is not the same as none."""
    assert {} == ask("pci", LocalTree(str(tmp_path)))


def test_device_nodes(tmp_path: Path) -> None:
    """Nodes of the driver are told with their group by name; others are left out; none is opened."""
    names = ("davinci_manager", "hisi_hdc", "davinci0", "davinci12", "davincix", "null")
    group = os.getgid()
    tree = below(tmp_path, {"etc/group": f"broken\nHwHiAiUser:x:{group}:\n", **{f"dev/{name}": "" for name in names}})
    (tmp_path / "dev/davinci0").chmod(0o660)
    nodes = {node["path"]: node for node in ask("device-nodes", tree)["nodes"]}

    assert {"/dev/davinci_manager", "/dev/hisi_hdc", "/dev/davinci0", "/dev/davinci12"} == set(nodes)
    assert {"path": "/dev/davinci0", "mode": 0o660, "group": "HwHiAiUser", "usable": True} == nodes["/dev/davinci0"]
    assert {} == ask("device-nodes", LocalTree(str(tmp_path / "nowhere")))


def test_a_group_without_a_name(tmp_path: Path) -> None:
    """Its number stands for it, and a node that is gone meanwhile has none."""
    tree = below(tmp_path, {"dev/hisi_hdc": ""})
    (node,) = ask("device-nodes", tree)["nodes"]
    assert str(os.getgid()) == node["group"]
    (tmp_path / "dev/hisi_hdc").unlink()
    (tmp_path / "dev/hisi_hdc").symlink_to("nowhere")
    (node,) = ask("device-nodes", tree)["nodes"]
    assert (None, False) == (node["mode"], node["usable"])


def test_kernel_modules(tmp_path: Path) -> None:
    """Modules of the driver are found by their names, among the loaded and below each kernel's updates."""
    files = {
        "proc/modules": "drv_pcie_host 1 1 - Live 0x0\nnf_conntrack 1 1 - Live 0x0\nasdrv_ub 1 1 - Live 0x0\n",
        "proc/sys/kernel/osrelease": "5.10.0-2\n",
        "lib/modules/5.10.0-1/updates/drv_pcie_host.ko": "",
        "lib/modules/5.10.0-2/updates/other.ko": "",
        "lib/modules/5.10.0-3/kernel/x.ko": "",
    }
    expected = {"release": "5.10.0-2", "loaded": ["asdrv_ub", "drv_pcie_host"], "built_for": ["5.10.0-1"]}
    assert expected == ask("kernel-modules", below(tmp_path, files))
    assert {} == ask("kernel-modules", LocalTree(str(tmp_path / "nowhere")))


def word(address: str) -> str:
    """Return an address as the kernel's tables write it."""
    return f"{int.from_bytes(bytes(map(int, address.split('.'))), sys.byteorder):08X}"


def test_the_network(tmp_path: Path) -> None:
    """Each interface has the addresses in its networks, the narrowest network counts; sockets that listen are told."""
    route = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
    rows = (
        ("eth0", "0.0.0.0", "10.0.0.1", "0.0.0.0"),
        ("eth0", "10.0.0.0", "0.0.0.0", "255.0.0.0"),
        ("eth1", "10.1.0.0", "0.0.0.0", "255.255.0.0"),
        ("eth2", "0.0.0.0", "0.0.0.0", "0.0.0.0"),
    )
    for name, network, gateway, mask in rows:
        route += "\t".join((name, word(network), word(gateway), "0001", "0", "0", "0", word(mask))) + "\n"
    trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n"
    for address in ("10.0.0.5", "10.1.0.6", "127.0.0.1", "10.0.0.5", "192.168.9.9"):
        trie += f"     |-- {address}\n        /32 host LOCAL\n"
    trie += "     |-- 10.0.0.255\n        /32 link BROADCAST\n     |-- 10.0.0.0\n        /8 universe UNICAST\n"
    head = "  sl  local_address rem_address   st\n"
    files = {
        "proc/sys/kernel/hostname": "node-1\n",
        "etc/hosts": "# comment\n127.0.0.1 localhost\n10.0.0.5 node-1.example node-1 # mine\n10.0.0.7 node-10\n",
        "sys/class/net/eth0/operstate": "up\n",
        "sys/class/net/eth1/operstate": "down\n",
        "sys/class/net/bonding_masters": "",
        "proc/net/route": route,
        "proc/net/fib_trie": trie,
        "proc/net/tcp": f"{head}   0: 00000000:EA60 00000000:0000 0A\n   1: 0100007F:0016 0100007F:1000 01\n",
        "proc/net/tcp6": f"{head}   0: {'0' * 32}:0016 {'0' * 32}:0000 0A\n",
        "proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
        "proc/sys/net/ipv4/ip_local_reserved_ports": "60000-60031,7008\n",
    }
    expected = {
        "hostname": "node-1",
        "hostname_addresses": ["10.0.0.5"],
        "nics": [
            {"name": "eth0", "state": "up", "addresses": ["10.0.0.5"]},
            {"name": "eth1", "state": "down", "addresses": ["10.1.0.6"]},
        ],
        "listening": [22, 60000],
        "local_ports": {"first": 32768, "last": 60999},
        "reserved_ports": [{"first": 60000, "last": 60031}, {"first": 7008, "last": 7008}],
    }
    assert expected == ask("network", below(tmp_path, files))


def test_a_network_that_nobody_shows(tmp_path: Path) -> None:
    """Nothing is said of what is not there; nothing reserved is not unknown."""
    assert {} == ask("network", LocalTree(str(tmp_path)))
    files = {"proc/sys/net/ipv4/ip_local_reserved_ports": "\n", "proc/sys/kernel/hostname": "n\n"}
    assert {"reserved_ports": [], "hostname": "n"} == ask("network", below(tmp_path, files))


def tables_of_the_network(*rows: Sequence[str], addresses: Sequence[str] = ()) -> Dict[str, str]:
    """Return the kernel's tables: networks that are reached without a gateway, and the node's own addresses."""
    route = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
    for name, network, mask in rows:
        route += "\t".join((name, word(network), word("0.0.0.0"), "0001", "0", "0", "0", word(mask))) + "\n"
    trie = "".join(f"     |-- {address}\n        /32 host LOCAL\n" for address in addresses)
    return {"proc/net/route": route, "proc/net/fib_trie": trie}


def test_interfaces_that_share_a_network(tmp_path: Path) -> None:
    """The tables do not tell whose an address is: none of the interfaces is taken for one without."""
    rows = [(name, "10.0.0.0", "255.255.0.0") for name in ("eth0", "eth1")]
    files = tables_of_the_network(*rows, addresses=["10.0.0.5", "10.0.0.6"])
    files.update({f"sys/class/net/{name}/operstate": "up\n" for name in ("eth0", "eth1")})
    for nic in ask("network", below(tmp_path, files))["nics"]:
        assert ["10.0.0.5", "10.0.0.6"] == nic["addresses"]


def test_the_ends_of_containers_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy node has hundreds of them; those with an address come first and are always told."""
    files = tables_of_the_network(("tap7", "10.0.0.0", "255.255.0.0"), addresses=["10.0.0.5"])
    for name in ("eth0", "eth1", "tap7", *(f"veth{number:03}" for number in range(300))):
        files[f"sys/class/net/{name}/operstate"] = "up\n"
    tree = below(tmp_path, files)
    assert ["tap7", "eth0", "eth1"] == [nic["name"] for nic in ask("network", tree)["nics"]]
    monkeypatch.setattr(host_network, "MAX_INTERFACES", 2)
    assert ["tap7", "eth0"] == [nic["name"] for nic in ask("network", tree)["nics"]]


def test_a_routing_table_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose addresses could not be read is not said to have none."""
    files = {**tables_of_the_network(), "sys/class/net/eth0/operstate": "up\n"}
    monkeypatch.setattr(host_network, "MAX_TEXT", 20)
    assert "nics" not in ask("network", below(tmp_path, files))


def test_tables_that_are_cut_or_strange(tmp_path: Path) -> None:
    """A line that is cut, or that no kernel writes, is passed over; names of hosts have no capitals that count."""
    head = "  sl  local_address rem_address   st\n"
    route = f"Iface\neth0\t{word('10.0.0.0')}\t00000000\t1\t0\t0\t0\tFFFFFFFFFF\neth0\tZZ\t00000000\t1\t0\t0\t0\tYY\n"
    files = {
        "proc/net/tcp": f"{head}   0: 00000000:0016 00000000:0000 0A\n   1: 00000000:EA 00000000:0000 0A\n   2: 0000",
        "proc/net/route": route,
        "sys/class/net/eth0/operstate": "up\n",
        "proc/sys/kernel/hostname": "Node-1\n",
        "etc/hosts": "10.0.0.5 NODE-1\n",
    }
    found = ask("network", below(tmp_path, files))
    assert ([22], [], ["10.0.0.5"]) == (found["listening"], found["nics"][0]["addresses"], found["hostname_addresses"])


def test_a_fact_is_a_line(tmp_path: Path) -> None:
    """What belongs together stands in one line, so that a finding can quote it: a range, or one of several things."""
    files = {
        "proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
        "sys/class/net/eth0/operstate": "up\n",
        "sys/class/net/eth1/operstate": "down\n",
    }
    lines = (host.answer(("host-facts", "network"), below(tmp_path, files)) or b"").decode().splitlines()
    assert ' "local_ports": {"first": 32768, "last": 60999},' in lines
    assert '  {"name": "eth1", "state": "down", "addresses": []}' in lines


@pytest.mark.parametrize("folder", ["sys/fs/cgroup", "sys/fs/cgroup/systemd"])
def test_services(tmp_path: Path, folder: str) -> None:
    """Running services have a control group, in the unified hierarchy or the older one."""
    files = {
        f"{folder}/system.slice/firewalld.service/cgroup.procs": "1\n",
        f"{folder}/system.slice/dbus.service/cgroup.procs": "1\n",
        "etc/systemd/system/multi-user.target.wants/docker.service": "",
        "etc/ufw/ufw.conf": "# ufw\nENABLED=yes\n",
        "etc/docker/daemon.json": '{"runtimes": {"ascend": {"path": "/usr/local/bin/ascend-docker-runtime"}}}',
        "usr/local/Ascend/Ascend-Docker-Runtime/x": "",
        "var/lib/kubelet/cpu_manager_state": '{"policyName": "static"}',
    }
    found = ask("services", below(tmp_path, files))
    found.pop("clock_synchronised", None)
    expected = {
        "running": ["firewalld"],
        "enabled": ["docker"],
        "ufw_enabled": True,
        "cpu_manager_policy": "static",
        "ascend_runtime": True,
        "engines_with_runtime": ["docker"],
    }
    assert expected == found


@pytest.mark.parametrize("state", ["", "{", "[]", '{"policyName": 3}', "[" * 100_000])
def test_a_kubelet_that_says_something_else(tmp_path: Path, state: str) -> None:
    """A state that cannot be understood tells nothing; without a service manager nothing is said of services."""
    found = ask("services", below(tmp_path, {"var/lib/kubelet/cpu_manager_state": state, "etc/ufw/ufw.conf": "x=1\n"}))
    assert {"running", "enabled", "cpu_manager_policy"}.isdisjoint(found)
    assert found["ufw_enabled"] is False


def test_the_kernel_log(tmp_path: Path) -> None:
    """Trouble is told with its time; what programs wrote, continuation lines and harmless lines are left out."""
    log = (
        "3,1,1500000,-;Out of memory: Killed process 1 (a\x7fb)\n SUBSYSTEM=mm\n"
        "11,2,1600000,-;Out of memory: Killed process 2 (forged by a program)\n"
        "6,3,1700000,-;all is well\n"
        "no record\n"
        "3,4,1800000,-,caller=T1;INFO: task a:1 blocked for more than 120 seconds.\n"
    )
    expected = [
        {"kind": "out-of-memory", "at_s": 1.5, "text": "Out of memory: Killed process 1 (a?b)"},
        {"kind": "hung-task", "at_s": 1.8, "text": "INFO: task a:1 blocked for more than 120 seconds."},
    ]
    assert expected == ask("kernel-log", below(tmp_path, {"dev/kmsg": log}))["lines"]


def test_the_newest_lines_of_each_kind(tmp_path: Path) -> None:
    """A flood of one kind hides no other and has an end; long lines are cut."""
    log = "3,1,0,-;Out of memory: Killed process 1 (a)\n"
    log += "".join(f"3,2,{second}000000,-;[ascend] {'x' * 500}\n" for second in range(100))
    lines = ask("kernel-log", below(tmp_path, {"dev/kmsg": log}))["lines"]

    assert kernel_log.MAX_LINES_OF_A_KIND + 1 == len(lines)
    assert kernel_log_facts.OUT_OF_MEMORY == lines[0]["kind"]
    assert 99.0 == lines[-1]["at_s"]
    assert kernel_log.MAX_TEXT == len(lines[-1]["text"])


def test_a_kernel_log_that_may_not_be_read(tmp_path: Path) -> None:
    """Nothing is said of it."""
    assert {} == ask("kernel-log", LocalTree(str(tmp_path)))


def test_reading_the_log_never_waits_and_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that were overwritten meanwhile are passed over; no further record ends it, and the newest are kept."""
    answers = [
        b"one\n",
        OSError(errno.EPIPE, "overwritten"),
        b"two\n",
        OSError(errno.EAGAIN, "nothing more"),
        b"late\n",
    ]

    def read(_handle: int, _size: int) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    (tmp_path / "log").touch()
    monkeypatch.setattr(kernel.os, "read", read)
    assert ["one", "two", ""] == kernel.read_log(tmp_path / "log")
    monkeypatch.setattr(kernel, "MAX_LOG", 6)
    answers[:] = [b"one\n", b"two\n", b"three\n", b"four\n", OSError(errno.EAGAIN, "nothing more")]
    assert ["three", "four", ""] == kernel.read_log(tmp_path / "log")
    os.mkfifo(tmp_path / "pipe")
    answers[:] = [b""]
    assert [""] == kernel.read_log(tmp_path / "pipe")


def test_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's word is taken; a system that has no such call tells nothing."""

    class Library:
        def __init__(self, state: int) -> None:
            self.adjtimex = lambda _buffer: state

    for state, expected in ((0, True), (5, False), (-1, None)):
        monkeypatch.setattr(kernel.ctypes, "CDLL", lambda _name, state=state: Library(state))
        assert expected is kernel.clock_is_synchronised()
    monkeypatch.setattr(kernel.ctypes, "CDLL", lambda _name: object())
    assert kernel.clock_is_synchronised() is None
    monkeypatch.undo()
    assert kernel.clock_is_synchronised() in (True, False, None)


def test_ssh(tmp_path: Path) -> None:
    """Keys are counted, comments are none; a file that others may write is told."""
    files = {"root/.ssh/id_rsa": "secret", "root/.ssh/authorized_keys": "# mine\n\nssh-rsa AAAA a@b\n"}
    tree = below(tmp_path, files)
    (tmp_path / "root/.ssh/authorized_keys").chmod(0o600)
    assert {"has_key": True, "authorized_keys": 1} == ask("ssh", tree)
    (tmp_path / "root/.ssh/authorized_keys").chmod(0o664)
    assert 0o664 == ask("ssh", tree)["loose_mode"]


def test_ssh_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root knows then that there are no keys; others cannot tell."""
    monkeypatch.setattr(LocalTree, "user_id", lambda _tree: 0)
    assert {"has_key": False, "authorized_keys": 0} == ask("ssh", LocalTree(str(tmp_path)))
    monkeypatch.setattr(LocalTree, "user_id", lambda _tree: 1000)
    assert {} == ask("ssh", LocalTree(str(tmp_path)))
