"""A device node of the driver is missing, or the doctor may not use it.

What it reads: /dev/davinci_manager, /dev/devmm_svm, /dev/hisi_hdc and /dev/davinciN: which are there, and whether the
    doctor's user may read and write them. None of them is opened.

Why it matters: every program reaches the NPUs through them. Without one of them tools and jobs fail with -8005 or
    -8020, or an NPU is visible and nothing can be computed.

What to do: on the host load the driver (`systemctl`, udev) or install it again. In a container pass the nodes
    through.

Disruption: a new installation of the driver needs a reboot.

Limits: none. In a container a missing node is a warning, because it may be another container's turn to use the NPUs.
    The 950 needs /dev/hisi_hdc alone. Which /dev/davinciN have to be there is judged by `npu.present`.

Sources: vllm-project/vllm-ascend, installation (devices of a container); Ascend/mind-cluster documentation, FAQ
    (-8005, -8020); hicann/driver, 950 documentation.
"""

from __future__ import annotations

from typing import Iterator, List

from ascend_doctor.checks import versions
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import device_nodes, identity, pci
from ascend_doctor.facts.host.device_nodes import CHANNEL, MANAGER, MEMORY
from ascend_doctor.facts.npu_smi import info, mapping
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, known, part
from ascend_doctor.model.status import Disruption

ON_THE_HOST = Remedy(
    "Load the driver again, or install it again and reboot.", "ls -l /dev/davinci* /dev/devmm_svm /dev/hisi_hdc"
)
REINSTALL = Remedy("Install the driver again, then reboot.", "", Disruption.REBOOT)
IN_A_CONTAINER = Remedy("Pass the node into the container with --device; `--privileged` passes all of them.")
JOIN_GROUP = Remedy(
    "Run the doctor as root, or let its user into the group of the nodes.", "ls -l /dev/davinci_manager"
)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge which nodes are there, and whether they can be used."""
    facts = view.read(device_nodes.SOURCE)
    nodes = part(facts, lambda found: found.nodes)
    if isinstance(nodes, Missing):
        yield unknown(view.subject, "the device nodes", nodes, view.quote(device_nodes.SOURCE))
        return
    there = {node.path: node for node in nodes}
    missing = [path for path in _needed(view) if path not in there]
    closed = [path for path, node in there.items() if node.usable is False]
    if missing:
        contained = in_container(view)
        say = warned if contained else failed
        yield say(
            view.subject,
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not there",
            expected=", ".join(_needed(view)),
            remedies=[IN_A_CONTAINER] if contained else [ON_THE_HOST, REINSTALL],
            quotes=view.quote(device_nodes.SOURCE),
        )
    elif closed:
        groups = sorted({str(known(there[path].group)) for path in closed})
        yield warned(
            view.subject,
            f"the doctor's user may not use {', '.join(closed[:3])}{' and others' if len(closed) > 3 else ''}",
            expected=f"a member of the group {' or '.join(groups)}",
            remedies=[JOIN_GROUP],
            quotes=view.quote(device_nodes.SOURCE, WHOLE_NODE, closed[0]),
        )
    else:
        yield passed(view.subject, f"{len(there)} device nodes of the driver are there")


def _needed(view: NodeView) -> List[str]:
    return [CHANNEL] if _is_a5(view) else [MANAGER, MEMORY, CHANNEL]


def _is_a5(view: NodeView) -> bool:
    generation = versions.generation(view)
    if not isinstance(generation, Missing):
        return generation is Generation.A5
    bus = view.read(pci.SOURCE)
    devices = known(part(bus, lambda found: found.devices))
    return any(device.device_id == "d806" for device in devices or ())


CHECK = Check(
    id="npu.device-nodes",
    reads=(device_nodes.SOURCE, identity.SOURCE, pci.SOURCE, info.SOURCE, mapping.SOURCE),
    judge=judge,
    limits=NoLimits(),
)
