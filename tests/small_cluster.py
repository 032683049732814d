"""A small healthy cluster of A2 nodes as evidence, in the form of the vendor's tools, to put faults into."""

from __future__ import annotations

import json
import shlex
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.product import Generation

NPUS = 4
AT = 1_767_225_600.0
DRIVER = "25.5.1"
FIRMWARE = "7.8.0.6.201"
OLD_FIRMWARE = "6.4.12.1.241"

Answers = Dict[str, Evidence]


def answer(command: str, stdout: str = "", stderr: str = "", exit_code: int = 0) -> Evidence:
    """Return what a command printed."""
    words = tuple(shlex.split(command))
    query = query_for_command(words)
    assert query is not None, command
    return Evidence(
        query.key, words, exit_code=exit_code, stdout=stdout.encode(), stderr=stderr.encode(), started_at=AT
    )


def silent(command: str, ending: Ending = Ending.TIMED_OUT) -> Evidence:
    """Return the evidence of a run that gave nothing."""
    whole = answer(command)
    return Evidence(whole.key, whole.argv, ending, note="killed at its deadline", started_at=AT)


def of(*evidence: Evidence) -> Answers:
    """Return answers by their keys."""
    return {item.key: item for item in evidence}


def hccn(npu: int, question: str) -> str:
    """Return the command line of a question to one port."""
    return f"hccn_tool -i {npu} -{question} -g"


def address(node: int, npu: int) -> str:
    """Return the address of a port: a subnet for each NPU index."""
    return f"192.168.{npu}.{node}"


def mapping(npus: int = NPUS) -> Evidence:
    """Return `npu-smi info -m`."""
    rows = ["NPU ID  Chip ID  Chip Logic ID  Chip Name"]
    for npu in range(npus):
        rows += [f"{npu}  0  {npu}  Ascend 910B3", f"{npu}  1  -  Mcu"]
    cells = ["\t" + "".join(cell.ljust(31) for cell in row.split("  ")).rstrip() for row in rows]
    return answer("npu-smi info -m", "\n".join(cells) + "\n")


def table(
    npus: int = NPUS,
    *,
    used: Optional[Mapping[int, int]] = None,
    processes: Optional[Mapping[int, int]] = None,
    without: Sequence[int] = (),
) -> Evidence:
    """Return `npu-smi info`. `used` is HBM in MB by NPU, `processes` a pid by NPU; NPUs in `without` are left out."""
    line = "+---------------------------+---------------+-----------------------------------------------------+"
    thick = line.replace("-", "=")
    rows = [
        "+" + "-" * 97 + "+",
        f"| npu-smi 25.5.0                   Version: {DRIVER}".ljust(98) + "|",
        line,
        _row("NPU   Name", "Health", "Power(W)    Temp(C)           Hugepages-Usage(page)"),
        _row("Chip", "Bus-Id", "AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)"),
        thick,
    ]
    shown = [npu for npu in range(npus) if npu not in without]
    for npu in shown:
        rows.append(_row(f"{npu}     910B3", "OK", "91.2        43                0     / 0"))
        memory = f"{(used or {}).get(npu, 3400)} / 65536"
        rows += [_row("0", f"0000:C{npu}:00.0", f"0           0    / 0          {memory}"), thick]
    rows += [line, _row("NPU     Chip", "Process id", "Process name             | Process memory(MB)"), thick]
    for npu in shown:
        pid = (processes or {}).get(npu)
        none = f"| No running processes found in NPU {npu}".ljust(98) + "|"
        rows += [none if pid is None else _row(f"{npu}       0", str(pid), "python3                  | 9000"), thick]
    return answer("npu-smi info", "\n".join(rows) + "\n")


def _row(first: str, second: str, third: str) -> str:
    return f"| {first.ljust(26)}| {second.ljust(14)}| {third.ljust(52)}|"


def keys(command: str, *pairs: Tuple[str, str], width: int = 30) -> Evidence:
    """Return an answer of key lines."""
    return answer(command, "".join(f"\t{key.ljust(width)} : {value}\n" if key else "\n" for key, value in pairs))


def board(npu: int, firmware: str = FIRMWARE, compatibility: str = "OK", driver: str = DRIVER) -> Evidence:
    """Return `npu-smi info -t board`."""
    return keys(
        f"npu-smi info -t board -i {npu}",
        ("NPU ID", str(npu)),
        ("Software Version", driver),
        ("Firmware Version", firmware),
        ("Compatibility", compatibility),
        ("Chip Count", "1"),
    )


