"""The OpenAPI 3.1 document of the API: `python -m ascend_doctor.collector.api.openapi docs/openapi.json` writes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence

from ascend_doctor.collector.api.events import EVENTS
from ascend_doctor.collector.api.problems import MEDIA_TYPE as PROBLEM
from ascend_doctor.collector.history import DEFAULT_PAGE, MAX_PAGE
from ascend_doctor.collector.service import DEFAULT_NODES, MAX_NODES
from ascend_doctor.report import json_history, json_report

VERSION = "1.0"
ROOT = "/api/v1"
REPORT = f"{ROOT}/report"
NODES = f"{ROOT}/nodes"
NODE = f"{ROOT}/nodes/{{name}}"
HISTORY = f"{ROOT}/history"
WATCH = f"{ROOT}/watch"
DOCUMENT = f"{ROOT}/openapi.json"

_SCHEMAS = "#/components/schemas/"
_ABOUT = (
    "Whether the nodes of a cluster are ready to run a job, what is broken, and what changed. Everything only reads. "
    "There is no login: a collector serves HTTP on loopback only, unless its operator set "
    "`collector.web.allow_unauthenticated`; whoever reaches the port may read all of this. Who has to show a "
    "certificate uses the gRPC service `ascend_doctor.v1.ReportService`, which answers the same. "
    "Within version 1 only additions are made: ignore keys that you do not know."
)
_TIME = "A span before now, such as `2h` or `3d`; or RFC 3339 (write `+` as `%2B`); or seconds since the epoch."


def document() -> Dict[str, Any]:
    """Return the document as plain values."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ascend-doctor collector",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:7480", "description": "The default of `collector.web.listen`."}],
        "security": [],
        "paths": _paths(),
        "components": {"schemas": _schemas(), "parameters": _parameters(), "headers": _headers()},
    }


def text() -> str:
    """Return the document as it is served and published."""
    return json.dumps(document(), indent=1, ensure_ascii=True) + "\n"


def _paths() -> Dict[str, Any]:
    watching = (
        "Server-sent events named `change`. Each holds one JSON document as `Change` describes it. The first ones tell "
        "what is: `whole` is true in the first of them, and `more_follows` in all but the last. Then come changes, "
        "which replace nodes by name and findings by key. Who reads slowly is told the difference to the newest state. "
        "A comment comes every 15 s when there is nothing else. The collector ends it when it stops: connect again."
    )
    return {
        REPORT: _get(
            "report",
            "The report: a verdict, the nodes, and what is broken",
            "The same document as `ascend-doctor report --format json` prints. What passed is only counted, unless "
            "`passes=true`.",
            ("node", "check", "passes"),
            _json("Report"),
        ),
        NODES: _get(
            "nodes",
            "The nodes, page by page, in natural order of their names",
            "The cursor is the name of the last node of the page before: a page stays valid while nodes come and go.",
            ("limit_of_nodes", "cursor"),
            _json("Nodes"),
        ),
        NODE: _get(
            "node", "One node and what concerns it", "", ("name",), _json("NodeDetail"), missing="No such node."
        ),
        HISTORY: _get(
            "history",
            "How results changed, page by page, what the collector learnt last first",
            "Times are those of the evidence, by the clock of the node.",
            ("node", "check", "since", "until", "limit_of_history", "cursor"),
            _json("History"),
            cached=False,
        ),
        WATCH: _get(
            "watch",
            "The nodes and the problems as they are, and then every change of them",
            watching,
            ("node", "check"),
            {EVENTS: {"schema": {"type": "string", "contentMediaType": "application/json"}}},
            cached=False,
        ),
        DOCUMENT: _get(
            "openapi", "This document", "", (), {"application/json": {"schema": {"type": "object"}}}, busy=False
        ),
    }


def _get(
    name: str,
    summary: str,
    about: str,
    parameters: Sequence[str],
    content: Mapping[str, Any],
    *,
    missing: str = "",
    cached: bool = True,
    busy: bool = True,
) -> Dict[str, Any]:
    answers: Dict[str, Any] = {"200": {"description": "The answer.", "content": content}}
    if cached:
        answers["200"]["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
        answers["304"] = {"description": "What `If-None-Match` names is still so."}
    answers["400"] = _problem(
        "A parameter cannot be used, the answer would be too big, or there is too much to look through."
    )
    if missing:
        answers["404"] = _problem(missing)
    if busy:
        answers["503"] = _problem("Too much is asked at once, or the store cannot be read. Ask again.")
    found: Dict[str, Any] = {"operationId": name, "summary": summary}
    if about:
        found["description"] = about
    if parameters:
        found["parameters"] = [{"$ref": f"#/components/parameters/{item}"} for item in parameters]
    return {"get": {**found, "responses": answers}}


def _problem(about: str) -> Dict[str, Any]:
    return {"description": about, "content": {PROBLEM: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}}}


