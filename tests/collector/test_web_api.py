"""What readers are told over HTTP."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
import time
from pathlib import Path
from typing import Any, AsyncIterator, Dict

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from starlette.datastructures import QueryParams

from ascend_doctor.collector import judged, watching
from ascend_doctor.collector.api import answers, documents, events, openapi
from ascend_doctor.collector.api.parameters import Parameters
from ascend_doctor.collector.api.problems import ParameterError, problem_of
from ascend_doctor.collector.store import StoreError, TooWideError
from ascend_doctor.collector.workers import BusyError
from ascend_doctor.model.report_change import ReportChange
from ascend_doctor.model.status import Status
from ascend_doctor.model.transition import Transition
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.report import json_report
from conftest import ROOT
from reading import Reading, health, link, reading, told
from waiting import PATIENCE_S, until

SPECIFICATION = openapi.document()
CHANGE = Transition("roce.link", "port:node-1:3", Status.PASS, None, time.time(), "down")


def conforms(document: Any, schema: str) -> Any:
    """Hold a document against a schema of the specification, and return it."""
    whole = {"$ref": f"#/components/schemas/{schema}", "components": SPECIFICATION["components"]}
    jsonschema.Draft202012Validator(whole).validate(document)
    return document


@pytest.fixture
async def place(tmp_path) -> AsyncIterator[Reading]:
    """A collector with forty nodes, one of them broken and one never seen, and one change in its history."""
    nodes = [
        told("node-1", [link("node-1", 3), *health("node-1")]),
        *(told(f"node-{number}", health(f"node-{number}")) for number in range(2, 40)),
    ]
    async with reading(tmp_path, *nodes, expected=["node-99"]) as found:
        found.remember("node-1", CHANGE)
        yield found


def test_the_published_document_is_what_is_served() -> None:
    """`make docs` writes it anew; it is a valid OpenAPI document."""
    assert openapi.text() == (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    validate(json.loads(openapi.text()))


async def test_every_path_of_the_document_answers(place) -> None:
    """Each is served, by GET and by HEAD with the same status and no body; nothing else is allowed."""
    assert openapi.text() == (await place.fetch(openapi.DOCUMENT))[2].decode()
    for path in SPECIFICATION["paths"]:
        where = path.replace("{name}", "node-1")
        status, headers, body = await place.fetch(where, "HEAD")
        assert (200, b"") == (status, body), where
        (media_type,) = SPECIFICATION["paths"][path]["get"]["responses"]["200"]["content"]
        assert headers["content-type"].startswith(media_type)
        status, headers, body = await place.fetch(where, "POST")
        assert (405, "GET, HEAD") == (status, ", ".join(sorted(headers["allow"].replace(" ", "").split(","))))
        conforms(json.loads(body), "Problem")


async def test_the_report_is_that_of_the_command_line(place) -> None:
    """The whole one, and one that is narrowed, are what `report --format json` prints of the same."""
    whole = (await place.fetch("/api/v1/report"))[2].decode()
    assert json_report.render(await place.reports.report()) == whole
    conforms(json.loads(whole), "Report")
    jsonschema.Draft202012Validator(json_report.schema()).validate(json.loads(whole))
    some = await place.json("/api/v1/report?node=node-1&node=node-2&check=npu.health&passes=true")
    assert ["node-1", "node-2"] == [node["name"] for node in conforms(some, "Report")["nodes"]]
    assert {"npu.health": 16} == {"npu.health": len(some["findings"])}
    assert "not-ready" == some["verdict"]


async def test_nodes_come_page_by_page(place) -> None:
    """The cursors lead through all of them once."""
    found, cursor = [], ""
    while cursor is not None:
        page = conforms(await place.json(f"/api/v1/nodes?limit=15&cursor={cursor}"), "Nodes")
        found += [node["name"] for node in page["nodes"]]
        cursor = page["next"]
    assert [*(f"node-{number}" for number in range(1, 40)), "node-99"] == found


async def test_one_node_is_told_whole(place) -> None:
    """What concerns it, and how much passed; one that was never seen too; one that nobody knows is a problem."""
    found = conforms(await place.json("/api/v1/nodes/node-1"), "NodeDetail")
    assert ("1.2.3", 8, ["roce.link"]) == (
        found["agent_version"],
        found["also_passed"],
        [finding["check"] for finding in found["findings"]],
    )
    unseen = conforms(await place.json("/api/v1/nodes/node-99"), "NodeDetail")
    assert ("never-seen", None) == (unseen["node"]["liveness"], unseen["received_at"])
    status, headers, body = await place.fetch("/api/v1/nodes/nobody")
    assert (404, "application/problem+json") == (status, headers["content-type"])
    assert "the collector does not know this node" == conforms(json.loads(body), "Problem")["detail"]


async def test_history_is_told(place) -> None:
    """Newest first, page by page, narrowed by node, check and time."""
    month_ago = time.time() - 30 * 86_400
    place.remember("node-2", Transition("npu.ecc", "npu:node-2:1", None, Status.WARN, month_ago, "one bit"))
    zone = dt.timezone(dt.timedelta(hours=8))
    before = dt.datetime.fromtimestamp(month_ago + 60, zone).isoformat().replace("+", "%2B")
    first = conforms(await place.json("/api/v1/history?limit=1"), "History")
    assert ["node-2"] == [item["node"] for item in first["transitions"]]
    second = await place.json(f"/api/v1/history?limit=1&cursor={first['next']}")
    assert (["node-1"], None) == ([item["node"] for item in second["transitions"]], second["next"])
    for question, expected in (
        ("node=node-1", ["node-1"]),
        ("check=npu.ecc", ["node-2"]),
        ("since=1h", ["node-1"]),
        (f"until={before}&since=60d", ["node-2"]),
    ):
        found = await place.json(f"/api/v1/history?{question}")
        assert expected == [item["node"] for item in found["transitions"]], question


@pytest.mark.parametrize(
    ("path", "parameter", "remedy"),
    [
        ("report?nodes=node-1", "nodes", "did you mean node?"),
        ("report?x=1", "x", "there are node, check, passes"),
        ("report?node=no%20name", "node", "write a host name"),
        ("report?check=", "check", "`ascend-doctor explain` lists all ids"),
        ("report?passes=1", "passes", "write true or false"),
        ("report?passes=true&passes=true", "passes", "give it once"),
        ("report?" + "&".join(["node=a"] * 2001), "node", "give it 2000 times at most"),
        ("nodes?limit=0", "limit", "write a number up to 1000"),
        ("nodes?limit=1001", "limit", "write a number up to 1000"),
        ("nodes?cursor=%00", "cursor", "take `next` of the page before"),
        ("history?cursor=node-1", "cursor", "take `next` of the page before"),
        ("history?since=yesterday", "since", None),
        ("history?limit=1001", "limit", "write a number up to 1000"),
        ("nodes/node-1?x=1", "x", "this takes none"),
        ("openapi.json?x=1", "x", "this takes none"),
    ],
)
async def test_bad_parameters_are_named(place, path: str, parameter: str, remedy: str) -> None:
    """A status of 400, which parameter it is, and what to do; never an answer to a wider question."""
    status, headers, body = await place.fetch(f"/api/v1/{path}")
    assert (400, "application/problem+json") == (status, headers["content-type"])
    problem = conforms(json.loads(body), "Problem")
    assert parameter == problem["parameter"]
    assert remedy is None or remedy == problem["remedy"]


async def test_what_is_not_here_is_a_problem(place) -> None:
    """An unknown path says where the known ones are."""
    status, _, body = await place.fetch("/api/v2/report")
    assert 404 == status
    assert "/api/v1/openapi.json" in conforms(json.loads(body), "Problem")["remedy"]


async def test_who_has_the_answer_is_told_so(place) -> None:
    """With the tag of the last answer there is no body while nothing changes, and another answer after a change."""
    status, headers, _ = await place.fetch("/api/v1/report")
    tag = headers["etag"]
    assert (304, b"") == (await place.fetch("/api/v1/report", If_None_Match=f'"x", {tag}'))[::2]
    assert 304 == (await place.fetch("/api/v1/report", If_None_Match="*"))[0]
    assert 200 == (await place.fetch("/api/v1/report?passes=false&node=node-1", If_None_Match=tag))[0]
    place.become(told("node-1", health("node-1"), sequence=2))
    status, headers, _ = await place.fetch("/api/v1/report", If_None_Match=tag)
    assert (200, True) == (status, headers["etag"] != tag)


async def test_big_answers_are_packed_for_who_takes_it(place) -> None:
    """The same bytes come out; who does not take gzip, and small answers, get them as they are."""
    plain = (await place.fetch("/api/v1/report"))[2]
    for path in ("/api/v1/report", "/api/v1/report"):
        _, headers, body = await place.fetch(path, Accept_Encoding="br, gzip;q=0.5")
        assert ("gzip", "Accept-Encoding") == (headers["content-encoding"], headers["vary"])
        assert plain == gzip.decompress(body)
    for accepted in ("br", "gzip;q=0", "gzip; q=0.000", "identity"):
        assert "content-encoding" not in (await place.fetch("/api/v1/report", Accept_Encoding=accepted))[1]
    assert "content-encoding" not in (await place.fetch("/api/v1/nodes/node-2", Accept_Encoding="gzip"))[1]


async def test_a_big_answer_goes_in_pieces(place, monkeypatch) -> None:
    """However small the pieces, the body is the same."""
    whole = (await place.fetch("/api/v1/report"))[2]
    monkeypatch.setattr(answers, "PIECE", 1000)
    assert whole == (await place.fetch("/api/v1/report"))[2]


async def test_the_pages_are_there(place) -> None:
    """The report as text with a tag, metrics of the fleet and of the collector, alive and ready."""
    status, headers, body = await place.fetch("/")
    assert (200, b"NOT READY: 1 failure") == (status, body[:20])
    assert 304 == (await place.fetch("/", If_None_Match=headers["etag"]))[0]
    metrics = (await place.fetch("/metrics"))[2].decode()
    for line in (
        'ascend_doctor_fleet_good_results{status="pass"} 312',
        "ascend_doctor_collector_watchers 0",
        "ascend_doctor_collector_store_up 1",
        "ascend_doctor_collector_paced_seconds_total 0",
    ):
        assert f"\n{line}\n" in metrics
    assert "node-1" not in metrics
    assert (200, b"alive\n") == (await place.fetch("/healthz"))[::2]
    assert (200, b"ready\n") == (await place.fetch("/readyz"))[::2]


async def test_readiness_says_why_not(place) -> None:
    """A store that cannot be written, a collector that starts, one that stops."""
    place.committer.healthy = False
    assert (503, b"not ready: the store cannot be written\n") == (await place.fetch("/readyz"))[::2]
    place.readers.readiness.is_started = False
    assert (503, b"not ready: the collector starts\n") == (await place.fetch("/readyz"))[::2]
    place.readers.drain()
    assert (503, b"not ready: the collector stops\n") == (await place.fetch("/readyz"))[::2]


async def test_too_much_at_once_is_refused(place, monkeypatch) -> None:
    """The answer says when to come again, and what is ready is still served."""
    monkeypatch.setattr(place.reports.workers, "_most", 0)
    status, headers, body = await place.fetch("/api/v1/report?node=node-1")
    assert (503, "3") == (status, headers["retry-after"])
    assert "too much is asked at once" == conforms(json.loads(body), "Problem")["title"]
    assert 503 == (await place.fetch("/api/v1/watch"))[0]
    assert (200, b"ready\n") == (await place.fetch("/readyz"))[::2]
    status, _, body = await place.fetch("/metrics")
    assert (200, True) == (status, b"ascend_doctor_fleet_good_results" in body)
    monkeypatch.undo()
    assert 200 == (await place.fetch("/api/v1/report"))[0]


async def test_a_report_that_is_too_big_is_a_problem(place, monkeypatch) -> None:
    """The reader is told what to ask instead; a narrower question is answered."""
    monkeypatch.setattr(judged, "MAX_OUTCOMES", 20)
    status, _, body = await place.fetch("/api/v1/report?passes=true")
    assert (400, "name some nodes or checks") == (status, conforms(json.loads(body), "Problem")["remedy"])
    assert 200 == (await place.fetch("/api/v1/report?passes=true&node=node-2"))[0]


async def test_a_store_that_fails_is_a_problem(place, monkeypatch) -> None:
    """The history cannot be told then."""

    def failing(*_: object) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(type(place.store), "history", failing)
    status, _, body = await place.fetch("/api/v1/history")
    assert (503, "disk I/O error") == (status, conforms(json.loads(body), "Problem")["detail"])


async def test_a_question_that_is_too_wide_is_a_problem(place, monkeypatch) -> None:
    """The reader is told how to narrow it; nothing is wrong with the store."""

    def find(*_: object) -> None:
        raise TooWideError

    monkeypatch.setattr(type(place.store), "history", find)
    status, _, body = await place.fetch("/api/v1/history?since=1h")
    problem = conforms(json.loads(body), "Problem")
    assert (400, "ask for a shorter time, or name nodes or checks") == (status, problem["remedy"])


def test_a_bug_is_no_problem_of_the_reader() -> None:
    """It is not told as one."""
    assert problem_of(RuntimeError("x")) is None
    assert 503 == problem_of(BusyError("x")).status


async def event(reader: asyncio.StreamReader) -> Dict[str, Any]:
    """Read lines up to the next event, and return what it holds."""
    while True:
        line = await asyncio.wait_for(reader.readline(), PATIENCE_S)
        assert line, "the stream has ended"
        if line.startswith(b"data: "):
            return conforms(json.loads(line[6:]), "Change")


async def test_changes_come_as_events(place, monkeypatch) -> None:
    """First what is, in parts; then what changes; signs of life between them; and an end when the collector stops."""
    monkeypatch.setattr(watching, "LOOK_S", 0.01)
    monkeypatch.setattr(events, "ALIVE_S", 0.02)
    monkeypatch.setattr(documents, "PART", 15)
    reader, writer = await asyncio.open_connection(place.web.host, place.web.port)
    writer.write(b"GET /api/v1/watch HTTP/1.0\r\n\r\n")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
    assert b"text/event-stream" in head
    parts = [await event(reader) for _ in range(3)]
    assert [(True, True), (False, True), (False, False)] == [(part["whole"], part["more_follows"]) for part in parts]
    assert 40 == sum(len(part["nodes"]) for part in parts)
    assert 1 == sum(len(part["findings"]) for part in parts)
    assert 1 == place.readers._watchers.count
    while b": alive" not in await asyncio.wait_for(reader.readline(), PATIENCE_S):
        pass
    place.become(told("node-1", health("node-1"), sequence=2))
    change = await event(reader)
    assert ("incomplete", ["roce.link|port:node-1:3"]) == (change["verdict"], change["removed_findings"])
    place.readers.drain()
    while await asyncio.wait_for(reader.readline(), PATIENCE_S):
        pass
    writer.close()
    await writer.wait_closed()
    assert 0 == place.readers._watchers.count


async def test_who_goes_away_is_forgotten(place) -> None:
    """A watcher that closes its connection makes room at once."""
    reader, writer = await asyncio.open_connection(place.web.host, place.web.port)
    writer.write(b"GET /api/v1/watch?node=node-1 HTTP/1.1\r\nHost: x\r\n\r\n")
    await event(reader)
    writer.close()
    await writer.wait_closed()
    await until(lambda: not place.readers._watchers.count)


def test_a_change_of_the_verdict_alone_is_one_event() -> None:
    """Nothing else need have changed."""
    (text,) = documents.change_texts(ReportChange(False, Verdict.READY))
    assert ("ready", []) == (json.loads(text)["verdict"], json.loads(text)["nodes"])


@given(st.lists(st.tuples(st.sampled_from(["node", "check", "passes", "limit", "since"]), st.text(max_size=20))))
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked_is_read_or_refused(pairs) -> None:
    """No text of a parameter raises anything but the error that becomes a problem."""
    asked = Parameters(QueryParams(pairs), "node", "check", "passes", "limit", "since")
    for read in (
        asked.nodes,
        asked.checks,
        lambda: asked.flag("passes"),
        lambda: asked.count("limit", 1, 10),
        lambda: asked.moment("since", 0.0),
        lambda: asked.number("limit"),
        lambda: asked.name("node"),
    ):
        try:
            read()
        except ParameterError as error:  # noqa: PERF203 - each may be refused by itself
            conforms(json.loads(bytes(error.problem.response.body)), "Problem")


def test_the_document_is_written_for_the_docs(tmp_path: Path) -> None:
    """`python -m ascend_doctor.collector.api.openapi FILE` writes it."""
    import runpy
    import sys
    import warnings

    target = tmp_path / "openapi.json"
    before = sys.argv
    sys.argv = ["openapi", str(target)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # the module is imported already
            runpy.run_module("ascend_doctor.collector.api.openapi", run_name="__main__")
    finally:
        sys.argv = before
    assert openapi.text() == target.read_text(encoding="utf-8")
