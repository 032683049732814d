"""The benchmark of two collectors stays runnable, and finds what either says that no node has said."""

from __future__ import annotations

import contextlib
import importlib
import math
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from ascend_doctor.collector.store_opening import open_store
from ascend_doctor.model.report import Liveness
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition
from ascend_doctor.model.verdict import Verdict
from postgres import NoServerError, binaries
from store_entries import NOW, after, first

FAILOVER = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "failover.py"
HERE, THERE = "127.0.0.1:1", "127.0.0.1:2"
FAILS = frozenset([("bench.fault", "node:node-1:", "fail")])


@pytest.fixture(scope="module")
def audit():
    """What compares collectors with nodes, as a module."""
    sys.path.insert(0, str(FAILOVER.parent))
    try:
        return importlib.import_module("audit")
    finally:
        sys.path.remove(str(FAILOVER.parent))


@pytest.fixture
def node(audit):
    """A node that broke at 10 and was mended at 20; its collector was killed at 19, the other welcomed it at 22."""
    told = {
        "turns": [
            (10.0, 2, "bench.fault", "node:node-1:", "pass", "fail"),
            (20.0, 3, "bench.fault", "node:node-1:", "fail", "pass"),
        ],
        "welcomes": [(1.0, HERE), (22.0, THERE)],
        "acked": 3,
    }
    return audit.Testimony(told, [audit.Kill(19.0, THERE)])


def _seen(audit, asked, bad, verdict=Verdict.NOT_READY, liveness=Liveness.LIVE):
    return audit.Seen(asked, asked + 0.1, frozenset(["node-1"]), {"node-1": audit.Account(liveness, verdict, bad)})


def test_short_form_ends_with_its_figure():
    """Either collector is killed, everything is compared, and the last line says what came of it."""
    try:
        binaries()
    except NoServerError as error:
        pytest.skip(str(error))
    done = subprocess.run([sys.executable, str(FAILOVER), "--short"], capture_output=True, text=True, check=False)
    *rows, last = done.stdout.splitlines()
    moves = [row.partition(" nodes")[0] for row in rows if " nodes are served by the other: " in row]

    assert "bench-failover: 0 gates fall short, at most 0 gates fall short, holds" == last, done.stdout + done.stderr
    assert 0 == done.returncode
    assert ["6", "12"] == moves
    assert [] != [row for row in rows if row.startswith("verdicts that are wrong: 0, at most 0")]


@pytest.mark.parametrize(
    ("asked", "bad", "expected"),
    [
        (9.0, frozenset(), 0.0),
        (9.0, FAILS, math.inf),
        (9.95, FAILS, 0.0),
        (11.5, frozenset(), 1.5),
        (11.5, FAILS, 0.0),
        (21.0, FAILS, 0.0),
        (21.0, frozenset(), 0.0),
        (25.0, FAILS, 3.0),
        (25.0, frozenset([("bench.fault", "node:node-1:", "warn")]), math.inf),
    ],
)
def test_how_late_a_report_is(audit, node, asked, bad, expected):
    """By the time since it was so no more; what a node said without a collector counts from when it was welcome."""
    assert expected == pytest.approx(node.late_s(_seen(audit, asked, bad), bad))


def test_wrong_reports_are_counted(audit, node):
    """What never was, is too late, or does not follow from the findings is wrong; a node that is gone is missing."""
    reports = [
        _seen(audit, 12.0, FAILS),
        _seen(audit, 9.0, FAILS),
        _seen(audit, 25.0, FAILS),
        _seen(audit, 12.0, FAILS, Verdict.READY),
        _seen(audit, 30.0, frozenset(), Verdict.NOT_READY),
        _seen(audit, 12.0, FAILS, liveness=Liveness.STALE),
        attrs.evolve(_seen(audit, 12.0, FAILS), names=frozenset(), unwell={}),
        attrs.evolve(_seen(audit, 11.0, FAILS), unwell={}),
    ]
    expected = audit.ReportAudit(len(reports), missing=2, wrong=4, late_s=3.0)
    assert expected == audit.audit_reports(reports, {"node-1": node}, 2.0)


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (["pass fail", "fail pass"], {"lost": 0, "foreign": 0, "disordered": 0}),
        (["pass fail"], {"lost": 1, "foreign": 0, "disordered": 0}),
        (["pass fail", "pass fail", "fail pass"], {"lost": 0, "foreign": 1, "disordered": 0}),
        (["pass fail", "fail warn", "fail pass"], {"lost": 0, "foreign": 1, "disordered": 0}),
        (["fail pass", "pass fail"], {"lost": 0, "foreign": 0, "disordered": 1}),
        ([], {"lost": 2, "foreign": 0, "disordered": 0}),
    ],
)
def test_a_history_is_compared(audit, node, tmp_path, kept, expected):
    """What the nodes told and the store misses is found, and what it has twice, of nobody, or in another order."""
    words = [[Status(word) for word in change.split()] for change in kept]
    told = [
        Transition("bench.fault", "node:node-1:", *change, NOW + place, "it is said")
        for place, change in enumerate(words)
    ]
    place = str(tmp_path / "store.sqlite")
    with contextlib.closing(open_store(place, NOW)) as store:
        store.claim({"node-1": NOW})
        one = first()
        store.commit([one, after(one, {}, told=told)])
    assert audit.HistoryAudit(2, **expected) == audit.audit_history(place, {"node-1": node})
