"""Where the site demands CANN, and what a list of parts need not hold."""

from __future__ import annotations

from ascend_doctor.checks.node import version_cann
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import cann, cann_parts
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.status import Status


def test_a_site_may_demand_cann() -> None:
    """Where it does, a node without CANN fails."""
    query = cann.TOOLKIT.about()
    view = NodeView("node-1", {query.key: Evidence(query.key, query.argv, Ending.NOT_FOUND)})
    (finding,) = version_cann.judge(view, version_cann.Limits(required=True))
    assert (Status.FAIL, "there is no CANN here") == (finding.status, finding.summary)


def test_a_part_that_is_not_installed_is_no_other_release() -> None:
    """An installation without all parts, such as that of an inference image, is judged by those that it has."""
    texts = {
        cann.TOOLKIT.about(): b"package_name=Ascend-cann-toolkit\nversion=8.5.0\n",
        cann_parts.PARTS.about(): b"# version: 1.0\nhccl_running_version=[8.5.0.2:8.5.0]\n",
    }
    evidence = {query.key: Evidence(query.key, query.argv, exit_code=0, stdout=text) for query, text in texts.items()}
    (finding,) = version_cann.judge(NodeView("node-1", evidence), version_cann.Limits())
    assert Status.PASS is finding.status
