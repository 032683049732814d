"""One fault, one culprit: which findings explain which.

`fold` sets `cause` on the findings that another one explains, by the rules in `consequences`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

import attrs

from ascend_doctor.checks import fabric
from ascend_doctor.checks.consequences import FAR_RULES, RULES, FarRule, Rule, Where
from ascend_doctor.checks.fabric import Fabric, Pair
from ascend_doctor.checks.fleet import FleetView
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.status import Confidence, Severity, Status
from ascend_doctor.model.subject import Subject, SubjectKind, npu_of

Place = Tuple[str, str, str]


def fold(findings: Sequence[Finding], fleet: Optional[FleetView] = None) -> Tuple[Finding, ...]:
    """Return the findings, each consequence with the key of its root cause; the order stays.

    Only problems, and what could not be seen, take part; the others are returned as they are.
    `fleet` tells which ports are the two ends of one cable; without it every end stands for itself. A warning that
    explains a failure becomes a failure itself: the verdict must not be milder than what was found.
    """
    places = [number for number, item in enumerate(findings) if item.status not in _GOOD]
    folded = list(findings)
    for number, finding in zip(places, _folded([findings[number] for number in places], fleet)):
        folded[number] = finding
    return tuple(folded)


_GOOD = (Status.PASS, Status.SKIP)


def _folded(findings: Iterable[Finding], fleet: Optional[FleetView]) -> Sequence[Finding]:
    plain = [attrs.evolve(finding, cause="") if finding.cause else finding for finding in findings]
    index = _Index(plain)
    parents: Dict[str, str] = {}
    for finding in plain:
        parent = index.cause_of(finding)
        if parent is not None:
            parents[finding.key] = parent.key
    cables: Mapping[str, Ends] = {}
    if fleet is not None and _needs_fabric(plain, parents):
        joined = fabric.of(fleet)
        pairs = _touched(plain, joined)
        explained, cables = _cables(plain, parents, pairs)
        parents.update(explained)
        parents.update(_peers(plain, parents, joined))
        parents.update(_far_ends(plain, parents, pairs))
    parents = without_circles(parents)
    roots = {key: _root(key, parents) for key in parents}
    folded = [_as_cable(item, cables) for item in plain]
    caused = [attrs.evolve(item, cause=roots[item.key]) if item.key in roots else item for item in folded]
    return _weighed(_reaching(caused))


def without_circles(parents: Mapping[str, str]) -> Dict[str, str]:
    """Return the causes of findings with every circle cut at one place, so that one of its findings has no cause.

    The rules of one place have no circle (a test holds them to that); two cables, or rules of different places, could
    still close one.
    """
    found = dict(parents)
    seen: Set[str] = set()
    for start in parents:
        path: Dict[str, None] = {}
        key = start
        while key in found and key not in seen:
            seen.add(key)
            path[key] = None
            key = found[key]
        if key in path:
            circle = list(path)[list(path).index(key) :]
            del found[min(circle)]
    return found


def _root(key: str, parents: Mapping[str, str]) -> str:
    """Follow the causes, among which there is no circle, to the last one."""
    while key in parents:
        key = parents[key]
    return key


class _Index:
    """Findings by check, and each rule's causes by place, so that a fleet of thousands folds in one pass."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        by_check: Dict[str, List[Finding]] = {}
        for finding in findings:
            by_check.setdefault(finding.check, []).append(finding)
        self._causes: List[Tuple[Rule, Dict[Place, Finding]]] = []
        self._for_check: Dict[str, Sequence[Tuple[Rule, Dict[Place, Finding]]]] = {}
        for rule in RULES:
            places: Dict[Place, Finding] = {}
            for finding in by_check.get(rule.cause, ()):
                if finding.status in rule.cause_is:
                    for place in _PLACES[rule.where](finding):
                        places.setdefault(place, finding)
            if places:
                self._causes.append((rule, places))

    def cause_of(self, effect: Finding) -> Optional[Finding]:
        """Return the first cause that explains the finding."""
        for rule, places in self._causes_for(effect.check):
            if effect.status not in rule.effect_is or not _is_observed(rule, effect):
                continue
            for place in _seen_from(rule.where, effect):
                cause = places.get(place)
                if cause is not None and cause.key != effect.key:
                    return cause
        return None

    def _causes_for(self, check: str) -> Sequence[Tuple[Rule, Dict[Place, Finding]]]:
        """Return the rules that explain a check, looked up once for all its findings."""
        if check not in self._for_check:
            self._for_check[check] = [
                (rule, places)
                for rule, places in self._causes
                if any(fnmatchcase(check, name) for name in rule.effects)
            ]
        return self._for_check[check]


