"""A file that tells how the NPUs of a 950 server are wired is missing.

What it reads: whether `/lib/route.conf`, `/etc/hccl_rootinfo.json`, `/etc/hixlep` and a description of the topology in
    `/usr/local/Ascend/driver/topo` are there. None is opened.

Why it matters: a deployment that parts prefill from decoding reads its addresses and routes from them; without them
    its NPUs do not find each other.

What to do: install the driver with its tools, let the vendor's tools write the files, and mount them into the
    container that serves.

Disruption: none.

Limits: only servers have them (`Ascend950DT`); cards (`Ascend950PR`) are skipped, and so is a node whose chips print no
    model. From inside a container a missing file warns: it may only not have been mounted for the doctor.

Sources: vllm-project/vllm-ascend, installation (mounts of a 950); hicann/hccl, rank_table_config_a5.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool.ub.question import A5
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.host.ub_files import SOURCE, TOPOLOGIES, WANTED
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Status

OF_SERVERS = "ascend950dt"
NO_SERVER = "only servers with Ascend950DT have these files"
BRING = Remedy("Install the driver with its tools and let them write the files; mount them into the container.")


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Look for the files."""
    devices = view.devices
    names = () if isinstance(devices, Missing) else tuple(device.name for device in devices.devices)
    if not any(name.casefold().startswith(OF_SERVERS) for name in names):
        yield skipped(view.subject, NO_SERVER)
        return
    facts = view.read(SOURCE)
    if isinstance(facts, Missing):
        yield missing(view.subject, "which files of the wiring there are", facts, view.quote(SOURCE))
        return
    absent = [path for path in WANTED if path not in facts.present]
    absent += [] if facts.topologies else [f"{TOPOLOGIES}/*.json"]
    if not absent:
        yield passed(view.subject, "the files of the wiring are there")
        return
    yield failed(
        view.subject,
        f"missing: {', '.join(absent)}",
        expected="all of them on a server",
        remedies=[BRING],
        observed=len(absent),
        quotes=view.quote(SOURCE),
        status=Status.WARN if in_container(view) else Status.FAIL,
    )


CHECK = Check(id="ub.files", reads=(SOURCE, identity.SOURCE), judge=judge, limits=NoLimits(), generations=A5)
