"""The kernel has pages of another size than 4 KB.

What it reads: the page size, from the auxiliary vector of the doctor's own process (`getconf PAGESIZE`).

Why it matters: with larger pages the NPU of an A2 cannot post its RDMA requests over PCIe by itself. A job on several
    nodes hands them over by a slow path, and all nodes of a job must do the same.

What to do: boot a kernel with pages of 4 KB. To keep the kernel, set `HCCL_RDMA_PCIE_DIRECT_POST_NOSTRICT=TRUE` in the
    environment of every process of a job on several nodes; each connection then takes 1 MB more of the NPU's memory in
    huge pages, which may run out.

Disruption: another kernel needs a reboot and the driver for it.

Limits: none. For jobs on a single node it does not matter.

Sources: hicann/hccl, documentation of HCCL_RDMA_PCIE_DIRECT_POST_NOSTRICT; Ascend-msit, msprechecker (rules for MindIE
    on several nodes).
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import host
from ascend_doctor.checks.buses import shows_no
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import pci, system
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Disruption, Severity

WANTED = 4096
STEPS = (
    Remedy("For jobs on several nodes, set it in every process.", "export HCCL_RDMA_PCIE_DIRECT_POST_NOSTRICT=TRUE"),
    Remedy("Or boot a kernel with pages of 4 KB, and install the driver for it.", "", Disruption.REBOOT),
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the page size."""
    size = host.told(view, system.SOURCE, lambda found: found.page_size)
    quotes = host.lines(view, system.SOURCE, "page_size")
    if shows_no(view, "d802"):
        yield skipped(view.subject, "only an A2 minds, and the bus shows none")
    elif isinstance(size, Missing):
        yield unknown(view.subject, "the page size", size, quotes)
    elif size == WANTED:
        yield passed(view.subject, "the kernel has pages of 4 KB", observed=Quantity(size, "bytes"))
    else:
        yield warned(
            view.subject,
            f"the kernel has pages of {size // 1024} KB: RDMA between nodes takes a slow path",
            expected="pages of 4 KB",
            remedies=STEPS,
            observed=Quantity(size, "bytes"),
            quotes=quotes,
        )


CHECK = Check(
    id="host.page-size",
    reads=(system.SOURCE, pci.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
    generations=frozenset({Generation.A2}),
)
