"""A whole node under measurement: collector, probe and uplink as real processes over simulated tools, on loopback.

The collector, the probe and the uplink are started by the product's own command line, with mutual TLS between the two
ends. The NPUs are the simulator's; its server answers the fake tools from within the benchmark's own process. Nothing
is left running: every process is on a leash, and is ended by its pid.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import socket
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

import attrs
import yaml

from ascend_doctor.agent.supervisor import Program, Supervisor
from ascend_doctor.cli import leashed
from ascend_doctor.cli.asking import Collector, tls_in
from ascend_doctor.collector import authority
from ascend_doctor.model.report import Report
from ascend_doctor.probe import activity
from ascend_doctor.probe.spool import SpoolReader
from ascend_doctor.wire.credentials import Address, Role

LOOPBACK = "127.0.0.1"
READER = "reader"
PROBE, UPLINK, COLLECTOR = "probe", "uplink", "collector"
OF_THIS_MACHINE = ("host.disk", "host.time", "tool.permission")
"""Checks that are off, because what they read is this machine's."""
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@attrs.frozen
class Use:
    """What a process has used of the machine: CPU seconds of its own and of its children, and its memory in KiB.

    `private_kib` leaves out what it shares with others, such as the pages of libraries.
    """

    own_s: float
    children_s: float
    rss_kib: int
    private_kib: int


def use_of(pid: int) -> Use:
    """Return what a process has used until now. Raises OSError when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, child_user, child_system = (int(field) * _TICK_S for field in fields[11:15])
    memory = _numbers(f"/proc/{pid}/status")
    shares = _numbers(f"/proc/{pid}/smaps_rollup")
    private = shares["Private_Clean"] + shares["Private_Dirty"]
    return Use(user + system, child_user + child_system, memory["VmRSS"], private)


def machine_busy_s() -> float:
    """Return how long the processors of this machine have been busy, all of them together, with whatever it was."""
    user, nice, system, _idle, _wait, interrupt, soft, *_ = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + interrupt + soft) * _TICK_S


def _numbers(path: str) -> Dict[str, int]:
    lines = (line.split() for line in Path(path).read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()}


class Node:
    """The three processes. To be used as `async with`, around which the tools have to be there.

    `tools` are where `npu-smi` and `hccn_tool` are, `root` what stands for `/`. `intervals_s` says by source how often
    it is asked, where it is not as in production.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        tools: Path,
        root: Path,
        intervals_s: Optional[Mapping[str, float]] = None,
    ) -> None:
        self.folder = folder
        self.name = name
        self.state_dir = folder / "state"
        self._tools = tools
        self._root = root
        self._intervals_s = dict(intervals_s or {})
        self._collector, self._metrics = _free_addresses(2)
        self._reader = SpoolReader(self.state_dir)
        self._epoch = ""
        self._rounds = 0
        self._stop = asyncio.Event()
        self._running: asyncio.Future[None]
        self._supervisor: Supervisor

    async def __aenter__(self) -> Node:  # noqa: PYI034 - `Self` is not in Python 3.9
        """Make certificates and configurations, and start everything."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._issue()
        self._configure()
        self._supervisor = Supervisor(
            [
                self._program(COLLECTOR, "collector", "--config", self._config(COLLECTOR)),
                self._program(PROBE, "agent", "--config", self._config("agent"), "--only", PROBE),
                self._program(UPLINK, "agent", "--config", self._config("agent"), "--only", UPLINK),
            ]
        )
        self._running = asyncio.ensure_future(self._supervisor.run(self._stop))
        return self

    async def __aexit__(self, *_: object) -> None:
        """End every process, and wait for its end."""
        self._stop.set()
        await self._running

    def use(self, process: str) -> Use:
        """Return what one of the processes has used. Raises `RuntimeError` when it had to be started again."""
        if self._supervisor.restarts or process not in self._supervisor.pids:
            raise RuntimeError(f"a process has ended by itself; its log is {self.log(process)}")
        return use_of(self._supervisor.pids[process])

    def is_up(self) -> bool:
        """Tell whether all processes run."""
        return len(self._supervisor.pids) == 3

    def uses(self) -> Dict[str, Use]:
        """Return what each process has used."""
        return {name: self.use(name) for name in (PROBE, UPLINK, COLLECTOR)}

    def rounds(self) -> int:
        """Return how many rounds have been written to the spool."""
        entries = self._reader.changes(self._epoch, self._rounds) if self._epoch else None
        if entries is None:
            snapshot = self._reader.snapshot()
            if snapshot is not None:
                self._epoch, self._rounds = snapshot.epoch, snapshot.sequence
        elif entries:
            self._rounds = entries[-1].sequence
        return self._rounds

    def round_s(self) -> float:
        """Return how long the newest round took, by what the probe says of it."""
        document = json.loads((self.state_dir / activity.FILE_NAME).read_bytes())
        asked = [source for source in document["sources"] if source["last_at"] is not None]
        often = min(source["interval_s"] for source in asked)
        began_at: float = min(source["last_at"] for source in asked if source["interval_s"] == often)
        made_at: float = document["made_at"]
        return made_at - began_at

    async def report(self) -> Report:
        """Return what the collector says."""
        return await Collector(self._collector, tls_in(str(self.folder / "tls" / READER))).ask()

    def log(self, process: str) -> Path:
        """Return the log of a process."""
        return self.folder / f"{process}.log"

    def _config(self, name: str) -> str:
        return str(self.folder / f"{name}.yaml")

    def _program(self, name: str, *words: str) -> Program:
        return Program(name, leashed.command_line(*words), self.log(name))

    def _issue(self) -> None:
        now = dt.datetime.now(dt.timezone.utc)
        authority.init(self.folder / "ca", "ascend-doctor benchmark CA", now)
        for holder, role in ((COLLECTOR, Role.COLLECTOR), (READER, Role.READER), (self.name, Role.NODE)):
            names = (LOOPBACK, "localhost") if role is Role.COLLECTOR else ()
            into = self.folder / "tls" / holder
            authority.issue(self.folder / "ca", holder, role, now, addresses=names, days=1, into=into)

    def _configure(self) -> None:
        collector = {
            "listen": str(self._collector),
            "web": None,
            "tls": self._tls(COLLECTOR),
            "store": str(self.folder / "collector.sqlite"),
        }
        self._write(COLLECTOR, {"collector": collector})
        agent = {
            "node": self.name,
            "checks": {check: {"enabled": False} for check in OF_THIS_MACHINE},
            "tools": {
                "npu-smi": [str(self._tools / "npu-smi")],
                "hccn_tool": [str(self._tools / "hccn_tool")],
                "trusted_folders": [str(self._tools), str(self.folder)],
                "root": str(self._root),
                "lock_folder": str(self.state_dir / "locks"),
            },
            "agent": {
                "state_dir": str(self.state_dir),
                "collectors": [str(self._collector)],
                "tls": self._tls(self.name),
                "metrics": {"listen": str(self._metrics)},
                "intervals_s": self._intervals_s,
            },
        }
        self._write("agent", agent)

    def _tls(self, holder: str) -> Dict[str, str]:
        files = tls_in(str(self.folder / "tls" / holder))
        return {"authority": files.ca, "certificate": files.certificate, "key": files.key}

    def _write(self, name: str, document: Dict[str, Any]) -> None:
        Path(self._config(name)).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def _free_addresses(count: int) -> Tuple[Address, ...]:
    """Return loopback addresses that nobody listens on now."""
    sockets: List[socket.socket] = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return tuple(Address(LOOPBACK, each.getsockname()[1]) for each in sockets)
    finally:
        for each in sockets:
            each.close()
