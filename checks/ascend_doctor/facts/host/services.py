"""Services of the host that matter to a job: firewall, time, containers."""

from __future__ import annotations

from typing import Tuple

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.model.reading import NOT_REPORTED, Reading

FIREWALLS = ("firewalld", "ufw")
TIME_KEEPERS = ("chronyd", "chrony", "ntpd", "ntp", "ntpsec", "systemd-timesyncd")
CONTAINER_ENGINES = ("docker", "containerd", "isulad", "crio")
KUBELET = "kubelet"
KNOWN = (*FIREWALLS, *TIME_KEEPERS, *CONTAINER_ENGINES, KUBELET)


@attrs.frozen
class ServiceFacts:
    """Services by the names of their units, without `.service`; only those of `KNOWN` are looked for.

    `running` have processes now, missing where no service manager shows its services (a container, another init).
    `enabled` are started at boot. `ufw_enabled` is what the configuration of ufw says, which has no process.
    `clock_synchronised` is the kernel's own word. `cpu_manager_policy` is the kubelet's, missing without a kubelet.
    `ascend_runtime` tells whether the vendor's container runtime is installed, `engines_with_runtime` in whose
    configuration it stands.
    """

    running: Reading[Tuple[str, ...]] = NOT_REPORTED
    enabled: Reading[Tuple[str, ...]] = NOT_REPORTED
    ufw_enabled: Reading[bool] = NOT_REPORTED
    clock_synchronised: Reading[bool] = NOT_REPORTED
    cpu_manager_policy: Reading[str] = NOT_REPORTED
    ascend_runtime: Reading[bool] = NOT_REPORTED
    engines_with_runtime: Reading[Tuple[str, ...]] = NOT_REPORTED


SOURCE = source_of("services", ServiceFacts)
