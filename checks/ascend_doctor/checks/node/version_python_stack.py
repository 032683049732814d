"""The Python packages do not fit each other.

What it reads: the Python that jobs use (`tools.python` of the configuration), with what is installed in it, and the
    version of CANN.

Why it matters: torch and torch_npu of different versions do not load; another vllm than that of vllm-ascend fails at
    the first import; a torch_npu that was built for a newer CANN misses symbols.

What to do: use one tested set, best an image of the engine, and the same on all nodes.

Disruption: none of its own; jobs have to be started again.

Limits: none. What the vendor's rule or a tested set excludes fails; what is not in the tables is a warning, such as a
    build that was made on site: a row of the site's own knowledge settles it.

Sources: Ascend/pytorch, COMPATIBILITY.md and README; vllm-project/vllm-ascend, versioning policy.
"""

from __future__ import annotations

from typing import Iterator, List, Mapping, Optional, Tuple

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import cann
from ascend_doctor.facts.runtime import stack
from ascend_doctor.facts.runtime.stack import StackFacts
from ascend_doctor.knowledge import stack as tested
from ascend_doctor.knowledge.tables import Row
from ascend_doctor.knowledge.versions import base, order
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Status

EXPECTED = "one tested set of Python, torch, torch_npu, CANN and engine"
SET = Remedy("Install one tested set, best as an image of the engine, and the same on all nodes.")
TORCH, TORCH_NPU, VLLM, VLLM_ASCEND = "torch", "torch-npu", "vllm", "vllm-ascend"
LOOSE = ("8.0.rc2", "8.0.rc3", "8.0.0", "8.1.rc1", "8.2.rc1", "8.3.rc1")
"""Releases of CANN for which the vendor says that the builds of torch_npu made for any of them go together."""

Verdict = Tuple[Status, str]


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the packages in pairs; the worst that is found counts."""
    facts = view.read(stack.SOURCE)
    if isinstance(facts, Missing):
        yield missing(view.subject, "what is installed in the Python of the jobs", facts, view.quote(stack.SOURCE))
        return
    package = view.read(cann.TOOLKIT)
    version = None if isinstance(package, Missing) else package.version
    found = [*_torch(facts, version), *_vllm(facts.packages, version)]
    observed = ", ".join(f"{name} {number}" for name, number in sorted(facts.packages.items()))
    for status in (Status.FAIL, Status.WARN):
        worst = [words for rank, words in found if rank is status]
        if worst:
            yield failed(
                view.subject,
                "; ".join(worst),
                expected=EXPECTED,
                remedies=[SET],
                observed=observed,
                quotes=(*view.quote(stack.SOURCE), *view.quote(cann.TOOLKIT)),
                status=status,
            )
            return
    yield passed(view.subject, "; ".join(words for _, words in found), observed=observed)


def _torch(facts: StackFacts, cann_version: Optional[str]) -> Iterator[Verdict]:
    torch, torch_npu = facts.packages.get(TORCH), facts.packages.get(TORCH_NPU)
    if torch is None or torch_npu is None:
        absent = " and ".join(name for name in (TORCH, TORCH_NPU) if name not in facts.packages)
        yield Status.FAIL, f"{absent} is not installed"
        return
    if base(torch) != base(torch_npu):
        yield Status.FAIL, f"torch {torch} and torch_npu {torch_npu} are of different versions"
    row = tested.build_of(torch_npu)
    if row is None:
        yield Status.WARN, f"torch_npu {torch_npu} is in no table"
    elif cann_version is None:
        yield Status.PASS, f"torch {torch} and torch_npu {torch_npu} are a pair (by {row.origin})"
    else:
        yield _with_cann(torch_npu, row, cann_version)
    pythons, origin = tested.pythons_of(torch)
    minor = ".".join(facts.python.split(".")[:2])
    if pythons and minor not in pythons:
        yield Status.WARN, f"torch {torch} runs on Python {', '.join(pythons)}, not on {minor} (by {origin})"


def _with_cann(torch_npu: str, row: Row, cann_version: str) -> Verdict:
    made_for = row["cann"]
    if cann_version.lower() == made_for.lower() or {cann_version.lower(), made_for.lower()} <= set(LOOSE):
        return Status.PASS, f"torch_npu {torch_npu} goes with CANN {cann_version} (by {row.origin})"
    if order(cann_version) < order(made_for):
        words = f"torch_npu {torch_npu} was made for CANN {made_for}, and {cann_version} is older (by {row.origin})"
        return Status.WARN, words
    return Status.PASS, f"torch_npu {torch_npu} was made for CANN {made_for}, and {cann_version} is newer"


def _vllm(packages: Mapping[str, str], cann_version: Optional[str]) -> Iterator[Verdict]:
    ours, vllm = packages.get(VLLM_ASCEND), packages.get(VLLM)
    if ours is None:
        return
    rows = tested.sets_of(ours)
    if not rows:
        yield Status.WARN, f"vllm-ascend {ours} is in no table"
        return
    judged: List[List[Verdict]] = [list(_with_set(ours, vllm, packages, cann_version, row)) for row in rows]
    yield from min(judged, key=lambda verdicts: [status is not Status.PASS for status, _ in verdicts].count(True))


def _with_set(
    ours: str, vllm: Optional[str], packages: Mapping[str, str], cann_version: Optional[str], row: Row
) -> Iterator[Verdict]:
    by = f"(by {row.origin})"
    wanted = row["vllm"].split("/")
    if vllm is None or vllm.partition("+")[0] not in wanted:
        yield Status.FAIL, f"vllm-ascend {ours} goes with vllm {row['vllm']}, not {vllm or 'none'} {by}"
    torch_npu = packages.get(TORCH_NPU, "")
    if torch_npu and base(torch_npu) != base(row["torch_npu"]):
        yield Status.FAIL, f"vllm-ascend {ours} goes with torch_npu {row['torch_npu']}, not {torch_npu} {by}"
    elif torch_npu and torch_npu != row["torch_npu"]:
        yield Status.WARN, f"vllm-ascend {ours} was tested with torch_npu {row['torch_npu']}, not {torch_npu} {by}"
    if cann_version is not None and cann_version.lower() != row["cann"].lower():
        older = order(base(cann_version)) < order(base(row["cann"])) and base(cann_version)[:3] != base(row["cann"])[:3]
        status = Status.FAIL if older else Status.WARN
        yield status, f"vllm-ascend {ours} was tested with CANN {row['cann']}, not {cann_version} {by}"
    yield Status.PASS, f"vllm-ascend {ours} is in a tested set {by}"


CHECK = Check(
    id="version.python-stack",
    reads=(stack.SOURCE, cann.TOOLKIT),
    judge=judge,
    limits=NoLimits(),
    opt_in="it starts the Python that the jobs use, which has to be configured as tools.python",
)
