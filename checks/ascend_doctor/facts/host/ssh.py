"""What root needs to reach other nodes by ssh without a password, and to be reached. No key is read."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.facts.source import Cost
from ascend_doctor.model.reading import NOT_REPORTED, Reading


@attrs.frozen
class SshFacts:
    """`has_key` tells whether root has a private key, `authorized_keys` how many keys may log in as root.

    `loose_mode` is the permission bits of `~/.ssh/authorized_keys` when others may write it: sshd ignores it then.
    """

    has_key: Reading[bool] = NOT_REPORTED
    authorized_keys: Reading[int] = NOT_REPORTED
    loose_mode: Reading[int] = NOT_REPORTED


SOURCE = source_of("ssh", SshFacts, cost=Cost.STATIC, interval_s=3600.0)
