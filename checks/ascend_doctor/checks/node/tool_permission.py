"""The doctor runs as a user who may not see everything.

What it reads: the user id of the doctor, and whether that user has an entry in the password file.

Why it matters: without root the TLS switch cannot be read, and the firmware's version and its fit to the driver are
    left out. A user without an entry in the password file makes `hccn_tool` fail without a word.

What to do: run the doctor as root. In a container give the user an entry in /etc/passwd.

Disruption: none.

Limits: none. It is a warning; a user without an entry is a failure where there are RoCE ports to ask about.

Sources: hicann/driver, hccn_comm.c (getpwuid); Ascend-msit, msprechecker; hicann/driver, manual of npu-smi (what
    needs root).
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import versions
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, part
from ascend_doctor.model.status import Severity

AS_ROOT = Remedy("Run the doctor as root.")
WITH_ENTRY = Remedy("Give the user an entry in /etc/passwd.", "getent passwd $(id -u)")


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the user that the doctor runs as."""
    facts = view.read(identity.SOURCE)
    user = part(facts, lambda found: found.euid)
    if isinstance(user, Missing):
        yield unknown(view.subject, "as whom the doctor runs", user)
    elif part(facts, lambda found: found.has_passwd_entry) is False and _has_roce(view):
        yield failed(
            view.subject,
            f"user {user} has no entry in the password file, so that hccn_tool fails without a word",
            expected="a user with a name, best root",
            remedies=[WITH_ENTRY, AS_ROOT],
            observed=user,
            quotes=view.quote(identity.SOURCE, WHOLE_NODE, "euid", "has_passwd_entry"),
        )
    elif user != 0:
        yield warned(
            view.subject,
            f"the doctor runs as user {user} and may not see everything",
            expected="root",
            remedies=[AS_ROOT],
            observed=user,
            quotes=view.quote(identity.SOURCE, WHOLE_NODE, "euid"),
        )
    else:
        yield passed(view.subject, "the doctor runs as root")


def _has_roce(view: NodeView) -> bool:
    generation = versions.generation(view)
    return isinstance(generation, Missing) or generation.has_roce


CHECK = Check(
    id="tool.permission",
    reads=(identity.SOURCE, info.SOURCE, mapping.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
