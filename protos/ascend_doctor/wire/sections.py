"""Sections and the bytes they travel and are kept as.

The node that a section is about has no name in it: `write_check` leaves it out, `findings_of` puts it back.
"""

from __future__ import annotations

import functools
import weakref
import zlib
from typing import Callable, Dict, Iterable, Iterator, List, Sequence, Tuple

import attrs
from google.protobuf.message import DecodeError

from ascend_doctor.model.finding import Finding
from ascend_doctor.model.sections import Section, SectionsChange
from ascend_doctor.model.status import WORST_FIRST, Status
from ascend_doctor.model.subject import Subject, SubjectKind
from ascend_doctor.model.wording import counted
from ascend_doctor.v1 import ingest_pb2
from ascend_doctor.wire import convert, fields, limits
from ascend_doctor.wire.convert import SEVERITIES, STATUSES
from ascend_doctor.wire.fields import WireError

OWN = "."
"""Stands for the node's own name in the key of a subject. No node can have this name."""

_PARTS_OF_NODES = (SubjectKind.NODE, SubjectKind.CARD, SubjectKind.NPU, SubjectKind.PORT)
_GOOD = frozenset((Status.PASS, Status.SKIP))
_CACHED = 4096
"""So many keys are remembered with what they mean: the nodes of a fleet have mostly the same."""


def write_check(check: str, findings: Iterable[Finding], node: str) -> Section:
    """Return the section of one check: all its findings on the node, of which at least one there must be.

    Of two findings under one key the worse is kept, and of too many the worst. A check that has too much to say is
    shortened, in the end to one word about the node.
    """
    kept = _kept(findings, node)
    for shorten in _SHORTER:
        message = ingest_pb2.Section(
            name=fields.spell(check),
            subject_keys=[key for key, _ in kept],
            statuses=[STATUSES.number(item.status) for _, item in kept],
            severity=SEVERITIES.number(kept[0][1].severity),
            findings=[
                convert.told_message(_nameless(shorten(item), node))
                for _, item in kept
                if item.status is not Status.PASS
            ],
        )
        if message.ByteSize() <= limits.MAX_SECTION_BYTES and _affected_count(message) <= limits.MAX_AFFECTED_COUNT:
            return read_section(message.SerializeToString(deterministic=True))
    return write_in_short(check, [item for _, item in kept], node)


def write_in_short(check: str, findings: Sequence[Finding], node: str) -> Section:
    """Return the section of a check that has too much to say: one word about the node, as bad as the worst of it."""
    worst = min(findings, key=_rank)
    count = counted(len(findings), "result is", "results are")
    text = f"{count} too long to be told; `ascend-doctor check` on the node shows all"
    short = Finding(check, Subject(SubjectKind.NODE, node), worst.status, text, worst.severity, since=worst.since)
    return write_check(check, [short], node)


def write_topic(topic: str, facts: bytes, quotes: bytes) -> Section:
    """Return the section of one topic of facts. What is too long is left out whole: a part of it says nothing."""
    message = ingest_pb2.Section(name=fields.spell(topic), facts=_packed(facts), quotes=_packed(quotes))
    return read_section(message.SerializeToString(deterministic=True))


def told_in(section: Section) -> Tuple[bytes, bytes]:
    """Return the facts of a topic and the lines that prove them, as the topic writes both.

    What is damaged, or unpacks to more than a topic may tell, is empty, as if it had not been told. It is not unpacked
    earlier: a message of some MiB can hold thousands of topics that unpack to a MiB each.
    """
    message = ingest_pb2.Section.FromString(section.content)
    return _unpacked(message.facts), _unpacked(message.quotes)


