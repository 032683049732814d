"""What a node exports to Prometheus: what the probe last wrote for it, and how the way to the collector fares."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable, Tuple

from ascend_doctor.agent import metrics_file
from ascend_doctor.agent.endpoint import Page
from ascend_doctor.agent.uplink import Uplink
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.probe import verdict_file
from ascend_doctor.report import exposition
from ascend_doctor.report.exposition import Families, Family
from ascend_doctor.report.tls_metrics import tls_families
from ascend_doctor.report.verdict_metrics import verdict_families
from ascend_doctor.wire.caller import Caller


class NodeMetrics:
    """The page of a node. The node's name is no label: that is the scraper's business.

    The probe parses and judges, so it also writes the numbers down; here they are only handed on, and only for as long
    as its verdict counts.
    """

    def __init__(self, state_dir: Path, *, version: str = "", clock: Callable[[], float] = time.time) -> None:
        self._state_dir = state_dir
        self._version = version
        self._clock = clock

    def page(self, uplink: Uplink) -> Page:
        """Return the page as it is now."""
        about_uplink = exposition.render(uplink_families(uplink)).encode()
        return Page(about_uplink + self._about_node(), exposition.CONTENT_TYPE)

    def _about_node(self) -> bytes:
        """Return what is known of the node; without a current word of the probe one thing only: INCOMPLETE."""
        said = verdict_file.read(self._state_dir)
        verdict, made_at, found = Verdict.INCOMPLETE, 0.0, b""
        if said is not None:
            made_at = said.made_at
            if said.is_current(self._clock(), verdict_file.boot_id()):
                verdict, found = said.verdict, metrics_file.read(self._state_dir)
        return found or exposition.render(verdict_families(verdict, made_at, self._version)).encode()


def uplink_families(uplink: Uplink) -> Tuple[Family, ...]:
    """Return how the way to the collector fares."""
    found = Families()
    found.add("ascend_doctor_uplink_up", "Whether a collector listens to this node", uplink.streaming)
    found.add("ascend_doctor_uplink_streams_total", "Streams to a collector that were opened", uplink.connections)
    about = "Changes that no collector has acknowledged"
    found.add("ascend_doctor_uplink_unacknowledged_changes", about, uplink.unacknowledged)
    about = "What those of these changes take in memory that are not folded into one"
    found.add("ascend_doctor_uplink_waiting_bytes", about, uplink.waiting_bytes)
    about = "Changes of results that were forgotten before a collector had them, since the agent started"
    found.add("ascend_doctor_uplink_lost_transitions_total", about, uplink.lost_transitions)
    about = "Requests of the collector that were handed to the probe"
    found.add("ascend_doctor_uplink_rechecks_total", about, uplink.rechecks)
    return (*found, *_tls_families(uplink.caller))


def _tls_families(caller: Caller) -> Tuple[Family, ...]:
    """Return until when the certificates hold; nothing without TLS."""
    if caller.expiry is None:
        return ()
    revocations = caller.revocations
    return tls_families(
        caller.expiry.ends(),
        revoked=None if revocations is None or not revocations.is_known else revocations.count,
        revocations_end=None if revocations is None else revocations.ends_at,
        is_in_trouble=bool(caller.trouble),
    )
