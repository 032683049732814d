"""hccn_tool does not work.

What it reads: how the runs of `hccn_tool` ended, whatever they asked; and whether the doctor's user has a name.

Why it matters: no RoCE or UB port can be checked, and the engines' own start scripts need the tool too.

What to do: install the driver again, or mount `/usr/local/Ascend/driver/tools/hccn_tool` into the container. The tool
    is not on PATH by default. Run the doctor as a user with an entry in /etc/passwd: without one the tool fails and
    prints nothing.

Disruption: a reinstallation needs a reboot.

Limits: none. Inside a container an absent tool is a warning.

Sources: Ascend/mind-cluster documentation (collecting logs); vllm-ascend installation guide; hicann/driver,
    hccn_comm.c (the user's entry in /etc/passwd).
"""

from __future__ import annotations

from typing import Iterator, List, Tuple

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NOT_ASKED, NodeView
from ascend_doctor.facts.hccn_tool import link
from ascend_doctor.facts.hccn_tool.ub import dev_info
from ascend_doctor.facts.hccn_tool.ub.question import A5
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.source import Query
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.status import Disruption

EXPECTED = "hccn_tool runs and answers"
INSTALL = Remedy("Install the driver again; on a host the tool lies in its folder `tools`.", "", Disruption.REBOOT)
MOUNT = Remedy("Mount the tool into the container: /usr/local/Ascend/driver/tools/hccn_tool.")
PERMISSIONS = Remedy("Make the tool and every folder above it writable by root alone.")
USER = Remedy("Run the doctor as root, or add an entry in /etc/passwd for its user.")


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge by every answer of the tool, and by who runs it."""
    runs = [(query, why) for query, why in _runs(view) if why is not Absence.NOT_RUN]
    bad = [(query, why) for query, why in runs if why in (Absence.TOOL_ABSENT, Absence.TOOL_REFUSED)]
    facts = view.read(identity.SOURCE)
    if bad:
        query, why = bad[0]
        contained = in_container(view)
        say = warned if contained else failed
        refused = why is Absence.TOOL_REFUSED
        yield say(
            view.subject,
            "the doctor refuses to run hccn_tool" if refused else "hccn_tool is not there",
            expected=EXPECTED,
            remedies=[PERMISSIONS if refused else MOUNT if contained else INSTALL],
            quotes=view.quote(query.source, query.target),
        )
    elif not isinstance(facts, Missing) and facts.has_passwd_entry is False and not any(why is None for _, why in runs):
        yield failed(
            view.subject,
            "the doctor's user has no entry in /etc/passwd, so hccn_tool fails without a word",
            expected="a user that /etc/passwd knows",
            remedies=[USER],
            observed="nameless user",
            quotes=view.quote(identity.SOURCE),
        )
    elif runs:
        yield passed(view.subject, "hccn_tool is there and runs")
    else:
        yield unknown(view.subject, "whether hccn_tool works", NOT_ASKED)


def _runs(view: NodeView) -> List[Tuple[Query[object], object]]:
    """Every run of the tool with the reason why it gave nothing, None when it gave something."""
    return [
        (query, reading.why if isinstance(reading, Missing) else None)
        for query, reading in view.answers()
        if query.source.argv[0] == link.SOURCE.argv[0]
    ]


CHECK = Check(
    id="tool.hccn-tool",
    reads=(link.SOURCE, dev_info.SOURCE, identity.SOURCE),
    judge=judge,
    limits=NoLimits(),
    generations=ROCE | A5,
)
