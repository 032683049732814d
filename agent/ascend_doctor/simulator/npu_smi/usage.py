"""The help texts of `npu-smi`. They tell which types a tool knows, so a doctor may read them."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

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


_DEVICE = (("-i", "Card ID"), ("-c", "Chip ID"))
_OPTIONS_OF = {
    "hccs-bw": (*_DEVICE, ("-time", "Profiling Time")),
    "hccs": (*_DEVICE, ("-lane", "Lane ID")),
    "tls-csr-get": _DEVICE,
    "tls-cert": _DEVICE,
    "tls-cert-period": _DEVICE,
}


def help_for(generation: Generation, kind: Optional[str]) -> List[str]:
    """Return the help that follows a wrong call: some types have one of their own, except on an A5."""
    options = _OPTIONS_OF.get(kind or "")
    if options is None or generation is Generation.A5:
        return info_usage(generation)
    return [f"Usage: npu-smi info -t {kind} [Options...]", "", *_options(options)]


def upgrade_usage(generation: Generation) -> List[str]:
    """Return the help of `npu-smi upgrade`."""
    a5 = generation is Generation.A5
    commands = [("-h, --help", "Show this help text and exit"), ("-t type", "Upgrade device firmware")]
    if a5:
        commands += [("", "type: vrd"), ("-b type", "Query the firmware version"), ("", "type: vrd vdm")]
    else:
        commands += [
            ("-q type", "Query the upgrade status"),
            ("-b type", "Query the firmware version"),
            ("-a type", "Active the firmware version"),
            ("", "type: mcu bootloader vrd"),
        ]
    return [
        f"Usage: npu-smi upgrade <-h|-t type|{'-b type' if a5 else '-q type|-b type|-a type'}> [Options...]",
        "",
        "Commands:",
        *(f"       {name:<14} {text}" for name, text in commands),
        "",
        "Options:",
        f"       {'-i ID':<14} Upgrade for this {'device' if a5 else 'card'} ID",
        f"       {'-f file':<14} The firmware file path",
    ]


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
        *_options((*options, ("-p", "Chip Physical ID"))),
    ]


def _options(options: Sequence[Tuple[str, str]]) -> List[str]:
    return ["Options:", *(f"       {f'{option} %d':<14} {text}" for option, text in options)]


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
