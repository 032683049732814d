"""`npu-smi info -t topo`: how the NPUs of a node are connected, and which CPUs are near to each."""

from __future__ import annotations

import re
from typing import Dict, FrozenSet, List, Optional, Sequence, Set, Tuple

import attrs

from ascend_doctor.facts.npu_smi.key_answer import lines_about
from ascend_doctor.facts.parsing import Line, ParseError
from ascend_doctor.facts.source import Cost, Scope, Source
from ascend_doctor.facts.tables import is_elision
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading

SELF, UNKNOWN = "X", "NA"
_KNOWN = frozenset({SELF, "SYS", "PHB", "HCCS", "PXB", "PIX", "SIO", "HCCS_SW", "UB", UNKNOWN})
_NODE = re.compile(r"(NPU|Phy-ID|NIC)([0-9]{1,9})\Z")
_AFFINITY_HEAD = ("CPU", "Affinity")
_AFFINITY = re.compile(r"[0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*\Z")
_NIC_NAME = re.compile(r"(NIC[0-9]{1,9}):(?: (\S{1,64}))?\Z")
_LEGEND = re.compile(r"(X|[A-Z][A-Z_0-9]{1,15})\s+= [A-Z][ -~]*\Z")


@attrs.frozen
class TopoRow:
    """The row of one node: its name and its relation to every node of the head, `X` to itself and `NA` for unknown."""

    node: str
    relations: Tuple[str, ...]

    @property
    def number(self) -> int:
        """The number in the name: of a card (`NPU3`), of an NPU by its phy-id (`Phy-ID3`), of a NIC."""
        return int(self.node.lstrip("ADIHNPUChy-"))

    @property
    def is_nic(self) -> bool:
        """Whether it is a network card of the host."""
        return self.node.startswith("NIC")


@attrs.frozen
class TopoFacts:
    """What `npu-smi info -t topo` says.

    `nodes` are the names in the head: `NPUn` by card, `Phy-IDn` on an A3, `NICn` for network cards in newer tools.
    `cpu_affinity` are lists of CPUs (`0-23`) in the order of the NPUs; missing where the layout has no such column.
    `nics` are the interfaces that the newer tools found for their NIC columns.
    """

    nodes: Tuple[str, ...]
    matrix: Tuple[TopoRow, ...]
    cpu_affinity: Reading[Tuple[str, ...]] = NOT_REPORTED
    nics: Optional[Tuple[str, ...]] = None

    @property
    def npus(self) -> Tuple[TopoRow, ...]:
        """The rows of NPUs."""
        return tuple(row for row in self.matrix if not row.is_nic)

    @property
    def is_complete(self) -> bool:
        """Whether every node of the head has its row."""
        return len(self.matrix) == len(self.nodes)

    def as_document(self) -> Dict[str, object]:
        """Return the matrix by pairs; a matrix of one kind of connection is shown by that (`all SYS`)."""
        links = {
            f"{row.node}-{other}": relation
            for row in self.matrix
            for other, relation in zip(self.nodes, row.relations)
            if other != row.node
        }
        between_npus = {
            relation
            for row in self.npus
            for other, relation in zip(self.nodes, row.relations)
            if other != row.node and not other.startswith("NIC")
        }
        kinds = set(links.values())
        return {
            "nodes": list(self.nodes),
            "rows": [row.node for row in self.matrix],
            "links": f"all {min(kinds)}" if len(kinds) == 1 else links,
            "all_pairs": min(between_npus) if len(between_npus) == 1 else None,
            "cpu_affinity": None if isinstance(self.cpu_affinity, Missing) else list(self.cpu_affinity),
            "nics": None if self.nics is None else list(self.nics),
        }


def parse(evidence: Evidence) -> Reading[TopoFacts]:
    """Parse `npu-smi info -t topo`."""
    lines = lines_about("topo", evidence)
    if isinstance(lines, Missing):
        return lines
    head, *rest = lines
    nodes, has_affinity = _head(head)
    end = next((index for index, line in enumerate(rest) if _NIC_NAME.match(line.stripped) or _is_legend(line)), None)
    table, tail = rest[:end], rest[len(rest) if end is None else end :]
    words = _KNOWN | _legend(tail)
    rows: List[TopoRow] = []
    affinity: List[str] = []
    for line in table:
        if is_elision(line):
            continue
        row, cpus = _row(line, nodes, words, has_affinity=has_affinity)
        if row.node in {earlier.node for earlier in rows}:
            raise line.error("each node once")
        rows.append(row)
        affinity += cpus
    if not rows:
        raise ParseError(head.number + 1, "a row for each node", "the end of the table")
    nics = _nics(tail) if any(node.startswith("NIC") for node in nodes) else None
    return TopoFacts(nodes, tuple(rows), tuple(affinity) if has_affinity else NOT_REPORTED, nics)


def _head(line: Line) -> Tuple[Tuple[str, ...], bool]:
    # The head does not stand above its columns, and may have lost the blanks before it: only its words count.
    words = line.words
    has_affinity = words[-2:] == _AFFINITY_HEAD
    nodes = words[:-2] if has_affinity else words
    if not nodes or len(set(nodes)) != len(nodes) or not all(map(_NODE.match, nodes)):
        raise line.error("the names of the nodes: `NPU0`, `Phy-ID0`, `NIC0`")
    return nodes, has_affinity


def _row(
    line: Line, nodes: Sequence[str], words: FrozenSet[str], *, has_affinity: bool
) -> Tuple[TopoRow, Sequence[str]]:
    name, *cells = line.words
    if name not in nodes:
        raise line.error("a row that starts with the name of a node in the head")
    relations, cpus = tuple(cells[: len(nodes)]), cells[len(nodes) :]
    row = TopoRow(name, relations)
    expected = int(has_affinity and not row.is_nic)
    if len(relations) != len(nodes) or len(cpus) != expected or not all(map(_AFFINITY.match, cpus)):
        raise line.error(f"{len(nodes)} relations" + (" and a list of CPUs" if expected else ""))
    for other, relation in zip(nodes, relations):
        if relation not in words or (relation == SELF) != (other == name):
            raise line.error(f"how {name} is connected to {other}, found {relation}")
    return row, cpus


def _is_legend(line: Line) -> bool:
    return line.stripped == "Legend:"


def _legend(tail: Sequence[Line]) -> FrozenSet[str]:
    """Return the words that the legend explains. Raises `ParseError` for anything but names of NICs and a legend."""
    found: Set[str] = set()
    in_legend = False
    for line in tail:
        entry: Optional[re.Match[str]] = _LEGEND.match(line.stripped) if in_legend else None
        if _is_legend(line) and not in_legend:
            in_legend = True
        elif entry is not None and entry.group(1) not in found:
            found.add(entry.group(1))
        elif in_legend or not _NIC_NAME.match(line.stripped):
            raise line.error("a line of the legend, each word once")
    return frozenset(found)


def _nics(tail: Sequence[Line]) -> Tuple[str, ...]:
    names = [_NIC_NAME.match(line.stripped) for line in tail]
    return tuple(name.group(2) for name in names if name is not None and name.group(2))


SOURCE: Source[TopoFacts] = Source(
    name="npu-smi/topo",
    scope=Scope.NODE,
    argv=("npu-smi", "info", "-t", "topo"),
    parse=parse,
    cost=Cost.STATIC,
    interval_s=3600.0,
    timeout_s=20.0,
)
