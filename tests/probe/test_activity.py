"""What the probe tells of its questions: how often, how long, and what came of them."""

from __future__ import annotations

import json
import math

import attrs

from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import link
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.facts.source import Target
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.probe import activity
from ascend_doctor.probe.schedule import Schedule


def ran(phy_id, stdout, **more):
    """Return an answer of `hccn_tool -link -g`."""
    query = link.SOURCE.about(Target(phy_id=phy_id))
    return Evidence(query.key, query.argv, exit_code=0, stdout=stdout, **more)


ANSWERS = (
    ran(0, b"link status: UP\n", started_at=100.0, duration_s=0.25),
    ran(1, b"hccn_tool is busy, please try again.\n", started_at=101.0, duration_s=0.5, attempts=4),
    ran(2, b"link status: UP\n", started_at=99.0),
)


def seen(*answers, now=110.0):
    """Return what is told of the two sources after one round."""
    schedule = Schedule([link.SOURCE, info.SOURCE], {"hccn_tool/link": 30.0})
    schedule.due(now - 1000.0)
    view = NodeView("n", {item.key: item for item in answers})
    return activity.of_node(view, [link.SOURCE, info.SOURCE], schedule, 1000.0)


def test_the_answers_of_a_source_are_summed_up():
    """Results by their number, the newest start, the longest run, the retries, and when it is asked again."""
    found, _ = seen(*ANSWERS)
    expected = activity.SourceActivity("hccn_tool/link", 30.0, {"busy": 1, "ok": 2}, 101.0, 0.5, 3, 140.0)
    assert expected == found
    assert found.busy


def test_a_source_that_never_ran_has_no_times():
    """A question that was left out does not count as a run."""
    left_out = Evidence("npu-smi/info", ("npu-smi", "info"), ending=Ending.SKIPPED)
    _, found = seen(*ANSWERS, left_out)
    assert activity.SourceActivity("npu-smi/info", 60.0) == found
    assert not found.busy


def test_what_is_due_at_once_has_no_time():
    """A source that was made due has no time that a reader of the file could make anything of."""
    schedule = Schedule([link.SOURCE])
    view = NodeView("n", {ANSWERS[0].key: ANSWERS[0]})
    (found,) = activity.of_node(view, [link.SOURCE], schedule, 0.0)
    assert -math.inf == schedule.due_at(link.SOURCE)
    assert None is found.due_at


def test_the_file_is_read_as_it_was_written(tmp_path):
    """What the probe writes, `ascend-doctor sources` reads; keys of a newer doctor are passed over."""
    found = seen(*ANSWERS)
    activity.write(tmp_path, found, 110.0)
    assert found == activity.read(tmp_path)
    document = json.loads((tmp_path / activity.FILE_NAME).read_text())
    document["sources"][0]["later"] = 1
    (tmp_path / activity.FILE_NAME).write_text(json.dumps(document))
    assert found == activity.read(tmp_path)


def test_what_cannot_be_read_is_nothing(tmp_path):
    """No file, a file of another release, and one that is none of ours are all the same to a reader."""
    assert None is activity.read(tmp_path)
    for text in ("{", "[]", '{"format_version": "2.0", "sources": []}', '{"format_version": "1.0", "sources": [{}]}'):
        (tmp_path / activity.FILE_NAME).write_text(text)
        assert None is activity.read(tmp_path)
    activity.write(tmp_path, (), 1.0)
    assert () == activity.read(tmp_path)
    assert {"name", "results", "retries"} <= {field.name for field in attrs.fields(activity.SourceActivity)}
