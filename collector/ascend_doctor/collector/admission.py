"""Who may call what: looked at once, at the beginning of every call, before any service hears of it."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from typing import Any, AsyncIterator, Callable, Dict, FrozenSet, Mapping, Optional, Set, Tuple, Type

import attrs
import grpc
import grpc.aio

from ascend_doctor.model.wording import counted
from ascend_doctor.report.exposition import Families, Family
from ascend_doctor.report.printable import printable
from ascend_doctor.report.tls_metrics import tls_families
from ascend_doctor.wire.channels import Follower
from ascend_doctor.wire.credentials import EVERYBODY, NODES, READERS, Identity, Role, TlsFiles, identity_from_context
from ascend_doctor.wire.expiry import Expiry
from ascend_doctor.wire.following import Revocations
from ascend_doctor.wire.metadata import SERVER_TIME

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often the revocation list is looked at."""
MAX_TOLD = 1_000
"""Refusals of which the log has a line each; then it begins anew."""
_AT_ONCE = 100

Context = grpc.aio.ServicerContext[Any, Any]


@attrs.frozen
class Rule:
    """What it takes to call a method. `act` and `advice` are for who lacks it."""

    roles: FrozenSet[Role]
    act: str
    advice: Role


_REPORTS = Rule(READERS, "read reports", Role.READER)
_HEALTH = Rule(EVERYBODY, "ask for the health", Role.READER)
RULES: Mapping[str, Rule] = {
    "/ascend_doctor.v1.IngestService/Connect": Rule(NODES, "send results", Role.NODE),
    "/ascend_doctor.v1.ReportService/GetReport": _REPORTS,
    "/ascend_doctor.v1.ReportService/ListNodes": _REPORTS,
    "/ascend_doctor.v1.ReportService/ListTransitions": _REPORTS,
    "/ascend_doctor.v1.ReportService/Watch": _REPORTS,
    "/grpc.health.v1.Health/Check": _HEALTH,
    "/grpc.health.v1.Health/List": _HEALTH,
    "/grpc.health.v1.Health/Watch": _HEALTH,
}
"""By method. One that is not here can be called by nobody."""

ROLE = "role"
REVOKED = "revoked"


class _Guest:
    """A call: within the block it is one that was let in. There is one for each node, for as long as it is there."""

    __slots__ = ("_admission", "_method", "context", "dismissed", "task")

    def __init__(self, admission: Admission, method: str, context: Context) -> None:
        self._admission = admission
        self._method = method
        self.context = context
        self.task = asyncio.current_task()
        self.dismissed = ""
        """Why it may not go on, empty while it may."""

    async def __aenter__(self) -> None:
        await self._admission.admit(self, self._method)

    async def __aexit__(self, kind: Optional[Type[BaseException]], _error: object, _traceback: object) -> None:
        await self._admission.leave(self, is_cancelled=kind is asyncio.CancelledError)


