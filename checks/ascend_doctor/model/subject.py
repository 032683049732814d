"""What a finding is about."""

from __future__ import annotations

import enum
import functools
import re
from typing import Tuple, Union

import attrs


class SubjectKind(enum.Enum):
    """The kinds of things that can be at fault, from the whole to the part."""

    CLUSTER = "cluster"
    NODE = "node"
    CARD = "card"
    """The module that `npu-smi -i` addresses; it holds one chip or more."""
    NPU = "npu"
    """One chip (die), the unit with its own /dev/davinciN, RoCE port and rank. Its name is the phy-id."""
    PORT = "port"
    """A port of one NPU. The only RoCE port of an NPU has its phy-id as name; one of the ports of a 950 has the phy-id,
    its die and its own number: `3/0/4`."""
    CABLE = "cable"
    """The line between two ports. Its name is the key of one end and of the other, in order."""
    SWITCH = "switch"
    SWITCH_PORT = "switch-port"
    SUBNET = "subnet"
    ADDRESS = "address"


_ORDER = {kind: place for place, kind in enumerate(SubjectKind)}

_KINDS = {kind.value: kind for kind in SubjectKind}

_DIGITS = re.compile(r"(\d+)")


@functools.lru_cache(maxsize=1 << 14)  # one report sorts the same names again and again
def natural(text: str) -> Tuple[Tuple[int, Union[int, str]], ...]:
    """Return a sort key in which `npu 10` comes after `npu 9`."""
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in _DIGITS.split(text) if part)


@attrs.frozen
class Subject:
    """One thing that a finding is about.

    `node` is the name of the node it belongs to, empty for what belongs to none (a switch, a subnet, the cluster).
    `name` tells it from its siblings: the phy-id of an NPU or a port, the card number, the name of a switch.
    """

    kind: SubjectKind
    node: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        """A stable text that identifies the subject within a cluster."""
        return f"{self.kind.value}:{self.node}:{self.name}"

    @property
    def sort_key(self) -> Tuple[object, ...]:
        """Nodes in natural order, the node itself before its parts, parts in natural order."""
        return (natural(self.node), _ORDER[self.kind], natural(self.name))

    def __str__(self) -> str:
        parts = [self.node] if self.node else []
        if self.kind is SubjectKind.NODE:
            return self.node
        if self.kind is SubjectKind.PORT:
            npu_name, slash, own = self.name.partition("/")
            parts.append(f"NPU {npu_name} port {own}" if slash else f"NPU {self.name} port")
        elif self.kind is SubjectKind.NPU:
            parts.append(f"NPU {self.name}")
        else:
            parts.append(f"{self.kind.value} {self.name}".strip())
        return " ".join(parts)


_LABEL = r"[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?"
_NODE_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def is_node_name(text: str) -> bool:
    """Whether the text may name a node: a host name by RFC 1123, at most 253 characters."""
    return len(text) <= 253 and _NODE_NAME.fullmatch(text) is not None


def cluster() -> Subject:
    """Return the whole cluster as a subject."""
    return Subject(SubjectKind.CLUSTER)


def node(name: str) -> Subject:
    """Return a node as a subject."""
    return Subject(SubjectKind.NODE, name)


def card(node_name: str, npu_id: int) -> Subject:
    """Return a card (the module that `npu-smi -i` addresses) as a subject."""
    return Subject(SubjectKind.CARD, node_name, str(npu_id))


def npu(node_name: str, phy_id: int) -> Subject:
    """Return one NPU as a subject."""
    return Subject(SubjectKind.NPU, node_name, str(phy_id))


def port(node_name: str, phy_id: int) -> Subject:
    """Return the RoCE port of one NPU as a subject."""
    return Subject(SubjectKind.PORT, node_name, str(phy_id))


def ub_port(node_name: str, phy_id: int, udie: int, number: int) -> Subject:
    """Return one of the ports of an NPU of the 950 as a subject."""
    return Subject(SubjectKind.PORT, node_name, f"{phy_id}/{udie}/{number}")


def subject_from_key(key: str) -> Subject:
    """Return the subject that a key identifies. A kind that is not known counts as the node, or as the cluster."""
    word, _, rest = key.partition(":")
    node_name, _, name = rest.partition(":")
    kind = _KINDS.get(word, SubjectKind.NODE if node_name else SubjectKind.CLUSTER)
    return Subject(kind, node_name, name)


def npu_of(subject: Subject) -> Subject:
    """Return the NPU that a port belongs to; any other subject is returned as it is."""
    if subject.kind is not SubjectKind.PORT:
        return subject
    return Subject(SubjectKind.NPU, subject.node, subject.name.partition("/")[0])
