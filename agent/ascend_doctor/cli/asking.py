"""What the verbs of readers share: asking a collector, and saying in one line why it does not answer."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, AsyncIterator, Container, List, Optional, Sequence, Tuple

import attrs
import grpc
import grpc.aio

from ascend_doctor.cli import interrupts
from ascend_doctor.cli.errors import UserError
from ascend_doctor.model.report import NodeSummary, Report
from ascend_doctor.model.transition import Recorded
from ascend_doctor.v1 import report_pb2, report_pb2_grpc
from ascend_doctor.wire import fields, limits
from ascend_doctor.wire.caller import Caller, NotVettedError
from ascend_doctor.wire.credentials import (
    Address,
    AddressError,
    CredentialError,
    TlsFiles,
    read_address,
)
from ascend_doctor.wire.diagnosis import diagnose
from ascend_doctor.wire.fields import WireError
from ascend_doctor.wire.history import read_recorded
from ascend_doctor.wire.reports import ReportReader, read_node

if TYPE_CHECKING:
    from ascend_doctor.cli.configuration import Configuration, Tls

ANSWER_S = 30.0
HISTORY_PAGE = 500


@attrs.frozen
class HistoryWish:
    """Which transitions: of nodes and checks (all when empty), since a time (epoch seconds), so many at most."""

    nodes: Sequence[str] = ()
    checks: Sequence[str] = ()
    since: float = 0.0
    limit: int = 100


class NoAnswerError(UserError):
    """The collector does not answer now; it may do so later."""


def whom_to_ask(configuration: Configuration, collector: Optional[str], tls_folder: Optional[str]) -> Collector:
    """Return the collector that options or the configuration name."""
    try:
        address = read_address(collector or configuration.client.collector)
    except AddressError as error:
        raise UserError(str(error)) from None
    if tls_folder is not None:
        return Collector(address, tls_in(tls_folder))
    return Collector(address, tls_files(configuration.client.tls))


def tls_in(folder: str) -> TlsFiles:
    """Return the three files of a folder that `pki issue` made."""
    return TlsFiles(*(str(Path(folder) / name) for name in ("ca.crt", "tls.crt", "tls.key")))


def tls_files(section: Optional[Tls]) -> Optional[TlsFiles]:
    """Return the files that a section of the configuration names."""
    return None if section is None else TlsFiles(section.authority, section.certificate, section.key)


class Collector:
    """A collector to ask, once or again and again."""

    def __init__(self, address: Address, files: Optional[TlsFiles]) -> None:
        self.address = address
        self._files = files

    def report(self, nodes: Sequence[str] = (), checks: Sequence[str] = (), *, passes: bool = False) -> Report:
        """Return the report. Raises `UserError` with one line that says why there is none and what to do."""
        return interrupts.run(self.ask(nodes, checks, passes=passes))

    async def ask(self, nodes: Sequence[str] = (), checks: Sequence[str] = (), *, passes: bool = False) -> Report:
        """Do the same within an event loop, which then has to be the only one of the process."""
        request = report_pb2.GetReportRequest(node_names=nodes, check_ids=checks, with_passes=passes)
        reader = ReportReader()
        async with self._service() as stub:
            async for message in stub.GetReport(request, timeout=ANSWER_S):
                reader.add(message)
            return reader.report()

    async def nodes(self) -> Tuple[NodeSummary, ...]:
        """Return all nodes in natural order, within an event loop. Raises `UserError`."""
        found: List[NodeSummary] = []
        request = report_pb2.ListNodesRequest()
        async with self._service() as stub:
            while True:
                page = await stub.ListNodes(request, timeout=ANSWER_S)
                found += fields.each("nodes", page.nodes, limits.MAX_REPORT_NODE_COUNT, read_node)
                if not page.next_page_token or len(found) > limits.MAX_REPORT_NODE_COUNT:
                    return tuple(found)
                request.page_token = page.next_page_token

    async def history(self, wish: HistoryWish, known: Container[int] = ()) -> Tuple[Recorded, ...]:
        """Return transitions, what the collector learnt last first, within an event loop. Raises `UserError`.

        Those whose ids are known are left out, and where a page ends with one of them no further page is asked for.
        """
        found: List[Recorded] = []
        request = report_pb2.ListTransitionsRequest(
            node_names=wish.nodes, check_ids=wish.checks, since_time=fields.timestamp(wish.since)
        )
        async with self._service() as stub:
            while len(found) < wish.limit:
                request.page_size = min(wish.limit - len(found), HISTORY_PAGE)
                answer = await stub.ListTransitions(request, timeout=ANSWER_S)
                page = fields.each("transitions", answer.transitions, HISTORY_PAGE, read_recorded)
                found += (item for item in page if item.id not in known)
                if not answer.next_page_token or (page and page[-1].id in known):
                    break
                request.page_token = answer.next_page_token
        return tuple(found)

    @contextlib.asynccontextmanager
    async def _service(self) -> AsyncIterator[Any]:
        """Give what the collector can be asked with. What goes wrong becomes a `UserError`."""
        try:
            opened = await Caller(self._files).open(self.address)
        except CredentialError as error:
            raise UserError(str(error)) from None
        except NotVettedError as error:
            raise NoAnswerError(str(error)) from None
        async with opened.channel as channel:
            try:
                yield report_pb2_grpc.ReportServiceStub(channel)
            except grpc.aio.AioRpcError as error:
                raise self._failure(error) from None
            except WireError as error:
                raise UserError(
                    f"{self.address}: the answer is none of a collector ({error}); is it one, and of this release?"
                ) from None

    def _failure(self, error: grpc.aio.AioRpcError) -> UserError:
        code, details = error.code(), error.details() or ""
        if code is grpc.StatusCode.UNAVAILABLE:
            reason = diagnose(self.address, self._files)
            return NoAnswerError(
                reason or f"{self.address}: no answer ({details}); is it a collector, and does it use TLS as you do?"
            )
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return NoAnswerError(f"{self.address}: no answer within {ANSWER_S:.0f} s; look at the collector's log")
        if code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED):
            return NoAnswerError(f"{self.address}: cannot answer now: {details}")
        if code in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED):
            return UserError(f"{self.address}: refused: {details}")
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return UserError(
                f"{self.address}: is no collector of this release; check the address, and its `ascend-doctor --version`"
            )
        return UserError(f"{self.address}: {code.name.lower().replace('_', ' ')}: {details}")