class Admission(grpc.aio.ServerInterceptor):
    """Lets in who may, and ends the calls of those whose certificate is revoked meanwhile.

    With `files` None, which is for loopback only, everybody may everything. Making one raises `CredentialError` for a
    revocation list that cannot be used.
    """

    def __init__(
        self,
        files: Optional[TlsFiles],
        *,
        rules: Mapping[str, Rule] = RULES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._guests: Set[_Guest] = set()
        self._guarded: Dict[str, Tuple[Any, Any]] = {}
        self._told: Set[str] = set()
        self._trouble = ""
        self._revocations = None if files is None else Revocations(files, clock=clock)
        self._expiry = None if files is None else Expiry(files)
        self.follower = None if files is None else Follower(files)
        """Follows the collector's own files; None without TLS."""
        self.refused: Dict[str, int] = {ROLE: 0, REVOKED: 0}
        """How many calls were refused, or ended, by reason."""

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Put the look at the caller before the method; gRPC calls this for every call."""
        method = handler_call_details.method
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        known = self._guarded.get(method)
        if known is None or known[0] is not handler:
            known = self._guarded[method] = (handler, self._guard(method, handler))
        return known[1]

    async def watch(self) -> None:
        """Follow the revocation list, if there is TLS; for as long as the collector runs."""
        revocations = self._revocations
        while True:
            await asyncio.sleep(LOOK_S)
            if revocations is not None and revocations.look():
                log.info("%s revoked", counted(revocations.count, "certificate is", "certificates are"))
                await self._dismiss(revocations)
            trouble = self._find_trouble()
            if trouble and trouble != self._trouble:
                log.warning("%s", trouble)
            self._trouble = trouble

    def _find_trouble(self) -> str:
        """Say why the newest files are not in force; nothing when they are."""
        followed = (self._revocations, self.follower)
        return next((item.trouble for item in followed if item is not None and item.trouble), "")

    def credentials(self) -> Optional[grpc.ServerCredentials]:
        """Return what a port needs for TLS, None without TLS. Raises `CredentialError` for files that do not fit."""
        return None if self.follower is None else self.follower.credentials()

    def families(self) -> Tuple[Family, ...]:
        """Return what was refused, and until when the own files hold."""
        found = Families()
        for reason, count in self.refused.items():
            about = "Calls that were refused, or ended, for whose certificate it was, by reason"
            found.add("ascend_doctor_collector_refused_calls_total", about, count, reason=reason)
        if self._revocations is None or self._expiry is None or self.follower is None:
            return tuple(found)
        about = "Connections that began a TLS handshake, of strangers too"
        found.add("ascend_doctor_collector_tls_handshakes_total", about, self.follower.handshakes)
        revocations = self._revocations
        more = tls_families(
            self._expiry.ends(),
            revoked=revocations.count if revocations.is_known else None,
            revocations_end=revocations.ends_at,
            is_in_trouble=bool(self._find_trouble()),
        )
        return (*found, *more)

    def _guard(self, method: str, handler: Any) -> Any:
        form = "_".join(
            "stream" if streams else "unary" for streams in (handler.request_streaming, handler.response_streaming)
        )
        serve = getattr(handler, form)

        async def call(request: Any, context: Context) -> Any:
            async with _Guest(self, method, context):
                return await serve(request, context)

        async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
            async with _Guest(self, method, context):
                async for message in serve(request, context):
                    yield message

        make = getattr(grpc, f"{form}_rpc_method_handler")
        return make(
            stream if inspect.isasyncgenfunction(serve) else call,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    async def admit(self, guest: _Guest, method: str) -> None:
        """Let a call in, or end it."""
        guest.context.set_trailing_metadata(((SERVER_TIME, f"{self._clock():.3f}"),))
        if self._revocations is not None:
            await self._examine(method, guest.context, self._revocations)
            self._guests.add(guest)

    async def leave(self, guest: _Guest, *, is_cancelled: bool) -> None:
        """Let a call go; tell why it ended where that was here."""
        self._guests.discard(guest)
        if is_cancelled and guest.dismissed:
            await self._refuse(guest.context, REVOKED, grpc.StatusCode.UNAUTHENTICATED, guest.dismissed)

    async def _examine(self, method: str, context: Context, revocations: Revocations) -> None:
        shown = context.auth_context()
        identity = identity_from_context(shown)
        serial = _serial_of(shown, revocations)
        if serial is not None:
            await self._refuse(context, REVOKED, grpc.StatusCode.UNAUTHENTICATED, _revoked(identity, serial))
        rule = self._rules.get(method)
        if rule is None:
            await self._refuse(context, ROLE, grpc.StatusCode.PERMISSION_DENIED, f"nobody may call {method}")
        elif not identity.may(rule.roles):
            text = f"{identity} may not {rule.act}; issue a certificate with --role {rule.advice.value}"
            await self._refuse(context, ROLE, grpc.StatusCode.PERMISSION_DENIED, text)

    async def _refuse(self, context: Context, reason: str, code: grpc.StatusCode, text: str) -> None:
        self.refused[reason] += 1
        if len(self._told) >= MAX_TOLD:
            self._told.clear()
        if text not in self._told:
            self._told.add(text)
            log.warning("refused %s: %s", printable(context.peer()), printable(text))
        await context.abort(code, text)

    async def _dismiss(self, revocations: Revocations) -> None:
        """End the calls of who is revoked now."""
        for number, guest in enumerate(tuple(self._guests)):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # let the other streams have their turn
            if guest not in self._guests or guest.dismissed:
                continue
            shown = guest.context.auth_context()
            serial = _serial_of(shown, revocations)
            if serial is not None:
                guest.dismissed = _revoked(identity_from_context(shown), serial)
                if guest.task is not None:
                    guest.task.cancel()


def _serial_of(shown: Mapping[str, Any], revocations: Revocations) -> Optional[int]:
    """Return the serial number of a caller's certificate if it has been revoked; None otherwise."""
    if not revocations.is_known:
        return None
    return next((revocations.serial_of(certificate) for certificate in shown.get("x509_pem_cert", ())), None)


def _revoked(identity: Identity, serial: int) -> str:
    return f"the certificate of {identity} has been revoked (serial number {serial:x}); ask for a new one"
