"""Whether the collector can do its work, for load balancers: over HTTP, and as `grpc.health.v1`."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator, Callable

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

SERVICES = ("", "ascend_doctor.v1.IngestService", "ascend_doctor.v1.ReportService")
LOOK_S = 1.0
MAX_WATCHERS = 256

Context = grpc.aio.ServicerContext[Any, Any]
Status = health_pb2.HealthCheckResponse


class Readiness:
    """Whether the collector has started, can write to its store, and is not about to stop."""

    def __init__(self, store_is_up: Callable[[], bool]) -> None:
        self._store_is_up = store_is_up
        self.is_started = False
        self.is_draining = False

    @property
    def trouble(self) -> str:
        """Why the collector is not ready; empty when it is."""
        if self.is_draining:
            return "the collector stops"
        if not self.is_started:
            return "the collector starts"
        return "" if self._store_is_up() else "the store cannot be written"


class HealthService(health_pb2_grpc.HealthServicer):
    """Serves `grpc.health.v1`. Everybody whom the server lets in may ask."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness
        self._watchers = 0

    async def Check(  # noqa: N802 - the generated name
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> health_pb2.HealthCheckResponse:
        """Say whether a service is up."""
        if request.service not in SERVICES:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service here")
        return Status(status=self._status(request.service))

    async def Watch(  # noqa: N802 - the generated name
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """Say whether a service is up, and again whenever that changes."""
        if self._watchers >= MAX_WATCHERS:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{self._watchers} watch already; ask now and then")
        self._watchers += 1
        try:
            told = None
            while True:
                status = self._status(request.service)
                if status != told:
                    yield Status(status=status)
                told = status
                await asyncio.sleep(LOOK_S)
        finally:
            self._watchers -= 1

    def _status(self, service: str) -> health_pb2.HealthCheckResponse.ServingStatus.ValueType:
        if service not in SERVICES:
            return Status.SERVICE_UNKNOWN
        return Status.NOT_SERVING if self._readiness.trouble else Status.SERVING
