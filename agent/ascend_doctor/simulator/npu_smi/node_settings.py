"""`npu-smi info -t` about settings of the whole node, and how a container or a missing file is told."""

from __future__ import annotations

from typing import Callable, Dict, List, Tuple

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import Machine
from ascend_doctor.simulator.npu_smi import codes
from ascend_doctor.simulator.npu_smi.layout import key_line
from ascend_doctor.simulator.npu_smi.vnpus import template_lines

Printed = Tuple[List[str], int]
_SWITCH = {True: "Enable", False: "Disable"}
_NOT_IN_CONTAINER = (
    "Operation not permitted, only root user on physical machine or on physical privilege container can call this api."
)
_NO_CARD_HERE = "This command does not support input card id."
_NO_CARD_THERE = "This command does not support entering card id."


def _keys(machine: Machine, *, has_card: bool) -> Printed:
    del has_card
    service = machine.settings.key_service
    if service is None:
        return [], codes.TOOL_FILE_FAILED  # the program that would know is not installed
    starts, runs = service
    return [
        key_line("service auto startup", _SWITCH[starts]),
        key_line("service running status", "Running" if runs else "Stop"),
    ], codes.OK


def _vnpu_mode(machine: Machine, *, has_card: bool) -> Printed:
    del has_card
    return [key_line("vnpu-mode", "VM" if machine.settings.vnpu_for_vm else "docker")], codes.OK


def _vnpu_recovery(machine: Machine, *, has_card: bool) -> Printed:
    del has_card
    if machine.in_vm and machine.generation is not Generation.P310P:
        return ["This command cannot be executed on a VM or container."], codes.OK
    return [key_line("VNPU config recover mode", _SWITCH[machine.settings.vnpu_recovery])], codes.OK


def _templates(machine: Machine, *, has_card: bool) -> Printed:
    del has_card
    if machine.in_vm and machine.generation is not Generation.P310P:
        return ["This command cannot be executed on a VM or container."], codes.OK
    return template_lines(machine), codes.OK


def _multi_die(machine: Machine, *, has_card: bool) -> Printed:
    if has_card:
        return [_NO_CARD_THERE], codes.TOOL_INVALID_PARAMETER
    return [key_line("Multi_die policy", "INDEP_POLICY" if machine.independent_dies else "UNION_POLICY")], codes.OK


def _multi_die_recovery(machine: Machine, *, has_card: bool) -> Printed:
    if has_card:
        return [_NO_CARD_THERE], codes.TOOL_INVALID_PARAMETER
    if machine.in_container:
        return [_NOT_IN_CONTAINER], codes.OK
    mode = _SWITCH[machine.settings.multi_die_recovery]
    return [key_line("Multi-die-policy config recover mode", mode)], codes.OK


def _system_log(machine: Machine, *, has_card: bool) -> Printed:
    if has_card:
        return [_NO_CARD_HERE], codes.TOOL_INVALID_PARAMETER
    syslog = machine.settings.syslog
    mode, gear, path = ("disable", "NA", "NA") if syslog is None else ("enable", str(syslog[0]), syslog[1])
    rows = (("recover mode", mode), ("gear", gear), ("path", path))
    return [f"\t{f'Current syslog dump config {name}':<40}: {value}" for name, value in rows], codes.OK


NODE_QUERIES: Dict[str, Callable[..., Printed]] = {
    "key-manage": _keys,
    "vnpu-mode": _vnpu_mode,
    "vnpu-cfg-recover": _vnpu_recovery,
    "template-info": _templates,
    "multi-die-policy": _multi_die,
    "multi-die-policy-cfg-recover": _multi_die_recovery,
    "sys-log-info": _system_log,
}
"""What the types about a whole node print; `has_card` tells that a card was named all the same."""
