"""An NPU computes wrong, or slower than its siblings.

What it reads: how long a product of matrices takes on every NPU, and whether it is right, in the Python that jobs use
    (`tools.python` of the configuration).

Why it matters: one NPU that computes wrong spoils the model; one that is slow holds up all others at every step.

What to do: look at temperature, clocks and other processes of the NPU first. A wrong product comes from the chip: reset
    it, and have the module replaced when it comes back.

Disruption: the NPUs are used for a second and 100 MB each: run it on idle nodes only.

Limits: `slower_pct` is the vendor's: so many percent slower than the middle of its siblings is a warning. Fewer than
    three NPUs have no middle, and are not compared.

Sources: Ascend/msit, msprechecker, stress checker (20 percent).
"""

from __future__ import annotations

from typing import Iterator, List, Optional

import attrs

from ascend_doctor.checks import remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.median import median
from ascend_doctor.checks.outcome import failed, missing, passed, warned
from ascend_doctor.checks.resets import reset_of
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.runtime import compute
from ascend_doctor.facts.runtime.compute import ComputeFacts, DeviceTime
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding, Quantity, Remedy
from ascend_doctor.model.reading import Missing, known

EXPECTED = "the right product, about as fast as on the other NPUs"
FEWEST = 3
LOOK = Remedy("Look at temperature, clocks and other processes of the NPU.", "npu-smi info")
RUNTIME = Remedy("See what the runtime says.", "ascend-doctor check --check npu.runtime-visible")


@attrs.frozen
class Limits:
    """`slower_pct`: by how much slower than the middle of its siblings an NPU may be, in percent."""

    slower_pct: float = 20.0


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Judge every NPU by its product, and against its siblings."""
    facts = view.read(compute.SOURCE)
    if isinstance(facts, Missing):
        yield missing(view.subject, "whether the NPUs compute", facts, view.quote(compute.SOURCE))
        return
    if facts.error or not facts.devices:
        words = f"the runtime does not start: {facts.error}" if facts.error else "the runtime sees no NPU"
        quotes = view.quote(compute.SOURCE)
        yield failed(view.subject, words, expected=EXPECTED, remedies=[RUNTIME], quotes=quotes)
        return
    middle = _middle(facts)
    numbers = _phy_ids(view, facts)
    for item, number in zip(facts.devices, numbers):
        yield _judge(view, item, number, middle, limits)


def _judge(view: NodeView, item: DeviceTime, number: int, middle: Optional[float], limits: Limits) -> Finding:
    npu = subjects.npu(view.name, number)
    quotes = view.quote(compute.SOURCE)
    duration = known(item.duration_ms)
    if duration is None:
        words = f"it does not compute: {item.error}"
        return failed(npu, words, expected=EXPECTED, remedies=[LOOK, remedies.POWER_CYCLE], quotes=quotes)
    observed = Quantity(round(duration, 3), "ms")
    if not item.is_right:
        steps = [_reset(view, number), remedies.REPLACE]
        words = "it computes wrong: a product of matrices is not what it has to be"
        return failed(npu, words, expected=EXPECTED, remedies=steps, observed=observed, quotes=quotes)
    slower_pct = 0.0 if middle is None else 100 * (duration / middle - 1)
    if slower_pct > limits.slower_pct:
        words = f"it takes {duration:.2f} ms, {slower_pct:.0f} % more than the middle of its siblings"
        return warned(npu, words, expected=EXPECTED, remedies=[LOOK], observed=observed, quotes=quotes)
    return passed(npu, f"it computes right, in {duration:.2f} ms", observed=observed)


def _reset(view: NodeView, number: int) -> Remedy:
    return remedies.reset() if isinstance(view.devices, Missing) else reset_of(view.devices, number)


def _middle(facts: ComputeFacts) -> Optional[float]:
    times = [time for time in (known(item.duration_ms) for item in facts.devices) if time is not None]
    return median(times) if len(times) >= FEWEST else None


def _phy_ids(view: NodeView, facts: ComputeFacts) -> List[int]:
    """Return the phy-id of each device of the runtime: it counts them in their order, unless some are hidden."""
    host = view.read(identity.SOURCE)
    shown = None if isinstance(host, Missing) else known(host.davinci)
    numbers = [item.device for item in facts.devices]
    return sorted(shown) if shown is not None and len(shown) == len(numbers) else numbers


CHECK = Check(
    id="npu.compute",
    reads=(compute.SOURCE, identity.SOURCE),
    judge=judge,
    limits=Limits(),
    opt_in="it computes on every NPU, one after the other, which disturbs jobs",
)
