"""Errors as `application/problem+json` (RFC 9457): what is wrong, where, and what to do."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, Optional

import attrs
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ascend_doctor.collector.judged import TooMuchError
from ascend_doctor.collector.store import StoreError, TooWideError
from ascend_doctor.collector.watching import TooManyError
from ascend_doctor.collector.workers import BusyError

MEDIA_TYPE = "application/problem+json"
_PREFIX = "urn:ascend-doctor:problem:"
RETRY_AFTER_S = "3"


@attrs.frozen
class Problem:
    """One problem. `parameter` names the one that is wrong, empty for none."""

    status: int
    kind: str
    title: str
    detail: str = ""
    parameter: str = ""
    remedy: str = ""

    @property
    def response(self) -> Response:
        """The answer that tells it."""
        told: Dict[str, Any] = {
            "type": _PREFIX + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "parameter": self.parameter or None,
            "remedy": self.remedy,
        }
        headers = {"Cache-Control": "no-store"}
        if self.status == 503:
            headers["Retry-After"] = RETRY_AFTER_S
        return Response(json.dumps(told), self.status, headers, MEDIA_TYPE)


class ParameterError(ValueError):
    """A parameter that cannot be used."""

    def __init__(self, parameter: str, detail: str, remedy: str) -> None:
        super().__init__(f"{parameter}: {detail}; {remedy}")
        self.problem = Problem(400, "bad-parameter", "a parameter cannot be used", detail, parameter, remedy)


class NotKnownError(LookupError):
    """There is no such thing."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.problem = Problem(404, "not-known", "there is no such thing", detail, remedy=remedy)


def problem_of(error: Exception) -> Optional[Problem]:
    """Return the problem that an error of the collector is to a reader; None for any other error."""
    text = str(error)
    if isinstance(error, (ParameterError, NotKnownError)):
        return error.problem
    if isinstance(error, TooMuchError):
        return Problem(400, "too-much", "the answer would be too big", text, remedy="name some nodes or checks")
    if isinstance(error, TooWideError):
        remedy = "ask for a shorter time, or name nodes or checks"
        return Problem(400, "too-wide", "the question is too wide", "there is too much to look through", remedy=remedy)
    if isinstance(error, (BusyError, TooManyError)):
        return Problem(503, "busy", "too much is asked at once", text, remedy="ask again in a few seconds")
    if isinstance(error, StoreError):
        return Problem(503, "store", "the store cannot be read", text, remedy="look at the collector's log")
    if isinstance(error, HTTPException):
        remedy = "the paths and their methods are in /api/v1/openapi.json"
        return Problem(error.status_code, "not-here", error.detail.lower(), remedy=remedy)
    return None


async def tell(_request: Request, error: Exception) -> Response:
    """Answer with the problem that an error is."""
    problem = problem_of(error)
    if problem is None:
        raise error
    response = problem.response
    headers: Optional[Mapping[str, str]] = getattr(error, "headers", None)
    response.headers.update(headers or {})
    return response


TOLD = (
    ParameterError,
    NotKnownError,
    TooMuchError,
    TooWideError,
    BusyError,
    TooManyError,
    StoreError,
    HTTPException,
)
"""What `tell` answers."""