def _is_observed(rule: Rule, effect: Finding) -> bool:
    return rule.observed is None or bool(rule.observed.fullmatch(str(effect.observed)))


def _place(subject: Subject) -> Place:
    """Name a place; the only port of an NPU is a part of it and has the same place."""
    kind = SubjectKind.NPU if subject.kind is SubjectKind.PORT else subject.kind
    return (kind.value, subject.node, subject.name)


def _node_place(node: str) -> Place:
    return (SubjectKind.NODE.value, node, "")


def _affected(cause: Finding) -> List[Place]:
    return [_place(subject) for subject in cause.affected]


def _covered(cause: Finding) -> List[Place]:
    return [_place(cause.subject), *_affected(cause)]


def _own_node(cause: Finding) -> List[Place]:
    return [_node_place(cause.subject.node)] if cause.subject.node else []


_PLACES: Mapping[Where, Callable[[Finding], List[Place]]] = {
    Where.SAME: _covered,
    Where.PART: _covered,
    Where.AFFECTED: _affected,
    Where.NODE: _own_node,
    Where.WHOLE: _own_node,
    Where.NAMED: _own_node,
}


def _seen_from(where: Where, effect: Finding) -> List[Place]:
    """Return the places at which a cause of the finding may be registered."""
    node = _node_place(effect.subject.node)
    if where is Where.NODE:
        return [node]
    if where is Where.WHOLE:
        return [node] if effect.subject.kind is SubjectKind.NODE else []
    if where is Where.NAMED:
        return [node, *(_node_place(subject.node) for subject in effect.affected)]
    # One of several ports of an NPU has a place of its own, inside that of the NPU.
    own = list(dict.fromkeys((_place(effect.subject), _place(npu_of(effect.subject)))))
    if effect.subject.kind is SubjectKind.CARD:
        own += _affected(effect)  # a card is where its NPUs are
    if where is Where.PART or not effect.subject.node:
        return own
    return [*own, node]


NEEDS_PEER = ("roce.link", "roce.net-health")
SILENT_PEER = ("tool.timeout", "npu.dropped", "roce.optical.present", "roce.link", "roce.ip")
"""Checks of which a failure keeps a port from answering the one that probes it; the deepest first."""


def _needs_fabric(findings: Sequence[Finding], parents: Mapping[str, str]) -> bool:
    """Tell whether anything failed that the other end may explain; building the fabric is not free."""
    return any(
        (item.check in NEEDS_PEER and item.status is Status.FAIL)
        or (item.check in FAR_EFFECTS and item.status.is_problem)
        for item in findings
        if item.key not in parents
    )


FAR_EFFECTS = frozenset(check for rule in FAR_RULES for check in rule.effects)


def _touched(findings: Iterable[Finding], joined: Fabric) -> Sequence[Pair]:
    """Return the cables straight between NPUs at which something was found, in order."""
    ports = {(item.subject.node, item.subject.name) for item in findings if item.subject.kind is SubjectKind.PORT}
    numbers = {joined.joined[port] for port in ports if port in joined.joined}
    return [joined.pairs[number] for number in sorted(numbers)]


def _far_ends(findings: Sequence[Finding], parents: Mapping[str, str], pairs: Iterable[Pair]) -> Dict[str, str]:
    """Return for problems at one end of a direct cable the problem at the other end that explains it."""
    at: Dict[Subject, List[Finding]] = {}
    for finding in findings:
        if finding.status.is_problem:
            at.setdefault(finding.subject, []).append(finding)
    explained: Dict[str, str] = {}
    for first, second in pairs:
        for near, far in ((first.subject, second.subject), (second.subject, first.subject)):
            for effect in at.get(far, ()):
                cause = next((item for item in at.get(near, ()) if _explains_far(item, effect)), None)
                if cause is not None and effect.key not in parents and explained.get(cause.key) != effect.key:
                    explained[effect.key] = cause.key
    return explained


def _explains_far(cause: Finding, effect: Finding) -> bool:
    return any(_is_far_effect(rule, cause, effect) for rule in FAR_RULES)


