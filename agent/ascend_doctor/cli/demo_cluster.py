"""What the demo runs: a collector, and two agents on simulated nodes, as real processes on this machine's loopback."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import socket
from pathlib import Path
from typing import Any, Dict, List, Tuple

import attrs
import yaml

from ascend_doctor.agent.supervisor import Program, Supervisor
from ascend_doctor.checks import catalogue
from ascend_doctor.cli import leashed
from ascend_doctor.cli.asking import Collector, tls_in
from ascend_doctor.collector import authority
from ascend_doctor.model.report import Report
from ascend_doctor.probe.plan import sources_for
from ascend_doctor.simulator import install, protocol, scenario
from ascend_doctor.simulator.clock import RealClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.server import SimulatorServer
from ascend_doctor.wire.credentials import Address, Role

LOOPBACK = "127.0.0.1"
INTERVAL_S = 2.0
"""How often the questions are asked that the story is about; in production it is minutes."""
ONCE_S = 3600.0
"""How often all others are asked: the demo is over before they come round again."""
STORY = (
    *("roce.link", "roce.net-health", "roce.lldp", "roce.flap", "roce.optical.power", "roce.optical.los"),
    *("roce.tls", "cluster.tls-equal"),
    *("version.driver-firmware", "version.reboot-pending", "cluster.version-equal"),
)
"""The checks that the demo's faults show in: the cable, the switch and the firmware, and what follows from them."""
READER = "reader"
OF_THIS_MACHINE = ("host.disk", "host.time", "tool.permission")
"""Checks that are off, because what they read is this machine's.

The files of the nodes lie on its disk, its kernel keeps the clock, and the agents run as whoever started the demo.
"""


@attrs.frozen
class Places:
    """Where everything is, all of it below one folder."""

    folder: Path

    @property
    def machines(self) -> Path:
        """The simulator's folder: the tools and files of the nodes."""
        return self.folder / "sim"

    @property
    def authority(self) -> Path:
        """The throw-away CA."""
        return self.folder / "ca"

    def tls(self, holder: str) -> Path:
        """Return the folder with the certificate of one holder."""
        return self.folder / "tls" / holder

    def config(self, name: str) -> Path:
        """Return the configuration file of a node, or of the collector."""
        return self.folder / f"{name}.yaml"

    def state(self, node: str) -> Path:
        """Return the state directory of a node's agent."""
        return self.folder / "state" / node

    def log(self, name: str) -> Path:
        """Return the log of a process."""
        return self.folder / f"{name}.log"


@attrs.frozen
class Addresses:
    """Where the processes listen, all on loopback. `metrics` is by node."""

    collector: Address
    web: Address
    metrics: Dict[str, Address]


