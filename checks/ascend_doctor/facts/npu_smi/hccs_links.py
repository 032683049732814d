"""Further queries about the HCCS links of a chip: where they lead, what passes over them, and their credits."""

from __future__ import annotations

import re
from typing import Dict, List, Optional, Sequence, Set, Tuple

import attrs

from ascend_doctor.facts.npu_smi.blocks import blocks_of
from ascend_doctor.facts.npu_smi.hccs import HCCS
from ascend_doctor.facts.npu_smi.key_answer import lines_about
from ascend_doctor.facts.parsing import Line, ParseError, decimal, integer
from ascend_doctor.facts.source import FOR_ONE_CHIP, Scope, Source
from ascend_doctor.facts.tables import KeyLine, whole
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Missing, Reading

# --- `-t hccs -R`: where the links lead -----------------------------------------------------------------------------

_REMOTE_HEAD = ("NPU_PORT", "HCCS_REMOTE_CHIP", "HCCS_REMOTE_PORT")
_PORT = re.compile(r"M([0-9]{1,3})\Z")


@attrs.frozen
class RemoteLink:
    """Where one link leads: `npu_port` (`M1`) to `remote_port` of the switch chip `remote_chip`."""

    npu_port: str
    remote_chip: int
    remote_port: str


@attrs.frozen
class HccsRemoteFacts:
    """What `npu-smi info -t hccs -i N -c C -R` says: the links as the board wires them, not their state."""

    links: Tuple[RemoteLink, ...]


def parse_remote(evidence: Evidence) -> Reading[HccsRemoteFacts]:
    """Parse `npu-smi info -t hccs -i N -c C -R`."""
    lines = lines_about("hccs", evidence)
    if isinstance(lines, Missing):
        return lines
    rows = _rows(lines, _REMOTE_HEAD)
    for line, (port, _, remote) in rows:
        if not (_PORT.match(port) and _PORT.match(remote)):
            raise line.error("ports such as `M1`")
    return HccsRemoteFacts(
        tuple(RemoteLink(port, integer(chip, line, _REMOTE_HEAD[1]), remote) for line, (port, chip, remote) in rows)
    )


def _rows(lines: Sequence[Line], head: Sequence[str]) -> List[Tuple[Line, Tuple[str, ...]]]:
    """Return the rows below a head. Raises `ParseError` when there is none, or when one comes twice."""
    first, *rest = lines
    if " ".join(first.words) != " ".join(head):
        raise first.error("the head " + " ".join(head))
    rows = [(line, line.words) for line in rest]
    seen: Set[str] = set()
    for line, words in rows:
        if len(words) != 3 or words[0] in seen:
            raise line.error("three cells, and each link once")
        seen.add(words[0])
    if not rows:
        raise ParseError(first.number + 1, "a row for each link", "the end of the answer")
    return rows


# --- `-t hccs-bw`: what passes over them ----------------------------------------------------------------------------

_BANDWIDTH_HEAD = ("hccs link", "tx_bandwidth(GB/S)", "rx_bandwidth(GB/S)")


@attrs.frozen
class LinkBandwidth:
    """What passes over one link, in GiB/s: the tool divides by 1024^3, whatever its head says (vendor source)."""

    link: int
    tx_bandwidth: float
    rx_bandwidth: float


@attrs.frozen
class HccsBandwidthFacts:
    """What `npu-smi info -t hccs-bw -i N -c C -time MS` says; the totals may hold links that are not shown."""

    links: Tuple[LinkBandwidth, ...]
    total_tx_bandwidth: float
    total_rx_bandwidth: float


def parse_bandwidth(evidence: Evidence) -> Reading[HccsBandwidthFacts]:
    """Parse `npu-smi info -t hccs-bw -i N -c C -time MS`."""
    lines = lines_about("hccs-bw", evidence)
    if isinstance(lines, Missing):
        return lines
    rows = _rows(lines, _BANDWIDTH_HEAD)
    last, (name, *totals) = rows[-1]
    if name != "total":
        raise ParseError(last.number + 1, "`total`", "the end of the answer")
    return HccsBandwidthFacts(
        tuple(
            LinkBandwidth(integer(link, line, "the link"), decimal(tx, line, "tx"), decimal(rx, line, "rx"))
            for line, (link, tx, rx) in rows[:-1]
        ),
        *(decimal(text, last, "the total") for text in totals),
    )


# --- `-t hccs-credit` -----------------------------------------------------------------------------------------------

_CREDIT = re.compile(r"hccs avail credit count m([0-9]{1,3})\Z")


@attrs.frozen
class ChipCredits:
    """The free credits of a chip's links. `chip` is missing where the answer does not say of which chip it is."""

    chip: Reading[int]
    credits: Dict[int, int]


@attrs.frozen
class HccsCreditFacts:
    """What `npu-smi info -t hccs-credit -i N` says, with or without `-c C`."""

    chips: Tuple[ChipCredits, ...]
    npu: Optional[int] = None
    chip_count: Optional[int] = None


def parse_credit(evidence: Evidence) -> Reading[HccsCreditFacts]:
    """Parse `npu-smi info -t hccs-credit -i N`, with or without `-c C`."""
    answer = blocks_of(evidence, kind="hccs-credit")
    if isinstance(answer, Missing):
        return answer
    chips = tuple(ChipCredits(block.chip, _credits(block.lines)) for block in answer.blocks)
    return HccsCreditFacts(chips, answer.npu, answer.chip_count)


def _credits(lines: Sequence[KeyLine]) -> Dict[int, int]:
    found: Dict[int, int] = {}
    for parts in lines:
        named = _CREDIT.match(parts.key)
        if named is None or int(named.group(1)) in found:
            raise parts.line.error("the credits of a link, each once")
        found[int(named.group(1))] = whole(parts)
    return found


_A3 = frozenset({Generation.A3})

REMOTE: Source[HccsRemoteFacts] = Source(
    name="npu-smi/hccs-remote",
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "hccs", "-i", "{npu}", *FOR_ONE_CHIP, "-R"),
    forms=(("npu-smi", "info", "-t", "hccs", "-i", "{npu}", *FOR_ONE_CHIP, "-lane", "{lane}", "-R"),),
    parse=parse_remote,
    generations=_A3,
)
BANDWIDTH: Source[HccsBandwidthFacts] = Source(
    name="npu-smi/hccs-bandwidth",
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "hccs-bw", "-i", "{npu}", *FOR_ONE_CHIP, "-time", "100"),
    forms=(
        ("npu-smi", "info", "-t", "hccs-bw", "-i", "{npu}", *FOR_ONE_CHIP, "-time", "{milliseconds}"),
        ("npu-smi", "info", "-t", "hccs-bw", "-i", "{npu}", *FOR_ONE_CHIP),
    ),
    parse=parse_bandwidth,
    generations=HCCS,
)
CREDIT: Source[HccsCreditFacts] = Source(
    name="npu-smi/hccs-credit",
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "hccs-credit", "-i", "{npu}", *FOR_ONE_CHIP),
    parse=parse_credit,
    generations=_A3,
)
