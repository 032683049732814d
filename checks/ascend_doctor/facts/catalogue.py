"""All sources, and which of them a command line belongs to.

`SOURCES` are the questions that checks put. Output of further commands can be read as well, from a paste or a
recording; their parsers lie in `ascend_doctor.facts.further` and are loaded when somebody names one of them.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ascend_doctor.facts.files import hccn_conf, install_info, version_info
from ascend_doctor.facts.hccn_tool import (
    gateway,
    ip,
    link,
    link_stat,
    lldp,
    net_health,
    netdetect,
    optical,
    ping,
    speed,
    stat,
    tls,
)
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import board, ecc, health, info, listing, mapping, usages
from ascend_doctor.facts.source import FOR_ONE_CHIP, Query, Scope, Source, Target

SOURCES: Tuple[Source[Any], ...] = (
    identity.SOURCE,
    version_info.DRIVER,
    version_info.FIRMWARE,
    hccn_conf.SOURCE,
    install_info.SOURCE,
    mapping.SOURCE,
    info.SOURCE,
    listing.SOURCE,
    board.SOURCE,
    health.SOURCE,
    ecc.SOURCE,
    usages.SOURCE,
    link.SOURCE,
    ip.SOURCE,
    gateway.SOURCE,
    netdetect.SOURCE,
    net_health.SOURCE,
    lldp.SOURCE,
    stat.SOURCE,
    link_stat.SOURCE,
    speed.SOURCE,
    optical.SOURCE,
    tls.SOURCE,
    ping.SOURCE,
)

BY_NAME: Dict[str, Source[Any]] = {source.name: source for source in SOURCES}


def query_for_key(key: str) -> Optional[Query[Any]]:
    """Return the query of which the evidence has this key, None for a key of no known source."""
    name, _, rest = key.partition("@")
    source = BY_NAME.get(name) or _further().get(name)
    if source is None:
        return None
    text, _, address = rest.partition(":")
    if not text:
        return source.about()
    text, dot, part = text.partition(".")
    number, chip = _number(text), _number(part)
    if number is None or source.scope is Scope.NODE or (dot and (chip is None or source.scope is not Scope.CHIP)):
        return None
    if source.scope in (Scope.CARD, Scope.CHIP):
        return source.about(Target(npu=number, chip=chip))
    return source.about(Target(phy_id=number, address=address))


def query_for_command(argv: Sequence[str]) -> Optional[Query[Any]]:
    """Return the query that a command line puts, None when no source asks it.

    The tool may be given by its path. Options of `npu-smi` may come in any order (`-i 0 -t board`). A `-c N` may stand
    behind a question to a card, and be missing from one to a chip: the same parser knows both forms. `hccn_tool` of the
    950 has its options turned round (`hccn_tool -g -link -i 0 -u 0 -p 4`).
    """
    if not argv:
        return None
    words = [argv[0].rpartition("/")[2], *argv[1:]]
    if words[0] == "npu-smi":
        words = _npu_smi_in_order(words)
    elif words[:2] == ["hccn_tool", "-g"]:
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


def _npu_smi_in_order(words: Sequence[str]) -> List[str]:
    """Bring the options of `npu-smi info` into the order of our sources."""
    options: Dict[str, str] = {}
    rest: List[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word in ("-t", "-i", "-c") and position + 1 < len(words):
            options[word] = words[position + 1]
            position += 2
        else:
            rest.append(word)
            position += 1
    for option in ("-t", "-i", "-c"):
        if option in options:
            rest += [option, options[option]]
    return rest


def _hccn_tool_in_order(words: Sequence[str]) -> List[str]:
    """Bring `hccn_tool -g -CMD -i N [-u UDIE -p PORT]` into the order of our sources; die and port are left out."""
    command, options = words[2:3], words[3:]
    values = dict(zip(options[::2], options[1::2]))
    if len(options) % 2 or not {"-i"} <= set(values) <= {"-i", "-u", "-p"}:
        return []
    return ["hccn_tool", "-i", values["-i"], *command, "-g"]


def _place(source: Source[Any], pattern: Sequence[str], words: Sequence[str]) -> Optional[Target]:
    """Return the target with which a source's pattern gives these words, None when it does not."""
    names_chip = len(words) > 2 and words[-2] == "-c"
    if source.scope is Scope.CHIP and not names_chip:
        pattern = pattern[: -len(FOR_ONE_CHIP)]
    elif source.scope is Scope.CARD and names_chip:
        words = words[:-2]
    if len(words) < len(pattern):
        return None
    found: Dict[str, str] = {}
    for expected, word in zip(pattern, words):
        if expected.startswith("{"):
            found[expected[1:-1]] = word
        elif expected != word:
            return None
    # `-ping -g address A pkt N`: options behind the pattern change how the question is put, not its answer's form.
    if len(words) > len(pattern) and "address" not in found:
        return None
    return Target(
        npu=_number(found.get("npu")),
        phy_id=_number(found.get("phy_id")),
        address=found.get("address", ""),
        chip=_number(found.get("chip")),
    )


_NUMBER = re.compile(r"[0-9]{1,9}\Z")


def _number(text: Optional[str]) -> Optional[int]:
    """Return the number of a device; a placeholder in its place (`$i`, `${device_id}`) stays unknown."""
    return int(text) if text is not None and _NUMBER.match(text) else None
