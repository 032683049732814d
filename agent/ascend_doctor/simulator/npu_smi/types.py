"""The types of `npu-smi info -t`: who may ask, and which products have them (vendor source, npu_cmd_parse.c)."""

from __future__ import annotations

import enum
from typing import Dict, FrozenSet, Optional

import attrs

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Machine

_A2, _A3, _A5, _310P = Generation.A2, Generation.A3, Generation.A5, Generation.P310P
_ALL = frozenset(Generation)
_NONE: FrozenSet[Generation] = frozenset()


class Caller(enum.Flag):
    """Who may ask, and from where."""

    ANYBODY = enum.auto()
    """Others than root too."""
    CONTAINER = enum.auto()
    VM = enum.auto()
    EVERYWHERE = ANYBODY | CONTAINER | VM


@attrs.frozen
class Type:
    """One type. `whole_node` marks those that are not about a card."""

    products: FrozenSet[Generation]
    callers: Caller = Caller.EVERYWHERE
    whole_node: bool = False

    def refusal(self, machine: Machine, name: str) -> Optional[str]:
        """Return the line with which the tool refuses the type on a machine, None when it may be asked."""
        container, virtual = Caller.CONTAINER in self.callers, Caller.VM in self.callers
        if Caller.ANYBODY not in self.callers and not machine.root:
            return "This command can be executed only by the root user."
        if not container and not virtual and (machine.in_container or machine.in_vm):
            return "This command cannot be executed on a VM or container."
        if not container and machine.in_container:
            return "This command cannot be executed on a container."
        if not virtual and machine.in_vm:
            return "This command cannot be executed on a VM."
        if machine.generation not in self.products:
            return f"This device does not support querying {name}."
        return None


_HOST_ROOT = Caller(0)
_OF_CARDS = Type(_ALL)
_RARE = Type(_NONE)
_NEW = frozenset({_A2, _A3, _A5})
_A2_A3 = frozenset({_A2, _A3})
_SPLITTABLE = frozenset({_A2, _310P})

TYPES: Dict[str, Type] = {
    **dict.fromkeys(
        ("flash", "usages", "ecc-enable", "ecc", "common", "board", "health", "volt", "temp", "power", "memory"),
        _OF_CARDS,
    ),
    **dict.fromkeys(("sensors", "sys-time", "proc-mem", "pcie-err", "phyid-remap"), _OF_CARDS),
    **dict.fromkeys(
        ("license", "i2c_check", "ssh-enable", "err-count", "p2p-enable", "ip", "nve-level", "boot-select"), _RARE
    ),
    "mcu-monitor": _RARE,
    "boot-area": _RARE,
    "aicpu-config": _RARE,
    "mac-addr": Type(_NONE, Caller.ANYBODY | Caller.CONTAINER),
    "product": Type(frozenset({_310P})),
    "device-share": Type(frozenset({_310P, _A2, _A3})),
    "device-share-cfg-recover": Type(frozenset({_310P, _A2, _A3}), Caller.CONTAINER, whole_node=True),
    "customized-info": Type(frozenset({_310P})),
    "info-vnpu": Type(_SPLITTABLE, Caller.VM | Caller.CONTAINER),
    "vnpu-mode": Type(_SPLITTABLE, _HOST_ROOT, whole_node=True),
    "pkcs-enable": Type(frozenset({_310P}), _HOST_ROOT, whole_node=True),
    "vnpu-svm": Type(frozenset({_310P}), _HOST_ROOT),
    "key-manage": Type(frozenset({_310P, *_NEW}), Caller.VM, whole_node=True),
    "first-power-on-date": Type(frozenset({_310P}), Caller.ANYBODY),
    "tls-csr-get": Type(frozenset({_310P, *_NEW}), _HOST_ROOT),
    "tls-cert": Type(frozenset({_310P, *_NEW})),
    "tls-cert-period": Type(frozenset({_310P, *_NEW})),
    "rootkey": Type(_SPLITTABLE),
    "cpu-num-cfg": Type(frozenset({_310P})),
    "vnpu-cfg-recover": Type(_SPLITTABLE, Caller.VM, whole_node=True),
    "template-info": Type(_SPLITTABLE, Caller.VM, whole_node=True),
    "pwm-mode": Type(_NONE, _HOST_ROOT, whole_node=True),
    "pwm-duty-ratio": Type(_NONE, _HOST_ROOT, whole_node=True),
    "p2p-mem-cfg": Type(frozenset({_310P})),
    "work-mode": _RARE,
    "topo": Type(frozenset({_310P, *_NEW}), whole_node=True),
    "hccs": Type(frozenset({_310P, *_A2_A3})),
    "spod-info": Type(frozenset({_A3, _A5})),
    "sio-info": Type(frozenset({_A3, _A5})),
    "hccs-bw": Type(_A2_A3, whole_node=True),
    "cpu-freq-up": Type(frozenset({_310P})),
    "hccs-credit": Type(frozenset({_A3})),
    "sys-log-info": Type(frozenset({_310P, *_NEW}), Caller.VM, whole_node=True),
    "custom-op": Type(frozenset({_A3})),
    "custom-op-cfg-recover": Type(frozenset({_A3}), _HOST_ROOT, whole_node=True),
    "custom-op-secverify-enable": Type(_NEW),
    "custom-op-secverify-mode": Type(_NEW),
    "op-timeout": Type(_A2_A3),
    "current-fault-event": Type(frozenset({_A5})),
    "custom-op-secverify-cert": Type(_A2_A3),
    "multi-die-policy": Type(frozenset({_A3}), Caller.CONTAINER, whole_node=True),
    "multi-die-policy-cfg-recover": Type(frozenset({_A3}), Caller.CONTAINER, whole_node=True),
}
"""All types that the tool of any generation takes, as far as the simulated products need them."""
