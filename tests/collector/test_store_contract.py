"""What every store promises, over random histories beside a model in plain dicts: SQLite alone, PostgreSQL for two."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ascend_doctor.collector.postgres_link import _cut
from ascend_doctor.collector.store import Entry, HistoryQuery, Retention, Standing, StoreError
from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition
from store_entries import NOW, forever

NODES = ("node-1", "node-2")
NAMES = ("npu.ecc", "ports", "roce.ip")
SKEW_S = 1.0
"""So much the time of a node may be off after it went through a server's clock."""


@attrs.define
class Held:
    """What the model has of a node."""

    epoch: str
    sequence: int
    received_at: float
    sections: dict
    times: dict


AHEAD = Held("ahead", 0, 0.0, {}, {})


def _seen(nodes):
    """Return nodes as the model has them."""
    return {
        item.node: Held(
            item.standing.epoch,
            item.standing.sequence,
            item.standing.received_at,
            dict(item.sections),
            dict(item.times),
        )
        for item in nodes
    }


def _same(expected, actual):
    """Tell whether two nodes are the same but for what a clock cannot tell."""
    if expected is None or actual is None:
        return expected is actual
    near = abs(expected.received_at - actual.received_at) < SKEW_S
    return near and attrs.evolve(expected, received_at=0.0) == attrs.evolve(actual, received_at=0.0)


