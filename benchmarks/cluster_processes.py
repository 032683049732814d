"""Real processes for benchmarks of a whole cluster: one collector, swarms of nodes, and what they use."""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ascend_doctor.collector import authority
from ascend_doctor.wire.credentials import Role

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20
PATIENCE_S = 120.0
PROGRAM = "from ascend_doctor.cli.main import main; main()"


@attrs.frozen
class Usage:
    """What a process has used: CPU in seconds since its start, and memory in bytes."""

    at: float
    cpu_s: float
    rss: int
    peak: int

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Read what a process uses now."""
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
        )
        memory = {key: int(status[key].split()[0]) * 1024 for key in ("VmRSS", "VmHWM")}
        cpu_s = (int(fields[11]) + int(fields[12])) / TICKS
        return cls(time.monotonic(), cpu_s, memory["VmRSS"], memory["VmHWM"])

    def share_since(self, earlier: Usage) -> float:
        """Return the part of one core since an earlier time."""
        return (self.cpu_s - earlier.cpu_s) / (self.at - earlier.at)


def make_certificates(folder: Path, numbers: Iterable[int]) -> None:
    """Make a CA, the files of a collector below `collector`, and one certificate for each node in `nodes`."""
    now = dt.datetime.now(dt.timezone.utc)
    authority.init(folder / "ca", "benchmark", now)
    authority.issue(folder / "ca", "localhost", Role.COLLECTOR, now, addresses=["127.0.0.1"], into=folder / "collector")
    authority.issue(folder / "ca", "reader", Role.READER, now, into=folder / "reader")
    nodes = folder / "nodes"
    nodes.mkdir()
    ca = x509.load_pem_x509_certificate((folder / "ca" / "ca.crt").read_bytes())
    ca_key = serialization.load_pem_private_key((folder / "ca" / "ca.key").read_bytes(), None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError("the CA has a key of another kind")
    # One key for all: making ten thousand of them would only take time.
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (nodes / "node.key").write_bytes(private)
    (nodes / "ca.crt").write_bytes((folder / "ca" / "ca.crt").read_bytes())
    for number in numbers:
        names = [x509.DNSName(f"node-{number}"), x509.UniformResourceIdentifier("ascend-doctor://role/node")]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"node-{number}")]))
            .issuer_name(ca.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=2))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        (nodes / f"{number}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


class Collector:
    """`ascend-doctor collector` as a process."""

    def __init__(self, folder: Path, *more: str, listen: str = "127.0.0.1:0", store: Optional[str] = None) -> None:
        self.folder = folder
        self.log = folder / "collector.log"
        words = ["collector", "--listen", listen, "--web", "127.0.0.1:0", "--tls", str(folder / "collector")]
        words += ["--store", store or str(folder / "store.sqlite"), *more]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *words], stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if not said.startswith("listening on "):
            raise RuntimeError(self.log.read_text())
        self.listen, page = said[len("listening on ") :].rstrip().split(", http://")
        self.web = page.partition("/")[0]

    @property
    def usage(self) -> Usage:
        """What it uses."""
        return Usage.of(self.process.pid)

    def metrics(self) -> Dict[str, float]:
        """Return its metrics, those without labels and those with, by the text before the value."""
        with urllib.request.urlopen(f"http://{self.web}/metrics", timeout=PATIENCE_S) as answer:
            lines = answer.read().decode().splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    def end(self, number: int) -> None:
        """Send a signal and wait for the end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()


class Swarm:
    """Nodes in a process of their own: see `swarm.py`."""

    def __init__(self, folder: Path, address: str, numbers: Sequence[int], **plan: Any) -> None:
        self.numbers = numbers
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "swarm.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        settings = {
            "addresses": [address],
            "numbers": list(numbers),
            "recordings": str(folder / "recordings.pickle"),
            "credentials": str(folder / "nodes"),
            "round_s": 60.0,
            "faulty": 0.02,
            "spread_s": 20.0,
            "rack": 32,
            **plan,
        }
        self.ask(json.dumps(settings))

    def ask(self, words: str) -> Dict[str, Any]:
        """Say something and return the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the swarm has ended")
        answer: Dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        """Let all nodes leave."""
        if self.process.poll() is None:
            assert self.process.stdin is not None
            self.process.stdin.write("end\n")
            self.process.stdin.close()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def save_recordings(folder: Path, recordings: Any) -> None:
    """Put recordings where swarms look for them."""
    (folder / "recordings.pickle").write_bytes(pickle.dumps(recordings))


class Pulse:
    """Asks a collector again and again whether it is alive, and keeps the longest time to the answer."""

    def __init__(self, web: str, every_s: float = 0.05) -> None:
        self._url = f"http://{web}/healthz"
        self._every_s = every_s
        self._stop = threading.Event()
        self.times_s: List[float] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(self._url, timeout=30) as answer:
                    answer.read()
            except OSError:
                continue
            self.times_s.append(time.monotonic() - began)

    def end(self) -> List[float]:
        """Stop asking and return all times."""
        self._stop.set()
        self._thread.join()
        return sorted(self.times_s)


def quantile(values: Sequence[float], part: float) -> float:
    """Return a quantile of sorted values."""
    return values[min(len(values) - 1, int(part * len(values)))]
