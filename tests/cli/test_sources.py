"""`ascend-doctor sources`: the plan of a node, and what came of it."""

from __future__ import annotations

import json

import pytest

from ascend_doctor.cli.main import run
from ascend_doctor.probe import activity
from ascend_doctor.probe.activity import SourceActivity


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch, tmp_path):
    monkeypatch.setattr("ascend_doctor.cli.configuration.DEFAULT_PATH", str(tmp_path / "none.yaml"))


def row_of(page, source):
    """Return the line about a source."""
    return next(line for line in page.splitlines() if line.startswith(f"{source} "))


def test_the_plan_is_shown_before_anything_was_asked(tmp_path, capsys):
    """Without an agent there is the plan alone, and a line that says so."""
    assert 0 == run(["sources", "--state-dir", str(tmp_path)])
    page = capsys.readouterr().out
    assert ["hccn_tool", "-i", "{phy_id}", "-tls", "-g", "npu", "slow", "60", "min", "-", "-", "-", "-"] == row_of(
        page, "hccn_tool/tls"
    ).split()[1:]
    assert "Nothing has been asked yet" in page


def test_the_last_runs_are_shown(tmp_path, capsys):
    """How long the longest run took, what came of all, and how often a busy device was asked again."""
    done = SourceActivity("hccn_tool/link", 60.0, {"busy": 1, "ok": 7}, 1000.0, 0.512, 3, 1060.0)
    activity.write(tmp_path, (done,), 1001.0)
    assert 0 == run(["sources", "--state-dir", str(tmp_path)])
    page = capsys.readouterr().out
    assert "0.51 s  7 ok, 1 busy, asked 3 times again  now" in row_of(page, "hccn_tool/link")
    assert "Nothing has been asked yet" not in page


def test_the_document_tells_who_reads_a_source(tmp_path, capsys):
    """The JSON has the checks that read each source, its cost, and what the configuration makes of its interval."""
    config = tmp_path / "config.yaml"
    config.write_text(f"agent: {{state_dir: {tmp_path}, intervals_s: {{hccn_tool/link: 30.0}}}}\n")
    assert 0 == run(["sources", "--config", str(config), "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert "1.0" == document["format_version"]
    (link,) = [item for item in document["sources"] if item["name"] == "hccn_tool/link"]
    assert ("device", 30.0, "npu", {}) == (link["cost"], link["interval_s"], link["scope"], link["results"])
    assert "roce.link" in link["checks"]
