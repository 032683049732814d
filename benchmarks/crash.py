"""Processes are killed at random moments, 200 times over: `make bench-crash`, or `crash.py --short` for the tests.

A probe looks at a simulated node on which something breaks all the time, an agent sends what it finds, a collector
keeps it: three processes, joined by a spool on disk and mutual TLS. Each kill is a SIGKILL of one of them, which starts
again. Then the disk of either side takes nothing any more for a while. In the end the history in the collector's store
has to be what the probe told: nothing lost that was in the spool, nothing told twice, nothing invented; the collector's
state has to be the node's, and the database has to pass its own check.

The last line is `bench-crash: figure, limit, holds|falls short`; the exit code is 1 when a gate falls short.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Counter, Dict, List, Optional, Sequence, Set, Tuple

import attrs
from cluster_processes import PROGRAM, Collector, make_certificates
from fleet import ask, say
from gates import Gate, finish

from ascend_doctor.collector.store import HistoryQuery
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model import codec
from ascend_doctor.model.transition import Transition

HERE = Path(__file__).resolve().parent
NODE = "node-1"
TOLD = "told.jsonl"
Told = Tuple[str, str, str, str, float]
"""A transition as it is compared: check, subject, before, after, time."""


@attrs.frozen
class Size:
    """How much is tried."""

    kills: int = 200
    least_s: float = 0.2
    most_s: float = 2.0
    calm_s: float = 3.0
    """Before the first kill, and after the last."""
    full_s: float = 10.0
    """How long a disk is full, and how long it is not before something else happens."""


WHOLE = Size()
SHORT = Size(6, 0.1, 0.5, 1.5, 1.5)
VICTIMS = ("probe", "agent", "collector")


class Site:
    """The three processes, each of which can be killed and started again."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.seed = seed
        testimony, self._words = os.pipe()
        self._clerk = threading.Thread(target=_write_down, args=(testimony, folder / TOLD), daemon=True)
        self._clerk.start()
        self.collector = Collector(folder)
        self.listen = self.collector.listen
        self.configuration = folder / "config.yaml"
        port = self.listen.rpartition(":")[2]
        self.configuration.write_text(
            f"node: {NODE}\nagent:\n  state_dir: {folder}/state\n  collectors: ['localhost:{port}']\n"
            f"  metrics: null\n  tls: {{authority: {folder}/node/ca.crt, certificate: {folder}/node/tls.crt,"
            f" key: {folder}/node/tls.key}}\n"
        )
        self.probe = self._start_probe()
        self.agent = self._start_agent()
        self.kills: Counter[str] = collections.Counter()

    def _start_probe(self) -> subprocess.Popen[bytes]:
        with (self.folder / "probe.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(HERE / "crash_probe.py"), str(self.folder), str(self.seed)],
                stdout=self._words,
                stderr=log,
            )

    def _start_agent(self) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-c", PROGRAM, "agent", "--only", "uplink", "--config", str(self.configuration)]
        with (self.folder / "agent.log").open("ab") as log:
            return subprocess.Popen(words, stderr=log)

    def kill(self, which: str) -> None:
        """Kill one of the processes and start it again."""
        self.kills[which] += 1
        if which == "collector":
            self.collector.end(signal.SIGKILL)
            self.collector = Collector(self.folder, listen=self.listen)
            return
        process: subprocess.Popen[bytes] = getattr(self, which)
        if process.poll() is not None:
            raise RuntimeError(f"the {which} has ended by itself: {(self.folder / f'{which}.log').read_text()[-2000:]}")
        process.kill()
        process.wait()
        setattr(self, which, self._start_probe() if which == "probe" else self._start_agent())

    def stop_probe(self) -> None:
        """Let nothing new be told."""
        self.probe.kill()
        self.probe.wait()

    def end(self) -> None:
        """End everything."""
        for process in (self.probe, self.agent):
            if process.poll() is None:
                process.kill()
            process.wait()
        self.collector.end(signal.SIGTERM)
        os.close(self._words)
        self._clerk.join()


def _write_down(testimony: int, into: Path) -> None:
    """Keep what the probes say until the last of them is gone."""
    with open(testimony, "rb") as words, into.open("wb") as told:
        shutil.copyfileobj(words, told)


@attrs.frozen
class Testimony:
    """What the probe said it would write, and what it said was written: transitions by epoch and sequence."""

    intended: Dict[Tuple[str, int], List[List[Told]]]
    written: Dict[Tuple[str, int], List[Told]]

    @classmethod
    def of(cls, folder: Path) -> Testimony:
        """Read it. A line that is torn was never said."""
        intended: Dict[Tuple[str, int], List[List[Told]]] = {}
        written: Dict[Tuple[str, int], List[Told]] = {}
        for line in (folder / TOLD).read_bytes().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            key = (record["epoch"], record["sequence"])
            told = [_told(codec.transition_from_dict(item)) for item in record["told"]]
            if record["word"] == "has":
                written[key] = told
            else:
                intended.setdefault(key, []).append(told)
        return cls(intended, written)


def _told(item: Transition) -> Told:
    return (
        item.check,
        item.subject,
        item.before.value if item.before else "",
        item.after.value if item.after else "",
        round(item.at, 3),
    )


def history(folder: Path) -> List[Told]:
    """Return what the store of the collector has, oldest first."""
    store = open_store(str(folder / "store.sqlite"), time.time())
    try:
        found: List[Told] = []
        before_id = None
        while True:
            page = store.history(HistoryQuery(nodes=(NODE,), before_id=before_id, limit=5000))
            if not page:
                return found[::-1]
            found += [_told(item.transition) for item in page]
            before_id = page[-1].id
    finally:
        store.close()


