"""The rank table of a job: which NPUs take part, in which order, with which addresses.

Forms: 1.0, 1.2 with super pods, 2.0 with a flat list of ranks (vendor documents of HCCL), and the table of a whole
service, whose servers stand in groups (vendor source of MindIE's controller). Tables that people hand around hold
comments and `...`; the engines refuse those, so that they are read here and marked as no JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import attrs

from ascend_doctor.facts.parsing import ParseError, lines_of
from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading, known


@attrs.frozen
class Rank:
    """One NPU of a job. `device_id` is its phy-id on its server."""

    rank_id: int
    device_id: int
    device_ip: Reading[str] = NOT_REPORTED
    super_device_id: Reading[str] = NOT_REPORTED


@attrs.frozen
class Server:
    """One server of a job, with its ranks as they stand in the table."""

    server_id: str
    container_ip: Reading[str] = NOT_REPORTED
    ranks: Tuple[Rank, ...] = ()


@attrs.frozen
class SuperPod:
    """One super pod and the servers in it."""

    super_pod_id: str
    servers: Tuple[str, ...]


@attrs.frozen
class RankTableFacts:
    """A rank table. `server_count` is what the table says, which need not be how many servers it lists.

    `ranks` are those of a table without servers (form 2.0). `valid_json` is False for a table with comments or trailing
    commas, which the engines refuse; `complete` is False where somebody left out a part.
    """

    version: Reading[str] = NOT_REPORTED
    status: Reading[str] = NOT_REPORTED
    server_count: Reading[int] = NOT_REPORTED
    servers: Tuple[Server, ...] = ()
    super_pods: Tuple[SuperPod, ...] = ()
    ranks: Tuple[Rank, ...] = ()
    valid_json: bool = True
    complete: bool = True

    @property
    def all_ranks(self) -> Tuple[Rank, ...]:
        """All ranks, in the order of the table."""
        return (*self.ranks, *(rank for server in self.servers for rank in server.ranks))

    def as_document(self) -> Dict[str, Any]:
        """Return the document: the servers by name, how many ranks there are, what the first and the last say."""
        ranks = self.all_ranks
        return {
            "valid_json": self.valid_json,
            "complete": self.complete,
            "elided": not self.complete,
            "version": known(self.version),
            "status": known(self.status),
            "server_count": known(self.server_count),
            "servers": [server.server_id for server in self.servers],
            "rank_count": len(ranks),
            "first_device_ip": known(ranks[0].device_ip) if ranks else None,
            "last_device_ip": known(ranks[-1].device_ip) if ranks else None,
            "first_super_device_id": known(ranks[0].super_device_id) if ranks else None,
            "super_pods": [{"super_pod_id": pod.super_pod_id, "servers": list(pod.servers)} for pod in self.super_pods],
        }


# A string is kept as it is; outside of strings a comment runs to the end of its line, and dots stand for what is gone.
# A string that does not end is one too: so every character is looked at once, whatever somebody writes.
_TOKEN = re.compile(r'("(?:[^"\\\n]|\\.)*"?)|(#|//)[^\n]*|(\.{3,}|\u2026+)')
_COMMA = re.compile(r'("(?:[^"\\\n]|\\.)*"?)|,(?=\s*[,\]}])')


def _as_json(text: str) -> Tuple[str, bool]:
    """Return the text without comments, dots and needless commas, and whether anything had been left out."""
    whole = True

    def kept(match: re.Match[str]) -> str:
        nonlocal whole
        whole = whole and match.group(3) is None
        return match.group(1) or ""

    bare = _TOKEN.sub(kept, text)
    return _COMMA.sub(lambda match: match.group(1) or "", bare), whole


def _loaded(text: str) -> Tuple[Any, bool, bool]:
    """Return the document, whether it is JSON as it stands, and whether it is whole."""
    try:
        return json.loads(text, parse_constant=_refused), True, True
    except (ValueError, RecursionError):
        bare, whole = _as_json(text)
    try:
        return json.loads(bare, parse_constant=_refused), False, whole
    except (ValueError, RecursionError) as error:
        raise ParseError(getattr(error, "lineno", 0), "a rank table in JSON", str(error)) from None


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def parse(evidence: Evidence) -> Reading[RankTableFacts]:
    """Parse a rank table."""
    lines_of(evidence.stdout, ends_in_newline=False)
    table, valid_json, whole = _loaded(evidence.stdout.decode("utf-8"))
    if not isinstance(table, dict) or not {"server_list", "server_group_list", "rank_list"} & set(table):
        raise ParseError(1, "a rank table: an object with `server_list`, `server_group_list` or `rank_list`")
    groups = _objects(table, "server_group_list")
    servers = [item for group in (*groups, table) for item in _objects(group, "server_list")]
    count = table.get("server_count")
    return RankTableFacts(
        version=_text(table, "version"),
        status=_text(table, "status"),
        server_count=NOT_REPORTED if count is None else _whole(table, "server_count"),
        servers=tuple(map(_server, servers)),
        super_pods=tuple(map(_super_pod, _objects(table, "super_pod_list"))),
        ranks=tuple(map(_rank, _objects(table, "rank_list"))),
        valid_json=valid_json,
        complete=whole,
    )


def _server(item: Mapping[str, Any]) -> Server:
    name = known(_text(item, "server_id")) or known(_text(item, "server_ip"))
    if name is None:
        raise ParseError(0, "a `server_id` for every server")
    return Server(name, _text(item, "container_ip"), tuple(map(_rank, _objects(item, "device"))))


def _rank(item: Mapping[str, Any]) -> Rank:
    own = next(_addresses(item), None)
    address = _text(item, "device_ip")
    return Rank(
        _whole(item, "rank_id"),
        _whole(item, "device_id"),
        own if isinstance(address, Missing) and own is not None else address,
        _text(item, "super_device_id"),
    )


def _addresses(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the IP addresses of a rank of form 2.0."""
    for level in _objects(item, "level_list"):
        for address in _objects(level, "rank_addr_list"):
            if address.get("addr_type") in ("IPV4", "IPV6"):
                yield str(address.get("addr"))


def _super_pod(item: Mapping[str, Any]) -> SuperPod:
    name = known(_text(item, "super_pod_id"))
    if name is None:
        raise ParseError(0, "a `super_pod_id` for every super pod")
    return SuperPod(name, tuple(_server(server).server_id for server in _objects(item, "server_list")))


def _objects(item: Mapping[str, Any], key: str) -> List[Mapping[str, Any]]:
    found = item.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ParseError(0, f"a list of objects for `{key}`")
    return found


def _text(item: Mapping[str, Any], key: str) -> Reading[str]:
    """Return a text; a number stands for its digits, because the forms differ in what they put in quotes."""
    value = item.get(key)
    if value is None or value == "":
        return NOT_REPORTED
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ParseError(0, f"a text for `{key}`", repr(value))
    return str(value)


_DIGITS = re.compile(r"[0-9]{1,9}\Z")


def _whole(item: Mapping[str, Any], key: str) -> int:
    text = known(_text(item, key))
    if text is None or not _DIGITS.match(text):
        raise ParseError(0, f"a whole number for `{key}`", str(text))
    return int(text)


SOURCE: Source[RankTableFacts] = Source(
    name="file/rank-table",
    scope=Scope.NODE,
    medium=Medium.FILE,
    # Where the vendor's scheduler mounts the table of a job into its containers.
    argv=("cat", "/user/serverid/devindex/config/hccl.json"),
    forms=tuple(("cat", f"*{name}*.json") for name in ("rank_table", "ranktable", "hccl")),
    parse=parse,
    cost=Cost.STATIC,
)
