"""All sources, and which of them a command line belongs to.

`SOURCES` are the questions that checks put. Output of further commands can be read as well, from a paste or a
recording; their parsers lie in `ascend_doctor.facts.further` and are loaded when somebody names one of them.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ascend_doctor.facts.bmc import sel
from ascend_doctor.facts.files import cann, cann_parts, engine_version, hccn_conf, install_info, version_info
from ascend_doctor.facts.hccn_tool import (
    arp,
    bond_ip,
    cfg_status,
    dscp_to_tc,
    duplex,
    fec,
    gateway,
    hccs_ping,
    ip,
    ip_route,
    ip_rule,
    ipv6,
    link,
    link_stat,
    lldp,
    mtu,
    net_health,
    netdetect,
    optical,
    optical_dfx,
    optical_v2,
    pfc,
    pfc_stat,
    ping,
    prio_tc,
    process,
    route,
    scdr,
    shaping,
    speed,
    stat,
    stat_extra,
    tls,
    udp,
    vnic,
)
from ascend_doctor.facts.hccn_tool.ub import bit_err, connect, dev_info, port_info, same_answers, ub_ping
from ascend_doctor.facts.hccn_tool.ub import optical as ub_optical
from ascend_doctor.facts.host import (
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
from ascend_doctor.facts.npu_smi import (
    board,
    common,
    ecc,
    fault_events,
    hccs,
    health,
    info,
    listing,
    mapping,
    sio,
    super_pod,
    topo,
    upgrade,
    usages,
)
from ascend_doctor.facts.runtime import compute, devices, stack
from ascend_doctor.facts.source import ANYTHING, OF_PORTS, REACHES, Query, Scope, Source, Target, without_chip

SOURCES: Tuple[Source[Any], ...] = (
    identity.SOURCE,
    system.SOURCE,
    tuning.SOURCE,
    memory.SOURCE,
    disks.SOURCE,
    limits.SOURCE,
    processes.SOURCE,
    pci.SOURCE,
    device_nodes.SOURCE,
    kernel_modules.SOURCE,
    network.SOURCE,
    services.SOURCE,
    kernel_log.SOURCE,
    ssh.SOURCE,
    ub_files.SOURCE,
    sel.SOURCE,
    version_info.DRIVER,
    version_info.FIRMWARE,
    hccn_conf.SOURCE,
    install_info.SOURCE,
    cann.TOOLKIT,
    cann_parts.PARTS,
    engine_version.MINDIE,
    stack.SOURCE,
    devices.SOURCE,
    compute.SOURCE,
    mapping.SOURCE,
    info.SOURCE,
    listing.SOURCE,
    board.SOURCE,
    health.SOURCE,
    ecc.SOURCE,
    usages.SOURCE,
    topo.SOURCE,
    hccs.SOURCE,
    sio.SOURCE,
    super_pod.SOURCE,
    upgrade.MCU,
    upgrade.VRD,
    common.SOURCE,
    fault_events.SOURCE,
    link.SOURCE,
    ip.SOURCE,
    ipv6.SOURCE,
    bond_ip.SOURCE,
    gateway.SOURCE,
    netdetect.SOURCE,
    net_health.SOURCE,
    lldp.SOURCE,
    stat.SOURCE,
    stat_extra.SOURCE,
    pfc_stat.SOURCE,
    link_stat.SOURCE,
    speed.SOURCE,
    duplex.SOURCE,
    mtu.SOURCE,
    fec.SOURCE,
    shaping.SOURCE,
    pfc.SOURCE,
    prio_tc.SOURCE,
    dscp_to_tc.SOURCE,
    udp.SOURCE,
    cfg_status.SOURCE,
    process.SOURCE,
    vnic.SOURCE,
    arp.SOURCE,
    route.SOURCE,
    ip_rule.SOURCE,
    ip_route.SOURCE,
    optical.SOURCE,
    optical_v2.SOURCE,
    optical_dfx.SOURCE,
    scdr.SOURCE,
    tls.SOURCE,
    dev_info.SOURCE,
    port_info.SOURCE,
    connect.SOURCE,
    same_answers.LINK_STAT,
    same_answers.STAT,
    bit_err.SOURCE,
    ub_optical.SOURCE,
    same_answers.TLS,
    ping.SOURCE,
    hccs_ping.SOURCE,
    ub_ping.SOURCE,
)

# What follows is a remark in a paste, or a filter; the parsers of the tools know which answers can be filtered.
_ENDS = ("#", "|")
_TOOLS = ("npu-smi", "hccn_tool")

BY_NAME: Dict[str, Source[Any]] = {source.name: source for source in SOURCES}


@functools.lru_cache(maxsize=8192)
def query_for_key(key: str) -> Optional[Query[Any]]:
    """Return the query of which the evidence has this key, None for a key of no known source."""
    name, _, rest = key.partition("@")
    source = BY_NAME.get(name) or _further().get(name)
    if source is None:
        return None
    text, _, address = rest.partition(":")
    if not text:
        return source.about()
    target = _target_for_key(source, text.split("."), address)
    return None if target is None else source.about(target)


def _target_for_key(source: Source[Any], texts: Sequence[str], address: str) -> Optional[Target]:
    numbers = [_number(text) for text in texts]
    number, further = numbers[0], numbers[1:]
    if source.scope is Scope.NODE or number is None or None in further:
        return None
    if source.scope in OF_PORTS:
        return Target(npu=number, udie=further[0], port=further[1]) if len(further) == 2 else None
    if source.scope is Scope.CHIP:
        return Target(npu=number, chip=further[0] if further else None) if len(further) < 2 else None
    if further:
        return None
    own, mark, other = address.rpartition(REACHES)
    if "{npu}" in source.argv:
        return Target(npu=number, address=other, eid=own if mark else "")
    return Target(phy_id=number, address=address)


def query_for_command(argv: Sequence[str]) -> Optional[Query[Any]]:
    """Return the query that a command line puts, None when no source asks it.

    The tool may be given by its path. Options of `npu-smi` may come in any order (`-i 0 -t board`). A `-c N` may stand
    behind a question to a card, and be missing from one to a chip: the same parser knows both forms. `hccn_tool` of the
    950 has its options turned round (`hccn_tool -g -link -i 0 -u 0 -p 4`). What follows a `#` is a remark in a paste,
    what follows the `|` behind a tool a filter.
    """
    if not argv:
        return None
    words = [argv[0].rpartition("/")[2], *argv[1:]]
    ends = _ENDS if words[0] in _TOOLS else _ENDS[:1]
    words = words[: next((index for index, word in enumerate(words) if index and word in ends), None)]
    if words[0] == "npu-smi":
        words = _npu_smi_in_order(words)
    elif words[:1] == ["hccn_tool"] and words[1:2] in (["-g"], ["-t"]):
        words = _hccn_tool_in_order(words)
    return _first_match(SOURCES, words) or _first_match(_further().values(), words)


def _first_match(sources: Iterable[Source[Any]], words: Sequence[str]) -> Optional[Query[Any]]:
    for source in sources:
        for pattern in (source.argv, *source.forms):
            placed = _place(source, pattern, words)
            if placed is not None:
                return source.about(placed)
    return None


def _further() -> Mapping[str, Source[Any]]:
    # Loaded late: a round of checks needs none of these parsers, and its start must not wait for them.
    from ascend_doctor.facts import further  # noqa: PLC0415

    return further.BY_NAME


# In the order of our sources; each has a value.
_NPU_SMI_OPTIONS = ("-t", "-b", "-i", "-c", "-p", "-lane", "-time")
_NPU_SMI_FLAGS = ("-R",)


def _npu_smi_in_order(words: Sequence[str]) -> List[str]:
    """Bring the options of a query of `npu-smi` into the order of our sources."""
    if words[1:2] == ["set"]:
        return list(words)
    options: Dict[str, str] = {}
    rest: List[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word in _NPU_SMI_OPTIONS and position + 1 < len(words):
            options[word] = words[position + 1]
            position += 2
        else:
            rest.append(word)
            position += 1
    flags = [word for word in rest if word in _NPU_SMI_FLAGS]
    ordered = [word for option in _NPU_SMI_OPTIONS if option in options for word in (option, options[option])]
    return [word for word in rest if word not in flags] + ordered + flags


_OF_DEVICE = ("-i", "-u", "-p", "-src_eid", "-dst_eid")
_CHANGES_NOTHING = frozenset({"-time", "-pkt", "-cnt", "-interval"})
"""Options of the 950's tool that change how long it measures or how it asks, and not the form of its answer."""


