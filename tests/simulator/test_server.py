"""The fake tools as programs: what they print, how they end, and faults at run time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Iterator, List, Optional, Set, Tuple

import attrs
import pytest

from ascend_doctor.facts.files import hccn_conf
from ascend_doctor.facts.hccn_tool import link
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.source import Target
from ascend_doctor.model.evidence import Ending
from ascend_doctor.probe import child
from ascend_doctor.probe.local import LocalRunner, LocalSettings
from ascend_doctor.probe.tools import ToolPaths
from ascend_doctor.simulator import install, protocol, scenario, shim
from ascend_doctor.simulator.clock import RealClock, VirtualClock
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.commands import TOOLS
from ascend_doctor.simulator.protocol import NoServerError
from ascend_doctor.simulator.server import FolderError, SimulatorServer
from waiting import PATIENCE_S, wait_until

TEXT = """
nodes:
  - name: n[1-2]
    product: atlas-800t-a2
timing: {info: 0, query: 0, slow: 0, ping: 0}
faults:
  - {fault: npu-dropped, node: n2, npu: 7}
"""

COMMANDS = (
    "npu-smi info",
    "npu-smi info -m",
    "npu-smi info -l",
    "npu-smi info -t health -i 0",
    "npu-smi info -t board -i 5",
    "npu-smi info -t health -i 99",
    "npu-smi bogus",
    "npu-smi",
    "hccn_tool -i 3 -link -g",
    "hccn_tool -i 3 -tls -g",
    "hccn_tool -i 3 -optical -g",
    "hccn_tool -i 3 -lldp -g",
    "hccn_tool -i 99 -ip -g",
    "hccn_tool -i 0 -ping -g address 192.168.0.3",
    "hccn_tool",
)


class PushedClock(RealClock):
    """The time of the host, which a test can push on."""

    ahead_s = 0.0

    def now(self) -> float:
        """Return the host's time, or a later one."""
        return super().now() + self.ahead_s


class Running:
    """A server in a thread of its own, as a test sees it."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self.clock = PushedClock()
        self.cluster = SimulatedCluster(scenario.load(text, "test"), self.clock)
        self._ready = threading.Event()
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._stop: Optional[asyncio.Event] = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with SimulatorServer(self.cluster, self.folder):
            self._ready.set()
            await self._stop.wait()

    def start(self) -> None:
        """Start the server and wait until it listens."""
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    def stop(self) -> None:
        """Stop the server, if it still runs."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(PATIENCE_S)

    def command(self, node: str, line: str) -> List[str]:
        """Return the command line with the path of the node's own tool."""
        tool, *rest = line.split()
        return [str(install.bin_folder(self.folder, node) / tool), *rest]

    def ask(self, *words: str) -> Tuple[int, Any]:
        """Put a request; return the exit code and the JSON, or the words of the mistake."""
        reply = protocol.ask(install.socket_path(self.folder), *words)
        return reply.exit_code, json.loads(reply.stdout) if reply.stdout else reply.stderr.decode()


