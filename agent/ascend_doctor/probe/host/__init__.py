"""What the operating system says of the node, as the JSON that `ascend_doctor.facts.host` reads."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

from ascend_doctor.facts.host import device_nodes as device_nodes_facts
from ascend_doctor.facts.host import disks as disks_facts
from ascend_doctor.facts.host import identity as identity_facts
from ascend_doctor.facts.host import kernel_log as kernel_log_facts
from ascend_doctor.facts.host import kernel_modules as kernel_modules_facts
from ascend_doctor.facts.host import limits as limits_facts
from ascend_doctor.facts.host import memory as memory_facts
from ascend_doctor.facts.host import network as network_facts
from ascend_doctor.facts.host import pci as pci_facts
from ascend_doctor.facts.host import processes as processes_facts
from ascend_doctor.facts.host import services as services_facts
from ascend_doctor.facts.host import ssh as ssh_facts
from ascend_doctor.facts.host import system as system_facts
from ascend_doctor.facts.host import tuning as tuning_facts
from ascend_doctor.facts.host import ub_files as ub_files_facts
from ascend_doctor.probe.host import (
    device_nodes,
    disks,
    identity,
    kernel_log,
    kernel_modules,
    limits,
    memory,
    network,
    pci,
    processes,
    services,
    ssh,
    system,
    tuning,
    ub_files,
)
from ascend_doctor.probe.host.tree import Tree

Section = Callable[[Tree], Mapping[str, Any]]
"""Gathers one kind of facts. A value that cannot be found out is None, and is left out of the answer."""

MAX_WORDS = 500
"""How many characters of a text leave the node."""

_SECTIONS: Dict[Sequence[str], Section] = {
    identity_facts.SOURCE.argv: identity.gather,
    system_facts.SOURCE.argv: system.gather,
    tuning_facts.SOURCE.argv: tuning.gather,
    memory_facts.SOURCE.argv: memory.gather,
    disks_facts.SOURCE.argv: disks.gather,
    limits_facts.SOURCE.argv: limits.gather,
    processes_facts.SOURCE.argv: processes.gather,
    pci_facts.SOURCE.argv: pci.gather,
    device_nodes_facts.SOURCE.argv: device_nodes.gather,
    kernel_modules_facts.SOURCE.argv: kernel_modules.gather,
    network_facts.SOURCE.argv: network.gather,
    services_facts.SOURCE.argv: services.gather,
    kernel_log_facts.SOURCE.argv: kernel_log.gather,
    ssh_facts.SOURCE.argv: ssh.gather,
    ub_files_facts.SOURCE.argv: ub_files.gather,
}


def answer(argv: Sequence[str], tree: Tree) -> Optional[bytes]:
    """Return the facts that a question of the medium `HOST` asks for, None for a question that nobody knows."""
    section = _SECTIONS.get(tuple(argv))
    if section is None:
        return None
    known = {name: value for name, value in section(tree).items() if value is not None}
    facts = (f" {json.dumps(name)}: {_written(value)}" for name, value in sorted(_clean(known).items()))
    return ("{\n" + ",\n".join(facts) + "\n}\n").encode()


def _written(value: Any) -> str:
    """Return a fact as a line of its own, and a list of things as a line for each: findings quote whole lines."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"  {json.dumps(item)}" for item in value) + "\n ]"
    return json.dumps(value)


def _clean(value: Any) -> Any:
    """Return a value without what no terminal should see: names of processes and the like are anybody's to choose."""
    if isinstance(value, str):
        return "".join(letter if letter.isprintable() else "?" for letter in value[:MAX_WORDS])
    if isinstance(value, Mapping):
        return {_clean(name): _clean(item) for name, item in value.items()}
    return list(map(_clean, value)) if isinstance(value, (list, tuple)) else value
