"""Sections and the bytes they travel and are kept as.

The node that a section is about has no name in it: `write_check` leaves it out, `findings_of` puts it back.
"""

from __future__ import annotations

import weakref
from typing import Callable, Iterable, Iterator, Tuple

import attrs
from google.protobuf.message import DecodeError

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.sections import Section
from ascend_doctor.model.status import Status
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.v1 import ingest_pb2
from ascend_doctor.wire import convert, fields, limits
from ascend_doctor.wire.convert import SEVERITIES, STATUSES
from ascend_doctor.wire.fields import WireError

OWN = "."
"""Stands for the node's own name in the key of a subject. No node can have this name."""

_PARTS_OF_NODES = (SubjectKind.NODE, SubjectKind.CARD, SubjectKind.NPU, SubjectKind.PORT)
_GOOD = frozenset((Status.PASS, Status.SKIP))


def write_check(check: str, findings: Iterable[Finding], node: str) -> Section:
    """Return the section of one check: all its findings on the node, of which at least one there must be."""
    ordered = sorted(findings, key=lambda item: item.subject.sort_key)[: limits.MAX_SUBJECT_COUNT]
    told = [_nameless(item, node) for item in ordered if item.status is not Status.PASS]
    message = ingest_pb2.Section(
        name=fields.spell(check),
        subject_keys=[fields.spell(relative_key(item.subject.key, node), limits.MAX_KEY_LENGTH) for item in ordered],
        statuses=[STATUSES.number(item.status) for item in ordered],
        severity=SEVERITIES.number(ordered[0].severity),
    )
    for shorten in _SHORTER:
        del message.findings[:]
        message.findings.extend(convert.finding_message("", shorten(item)) for item in told)
        if message.ByteSize() <= limits.MAX_SECTION_BYTES:
            break
    return read_section(message.SerializeToString(deterministic=True))


def write_topic(topic: str, facts: bytes, quotes: bytes) -> Section:
    """Return the section of one topic of facts. What is too long is left out whole: a part of it says nothing."""
    message = ingest_pb2.Section(
        name=fields.spell(topic),
        facts=facts if len(facts) <= limits.MAX_FACTS_BYTES else b"",
        quotes=quotes if len(quotes) <= limits.MAX_FACTS_BYTES else b"",
    )
    return read_section(message.SerializeToString(deterministic=True))


def read_section(content: bytes) -> Section:
    """Read a section from the bytes it travels as. Raises `WireError` for what no honest node sends."""
    if len(content) > limits.MAX_SECTION_BYTES:
        raise WireError("", f"{len(content)} bytes, {limits.MAX_SECTION_BYTES} are allowed")
    try:
        message = ingest_pb2.Section.FromString(content)
    except DecodeError:
        raise WireError("", "is no section") from None
    name = fields.name("name", message.name)
    subjects = fields.each("subject_keys", message.subject_keys, limits.MAX_SUBJECT_COUNT, _read_key)
    statuses = tuple(map(STATUSES.member, message.statuses))
    if len(statuses) != len(subjects) or len(set(subjects)) != len(subjects):
        raise WireError("statuses", f"{len(statuses)} for {len(set(subjects))} subjects")
    told = [key for key, status in zip(subjects, statuses) if status is not Status.PASS]
    if len(message.findings) != len(told):
        raise WireError("findings", f"{len(message.findings)} for {len(told)} subjects that did not pass")
    findings = fields.each("findings", message.findings, limits.MAX_SUBJECT_COUNT, convert.read_finding)
    for place in ("facts", "quotes"):
        if len(getattr(message, place)) > limits.MAX_FACTS_BYTES:
            raise WireError(place, f"more than {limits.MAX_FACTS_BYTES} bytes")
    return Section(
        name=name,
        content=content,
        severity=SEVERITIES.member(message.severity),
        subjects=subjects,
        statuses=statuses,
        findings=tuple(
            attrs.evolve(item, check=name, subject=subject_of(key), status=STATUSES.member(sent.status))
            for key, item, sent in zip(told, findings, message.findings)
        ),
        facts=message.facts,
        quotes=message.quotes,
    )


