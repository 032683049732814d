"""The stream protocol, told as scripts: `scripts/*.txt` hold commands and below each what the two halves do.

`pytest --update-golden` writes what they do now. Commands, one a line:

    set CHECK=STATUS...      the node finds something out        again           it looks again, and all is as before
    drop CHECK               a finding is no more                fold            the spool is folded into one state
    connect, disconnect      of the agent                        end             the collector closes the stream
    deliver                  all that is on its way, both ways   up, down        the oldest message of one direction
    lose up, lose down       it never arrives                    double up, double down    it arrives twice
    commit                   the store finishes all it was given wait SECONDS    and both halves tick
    restart agent|collector  kill it and start it again          lose spool      kill the agent and empty its disk
    recheck CHECK..., round, drain SECONDS, done ID PROBLEM      requests and their outcome
    spoil                    the collector's memory goes bad     offer COUNT, retain COUNT   limits of the next start
    backup                   the collector's store is copied     restore   kill the collector and start it on the copy
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List

import attrs
import pytest

from ascend_doctor.model.sections import Sections
from ascend_doctor.model.status import Status
from ascend_doctor.wire import frames
from ascend_doctor.wire.agent_session import Retention
from ascend_doctor.wire.collector_session import Offer
from ascend_doctor.wire.effects import Reason
from golden import Golden
from wire_pair import Line, Pair, with_outcomes

OFFER = Offer(heartbeat_s=12.0)
SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.txt"))


class Script:
    """Carries out commands on a pair of sessions."""

    def __init__(self) -> None:
        self.said: List[str] = []
        self.pair = self._make_pair(OFFER, Retention())

    def _make_pair(self, offer: Offer, retention: Retention) -> Pair:
        return Pair(offer=offer, retention=retention, log=self.said.append)

    def run(self, command: str) -> List[str]:
        """Return what the halves said while they carried out one command."""
        word, *rest = command.split()
        self.said.clear()
        getattr(self, f"_do_{word}")(*rest)
        return list(self.said)

    @property
    def line(self) -> Line:
        """The stream that is meant: the agent's, else the newest that the collector believes in."""
        return self.pair.line or self.pair.lines[-1]

    def _do_set(self, *pairs: str) -> None:
        found = {check: Status(status) for check, status in (pair.split("=") for pair in pairs)}
        self.pair.become(with_outcomes(self.pair.agent.state, found, self.pair.now))

    def _do_drop(self, check: str) -> None:
        state = self.pair.agent.state
        kept = {name: item for name, item in state.sections.items() if name != check}
        self.pair.become(Sections(kept, {name: state.times[name] for name in kept}))

    def _do_again(self) -> None:
        state = self.pair.agent.state
        self.pair.become(Sections(state.sections, dict.fromkeys(state.sections, self.pair.now)))

    def _do_fold(self) -> None:
        self.pair.fold()

    def _do_connect(self) -> None:
        self.pair.connect()

    def _do_disconnect(self) -> None:
        self.pair.disconnect()

    def _do_end(self) -> None:
        self.pair.collector_does(self.line, self.line.session.close(Reason.LIMIT, "a message was refused"))

    def _do_deliver(self) -> None:
        self.pair.deliver()

    def _do_up(self) -> None:
        self.pair.deliver_up(self.line)

    def _do_down(self) -> None:
        self.pair.deliver_down(self.line)

    def _do_lose(self, what: str) -> None:
        if what == "spool":
            self.pair.restart_agent(lose_spool=True)
        else:
            self._way(what)(self.line, lose=True)

    def _do_double(self, way: str) -> None:
        self._way(way)(self.line, double=True)

    def _way(self, way: str) -> Callable[..., bool]:
        return {"up": self.pair.deliver_up, "down": self.pair.deliver_down}[way]

    def _do_commit(self) -> None:
        while self.pair.commit():
            pass

    def _do_wait(self, seconds: str) -> None:
        self.pair.wait(float(seconds))

    def _do_restart(self, half: str) -> None:
        if half == "agent":
            self.pair.restart_agent()
        else:
            self.pair.restart_collector()

    def _do_backup(self) -> None:
        self.pair.backup = self.pair.store.copied()

    def _do_restore(self) -> None:
        self.pair.restore_collector()

    def _do_recheck(self, *checks: str) -> None:
        self.pair.collector_does(self.line, self.line.session.recheck("r1", checks))

    def _do_round(self) -> None:
        probes = (frames.Probe(3, "10.0.0.7"),)
        self.pair.collector_does(self.line, self.line.session.round("r2", "hccn_tool/ping", probes, 20.0))

    def _do_drain(self, seconds: str) -> None:
        self.pair.collector_does(self.line, self.line.session.drain("upgrade", float(seconds)))

    def _do_done(self, request_id: str, *problem: str) -> None:
        self.pair._agent_does(self.pair.agent.done(request_id, " ".join(problem)))

    def _do_spoil(self) -> None:
        session = self.pair.lines[-1].session
        session.state = with_outcomes(session.state, {"roce.ghost": Status.PASS}, 0.0)

    def _do_offer(self, count: str) -> None:
        self.pair = self._make_pair(attrs.evolve(OFFER, max_inflight=int(count)), self.pair.retention)

    def _do_retain(self, count: str) -> None:
        self.pair = self._make_pair(self.pair.offer, Retention(max_count=int(count)))


def played(text: str) -> str:
    """Return the script with what happens now below each command."""
    script = Script()
    lines: List[str] = []
    for line in text.splitlines():
        if line.startswith("  "):
            continue
        lines.append(line)
        if line and not line.startswith("#"):
            lines += [f"  {said}" for said in script.run(line)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_script(path: Path, golden: Golden) -> None:
    """The two halves do what the script says."""
    text = path.read_text(encoding="utf-8")
    attrs.evolve(golden, folder=path.parent).check(path.name, played(text))


def test_there_are_scripts() -> None:
    """The folder of scripts is where the tests look."""
    assert {"first", "loss", "restart"} <= {path.stem for path in SCRIPTS}