def read_section(content: bytes) -> Section:
    """Read a section from the bytes it travels as. Raises `WireError` for what no honest node sends."""
    if len(content) > limits.MAX_SECTION_BYTES:
        raise WireError("", f"{len(content)} bytes, {limits.MAX_SECTION_BYTES} are allowed")
    try:
        message = ingest_pb2.Section.FromString(content)
    except DecodeError:
        raise WireError("", "is no section") from None
    name = fields.name("name", message.name)
    subjects = fields.names("subject_keys", message.subject_keys, limits.MAX_SUBJECT_COUNT, limits.MAX_KEY_LENGTH)
    if any([key.count(":") < 2 for key in subjects]):  # noqa: C419 - a list is twice as quick, and this is read often
        raise WireError("subject_keys", "one of them is no key of a subject")
    statuses = STATUSES.members(message.statuses)
    if len(statuses) != len(subjects) or len(set(subjects)) != len(subjects):
        raise WireError("statuses", f"{len(statuses)} for {len(set(subjects))} subjects")
    told = [(key, status) for key, status in zip(subjects, statuses) if status is not Status.PASS]
    if len(message.findings) != len(told):
        raise WireError("findings", f"{len(message.findings)} for {len(told)} subjects that did not pass")
    fields.count("findings.affected", _affected_count(message), 0, limits.MAX_AFFECTED_COUNT)
    return Section(
        name=name,
        content=content,
        severity=SEVERITIES.member(message.severity),
        subjects=subjects,
        statuses=statuses,
        findings=fields.each(
            "findings",
            list(zip(message.findings, told)),
            limits.MAX_SUBJECT_COUNT,
            lambda entry: convert.read_told(entry[0], name, subject_of(entry[1][0]), entry[1][1]),
        ),
    )


_LEVEL = 6


def _packed(data: bytes) -> bytes:
    return zlib.compress(data, _LEVEL) if 0 < len(data) <= limits.MAX_FACTS_BYTES else b""


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(data, limits.MAX_FACTS_BYTES + 1)
    except zlib.error:
        return b""
    return found if unpacker.eof and len(found) <= limits.MAX_FACTS_BYTES else b""


class SectionPool:
    """Reads sections, and gives the same one for the same bytes: most nodes of a fleet say mostly the same.

    What did not pass is particular to a node, and is not pooled. A section is forgotten with its last holder.
    """

    def __init__(self) -> None:
        self._pool: weakref.WeakValueDictionary[bytes, Section] = weakref.WeakValueDictionary()

    def read(self, content: bytes) -> Section:
        """Return the section with this content. Raises `WireError`."""
        known = self._pool.get(content)
        if known is not None:
            return known
        section = read_section(content)
        if _GOOD.issuperset(section.statuses):
            self._pool[section.content] = section
        return section


def findings_of(section: Section, node: str, at: float, *, passes: bool = True) -> Iterator[Finding]:
    """Yield what a check found on a node, with its name in place; `at` is when the evidence was collected.

    Of what passed nothing is known but that. Without `passes` neither that nor what was skipped is given. What a newer
    node says of a thing of a kind that is not known here counts as said of the node.
    """
    told = iter(section.findings)
    for key, status in zip(section.subjects, section.statuses):
        finding = next(told) if status is not Status.PASS else None
        if not passes and status in _GOOD:
            continue
        subject = subject_of(key)
        if key.split(":", 2)[1] == OWN or subject.kind in _PARTS_OF_NODES:
            subject = attrs.evolve(subject, node=node)
        if finding is None:
            yield Finding(section.name, subject, status, "passed", section.severity, judged_at=at)
        else:
            affected = tuple(_with_name(item, node) for item in finding.affected)
            yield attrs.evolve(finding, subject=subject, affected=affected, judged_at=at)


def relative_key(key: str, node: str) -> str:
    """Return the key of a subject as it stands in the sections of a node."""
    kind, owner, name = key.split(":", 2)
    return f"{kind}:{OWN if owner == node else owner}:{name}"


def absolute_key(key: str, node: str) -> str:
    """Return the key of a subject that stands in the sections of a node, with the node's name."""
    kind, owner, name = key.split(":", 2)
    return f"{kind}:{node if owner == OWN else owner}:{name}"


