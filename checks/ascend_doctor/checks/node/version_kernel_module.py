"""The driver's modules are not in the running kernel.

What it reads: /proc/modules, the running kernel's release, and the folders /lib/modules/RELEASE/updates.

Why it matters: the modules are built for one kernel. After an update of the kernel the driver is gone at the next
    boot, and every tool fails with -8005.

What to do: install the driver again, which builds its modules for the running kernel, or boot the kernel they were
    built for. Keep automatic updates away from the kernel.

Disruption: both need a reboot.

Limits: none. Loaded modules pass, wherever their files lie. It fails only while npu-smi does not work either.

Sources: hicann/driver, run_driver_install.sh (the place of the modules), ascend_bug_report.sh (their names) and
    documentation, FAQ (a kernel update before -8005).
"""

from __future__ import annotations

from typing import Iterator, Optional, Sequence

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, unknown
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import kernel_modules
from ascend_doctor.facts.npu_smi import info
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known, part
from ascend_doctor.model.status import Disruption

REBUILD = Remedy("Install the driver again for the running kernel, then reboot.", "", Disruption.REBOOT)
OTHER_KERNEL = Remedy("Or boot the kernel that the modules were built for.", "", Disruption.REBOOT)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge whether the driver is in the kernel."""
    facts = view.read(kernel_modules.SOURCE)
    loaded = part(facts, lambda found: found.loaded)
    table = view.read(info.SOURCE)
    if isinstance(loaded, Missing):
        yield unknown(view.subject, "what the kernel has loaded", loaded, view.quote(kernel_modules.SOURCE))
    elif loaded:
        yield passed(view.subject, f"the driver's modules are loaded, such as {loaded[0]}", observed=len(loaded))
    elif not isinstance(table, Missing):
        yield passed(view.subject, "npu-smi reaches the driver, though no module of a known name is loaded")
    else:
        release = known(part(facts, lambda found: found.release)) or "of an unknown release"
        yield failed(
            view.subject,
            f"no module of the driver is loaded; {_built(release, known(part(facts, lambda found: found.built_for)))}",
            expected="the driver's modules in the running kernel",
            remedies=[REBUILD, OTHER_KERNEL],
            observed=release,
            quotes=view.quote(kernel_modules.SOURCE),
        )


def _built(release: str, built_for: Optional[Sequence[str]]) -> str:
    if built_for and release in built_for:
        return f"they were built for the running kernel {release} and do not load"
    if built_for:
        return f"they were built for {', '.join(built_for[:3])}, and {release} is running"
    return f"there are none for the running kernel {release} either"


CHECK = Check(id="version.kernel-module", reads=(kernel_modules.SOURCE, info.SOURCE), judge=judge, limits=NoLimits())
