"""Root cannot reach other nodes by ssh without a password.

What it reads: whether root has a private key, and how many keys may log in as root. No key is read out, and nothing
    is tried.

Why it matters: an MPI launcher starts its ranks over ssh and stops at a question for a password.

What to do: make a key and copy its public half to every node.

Disruption: none.

Limits: none. It is asked for only where a launcher needs it. Whether the other nodes accept the key is not tried;
    keys of other users, and certificates, are not looked at.

Sources: the guides to running MindIE and HCCL tests on several nodes; the rule is ours.
"""

from __future__ import annotations

from typing import Iterator, List

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import ssh
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known, part
from ascend_doctor.model.status import Severity

STEPS = (
    Remedy("Make a key for root, if there is none.", "ssh-keygen -t ed25519"),
    Remedy("Copy its public half to every node.", "ssh-copy-id root@NODE"),
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge what root needs at both ends."""
    facts = view.read(ssh.SOURCE)
    has_key = part(facts, lambda found: found.has_key)
    accepted = known(part(facts, lambda found: found.authorized_keys))
    if isinstance(has_key, Missing):
        yield unknown(view.subject, "which keys root has", has_key, view.quote(ssh.SOURCE))
        return
    loose = part(facts, lambda found: found.loose_mode)
    wrong: List[str] = []
    if not has_key:
        wrong.append("root has no key to log in elsewhere")
    if not accepted:
        wrong.append("no key may log in as root")
    elif not isinstance(loose, Missing):
        wrong.append(f"others may write authorized_keys (mode {loose:04o}), which sshd then ignores")
    if wrong:
        yield warned(
            view.subject,
            "; ".join(wrong),
            expected="a key of root, and keys that may log in",
            remedies=STEPS if isinstance(loose, Missing) else [Remedy("Take the right away.", "chmod -R go-w ~/.ssh")],
            quotes=view.quote(ssh.SOURCE),
        )
    else:
        yield passed(view.subject, "root has a key, and keys may log in as root")


CHECK = Check(
    id="host.ssh",
    reads=(ssh.SOURCE,),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
    opt_in="only a launcher that starts its ranks over ssh needs it",
)