def _hccn_tool_in_order(words: Sequence[str]) -> List[str]:
    """Bring the options of `hccn_tool -g -CMD -i N [-u UDIE -p PORT]` into the order of our sources."""
    options: Dict[str, str] = {}
    rest: List[str] = []
    position = 3
    while position < len(words):
        word = words[position]
        takes_value = word in _OF_DEVICE or word in _CHANGES_NOTHING
        if takes_value and (position + 1 == len(words) or word in options):
            return []
        if takes_value:
            options[word] = words[position + 1]
            position += 2
        else:
            rest.append(word)
            position += 1
    ordered = [word for option in _OF_DEVICE if option in options for word in (option, options[option])]
    return [*words[:3], *ordered, *rest]


def _place(source: Source[Any], pattern: Sequence[str], words: Sequence[str]) -> Optional[Target]:
    """Return the target with which a source's pattern gives these words, None when it does not."""
    if source.scope is Scope.CHIP and "-c" not in words:
        pattern = without_chip(pattern)
    elif source.scope is Scope.CARD and "-c" in words:
        words = without_chip(words)
    if list(words[:1]) == ["npu-smi"] and "-i" not in words and "{npu}" in pattern:
        # The tool refuses a question without its card, in words that are the same for every question.
        position = pattern.index("{npu}")
        pattern = (*pattern[: position - 1], *pattern[position + 1 :])
    if len(words) < len(pattern):
        return None
    found: Dict[str, str] = {}
    for expected, word in zip(pattern, words):
        if expected.startswith("{"):
            found[expected[1:-1]] = word
        elif expected != word and not (ANYTHING in expected and fnmatch.fnmatchcase(word, expected)):
            return None
    # `-ping -g address A pkt N`: options behind the pattern change how the question is put, not its answer's form.
    if len(words) > len(pattern) and "address" not in found:
        return None
    return Target(
        npu=_number(found.get("npu")),
        phy_id=_number(found.get("phy_id")),
        address=found.get("address", ""),
        chip=_number(found.get("chip")),
        udie=_number(found.get("udie")),
        port=_number(found.get("port")),
        eid=found.get("eid", ""),
    )


_NUMBER = re.compile(r"[0-9]{1,9}\Z")


def _number(text: Optional[str]) -> Optional[int]:
    """Return the number of a device; a placeholder in its place (`$i`, `${device_id}`) stays unknown."""
    return int(text) if text is not None and _NUMBER.match(text) else None
