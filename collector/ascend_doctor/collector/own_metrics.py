"""How the collector itself fares, as metrics. No series names a node."""

from __future__ import annotations

from typing import Tuple

from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.ingest import IngestService
from ascend_doctor.collector.reports import Reports
from ascend_doctor.collector.watching import Watchers
from ascend_doctor.report.exposition import Families, Family


def own_families(
    ingest: IngestService,
    committer: Committer,
    reports: Reports,
    watchers: Watchers,
) -> Tuple[Family, ...]:
    """Return the figures of the streams, of the store, of judging and of those who read."""
    found = Families()
    found.add("ascend_doctor_collector_streams", "Nodes that have a stream now", len(ingest.connected))
    found.add("ascend_doctor_collector_opened_streams_total", "Streams that peers have opened", ingest.opened)
    about = "Streams that ended without a farewell: the peer is gone, or sent what was too big or compressed"
    found.add("ascend_doctor_collector_cut_streams_total", about, ingest.cut)
    for reason, count in sorted(ingest.refused.items()):
        about = "Streams that the collector closed, by reason"
        found.add("ascend_doctor_collector_refused_streams_total", about, count, reason=reason)
    about = "Frames which this program does not know"
    found.add("ascend_doctor_collector_ignored_frames_total", about, ingest.ignored)
    about = "Time that streams had to wait because they sent too much"
    found.add("ascend_doctor_collector_paced_seconds_total", about, ingest.paced_s)
    _store(found, committer)
    found.add("ascend_doctor_collector_judgements_total", "How often the fleet was judged", reports.judgements)
    about = "Time that judging the fleet took"
    found.add("ascend_doctor_collector_judging_seconds_total", about, reports.judging_s)
    about = "Answers to readers that are being made, or wait to be"
    found.add("ascend_doctor_collector_answers_waiting", about, reports.workers.waiting)
    found.add("ascend_doctor_collector_watchers", "Readers that watch the fleet now", watchers.count)
    return tuple(found)


def _store(found: Families, committer: Committer) -> None:
    found.add("ascend_doctor_collector_store_up", "Whether the store answered last time", committer.healthy)
    found.add("ascend_doctor_collector_store_backlog", "Changes and claims that wait for the store", committer.backlog)
    about = "What the changes that wait for the store take in memory"
    found.add("ascend_doctor_collector_store_backlog_bytes", about, committer.backlog_bytes)
    counts = {
        "commits": ("Transactions of the store", committer.commits),
        "committed_changes": ("Changes that are in the store", committer.committed),
        "superseded_changes": ("Changes that another collector's made void", committer.superseded),
        "store_failures": ("How often the store failed", committer.failures),
        "pruned_rows": (
            "Rows of the history that were dropped",
            committer.pruned,
        ),
        "store_busy_seconds": ("Time that the store took", committer.busy_s),
    }
    for name, (about, count) in counts.items():
        found.add(f"ascend_doctor_collector_{name}_total", f"{about}, since the collector started", count)