def compare(folder: Path) -> Dict[str, int]:
    """Return how many transitions are missing in the history, came twice, or were never told."""
    testimony = Testimony.of(folder)
    kept = Counter(history(folder))
    certain: Counter[Told] = collections.Counter()
    for told in testimony.written.values():
        certain.update(item for item in told if not item[0].startswith("cluster."))
    possible: Counter[Told] = collections.Counter()
    for versions in testimony.intended.values():
        most: Counter[Told] = collections.Counter()
        for told in versions:
            most |= Counter(item for item in told if not item[0].startswith("cluster."))
        possible += most
    missing = certain - kept
    foreign = kept - possible
    for word, items in (("missing", missing), ("never told", foreign)):
        for item in list(items)[:5]:
            say(f"{word}: {item}")
    return {"told": sum(certain.values()), "missing": sum(missing.values()), "foreign": sum(foreign.values())}


def damage(folder: Path) -> List[str]:
    """Return what the database's own check finds."""
    connection = sqlite3.connect(str(folder / "store.sqlite"))
    try:
        return [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    finally:
        connection.close()


def settle(site: Site) -> bool:
    """Wait until the collector has all that the spool has; return whether that came."""
    reader_until = time.monotonic() + 90
    while time.monotonic() < reader_until:
        time.sleep(1.0)
        try:
            if _agrees(site):
                return True
        except (OSError, RuntimeError):
            continue
    return False


def _agrees(site: Site) -> bool:
    from ascend_doctor.probe.spool import SpoolReader  # noqa: PLC0415 - only here

    found = SpoolReader(site.folder / "state").snapshot()
    with sqlite3.connect(f"file:{site.folder}/store.sqlite?mode=ro", uri=True) as connection:
        row = connection.execute("SELECT epoch, sequence FROM nodes WHERE node = ?", (NODE,)).fetchone()
    return found is not None and row == (found.epoch, found.sequence)


def same_problems(site: Site) -> bool:
    """Tell whether the collector's report has the problems of the node's own state, no more and no fewer."""
    from ascend_doctor.probe.spool import SpoolReader  # noqa: PLC0415 - only here

    found = SpoolReader(site.folder / "state").snapshot()
    report = asyncio.run(ask(site.collector, [NODE]))
    own: Set[Tuple[str, str]] = set()
    if found is not None:
        own = {
            (item.check, item.subject.key)
            for item in found.state.findings.values()
            if (item.status.is_problem or item.status.is_blind) and not item.check.startswith("cluster.")
        }
    seen = {
        (item.check, item.subject.key)
        for item in report.findings
        if (item.status.is_problem or item.status.is_blind) and not item.check.startswith("cluster.")
    }
    for item in sorted(own ^ seen)[:5]:
        say(f"on one side only: {item}")
    return own == seen


def fill_the_disks(site: Site, size: Size) -> None:
    """Let the disk of the collector, and then of the probe, take nothing for a while."""
    for which, process in (("collector", site.collector.process), ("probe", site.probe)):
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, hard))
        time.sleep(size.full_s)
        if process.poll() is not None:
            raise RuntimeError(f"the {which} has ended because its disk is full")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        say(f"the disk of the {which} was full for {size.full_s:.3g} s")
        time.sleep(size.full_s)


def run(folder: Path, size: Size, seed: int) -> List[Gate]:
    """Kill, wait, and compare."""
    make_certificates(folder, [1])
    (folder / "node").mkdir()
    for name, source in (("ca.crt", "ca.crt"), ("tls.crt", "1.crt"), ("tls.key", "node.key")):
        target = folder / "node" / name
        target.write_bytes((folder / "nodes" / source).read_bytes())
        target.chmod(0o600)
    chance = random.Random(seed)
    site = Site(folder, seed)
    try:
        time.sleep(size.calm_s)
        for number in range(size.kills):
            if number % len(VICTIMS) == 0:
                victims = chance.sample(VICTIMS, len(VICTIMS))
            site.kill(victims[number % len(VICTIMS)])
            time.sleep(chance.uniform(size.least_s, size.most_s))
            if number % 20 == 19 or number == size.kills - 1:
                counts = ", ".join(f"{which} {count}" for which, count in sorted(site.kills.items()))
                say(f"{number + 1} kills: {counts}")
        time.sleep(size.calm_s)
        fill_the_disks(site, size)
        site.stop_probe()
        came = settle(site)
        same = same_problems(site)
    finally:
        site.end()
    found = compare(folder)
    say(f"{found['told']} transitions were told, in {len(Testimony.of(folder).written)} changes")
    return [
        Gate("transitions", found["told"], 1, "", at_least=True),
        Gate("transitions lost", found["missing"], 0),
        Gate("transitions invented, or told twice", found["foreign"], 0),
        Gate("the collector has not caught up", 0 if came else 1, 0),
        Gate("the report differs from the node", 0 if same else 1, 0),
        Gate("faults that the database's own check finds", len(damage(folder)), 0),
    ]


def main(words: Optional[Sequence[str]] = None) -> int:
    """Kill, compare, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a few kills, for the tests")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what decides who is killed when")
    options = parser.parse_args(words)
    say(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-bench-") as name:
        gates = run(Path(name), SHORT if options.short else WHOLE, options.seed)
    return finish("bench-crash", gates)


if __name__ == "__main__":
    sys.exit(main())