def _json(schema: str) -> Dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _SCHEMAS + schema}}}


def _parameters() -> Dict[str, Any]:
    texts = {"type": "array", "items": {"type": "string"}}
    return {
        "name": {
            "name": "name",
            "in": "path",
            "required": True,
            "description": "The name of a node.",
            "schema": {"type": "string"},
        },
        "node": _query("node", "Only this node, and what concerns it; may be given again.", texts),
        "check": _query("check", "Only findings of this check; may be given again. The verdict counts all.", texts),
        "passes": _query("passes", "Tell what passed one by one.", {"type": "boolean", "default": False}),
        "since": _query("since", f"Nothing that happened before. {_TIME}", {"type": "string"}),
        "until": _query("until", f"Nothing that happened after. {_TIME}", {"type": "string"}),
        "limit_of_nodes": _limit(DEFAULT_NODES, MAX_NODES),
        "limit_of_history": _limit(DEFAULT_PAGE, MAX_PAGE),
        "cursor": _query("cursor", "`next` of the page before.", {"type": "string"}),
    }


def _query(name: str, about: str, schema: Mapping[str, Any]) -> Dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "schema": dict(schema)}


def _limit(default: int, most: int) -> Dict[str, Any]:
    number = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return _query("limit", "How many at most.", number)


def _headers() -> Dict[str, Any]:
    about = "Another one whenever the answer reads differently; send it back as `If-None-Match`."
    return {"ETag": {"description": about, "schema": {"type": "string"}}}


def _schemas() -> Dict[str, Any]:
    found: Dict[str, Any] = {"Report": _component(json_report.schema()), "History": _component(json_history.schema())}
    for schema in (json_report.schema(), json_history.schema()):
        found.update((name, _pointed(part)) for name, part in schema["$defs"].items())
    version = found["Report"]["properties"]["format_version"]
    cursor = {"description": "The cursor of the next page; null after the last.", "type": ["string", "null"]}
    found["Nodes"] = _object(
        "One page of nodes.",
        format_version=version,
        made_at=_ref("time"),
        nodes=_list("node"),
        next=cursor,
    )
    found["NodeDetail"] = _object(
        "One node and what concerns it.",
        format_version=version,
        made_at=_ref("time"),
        node=_ref("node"),
        agent_version=_text_about("Version of its agent; empty when it did not say."),
        received_at=_ref("time", "When the collector heard of it last; null for never."),
        also_passed=_ref("count", "Results that passed and are not among the findings."),
        also_skipped=_ref("count", "Results without anything to judge that are not among the findings."),
        findings=_list("finding"),
    )
    names = {"type": "array", "items": {"type": "string"}}
    found["Change"] = _object(
        "What has changed, in an event of `watch`.",
        whole={"description": "Forget what was told before.", "type": "boolean"},
        more_follows={"description": "Another event of the same change follows.", "type": "boolean"},
        verdict=_ref("verdict", "After the change."),
        nodes=_list("node"),
        findings=_list("finding"),
        removed_nodes={"description": "Names of nodes that are no longer watched.", **names},
        removed_findings={"description": "Keys of findings that are no problem any more.", **names},
    )
    found["Problem"] = _object(
        "What is wrong with a request (RFC 9457).",
        type=_text_about("What kind of problem, as a URN."),
        title=_text_about("The kind in words."),
        status={"description": "The status of the answer.", "type": "integer"},
        detail=_text_about("What is wrong with this request."),
        parameter={"description": "The parameter that is wrong; null for none.", "type": ["string", "null"]},
        remedy=_text_about("What to do."),
    )
    return found


def _component(schema: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a published schema as a component: its definitions stand beside it."""
    found: Dict[str, Any] = _pointed({key: part for key, part in schema.items() if key not in _OF_WHOLE_SCHEMAS})
    return found


_OF_WHOLE_SCHEMAS = ("$schema", "$id", "$defs")


def _pointed(part: Any) -> Any:
    """Return a part of a schema with its references to where the components are."""
    if isinstance(part, dict):
        return {
            key: item.replace("#/$defs/", _SCHEMAS) if key == "$ref" else _pointed(item) for key, item in part.items()
        }
    return [_pointed(item) for item in part] if isinstance(part, list) else part


def _object(about: str, **properties: Mapping[str, Any]) -> Dict[str, Any]:
    return {"description": about, "type": "object", "required": list(properties), "properties": properties}


def _ref(name: str, about: Optional[str] = None) -> Dict[str, Any]:
    found = {"$ref": _SCHEMAS + name}
    return found if about is None else {"description": about, **found}


def _list(name: str) -> Dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


def _text_about(about: str) -> Dict[str, Any]:
    return {"description": about, "type": "string"}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
