"""What `report` and `gate` share: asking a collector, and saying in one line why it does not answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Sequence

import grpc
import grpc.aio

from ascend_doctor.cli import interrupts
from ascend_doctor.cli.configuration import Configuration, Tls
from ascend_doctor.cli.errors import UserError
from ascend_doctor.model.report import Report
from ascend_doctor.v1 import report_pb2, report_pb2_grpc
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
from ascend_doctor.wire.reports import ReportReader

ANSWER_S = 30.0


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

    def report(self, nodes: Sequence[str] = (), checks: Sequence[str] = (), *, passes: bool = True) -> Report:
        """Return the report. Raises `UserError` with one line that says why there is none and what to do."""
        return interrupts.run(self.ask(nodes, checks, passes=passes))

    async def ask(self, nodes: Sequence[str] = (), checks: Sequence[str] = (), *, passes: bool = True) -> Report:
        """Do the same within an event loop, which then has to be the only one of the process."""
        request = report_pb2.GetReportRequest(node_names=nodes, check_ids=checks, without_passes=not passes)
        try:
            opened = await Caller(self._files).open(self.address)
        except CredentialError as error:
            raise UserError(str(error)) from None
        except NotVettedError as error:
            raise NoAnswerError(str(error)) from None
        reader = ReportReader()
        async with opened.channel as channel:
            stub: Any = report_pb2_grpc.ReportServiceStub(channel)
            try:
                async for message in stub.GetReport(request, timeout=ANSWER_S):
                    reader.add(message)
                return reader.report()
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
        if code in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED):
            return UserError(f"{self.address}: refused: {details}")
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return UserError(
                f"{self.address}: is no collector of this release; check the address, and its `ascend-doctor --version`"
            )
        return UserError(f"{self.address}: {code.name.lower().replace('_', ' ')}: {details}")
