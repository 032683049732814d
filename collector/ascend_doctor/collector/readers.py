"""Everything that a collector has for those who read: gRPC services, the pages and the API over HTTP, health."""

from __future__ import annotations

from typing import Tuple

import grpc.aio
from grpc_health.v1 import health_pb2_grpc
from starlette.applications import Starlette

from ascend_doctor.collector.admission import Admission
from ascend_doctor.collector.api.endpoints import Api
from ascend_doctor.collector.committer import Committer
from ascend_doctor.collector.history import History
from ascend_doctor.collector.ingest import IngestService
from ascend_doctor.collector.own_metrics import own_families
from ascend_doctor.collector.readiness import HealthService, Readiness
from ascend_doctor.collector.reports import Reports
from ascend_doctor.collector.service import ReportService
from ascend_doctor.collector.watching import Watchers
from ascend_doctor.collector.web import application
from ascend_doctor.report.exposition import Family
from ascend_doctor.v1 import report_pb2_grpc


class Readers:
    """The readers' side of one collector. `Admission` sees to who may ask over gRPC."""

    def __init__(
        self,
        reports: Reports,
        history: History,
        ingest: IngestService,
        committer: Committer,
        admission: Admission,
    ) -> None:
        self._reports = reports
        self._history = history
        self._ingest = ingest
        self._committer = committer
        self._admission = admission
        self._watchers = Watchers(reports)
        self.readiness = Readiness(lambda: committer.healthy)

    def add_to(self, server: grpc.aio.Server) -> None:
        """Add the services to a gRPC server."""
        service = ReportService(self._reports, self._history, self._watchers)
        report_pb2_grpc.add_ReportServiceServicer_to_server(service, server)
        health_pb2_grpc.add_HealthServicer_to_server(HealthService(self.readiness), server)

    def application(self) -> Starlette:
        """Return the same and the pages as a web application."""
        api = Api(self._reports, self._history, self._watchers)
        return application(self._reports, api, self.readiness, self._own_families)

    def drain(self) -> None:
        """Say that the collector stops, and end the answers that have no end of their own."""
        self.readiness.is_draining = True
        self._watchers.close()

    def _own_families(self) -> Tuple[Family, ...]:
        own = own_families(self._ingest, self._committer, self._reports, self._watchers)
        return (*own, *self._admission.families())