@contextlib.contextmanager
def _running(text: str) -> Iterator[Running]:
    # Not pytest's folder: the path of a socket has to be short.
    folder = Path(tempfile.mkdtemp(prefix="sim-"))
    server = Running(folder, text)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One server for the tests that do not stop it."""
    with _running(TEXT) as server:
        yield server


@pytest.mark.parametrize("line", COMMANDS)
def test_programs_print_what_the_machine_answers_in_process(running: Running, line: str) -> None:
    """The same bytes on the same streams, and the same exit code."""
    ended = subprocess.run(running.command("n1", line), capture_output=True, check=False, timeout=PATIENCE_S)
    answer = running.cluster.answer("n1", line.split())
    assert (answer.stdout, answer.stderr, answer.exit_code & 0xFF) == (ended.stdout, ended.stderr, ended.returncode)


def test_many_programs_at_once(running: Running) -> None:
    """Sixteen tools at the same time on two nodes each get their own answer."""
    started = [
        (node, npu, subprocess.Popen(running.command(node, f"hccn_tool -i {npu} -ip -g"), stdout=subprocess.PIPE))
        for node in ("n1", "n2")
        for npu in range(7)
    ]
    for node, npu, process in started:
        address = running.cluster.machine(node).ports[npu].address
        assert f"ipaddr:{address}\n".encode() in process.communicate(timeout=PATIENCE_S)[0]


def _wait_until_deaf(process: subprocess.Popen[bytes]) -> None:
    """Wait until a tool ignores SIGTERM: from then on it hangs."""
    status = Path(f"/proc/{process.pid}/status")

    def is_deaf() -> bool:
        ignored = re.search(r"^SigIgn:\s+(\w+)$", status.read_text(), re.MULTILINE)
        return ignored is not None and bool(int(ignored[1], 16) >> signal.SIGTERM - 1 & 1)

    wait_until(is_deaf)


def test_a_hanging_tool_ignores_sigterm(running: Running) -> None:
    """A tool about a dropped NPU does not end by itself, nor for SIGTERM; SIGKILL ends it."""
    process = subprocess.Popen(running.command("n2", "hccn_tool -i 7 -link -g"), start_new_session=True)
    _wait_until_deaf(process)
    os.killpg(process.pid, signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    os.killpg(process.pid, signal.SIGKILL)
    assert -signal.SIGKILL == process.wait(PATIENCE_S)


def test_hanging_tools_end_with_the_simulator() -> None:
    """Nobody has to hunt for leftover processes when the server stops."""
    with _running(TEXT) as server:
        process = subprocess.Popen(server.command("n2", "npu-smi info -t ecc -i 7"), stderr=subprocess.PIPE)
        _wait_until_deaf(process)
        server.stop()
        assert b"the simulator closed the connection" in process.communicate(timeout=PATIENCE_S)[1]
        assert shim.NO_SIMULATOR == process.returncode


def test_a_tool_without_its_simulator_says_so() -> None:
    """When no server runs, the tool ends with one line about it and a code of its own."""
    with _running(TEXT) as server:
        server.stop()
        ended = subprocess.run(
            server.command("n1", "npu-smi info"), capture_output=True, check=False, timeout=PATIENCE_S
        )
        assert (shim.NO_SIMULATOR, b"") == (ended.returncode, ended.stdout)
        assert ended.stderr.startswith(b"ascend-doctor simulator: no answer at ")
        with pytest.raises(NoServerError, match="start one with `ascend-doctor simulate run`"):
            server.ask("faults")


def test_faults_come_and_go_at_run_time() -> None:
    """A fault that is injected shows at once in tools and files, is listed, and is gone after its repair."""
    with _running(TEXT) as server:
        conf = install.root_folder(server.folder, "n1") / "etc/hccn.conf"
        healthy = conf.read_bytes()
        code, (entry,) = server.ask("inject", json.dumps({"fault": "gateway-missing", "node": "n1", "npu": 3}))
        assert (0, ["roce.gateway"]) == (code, entry["found_by"])
        ended = subprocess.run(server.command("n1", "hccn_tool -i 3 -gateway -g"), capture_output=True, check=False)
        assert 2 == ended.returncode
        assert healthy != conf.read_bytes()
        assert ["npu-dropped", "gateway-missing"] == [found["fault"] for found in server.ask("faults")[1]]
        assert 0 == server.ask("repair", str(entry["number"]))[0]
        assert healthy == conf.read_bytes()
        assert 1 == len(server.ask("repair", "all")[1])
        assert (0, []) == server.ask("faults")


def test_a_timed_fault_changes_the_files_by_itself() -> None:
    """When a fault of the scenario begins, the files follow without anybody asking."""
    text = "nodes:\n  - name: n1\nfaults:\n  - {fault: address-differs, node: n1, npu: 0, at: 1.0}\n"
    healthy = SimulatedCluster(scenario.load(text, "test"), VirtualClock()).files("n1")["/etc/hccn.conf"]
    began = time.monotonic()
    with _running(text) as server:
        conf = install.root_folder(server.folder, "n1") / "etc/hccn.conf"
        assert healthy == conf.read_bytes() or time.monotonic() - began > 1.0
        wait_until(lambda: conf.read_bytes() not in (b"", healthy))


def test_a_fault_that_begins_while_the_files_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was too late for the files that are being written is in the next ones."""
    text = "nodes:\n  - name: n1\nfaults:\n  - {fault: address-differs, node: n1, npu: 0, at: 1000}\n"
    healthy = SimulatedCluster(scenario.load(text, "test"), VirtualClock()).files("n1")["/etc/hccn.conf"]
    genuine = SimulatorServer._write_files

    def slow(server: SimulatorServer) -> None:
        genuine(server)
        server._cluster.clock.ahead_s = 2000.0  # type: ignore[attr-defined]

    monkeypatch.setattr(SimulatorServer, "_write_files", slow)
    with _running(text) as server:
        conf = install.root_folder(server.folder, "n1") / "etc/hccn.conf"
        wait_until(lambda: conf.read_bytes() not in (b"", healthy))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("inject", '{"fault": "cable-pulled", "node": "n1", "npu": 9}'), "npu: n1 has no NPU 9"),
        (("inject", '{"fault": "cable-pulled", "node": "n1"}'), "npu: Field required"),
        (("inject", '{"fault": "flood", "node": "n1"}'), "unknown fault: known are cable-pulled"),
        (("inject", "{"), "Invalid JSON"),
        (("repair", "77"), "there is no fault '77' now"),
        (("repair", "x"), "there is no fault 'x' now"),
        (("run", "n9", "npu-smi"), "the simulator has no node 'n9'"),
        (("dance",), "the simulator does not know the request 'dance'"),
    ],
)
def test_wrong_requests_are_told_why(running: Running, words: Tuple[str, ...], message: str) -> None:
    """A wrong request gets exit code 2 and one line, and the server goes on."""
    code, told = running.ask(*words)
    assert 2 == code
    assert told.startswith(message)
    assert 1 == told.count("\n")


