"""The help texts of `npu-smi`. They tell which types a tool knows, so a doctor may read them."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from ascend_doctor.model.product import Generation

_FOR_MANY = (
    "board, flash, memory, usages, sensors, temp, power, volt, mac-addr,",
    "common, health, product, ecc, ip, sys-time, i2c_check, work-mode,",
    "ecc-enable, p2p-enable, ssh-enable, license, customized-info, device-share,",
    "device-share-cfg-recover, nve-level, aicpu-config, pcie-err, mcu-monitor,",
    "err-count, boot-area, vnpu-mode, info-vnpu, vnpu-svm, cpu-num-cfg,",
    "first-power-on-date, proc-mem, phyid-remap, vnpu-cfg-recover, key-manage,",
    "template-info, pkcs-enable, p2p-mem-cfg, pwm-mode, pwm-duty-ratio,",
    "boot-select, topo, hccs, sio-info, spod-info, tls-csr-get, tls-cert,",
    "tls-cert-period, rootkey, hccs-bw, cpu-freq-up, sys-log-info, hccs-credit,",
    "custom-op, custom-op-cfg-recover, custom-op-secverify-enable,",
    "custom-op-secverify-mode, op-timeout, current-fault-event,",
    "custom-op-secverify-cert, multi-die-policy, multi-die-policy-cfg-recover.",
)

_FOR_A5 = (
    "board, common, flash, memory, usages, temp, power, volt, health,",
    "current-fault-event, ecc, ecc-enable, sensors, sys-time, key-manage,",
    "proc-mem, phyid-remap, topo, spod-info, sio-info, sys-log-info,",
    "tls-csr-get, tls-cert, tls-cert-period, pcie-err.",
)


def types_of(generation: Generation) -> Tuple[str, ...]:
    """Return the types that `-t` knows."""
    words = " ".join(_type_lines(generation)).rstrip(".")
    return tuple(words.split(", "))


def main_usage(generation: Generation) -> List[str]:
    """Return the help of the tool itself."""
    firmware = "firmware" if generation is Generation.A5 else "MCU firmware"
    commands = (
        ("-h", "This command's help information"),
        ("--help", "This command's help information"),
        ("-v", "Show npu-smi version information"),
        ("info", "Show hardware details"),
        ("set", "Modify device configuration properties"),
        ("clear", "Clear device information"),
        ("upgrade", f"Upgrade {firmware}"),
    )
    return [
        "Usage: npu-smi <Command|-h|-v> [Options...]",
        "",
        "npu-smi Command:",
        *(f"\t{name:<12}  {text}" for name, text in commands),
    ]


def info_usage(generation: Generation) -> List[str]:
    """Return the help of `npu-smi info`."""
    first, *more = _type_lines(generation)
    a5 = generation is Generation.A5
    options = (("-i", "NPU ID"),) if a5 else (("-i", "Card ID"), ("-c", "Chip ID"))
    return [
        "Usage: npu-smi info <watch|proc|-h|-m|-l|-t type> [Options...]",
        "",
        "Commands:",
        *(f"       {name:<14} {text}" for name, text in _COMMANDS),
        f"{'':22}type: {first}",
        *(f"{'':28}{line}" for line in more),
        "",
        "Options:",
        *(f"       {f'{option} %d':<14} {text}" for option, text in (*options, ("-p", "Chip Physical ID"))),
    ]


def _type_lines(generation: Generation) -> Sequence[str]:
    return _FOR_A5 if generation is Generation.A5 else _FOR_MANY


_COMMANDS = (
    ("watch", "Show all device's status in scrolling format"),
    ("proc", "Show device's matrix process status in scrolling format"),
    ("-h, --help", "Show this help text and exit"),
    ("-m", "Show all device's mapping information"),
    ("-l", "Show all device's topology information"),
    ("-t type", "Show information for type"),
)