class SectionPool:
    """Reads sections, and gives the same one for the same bytes: most nodes of a fleet say mostly the same.

    What is particular to a node is not pooled. A section is forgotten with its last holder.
    """

    def __init__(self) -> None:
        self._pool: weakref.WeakValueDictionary[bytes, Section] = weakref.WeakValueDictionary()

    def read(self, content: bytes) -> Section:
        """Return the section with this content. Raises `WireError`."""
        known = self._pool.get(content)
        if known is not None:
            return known
        section = read_section(content)
        if section.statuses and _GOOD.issuperset(section.statuses):
            self._pool[section.content] = section
        return section


def findings_of(section: Section, node: str, at: float, *, passes: bool = True) -> Iterator[Finding]:
    """Yield what a check found on a node, with its name in place; `at` is when the evidence was collected.

    Of what passed nothing is known but that. Without `passes` neither that nor what was skipped is given.
    """
    told = iter(section.findings)
    for key, status in zip(section.subjects, section.statuses):
        finding = next(told) if status is not Status.PASS else None
        if not passes and status in _GOOD:
            continue
        subject = _with_name(subject_of(key), node, own=key.split(":", 2)[1] == OWN)
        if finding is None:
            yield Finding(section.name, subject, status, "passed", section.severity, judged_at=at)
        else:
            affected = tuple(_with_name(item, node, own=item.kind in _PARTS_OF_NODES) for item in finding.affected)
            yield attrs.evolve(finding, subject=subject, affected=affected, judged_at=at)


def relative_key(key: str, node: str) -> str:
    """Return the key of a subject as it stands in the sections of a node."""
    kind, owner, name = key.split(":", 2)
    return f"{kind}:{OWN if owner == node else owner}:{name}"


def absolute_key(key: str, node: str) -> str:
    """Return the key of a subject that stands in the sections of a node, with the node's name."""
    kind, owner, name = key.split(":", 2)
    return f"{kind}:{node if owner == OWN else owner}:{name}"


def subject_of(key: str) -> Subject:
    """Return what a key in a section is about; the own node is empty. A kind that is not known counts as the node."""
    kind, owner, name = key.split(":", 2)
    known = _KINDS.get(kind)
    return Subject(known or SubjectKind.NODE, "" if owner == OWN else owner, name)


_KINDS = {kind.value: kind for kind in SubjectKind}


def foreign_subject(section: Section) -> str:
    """Return the key of a subject of which the node may not speak: another node, its parts, the cluster. Else empty."""
    return next((key for key in section.subjects if _is_foreign(key)), "")


def _is_foreign(key: str) -> bool:
    kind, owner, _ = key.split(":", 2)
    if owner:
        return owner != OWN
    return kind == SubjectKind.CLUSTER.value or _KINDS.get(kind) in _PARTS_OF_NODES


def _read_key(key: str) -> str:
    if key.count(":") < 2:
        raise WireError("", "is no key of a subject")
    return fields.key("", key)


def _nameless(finding: Finding, node: str) -> Finding:
    """Leave out what the collector knows better, or says itself: the node, the time, and what explains what."""
    return attrs.evolve(
        finding,
        subject=_without_name(finding.subject, node),
        affected=tuple(_without_name(item, node) for item in finding.affected),
        cause="",
        judged_at=0.0,
    )


def _as_it_is(finding: Finding) -> Finding:
    return finding


def _unquoted(finding: Finding) -> Finding:
    return attrs.evolve(finding, quotes=(), affected=finding.affected[:_FEW])


def _in_short(finding: Finding) -> Finding:
    key, summary = finding.subject.name[:_SHORT], finding.summary[:_SHORT]
    return Finding(finding.check, Subject(finding.subject.kind, "", key), finding.status, summary, finding.severity)


_FEW = 16
_SHORT = 200
_SHORTER: Tuple[Callable[[Finding], Finding], ...] = (_as_it_is, _unquoted, _in_short)
"""What is left of a check that has too much to say, one more than the other."""


def _without_name(subject: Subject, node: str) -> Subject:
    return attrs.evolve(subject, node="") if subject.node == node else subject


def _with_name(subject: Subject, node: str, *, own: bool) -> Subject:
    return attrs.evolve(subject, node=node) if own and not subject.node else subject
