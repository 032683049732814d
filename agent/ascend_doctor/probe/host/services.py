"""Services of the host, seen in the files of its service manager: nothing is asked and nothing is started."""

from __future__ import annotations

import json
import re
from typing import Any, List, Mapping, Optional

from ascend_doctor.facts.host.services import KNOWN
from ascend_doctor.probe.host.tree import Tree

CONTROL_GROUPS = ("/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/systemd/system.slice")
"""Where a running service has its control group: with the unified hierarchy, and with the older one."""
ENABLED = "/etc/systemd/system/multi-user.target.wants"
UFW = "/etc/ufw/ufw.conf"
CPU_MANAGER = "/var/lib/kubelet/cpu_manager_state"
RUNTIME = "/usr/local/Ascend/Ascend-Docker-Runtime"
_ENGINE_SETTINGS = {"docker": "/etc/docker/daemon.json", "containerd": "/etc/containerd/config.toml"}


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return which of the services that matter run and are enabled, and what else is set up."""
    ufw = tree.text(UFW)
    return {
        "running": _running(tree),
        "enabled": _units(tree.names(ENABLED)),
        "ufw_enabled": None if ufw is None else bool(re.search(r"^ENABLED=[\"']?yes", ufw, re.MULTILINE)),
        "clock_synchronised": tree.clock_is_synchronised(),
        "cpu_manager_policy": _cpu_manager_policy(tree.text(CPU_MANAGER)),
        "ascend_runtime": tree.exists(RUNTIME),
        "engines_with_runtime": [
            engine for engine, path in _ENGINE_SETTINGS.items() if "ascend-docker-runtime" in (tree.text(path) or "")
        ],
    }


def _running(tree: Tree) -> Optional[List[str]]:
    groups = next((names for names in map(tree.names, CONTROL_GROUPS) if names), None)
    return _units(groups)


def _units(names: Optional[List[str]]) -> Optional[List[str]]:
    if names is None:
        return None
    return [name for name in KNOWN if f"{name}.service" in names]


def _cpu_manager_policy(text: Optional[str]) -> Optional[str]:
    try:
        state = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
    policy = state.get("policyName") if isinstance(state, dict) else None
    return policy if isinstance(policy, str) else None