def health(npu: int, word: str = "OK", codes: str = "NA") -> Evidence:
    """Return `npu-smi info -t health`."""
    text = "NA" if codes == "NA" else "node type=HBM, sensor type=Memory, event state=error"
    return keys(
        f"npu-smi info -t health -i {npu}",
        ("NPU ID", str(npu)),
        ("Chip Count", "1"),
        ("", ""),
        ("Health Status", word),
        ("Error Code", codes),
        ("Error Information", text),
        ("Chip ID", "0"),
        ("", ""),
    )


def ecc(npu: int, double_bit: int = 0) -> Evidence:
    """Return `npu-smi info -t ecc`."""
    names = [f"HBM {kind} Bit {what}" for kind in ("Single", "Double") for what in ("Error Count",)]
    return keys(
        f"npu-smi info -t ecc -i {npu}",
        ("NPU ID", str(npu)),
        ("Chip Count", "1"),
        ("", ""),
        (names[0], "0"),
        (names[1], str(double_bit)),
        ("Chip ID", "0"),
        ("", ""),
        width=40,
    )


def optical(npu: int, received: str = "0.9000") -> Evidence:
    """Return `hccn_tool -optical -g` of a module with four lanes."""
    rows = [("present", "present"), ("temperature", "41 C"), ("high power enable reg", "enabled")]
    rows += [("vendor name", "VENDOR-A"), ("vendor part number", "PN-1"), ("vendor serial number", "SN-1")]
    rows += [("vendor org unique id", "0x0 0x17 0x6a"), ("xsfp identifier", "QSFP+ or later")]
    rows += [("xsfp wave length", "850 nm"), ("manufact date code", "260101"), ("Vcc", "3265.00 mV")]
    for lane in range(4):
        rows += [(f"Tx Power{lane}", "1.0000 mW"), (f"Rx Power{lane}", f"{received} mW")]
    rows += [("Vcc High Thres", "3465.00 mV"), ("Vcc Low Thres", "3135.00 mV")]
    rows += [("Temp High Thres", "70 C"), ("Temp Low Thres", "0 C")]
    rows += [("TxPower High Thres", "2.5119 mW"), ("TxPower Low Thres", "0.2455 mW")]
    rows += [("RxPower High Thres", "2.5119 mW"), ("RxPower Low Thres", "0.2042 mW")]
    rows += [(f"Tx Bias{lane}", "7.5000 mA") for lane in range(4)]
    rows += [(f"{side} {flag} Flag", "0x0") for flag in ("Los", "LoL") for side in ("Tx", "Rx")]
    rows += [(f"{side} SNR Lane{lane}", "22.5000 dB") for side in ("Host", "Media") for lane in range(4)]
    rows += [("Physical Code", "NA"), ("vendor rev", "NA"), ("Specification compliance", "0x00 0x00")]
    text = "".join(f"{key.ljust(21)}: {value}\n" for key, value in rows)
    return answer(hccn(npu, "optical"), f"optical info:\n{text}")


def lldp(npu: int, direct: bool) -> Evidence:
    """Return `hccn_tool -lldp -g` behind a switch, or on a cable straight to another NPU."""
    words = "AscendNPU" if direct else "Versatile Routing Platform Software"
    return answer(
        hccn(npu, "lldp"),
        f"Chassis ID TLV\n\tMAC: 28:de:e5:01:02:03\nPort ID TLV\n\tIfname: 400GE1/1/{npu}\nTime to Live TLV\n\t120\n"
        f"System Description TLV\n\t{words}\nEnd of LLDPDU TLV\n",
    )


def host(**changed: object) -> Evidence:
    """Return the facts of the host."""
    facts = {"boot_time": AT - 86400, "davinci": list(range(NPUS)), "container": False, "has_passwd_entry": True}
    system = {"machine": "x86_64", "kernel": "5.10.0-216.0.0.115.oe2203sp4.x86_64", "euid": 0}
    return answer("host-facts", json.dumps({**facts, **system, **changed}) + "\n")


def tls(npu: int, switch: int = 0) -> Evidence:
    """Return `hccn_tool -tls -g`."""
    return answer(
        hccn(npu, "tls"),
        f"dev_id:{npu}, tls switch[{switch}](0:disable, 1:enable), tls preconfigured[1](0:non-preset, 1:preset), "
        "tls alarm time threshold[60]days\n",
    )