class Histories(RuleBasedStateMachine):
    """Collectors that share a store, and what they should find in it."""

    collectors = 1
    shared = False

    def open(self):
        """Open the store once more."""
        raise NotImplementedError

    @initialize()
    def begin(self):
        """Open every collector's store, all empty."""
        self.time = itertools.count(1)
        self.nodes = {}
        self.claims = {}
        self.history = []
        self.stores = [self.open() for _ in range(self.collectors)]
        self.views = [_seen(store.load()) for store in self.stores]
        self.at_rest = [set() for _ in self.stores]

    def teardown(self):
        """Compare once more, and close the stores."""
        for who, store in enumerate(getattr(self, "stores", ())):
            self.hear(who)
            found = [(item.node, item.transition) for item in store.history(HistoryQuery())]
            assert self.history[::-1] == found
            store.close()

    # --- what the model does -----------------------------------------------------------------------------------------

    def holds(self, who, node):
        """Tell whether a collector may change a node."""
        return not self.shared or self.claims.get(node, (None,))[0] == who

    def expect(self, who, entries):
        """Let the model take entries, and return the nodes of which it takes nothing."""
        void = set()
        for node in {entry.node: None for entry in entries}:
            before = self.nodes.get(node)
            held, told, broken = before, [], False
            for entry in (entry for entry in entries if entry.node == node):
                standing = entry.standing
                came = [(standing.epoch, number, item) for number, item in entry.transitions]
                told += [item for item in came if item not in told]
                if entry.whole:
                    held, broken = Held(standing.epoch, standing.sequence, 0.0, {}, {}), False
                elif held is None or held.epoch != standing.epoch or standing.sequence > held.sequence + 1:
                    broken = True
                    continue
                if not entry.whole and standing.sequence <= held.sequence:
                    continue
                kept = {name: content for name, content in held.sections.items() if name not in entry.removed}
                held = Held(
                    standing.epoch,
                    standing.sequence,
                    standing.received_at,
                    {**kept, **entry.sections},
                    dict(entry.times),
                )
            if broken or not self.holds(who, node):
                void.add(node)
                continue
            self.nodes[node] = held
            for epoch, number, item in told:
                if before is None or epoch != before.epoch or number > before.sequence:
                    self.history.append((node, item))
        return void

    def commit(self, who, entries):
        """Let a collector commit entries, and compare what it is told with the model."""
        nodes = {entry.node for entry in entries}
        void = self.expect(who, entries)
        assert void == set(self.stores[who].commit(entries))
        for node in nodes - void:
            self.views[who][node] = self.nodes[node]
            self.at_rest[who].add(node)

    # --- what happens ------------------------------------------------------------------------------------------------

    @rule(data=st.data(), nodes=st.sets(st.sampled_from(NODES), min_size=1), late=st.booleans())
    def claim(self, data, nodes, late):
        """A collector claims nodes, now, or so late that others may have done so meanwhile."""
        who = data.draw(st.integers(0, self.collectors - 1))
        for node in sorted(nodes):
            since = NOW + next(self.time)
            self.claim_now(who, [node], self.claims.get(node, (None, since))[1] - 0.5 if late else since)

    def claim_now(self, who, nodes, since):
        """Let a collector claim nodes since some time."""
        self.stores[who].claim(dict.fromkeys(nodes, since))
        for node in nodes:
            if node not in self.claims or self.claims[node][1] <= since:
                before = self.claims.get(node, (who,))[0]
                if before not in (None, who) and node in self.nodes:
                    self.views[before][node] = AHEAD  # it has in memory what it cannot commit any more
                self.claims[node] = (who, since)
                for resting in self.at_rest:
                    resting.discard(node)

    def draw_entry(self, data, node, held):
        """Return a change of a node that may or may not follow what is held of it."""
        sections = data.draw(
            st.dictionaries(st.sampled_from(NAMES), st.sampled_from([b"a", b"b", b"c" * 40]), max_size=3)
        )
        epoch, sequence = ("e", 0) if held is None else (held.epoch, held.sequence)
        kind = data.draw(st.sampled_from(["whole", "delta", "delta", "delta", "again", "gap", "old epoch"]))
        epoch = (
            data.draw(st.sampled_from(["e", "f"]))
            if kind == "whole"
            else f"not {epoch}"
            if kind == "old epoch"
            else epoch
        )
        sequence += {"again": 0, "gap": 2}.get(kind, 1)
        whole = kind == "whole"
        before = {} if whole or held is None else held.sections
        removed = frozenset() if whole else frozenset(data.draw(st.sets(st.sampled_from(NAMES)))) - sections.keys()
        after = ({*before} - removed) | {*sections}
        at = NOW + next(self.time)
        told = tuple(
            (sequence - back, Transition("npu.ecc", "npu/0", Status.PASS, Status.FAIL, at, f"number {at:.0f}"))
            for back in data.draw(st.sets(st.integers(0, 2)))
        )
        return Entry(
            node, Standing(epoch, sequence, at, 90.0, "1.0"), whole, sections, removed, dict.fromkeys(after, at), told
        )

    def draw_entries(self, data):
        """Return changes of some nodes, several of one among them."""
        entries = []
        for node in data.draw(st.lists(st.sampled_from(NODES), min_size=1, max_size=4)):
            held = self.nodes.get(node)
            for entry in (entry for entry in entries if entry.node == node):
                following = held is not None and entry.standing.epoch == held.epoch
                if entry.whole or (following and entry.standing.sequence == held.sequence + 1):
                    kept = {} if entry.whole else {k: v for k, v in held.sections.items() if k not in entry.removed}
                    held = Held(entry.standing.epoch, entry.standing.sequence, 0.0, {**kept, **entry.sections}, {})
            entries.append(self.draw_entry(data, node, held))
        return entries

    @rule(data=st.data(), nodes=st.sets(st.sampled_from(NODES)), again=st.booleans(), listens=st.booleans())
    def commits(self, data, nodes, again, listens):
        """A collector that took nodes over commits changes, of which some do not follow, and may not hear of it."""
        who = data.draw(st.integers(0, self.collectors - 1))
        if nodes:
            self.claim_now(who, nodes, NOW + next(self.time))
        for _ in range(data.draw(st.integers(1, 3))):
            entries = self.draw_entries(data)
            self.commit(who, entries)
            epochs = {(entry.node, entry.standing.epoch) for entry in entries}
            if again and len(epochs) == len({entry.node for entry in entries}):
                self.commit(who, entries)
        if listens:
            self.hear(self.collectors - 1 - who)

    @rule(data=st.data())
    def restart(self, data):
        """A collector ends, and starts again with what is in the store."""
        who = data.draw(st.integers(0, self.collectors - 1))
        self.stores[who].close()
        self.stores[who] = self.open()
        self.views[who] = _seen(self.stores[who].load())
        self.at_rest[who] = set()
        assert self.nodes.keys() == self.views[who].keys()
        assert all(_same(held, self.views[who][node]) for node, held in self.nodes.items())
        self.claims = {node: (None if by == who else by, since) for node, (by, since) in self.claims.items()}

    @rule(data=st.data(), node=st.sampled_from(NODES))
    def forget(self, data, node):
        """A node is forgotten, and has to be claimed again."""
        who = data.draw(st.integers(0, self.collectors - 1))
        assert (self.nodes.pop(node, None) is not None) == self.stores[who].forget(node)
        self.views[who].pop(node, None)
        if node in self.claims:
            self.claims[node] = (None, self.claims[node][1])

    @rule(data=st.data())
    def prune(self, data):
        """Contents that no node has are swept out, and nothing else."""
        store = self.stores[data.draw(st.integers(0, self.collectors - 1))]
        store._added = 1 << 30
        while store.prune(forever(), NOW):
            pass

    @rule(data=st.data())
    def bound(self, data):
        """History is held within a number for each node: the oldest go."""
        store = self.stores[data.draw(st.integers(0, self.collectors - 1))]
        while store.prune(attrs.evolve(forever(), max_per_node=2), NOW):
            pass
        places = [[place for place, item in enumerate(self.history) if item[0] == node][-2:] for node in NODES]
        self.history = [self.history[place] for place in sorted(itertools.chain(*places))]

    @rule(data=st.data())
    def news(self, data):
        """After the news a collector knows all nodes that it does not hold itself, as they are in the store."""
        who = data.draw(st.integers(0, self.collectors - 1))
        self.hear(who)
        assert not [node for node in self.stores[who].news().nodes if not self.shared]

    def hear(self, who):
        """Let a collector hear the news, and compare what it knows with the model."""
        told = self.stores[who].news()
        self.views[who].update(_seen(told.nodes))
        for node in told.forgotten:
            self.views[who].pop(node, None)
        for node in NODES:
            if self.claims.get(node, (None,))[0] != who or node in self.at_rest[who]:
                assert _same(self.nodes.get(node), self.views[who].get(node)), node

    @precondition(lambda self: self.shared)
    @rule(data=st.data(), action=st.sampled_from(["commit", "claim", "news", "forget"]))
    def cut(self, data, action):
        """A connection breaks: the next call says so and has done nothing, the one after it goes on."""
        store = self.stores[data.draw(st.integers(0, self.collectors - 1))]
        _cut(store._link._connected())
        entry = Entry("node-1", Standing("e", 1, NOW), True, {}, frozenset(), {})
        calls = {
            "commit": lambda: store.commit([entry]),
            "claim": lambda: store.claim({"node-1": NOW * 2}),
            "news": store.news,
            "forget": lambda: store.forget("node-1"),
        }
        with pytest.raises(StoreError):
            calls[action]()

    @rule(data=st.data())
    def history_is_kept(self, data):
        """The history is the model's, whoever asks."""
        who = data.draw(st.integers(0, self.collectors - 1))
        found = [(item.node, item.transition) for item in self.stores[who].history(HistoryQuery())]
        assert self.history[::-1] == found


