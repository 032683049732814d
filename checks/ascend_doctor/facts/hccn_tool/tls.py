"""`hccn_tool -i N -tls -g`: the TLS switch of the NPU and its certificates."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple

import attrs

from ascend_doctor.facts.document import fields_of, refusal
from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer, said, words_of
from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import is_elision, reading_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading

# `dev_id:0` on A1 to A3, `device 0` in the 950's source.
_DEVICE = r"(?:dev_id:|device )([0-9]{1,4}), "
_HEAD = re.compile(
    _DEVICE + r"tls switch\[([0-9])\]\([^()]*\), "
    r"(?:tls preconfigured\[([0-9])\]\([^()]*\), )?tls alarm time threshold\[([0-9]{1,5})\]days\Z"
)
_CERTIFICATE = re.compile(_DEVICE + r"\[([^\[\]]{1,80})\] info:\Z")
_FIELD = re.compile(r"(subject|issuer|start_time|end_time)\[(.*)\]\Z")
_EXPIRATION = re.compile(r"(tls expiration status)\[([0-2])\]\([^()]*\)\Z")
_REQUIRED = ("issuer", "start_time", "end_time")
_EXPIRED = 2
# By the source the tool leaves with 9 when a certificate has expired; by the recordings of its code, with 0.
_EXIT_EXPIRED = 9


@attrs.frozen
class TlsCertificate:
    """One certificate block.

    Times are the tool's text. `expiration` is 0 normal, 1 near expiration, 2 expired; older tools do not print it, and
    for an expired certificate the line goes to standard error.
    """

    name: str
    subject: Reading[str] = NOT_REPORTED
    issuer: Reading[str] = NOT_REPORTED
    start: Reading[str] = NOT_REPORTED
    end: Reading[str] = NOT_REPORTED
    expiration: Reading[int] = NOT_REPORTED


@attrs.frozen
class TlsFacts:
    """The switch (0 off, 1 on), whether certificates were preconfigured, and how many days ahead the tool warns.

    `switch` is `Missing(NOT_CONFIGURED)` when the tool only says that there is no certificate; HCCL then works as
    with 0. `elided` tells that a published sample has lines cut out by its author (`...`).
    """

    switch: Reading[int]
    device: Optional[int] = None
    preconfigured: Reading[int] = NOT_REPORTED
    alarm_days: Reading[int] = NOT_REPORTED
    certs: Tuple[TlsCertificate, ...] = ()
    elided: bool = False

    def as_document(self) -> Dict[str, Any]:
        """Return the fields and, when no switch is set, why: the tool's words, in the form of an error answer.

        A head without certificates is what a loop over the NPUs leaves of each run when it is filtered for the switch;
        it is also shown as a run of such a loop.
        """
        shown = fields_of(self)
        if isinstance(self.switch, Missing):
            return {**shown, **refusal(self.switch)}
        head = {key: shown[key] for key in ("device", "switch", "preconfigured", "alarm_days")}
        return shown if self.certs else {**shown, "runs": [head]}


def parse(evidence: Evidence) -> Reading[TlsFacts]:
    """Parse `hccn_tool -i N -tls -g`."""
    words = words_of(evidence, "No certificate found")
    if words is not None:
        return TlsFacts(Missing(Absence.NOT_CONFIGURED, words, evidence.exit_code))
    expired_apart = _expired_apart(evidence)
    refused = error_answer(evidence)
    if refused is not None and not (expired_apart and evidence.exit_code == _EXIT_EXPIRED):
        return refused
    first, *rest = data_lines(evidence)
    head = _HEAD.match(first.stripped)
    if head is None:
        raise first.error("`dev_id:N, tls switch[...]..., tls alarm time threshold[...]days`")
    device, switch, preconfigured, alarm_days = head.groups()
    shown = [line for line in rest if not is_elision(line)]
    blocks = _blocks(shown, int(device))
    return TlsFacts(
        switch=int(switch),
        device=int(device),
        preconfigured=NOT_REPORTED if preconfigured is None else int(preconfigured),
        alarm_days=int(alarm_days),
        certs=_certificates(blocks, expired_apart),
        elided=len(shown) < len(rest),
    )


Block = Tuple[str, Dict[str, str]]


def _blocks(lines: List[Line], device: int) -> List[Block]:
    """Return the name and the fields of each certificate; a block without its fields was cut off."""
    blocks: List[Block] = []
    for line in lines:
        opening = _CERTIFICATE.match(line.stripped)
        if opening is not None:
            if int(opening.group(1)) != device or any(opening.group(2) == name for name, _ in blocks):
                raise line.error(f"another certificate of device {device}")
            _expect_complete(blocks, line)
            blocks.append((opening.group(2), {}))
            continue
        field = _FIELD.match(line.stripped) or _EXPIRATION.match(line.stripped)
        if field is None or not blocks or field.group(1) in blocks[-1][1]:
            raise line.error("a certificate or a field of it")
        blocks[-1][1][field.group(1)] = field.group(2)
    if blocks:
        _expect_complete(blocks, lines[-1])
    return blocks


def _expect_complete(blocks: List[Block], line: Line) -> None:
    for name, fields in blocks[-1:]:
        absent = [key for key in _REQUIRED if key not in fields]
        if absent:
            raise line.error(f"`{absent[0]}[...]` of `{name}` by this line")


def _certificates(blocks: List[Block], expired_apart: int) -> Tuple[TlsCertificate, ...]:
    """Return the certificates; those without a status of their own are the ones of which standard error told."""
    silent = sum("tls expiration status" not in fields for _, fields in blocks)
    if expired_apart and expired_apart != silent:
        raise ParseError(0, f"as many certificates without a status as are expired: {expired_apart}", f"{silent}")
    elsewhere: Reading[int] = _EXPIRED if expired_apart else NOT_REPORTED
    return tuple(
        TlsCertificate(
            name=name,
            subject=reading_of(fields.get("subject", "")),
            issuer=reading_of(fields["issuer"]),
            start=reading_of(fields["start_time"]),
            end=reading_of(fields["end_time"]),
            expiration=int(fields["tls expiration status"]) if "tls expiration status" in fields else elsewhere,
        )
        for name, fields in blocks
    )


def _expired_apart(evidence: Evidence) -> int:
    """Return how many certificates the tool called expired on standard error.

    It prints that one status there and all other lines, those of the same certificate too, to standard output
    (vendor source, tool_tls.c; recorded from the vendor's code).
    """
    on_stderr = said(attrs.evolve(evidence, stdout=b""))
    found = (_EXPIRATION.match(text) for text in on_stderr)
    return sum(match is not None and int(match.group(2)) == _EXPIRED for match in found)


SOURCE: Source[TlsFacts] = Source(
    name="hccn_tool/tls",
    scope=Scope.NPU,
    argv=("hccn_tool", "-i", "{phy_id}", "-tls", "-g"),
    parse=parse,
    generations=ROCE,
    cost=Cost.SLOW,
    interval_s=3600.0,
)

HOST: Source[TlsFacts] = attrs.evolve(SOURCE, name="hccn_tool/tls_host", argv=(*SOURCE.argv, "host"))
"""The same of the certificates that the host keeps for the device."""