@functools.lru_cache(maxsize=_CACHED)
def subject_of(key: str) -> Subject:
    """Return what a key in a section is about; the own node is empty. A kind that is not known counts as the node."""
    kind, owner, name = key.split(":", 2)
    known = _KINDS.get(kind)
    return Subject(known or SubjectKind.NODE, "" if owner == OWN else owner, name)


_KINDS = {kind.value: kind for kind in SubjectKind}
_NEVER_ALONE = frozenset(kind.value for kind in _PARTS_OF_NODES)
"""Kinds of which each belongs to a node."""
_CLUSTER = SubjectKind.CLUSTER.value


def foreign_subject(change: SectionsChange, node: str) -> str:
    """Return the key of a subject of which the node may not speak: another node, its parts, the cluster. Else empty."""
    for section in change.sections.values():
        for key in section.subjects:
            if _is_foreign(key):
                return key
        for finding in section.findings:
            for subject in finding.affected:
                if subject.node not in ("", node):
                    return subject.key
    return next((item.subject for _, item in change.transitions if _is_foreign(item.subject)), "")


@functools.lru_cache(maxsize=_CACHED)
def _is_foreign(key: str) -> bool:
    kind, owner, _ = key.split(":", 2)
    return owner not in ("", OWN) or kind == _CLUSTER or (kind in _NEVER_ALONE and not owner)


def _kept(findings: Iterable[Finding], node: str) -> List[Tuple[str, Finding]]:
    """Return what a section has room for, by the keys in it, in the order that it has on every node."""
    by_key: Dict[str, Finding] = {}
    for finding in findings:
        key = fields.spell(relative_key(finding.subject.key, node), limits.MAX_KEY_LENGTH)
        by_key[key] = min(by_key.get(key, finding), finding, key=_rank)
    worst = sorted(by_key.items(), key=lambda entry: _rank(entry[1]))[: limits.MAX_SUBJECT_COUNT]
    return sorted(worst, key=lambda entry: (entry[1].subject.sort_key, entry[0]))


def _rank(finding: Finding) -> int:
    return WORST_FIRST.index(finding.status)


def _affected_count(message: ingest_pb2.Section) -> int:
    return sum(len(item.affected) for item in message.findings)


def _nameless(finding: Finding, node: str) -> Finding:
    """Leave the name of the node out of the subjects where the reader puts it back."""
    affected = tuple(
        attrs.evolve(item, node="") if item.node == node and item.kind in _PARTS_OF_NODES else item
        for item in finding.affected
    )
    return attrs.evolve(finding, affected=affected)


def _with_name(subject: Subject, node: str) -> Subject:
    """Name the node that a subject belongs to: the own one, where none is named and the kind cannot do without.

    The cluster is none of a node's business: so reads a part of a kind that this program does not know.
    """
    if subject.node or not (subject.kind in _PARTS_OF_NODES or subject.kind is SubjectKind.CLUSTER):
        return subject
    kind = SubjectKind.NODE if subject.kind is SubjectKind.CLUSTER else subject.kind
    return Subject(kind, node, subject.name)


def _as_it_is(finding: Finding) -> Finding:
    return finding


def _unquoted(finding: Finding) -> Finding:
    return attrs.evolve(finding, quotes=(), affected=finding.affected[:_FEW])


def _in_short(finding: Finding) -> Finding:
    return attrs.evolve(
        finding,
        summary=finding.summary[:_SHORT],
        observed=None,
        expected="",
        quotes=(),
        remedies=(),
        affected=(),
        candidates=(),
    )


_FEW = 16
_SHORT = 200
_SHORTER: Tuple[Callable[[Finding], Finding], ...] = (_as_it_is, _unquoted, _in_short)
"""What is left of a check that has too much to say, one more than the other."""