def test_a_request_without_an_end_is_dropped(running: Running) -> None:
    """Too long a request is not read, and the server goes on."""
    with pytest.raises(NoServerError):
        protocol.ask(install.socket_path(running.folder), "run", "n1", "npu-smi", "x" * 100_000)
    assert 0 == running.ask("faults")[0]


def test_nobody_else_gets_in(running: Running) -> None:
    """The folder is its user's alone, and nothing in it can be written by others."""
    assert 0o700 == stat.S_IMODE(running.folder.stat().st_mode)
    paths = [path for path in running.folder.rglob("*") if not path.is_symlink()]
    assert [] == [path for path in paths if path.stat().st_mode & 0o022]
    tools = sorted(path.name for path in install.bin_folder(running.folder, "n1").iterdir())
    assert sorted(TOOLS) == tools


def test_a_folder_with_too_long_a_path_is_refused(tmp_path: Path) -> None:
    """A path that no socket can have is told before anything is written."""
    folder = tmp_path / ("x" * 120)

    async def start() -> None:
        async with SimulatorServer(SimulatedCluster(scenario.find("demo"), RealClock()), folder):
            pass

    with pytest.raises(FolderError, match="choose a shorter one"):
        asyncio.run(start())
    assert not folder.exists()


def test_two_servers_do_not_share_a_folder(running: Running) -> None:
    """A second server in the same folder is refused and leaves the first one alone."""

    async def start() -> None:
        async with SimulatorServer(SimulatedCluster(scenario.find("demo"), RealClock()), running.folder):
            pass

    with pytest.raises(FolderError, match="a simulator already runs in"):
        asyncio.run(start())
    assert 0 == running.ask("faults")[0]


def test_a_fault_may_end_by_itself(running: Running) -> None:
    """A fault that is injected with `until` is there for so many seconds."""
    fault = json.dumps({"fault": "net-health-init", "node": "n1", "npu": 3, "until": 1000})
    running.ask("inject", fault)
    assert "Init" == running.cluster.machine("n1").ports[3].net_health
    running.clock.ahead_s += 1000
    assert "Success" == running.cluster.machine("n1").ports[3].net_health


def test_the_local_runner_cannot_tell_the_difference(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor's own runner gets tools, files and host facts of the simulated node, and cuts off what hangs."""
    settings = LocalSettings(
        tools=ToolPaths(folders=(str(install.bin_folder(running.folder, "n2")),), trusted=(str(running.folder),)),
        root=str(install.root_folder(running.folder, "n2")),
    )
    monkeypatch.setattr(child, "KILL_GRACE_S", PATIENCE_S)
    impatient, patient = (attrs.evolve(link.SOURCE, timeout_s=timeout_s) for timeout_s in (1.0, PATIENCE_S))

    async def look() -> Tuple[Any, ...]:
        runner = LocalRunner(settings)
        queries = (
            patient.about(Target(phy_id=0)),
            impatient.about(Target(phy_id=7)),
            hccn_conf.SOURCE.about(),
            identity.SOURCE.about(),
        )
        return tuple(await asyncio.gather(*(runner.run(query) for query in queries)))

    up, hung, conf, facts = asyncio.run(look())
    assert (Ending.EXITED, b"link status: UP\n") == (up.ending, up.stdout)
    assert Ending.TIMED_OUT is hung.ending
    assert running.cluster.files("n2")["/etc/hccn.conf"] == conf.stdout
    said, known = json.loads(facts.stdout), json.loads(running.cluster.host_answer("n2", ("host-facts",)))
    assert {key: known[key] for key in ("davinci", "kernel", "file_times")} == {
        key: said[key] for key in ("davinci", "kernel", "file_times")
    }
    assert round(known["boot_time"]) == said["boot_time"]


def test_a_fake_tool_imports_next_to_nothing(running: Running) -> None:
    """What a tool costs over the bare interpreter is its imports: no more than a module or two, all of them in C."""

    def imported(*words: str) -> Set[str]:
        command = [sys.executable, "-I", "-S", "-X", "importtime", *words]
        ended = subprocess.run(command, capture_output=True, check=False, text=True)
        return {
            line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if line.startswith("import time:")
        }

    socket_path = str(install.socket_path(running.folder))
    extra = imported(shim.__file__, socket_path, "n1", "npu-smi", "info") - imported("-c", "import os, sys")
    assert extra <= {"_socket"}