def node(number: int, peer: int, direct: bool = False) -> Answers:
    """Return all answers of a healthy node. `peer` is the number of the node at the other end of direct cables."""
    cards = range(NPUS)
    count = f"\tTotal Count                    : {NPUS}\n\n"
    listing = "".join(
        f"\tNPU ID                         : {npu}\n\tChip Count                     : 1\n\n" for npu in cards
    )
    conf = "".join(f"address_{npu}={address(number, npu)}\nnetmask_{npu}=255.255.255.0\n" for npu in cards)
    found = [
        host(),
        mapping(),
        table(),
        answer("npu-smi info -l", count + listing),
        answer("cat /etc/hccn.conf", conf),
        answer(
            "cat /usr/local/Ascend/driver/version.info",
            f"Version={DRIVER}\nInnerversion=V100R001C23SPC006B220\ncompatible_version_fw=[7.0.0,8.9.9]\n"
            f"package_version={DRIVER}\n",
        ),
        firmware_file(),
    ]
    for npu in cards:
        own, router = address(number, npu), address(250, npu)
        gateway, probed = (own, address(peer, npu)) if direct else (router, router)
        found += [
            board(npu),
            health(npu),
            ecc(npu),
            optical(npu),
            lldp(npu, direct),
            tls(npu),
            answer(hccn(npu, "link"), "link status: UP\n"),
            answer(hccn(npu, "ip"), f"ipaddr:{own}\nnetmask:255.255.255.0\n"),
            answer(f"hccn_tool -i {npu} -ip -inet6 -g", "This device does not support IPV6!\n", exit_code=23),
            answer(hccn(npu, "gateway"), f"default gateway:{gateway}, Iface:eth{npu}\n"),
            answer(hccn(npu, "netdetect"), f"netdetect addr: {probed}\n"),
            answer(hccn(npu, "net_health"), "net health status: Success\n"),
            link_stat(npu),
        ]
    return of(*found)


def firmware_file(version: str = FIRMWARE, release: str = DRIVER, drivers: str = "[25.5,25.5.]") -> Evidence:
    """Return `firmware/version.info`."""
    return answer(
        "cat /usr/local/Ascend/firmware/version.info",
        f"Version={version}\nfirmware_version=1.0\npackage_version={release}\ncompatible_version_drv={drivers}\n",
    )


def link_stat(npu: int, down_since: str = "") -> Evidence:
    """Return `hccn_tool -link_stat -g`, of a link that went down at a time, or of one that never did."""
    change = f"[devid {npu}]    {down_since}    LINK DOWN\n" if down_since else ""
    return answer(
        hccn(npu, "link_stat"),
        f"[devid {npu}]current time        : Sat Jan  3 12:00:00 2026\n[devid {npu}]link up count       : 1\n"
        f"[devid {npu}]link down count     : {1 if change else 0}\n[devid {npu}]link change records :\n{change}"
        f"[devid {npu}]    Thu Jan  1 00:00:10 2026    LINK UP\n",
    )


def dark(npu: int) -> Answers:
    """Return what changes on a node when no light comes in at a port."""
    return of(
        answer(hccn(npu, "link"), "link status: DOWN\n"),
        answer(hccn(npu, "net_health"), "net health status: Unreachable\n"),
        answer(hccn(npu, "lldp"), ""),
        link_stat(npu, "Sat Jan  3 11:59:00 2026"),
        optical(npu, "0.0001"),
    )


def without_module(npu: int) -> Answers:
    """Return what changes on a node when the module of a port is pulled."""
    gone = answer(hccn(npu, "optical"), "Optical module is not present.\n", exit_code=20)
    return {**dark(npu), **of(gone)}


def dropped(npu: int) -> Answers:
    """Return what changes on a node when a chip no longer answers."""
    questions = ("ip", "gateway", "netdetect", "net_health", "lldp", "link_stat", "optical", "tls")
    skipped = [silent(hccn(npu, question), Ending.SKIPPED) for question in questions]
    cards = [silent(f"npu-smi info -t {what} -i {npu}", Ending.SKIPPED) for what in ("board", "ecc")]
    hung = [silent(hccn(npu, "link")), silent(f"npu-smi info -t health -i {npu}")]
    return of(*skipped, *cards, *hung, table(without=(npu,)))


def views(
    changed: Optional[Mapping[int, Mapping[str, Evidence]]] = None, *, nodes: int = 2, direct: bool = False
) -> List[NodeView]:
    """Return the views of healthy nodes with some answers changed, by the number of the node (1, 2 ...)."""
    return [
        NodeView(f"node-{number}", {**node(number, 3 - number, direct), **(changed or {}).get(number, {})})
        for number in range(1, nodes + 1)
    ]


def answerable(entries: Mapping[str, Entry]) -> Dict[str, Entry]:
    """Return the checks of which the cluster answers every question that they cannot do without."""
    answered = {key.partition("@")[0] for key in views()[0].evidence}
    spared = {"npu.dropped": {"host/pci"}}
    return {
        name: entry
        for name, entry in entries.items()
        if {source.name for source in entry.check.reads if Generation.A2 in source.generations}
        - spared.get(name, set())
        <= answered
    }