class DemoCluster:
    """The whole cluster. To be used as `async with`; nothing of it is left running afterwards.

    Whatever of its processes dies is started again, as systemd would.
    """

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder)
        self._simulated = SimulatedCluster(scenario.find("demo"), RealClock())
        self.nodes: Tuple[str, ...] = tuple(self._simulated.nodes)
        self.npus = sum(len(self._simulated.machine(node).chips) for node in self.nodes)
        first, second, *rest = _free_addresses(2 + len(self.nodes))
        self.addresses = Addresses(first, second, dict(zip(self.nodes, rest)))
        self._server = SimulatorServer(self._simulated, self.places.machines)
        self._stop = asyncio.Event()
        self._running: asyncio.Future[None]
        self.supervisor: Supervisor

    async def __aenter__(self) -> DemoCluster:  # noqa: PYI034 - `Self` is not in Python 3.9
        """Make certificates and configurations, and start everything.

        Raises OSError, `FolderError` or `CredentialError` for a folder of no use.
        """
        self._issue()
        self._configure()
        await self._server.start()
        programs = [self._program("collector", "collector")]
        programs += [self._program("agent", node) for node in self.nodes]
        self.supervisor = Supervisor(programs)
        self._running = asyncio.ensure_future(self.supervisor.run(self._stop))
        return self

    async def __aexit__(self, *_: object) -> None:
        """End every process, and wait for its end."""
        self._stop.set()
        try:
            await self._running
        finally:
            await self._server.stop()

    async def report(self) -> Report:
        """Return what the collector says. Raises `UserError` while it does not answer."""
        return await self._reader.ask()

    async def inject(self, fault: Dict[str, Any]) -> Tuple[str, ...]:
        """Let a fault begin, and return the checks of which one should name it."""
        (entry,) = await self._tell("inject", json.dumps(fault))
        return tuple(entry["found_by"])

    async def repair(self) -> None:
        """End all faults."""
        await self._tell("repair", "all")

    @property
    def _reader(self) -> Collector:
        return Collector(self.addresses.collector, tls_in(str(self.places.tls(READER))))

    async def _tell(self, *words: str) -> List[Dict[str, Any]]:
        """Ask the simulator as `ascend-doctor simulate` does."""
        path = install.socket_path(self.places.machines)
        reply = await asyncio.get_running_loop().run_in_executor(None, protocol.ask, path, *words)
        if reply.exit_code:
            raise OSError(f"the simulator refuses: {reply.stderr.decode('utf-8', 'replace').strip()}")
        found: List[Dict[str, Any]] = json.loads(reply.stdout)
        return found

    def _issue(self) -> None:
        now = dt.datetime.now(dt.timezone.utc)
        authority.init(self.places.authority, "ascend-doctor demo CA", now)
        roles = {"collector": Role.COLLECTOR, READER: Role.READER, **dict.fromkeys(self.nodes, Role.NODE)}
        for holder, role in roles.items():
            names = (LOOPBACK, "localhost") if role is Role.COLLECTOR else ()
            into = self.places.tls(holder)
            authority.issue(self.places.authority, holder, role, now, addresses=names, days=1, into=into)

    def _configure(self) -> None:
        addresses = self.addresses
        collector = {
            "listen": str(addresses.collector),
            "web": {"listen": str(addresses.web)},
            "tls": self._tls("collector"),
            "store": str(self.places.folder / "collector.sqlite"),
            "expected_nodes": list(self.nodes),
        }
        self._write("collector", {"collector": collector})
        entries = catalogue.load()
        story = {source.name for source in sources_for({check: entries[check] for check in STORY})}
        intervals_s = {source.name: INTERVAL_S if source.name in story else ONCE_S for source in sources_for(entries)}
        for node in self.nodes:
            tools = install.bin_folder(self.places.machines, node)
            self._write(
                node,
                {
                    "node": node,
                    "checks": {check: {"enabled": False} for check in OF_THIS_MACHINE},
                    "tools": {
                        "npu-smi": [str(tools / "npu-smi")],
                        "hccn_tool": [str(tools / "hccn_tool")],
                        "trusted_folders": [str(self.places.folder)],
                        "root": str(install.root_folder(self.places.machines, node)),
                        "lock_folder": str(self.places.state(node) / "locks"),
                    },
                    "agent": {
                        "state_dir": str(self.places.state(node)),
                        "collectors": [str(addresses.collector)],
                        "tls": self._tls(node),
                        "metrics": {"listen": str(addresses.metrics[node])},
                        "intervals_s": intervals_s,
                    },
                },
            )

    def _tls(self, holder: str) -> Dict[str, str]:
        files = tls_in(str(self.places.tls(holder)))
        return {"authority": files.ca, "certificate": files.certificate, "key": files.key}

    def _write(self, name: str, document: Dict[str, Any]) -> None:
        self.places.config(name).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def _program(self, verb: str, name: str) -> Program:
        argv = leashed.command_line(verb, "--config", str(self.places.config(name)))
        return Program(name, argv, self.places.log(name))


def _free_addresses(count: int) -> List[Address]:
    """Return loopback addresses that nobody listens on now."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [Address(LOOPBACK, each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
