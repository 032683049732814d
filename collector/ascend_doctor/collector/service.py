"""The readers' end of the collector."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn, Optional, Sequence

import grpc
import grpc.aio

from ascend_doctor.collector.history import DEFAULT_PAGE, History
from ascend_doctor.collector.judged import TooMuchError
from ascend_doctor.collector.paging import nodes_after
from ascend_doctor.collector.reports import Reports
from ascend_doctor.collector.store import HistoryQuery, StoreError, TooWideError
from ascend_doctor.collector.watching import Door, TooManyError, Watchers
from ascend_doctor.collector.workers import BusyError
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.v1 import report_pb2, report_pb2_grpc
from ascend_doctor.wire import fields
from ascend_doctor.wire.changes import change_messages
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.history import recorded_message
from ascend_doctor.wire.reports import node_message, report_messages

DEFAULT_NODES = 500
MAX_NODES = 1000
"""Nodes of one page: they are written within some milliseconds."""
MAX_NAMES = 10_000
WRITE_S = 60.0
"""How long a peer may leave a message unread."""

Context = grpc.aio.ServicerContext[Any, Any]

_REFUSALS = (TooMuchError, TooWideError, TooManyError, BusyError, StoreError)
_CODES = {
    TooMuchError: grpc.StatusCode.FAILED_PRECONDITION,
    TooWideError: grpc.StatusCode.FAILED_PRECONDITION,
    TooManyError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    BusyError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    StoreError: grpc.StatusCode.ABORTED,
}


class ReportService(report_pb2_grpc.ReportServiceServicer):
    """Answers for the fleet. `Admission` sees to who may ask."""

    def __init__(self, reports: Reports, history: History, watchers: Watchers) -> None:
        self._reports = reports
        self._history = history
        self._watchers = watchers

    async def GetReport(  # type: ignore[override] # noqa: N802 - the generated name; its stub knows generators only
        self, request: report_pb2.GetReportRequest, context: Context
    ) -> None:
        """Stream the report over the nodes that were asked for. Who does not read is cut off."""
        names = [*request.node_names, *request.job_hosts]
        await _check_names(context, names, request.check_ids)
        try:
            report = await self._reports.report(names, request.check_ids, passes=request.with_passes)
        except _REFUSALS as error:
            await _refuse(context, error)
        for message in report_messages(report):
            await _write(context, message)
            await asyncio.sleep(0)  # let the streams of the nodes have their turn

    async def ListNodes(  # noqa: N802 - the generated name
        self, request: report_pb2.ListNodesRequest, context: Context
    ) -> report_pb2.ListNodesResponse:
        """Return one page of nodes; the token is the name of the last one before it, which may be gone by now."""
        if request.page_token and not is_node_name(request.page_token):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "page_token is none of ListNodes; begin anew")
        size = min(request.page_size, MAX_NODES) if request.page_size > 0 else DEFAULT_NODES
        page, more = nodes_after((await self._reports.judged()).summaries, request.page_token, size)
        return report_pb2.ListNodesResponse(
            nodes=[node_message(node) for node in page], next_page_token=page[-1].name if more else ""
        )

    async def ListTransitions(  # noqa: N802 - the generated name
        self, request: report_pb2.ListTransitionsRequest, context: Context
    ) -> report_pb2.ListTransitionsResponse:
        """Return one page of the history; the token is the id of the last transition before it."""
        await _check_names(context, request.node_names, request.check_ids)
        token = request.page_token
        if token and not (token.isascii() and token.isdecimal() and len(token) < 19):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "page_token is none of ListTransitions; begin anew")
        try:
            query = HistoryQuery(
                nodes=tuple(request.node_names),
                checks=tuple(request.check_ids),
                since=fields.time("since_time", request.since_time),
                until=fields.time("until_time", request.until_time) if request.HasField("until_time") else None,
                before_id=int(token) if token else None,
                limit=request.page_size if request.page_size > 0 else DEFAULT_PAGE,
            )
            page = await self._history.page(query)
        except WireError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except _REFUSALS as error:
            await _refuse(context, error)
        return report_pb2.ListTransitionsResponse(
            transitions=map(recorded_message, page.items),
            next_page_token="" if page.before_id is None else str(page.before_id),
        )

    async def Watch(  # type: ignore[override] # noqa: N802 - the generated name; its stub knows generators only
        self, request: report_pb2.WatchRequest, context: Context
    ) -> None:
        """Tell what is, and then every change of it. Who does not read is cut off."""
        await _check_names(context, request.node_names, request.check_ids)
        try:
            with self._watchers.watch(
                Door.GRPC, frozenset(request.node_names), frozenset(request.check_ids)
            ) as watcher:
                change = await watcher.next()
                while change is not None:
                    for message in change_messages(change):
                        await _write(context, message)
                    change = await watcher.next()
        except _REFUSALS as error:
            await _refuse(context, error)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the collector stops; watch again")


async def _check_names(context: Context, nodes: Sequence[str], checks: Sequence[str]) -> None:
    if len(nodes) > MAX_NAMES or len(checks) > MAX_NAMES:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"more than {MAX_NAMES} names")
    wrong: Optional[str] = next((name for name in nodes if not is_node_name(name)), None)
    if wrong is not None:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{wrong[:253]!r} is no name of a node")


async def _write(context: Context, message: Any) -> None:
    try:
        await asyncio.wait_for(context.write(message), WRITE_S)
    except asyncio.TimeoutError:
        # A peer that reads nothing does not take a status either: let gRPC drop the call.
        raise asyncio.CancelledError from None


async def _refuse(context: Context, error: Exception) -> NoReturn:
    await context.abort(_CODES[type(error)], str(error))
