"""The container engine does not run, or takes devices away from its containers.

What it reads: the control groups of docker, containerd, iSulad, CRI-O and the kubelet, which of them start at boot,
    the kubelet's CPU manager policy, and whether the vendor's container runtime is installed and configured.

Why it matters: without the engine no serving container starts. With the static CPU policy the kubelet rewrites the
    control group of a container, and with it goes the permission to use the NPUs: `npu-smi` works at first and fails
    later.

What to do: start the engine. With the static policy let the device plugin pass the devices itself
    (`-useAscendDocker=false`).

Disruption: restarting an engine may stop its containers.

Limits: none. Both are warnings. A node on which no engine is set up is passed over.

Sources: hiascend MindCluster FAQ on the static CPU policy; the rest is ours.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import passed, skipped, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity, services
from ascend_doctor.facts.host.services import CONTAINER_ENGINES, KUBELET
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing, known, part
from ascend_doctor.model.status import Severity

PASS_DEVICES = Remedy(
    "Start the device plugin with -useAscendDocker=false, so that Kubernetes itself grants the devices.",
    "cat /var/lib/kubelet/cpu_manager_state",
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the engines that are set up."""
    facts = view.read(services.SOURCE)
    running = part(facts, lambda found: found.running)
    if isinstance(running, Missing):
        if in_container(view):
            yield skipped(view.subject, "a container does not show the services of its host")
        else:
            yield unknown(view.subject, "which services run", running, view.quote(services.SOURCE))
        return
    enabled = known(part(facts, lambda found: found.enabled)) or ()
    down = [name for name in (*CONTAINER_ENGINES, KUBELET) if name in enabled and name not in running]
    up = [name for name in CONTAINER_ENGINES if name in running]
    if down:
        yield warned(
            view.subject,
            f"{' and '.join(down)} should run and {'does' if len(down) == 1 else 'do'} not",
            expected="every engine that starts at boot",
            remedies=[Remedy("See why, and start it.", f"systemctl status {down[0]}")],
            observed=down[0],
            quotes=view.quote(services.SOURCE, WHOLE_NODE, "running", "enabled", *down),
        )
    elif part(facts, lambda found: found.cpu_manager_policy) == "static":
        yield warned(
            view.subject,
            "the kubelet's CPU manager policy is static, which takes the NPUs away from containers",
            expected="the policy none, or a device plugin that passes the devices itself",
            remedies=[PASS_DEVICES],
            observed="static",
            quotes=view.quote(services.SOURCE, WHOLE_NODE, "cpu_manager_policy"),
        )
    elif up:
        yield passed(view.subject, f"{' and '.join(up)} {'runs' if len(up) == 1 else 'run'}{_runtime(view)}")
    else:
        yield skipped(view.subject, "no container engine is set up")


def _runtime(view: NodeView) -> str:
    facts = view.read(services.SOURCE)
    if not known(part(facts, lambda found: found.ascend_runtime)):
        return ""
    engines = known(part(facts, lambda found: found.engines_with_runtime))
    return f", with the Ascend runtime{'' if engines else ' installed and in no configuration'}"


CHECK = Check(
    id="host.docker",
    reads=(services.SOURCE, identity.SOURCE),
    judge=judge,
    limits=NoLimits(),
    severity=Severity.ADVISORY,
)