def _is_far_effect(rule: FarRule, cause: Finding, effect: Finding) -> bool:
    return (
        rule.cause == cause.check
        and effect.check in rule.effects
        and rule.cause_says in cause.summary
        and rule.effect_says in effect.summary
    )


def _peers(findings: Sequence[Finding], parents: Mapping[str, str], joined: Fabric) -> Dict[str, str]:
    """Return for each failed probe that nothing else explains the failure of the NPU that was probed.

    One that is looked for at the address that it should have, and has not, explains it by that.
    """
    dead: Dict[Place, Finding] = {}
    moved: Dict[Place, Finding] = {}
    for check in SILENT_PEER:
        for item in findings:
            if item.check == check and item.status is Status.FAIL:
                dead.setdefault(_place(item.subject), item)
            if item.check == check == "roce.ip" and item.status.is_problem:
                moved[_place(item.subject)] = item
    explained: Dict[str, str] = {}
    for item in findings:
        if item.check != "roce.net-health" or item.status is not Status.FAIL or item.key in parents:
            continue
        probing = joined.end(item.subject)
        address = None if probing is None else probing.port.probes
        owner, causes = joined.owner(address), dead
        if owner is None:
            owner, causes = joined.leaver(address), moved
        cause = None if owner is None else _at(owner.subject, causes)
        if cause is not None:
            explained[item.key] = cause.key
    return explained


def _at(subject: Subject, causes: Mapping[Place, Finding]) -> Optional[Finding]:
    """Return the cause at a place; else that of its whole node, of which the tools do not tell about one NPU."""
    return causes.get(_place(subject), causes.get(_node_place(subject.node)))


Ends = Tuple[Subject, Subject]


def _cables(
    findings: Sequence[Finding], parents: Mapping[str, str], pairs: Iterable[Pair]
) -> Tuple[Dict[str, str], Dict[str, Ends]]:
    """Return for the dead end of each direct cable the finding at the other end that explains it.

    A missing module at one end explains the dead link at the other. Where both links are down and nothing else explains
    either, the earlier end stands for the cable; the second value holds both ends by the key of that finding.
    """
    down = {
        finding.subject: finding.key
        for finding in findings
        if finding.check == "roce.link" and finding.status is Status.FAIL
    }
    explained: Dict[str, str] = {}
    cables: Dict[str, Ends] = {}
    for first, second in pairs:
        one, other = down.get(first.subject), down.get(second.subject)
        if one is not None and other is not None:
            if one not in parents and other not in parents:
                explained[other] = one
                cables[one] = (first.subject, second.subject)
            elif one not in parents:
                explained[one] = parents[other]
            elif other not in parents:
                explained[other] = parents[one]
    return explained, cables


def _as_cable(finding: Finding, cables: Mapping[str, Ends]) -> Finding:
    """Let the finding that stands for a cable say so."""
    if finding.key not in cables:
        return finding
    first, second = cables[finding.key]
    words = f"the cable between {first} and {second}: the link is down at both ends"
    return attrs.evolve(finding, summary=words, confidence=Confidence.DIRECT)


def _reaching(findings: Sequence[Finding]) -> List[Finding]:
    """Let each cause name what it lets fail on other nodes: these are not ready either."""
    nodes = {finding.key: finding.subject.node for finding in findings}
    far: Dict[str, List[Subject]] = {}
    for finding in findings:
        if finding.status is Status.FAIL and nodes.get(finding.cause, finding.subject.node) != finding.subject.node:
            far.setdefault(finding.cause, []).append(finding.subject)
    return [
        attrs.evolve(finding, affected=tuple(dict.fromkeys((*finding.affected, *far[finding.key]))))
        if finding.key in far
        else finding
        for finding in findings
    ]


def _weighed(findings: Sequence[Finding]) -> Tuple[Finding, ...]:
    """Give each cause the weight of the failures that it explains."""
    failures = [finding for finding in findings if finding.cause and finding.status is Status.FAIL]
    failing = {finding.cause for finding in failures}
    blocking = {finding.cause for finding in failures if finding.severity is Severity.BLOCKING}
    return tuple(
        attrs.evolve(
            finding,
            status=Status.FAIL,
            severity=Severity.BLOCKING if finding.key in blocking else finding.severity,
        )
        if finding.key in failing
        else finding
        for finding in findings
    )
