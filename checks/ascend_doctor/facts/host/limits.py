"""Limits of processes, and those of the kernel for connections that wait."""

from __future__ import annotations

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Reading

UNLIMITED = -1


@attrs.frozen
class ProcessLimits:
    """The soft limits of a process: open files, and memory that it may lock, in bytes. -1 means no limit."""

    open_files: Reading[int] = NOT_REPORTED
    locked_bytes: Reading[int] = NOT_REPORTED


UNSEEN = ProcessLimits()


@attrs.frozen
class LimitFacts:
    """The limits.

    `own` are those of the doctor's process. They are those of whoever logs in where `from_a_login` is true, and say
    nothing about other processes where the doctor is a service. `somaxconn` and `tcp_max_syn_backlog` bound how many
    connections may wait to be accepted; they belong to the doctor's network namespace.
    """

    own: ProcessLimits = UNSEEN
    from_a_login: Reading[bool] = NOT_REPORTED
    somaxconn: Reading[int] = NOT_REPORTED
    tcp_max_syn_backlog: Reading[int] = NOT_REPORTED


SOURCE = source_of("limits", LimitFacts)