SETTINGS = settings(
    max_examples=20,
    stateful_step_count=20,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_sqlite_keeps_what_the_contract_says():
    """One collector with a file: the store is what the model is, at every step."""

    class InFile(Histories):
        def __init__(self) -> None:
            super().__init__()
            self.folder = Path(tempfile.mkdtemp())

        def open(self):
            return open_store(str(self.folder / "store.sqlite"), NOW)

        def teardown(self):
            super().teardown()
            shutil.rmtree(self.folder)

    run_state_machine_as_test(InFile, settings=SETTINGS)


def test_postgres_keeps_what_the_contract_says(postgres):
    """Two collectors with one database: never an older state over a newer one, and the news make both know all."""
    with postgres.database() as url:

        class InServer(Histories):
            collectors = 2
            shared = True

            def __init__(self) -> None:
                super().__init__()
                if postgres.execute("SELECT to_regclass('ascend_doctor.clock') IS NOT NULL", url=url)[0][0]:
                    postgres.execute("DROP SCHEMA ascend_doctor CASCADE", url=url)

            def open(self):
                return open_store(url, NOW)

        run_state_machine_as_test(InServer, settings=SETTINGS)


def test_retention_is_generous_by_default():
    """A quarter of a year, a gigabyte, twenty thousand transitions of one node."""
    assert (90 * 86_400.0, 1 << 30, 20_000) == attrs.astuple(Retention())
