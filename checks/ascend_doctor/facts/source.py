"""A source: one question that can be put to a node, and the one parser of its answer."""

from __future__ import annotations

import enum
from typing import Any, Callable, FrozenSet, Generic, Optional, Sequence, Tuple, TypeVar

import attrs

from ascend_doctor.facts.parsing import ParseError
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.product import ALL, Generation
from ascend_doctor.model.reading import Absence, Missing, Reading

F = TypeVar("F")
F_co = TypeVar("F_co", covariant=True)


class Scope(enum.Enum):
    """What a source is asked about; the placeholders its `argv` may use."""

    NODE = "node"
    """The node as a whole; no placeholder."""
    CARD = "card"
    """One card: `{npu}`. Answers for every chip of the card."""
    CHIP = "chip"
    """One chip of a card: `{npu}` and, in the words `-c {chip}`, its number; the whole card without them."""
    NPU = "npu"
    """One NPU: `{phy_id}`."""
    PAIR = "pair"
    """One NPU and an address it should reach: `{phy_id}` and `{address}`."""
    PORT = "port"
    """One port of a 950: `{npu}`, `{udie}` and `{port}`. Which ports an NPU has is what the tool tells of it first."""
    OPTICAL_PORT = "optical-port"
    """The same, of the ports that take an optical module only."""


class Medium(enum.Enum):
    """How the answer is got."""

    TOOL = "tool"
    """`argv[0]` is the name of a vendor tool; the runner knows its path."""
    FILE = "file"
    """`argv` is `("cat", PATH)`; the runner reads the file itself."""
    HOST = "host"
    """`argv` is `("host-facts", SECTION)`, without a section for who the node is; the runner answers with JSON."""


class Cost(enum.Enum):
    """How dear a run is, which decides how often it is made and where in the round it comes."""

    STATIC = "static"
    """Does not change until the node boots or somebody installs something."""
    CHEAP = "cheap"
    """One run answers for the whole node."""
    DEVICE = "device"
    """Occupies one device for a moment."""
    SLOW = "slow"
    """Reads over I2C or from flash, takes locks that others want: seldom, and last in the round."""
    ACTIVE = "active"
    """Sends traffic. Only when somebody asks for it."""


REACHES = ">"
"""Parts the address that is asked from and the one that is asked about, in a key."""


@attrs.frozen
class Target:
    """What one run of a source is about; which fields are set follows from the scope of the source.

    `udie` and `port` name a port of a 950, `eid` the UB address of the NPU from which it should reach `address`.
    """

    npu: Optional[int] = None
    phy_id: Optional[int] = None
    address: str = ""
    chip: Optional[int] = None
    udie: Optional[int] = None
    port: Optional[int] = None
    eid: str = ""

    @property
    def key(self) -> str:
        """A short text that identifies the target within the node; empty for the node itself."""
        number = self.npu if self.phy_id is None else self.phy_id
        head = "" if number is None else str(number)
        if self.chip is not None:
            head = f"{head}.{self.chip}"
        if self.port is not None:
            head = f"{head}.{self.udie}.{self.port}"
        address = f"{self.eid}{REACHES}{self.address}" if self.eid else self.address
        return f"{head}:{address}" if address else head


WHOLE_NODE = Target()
EARLIER = "!"
"""Parts the key of an answer from its age, in the key of an earlier one."""
FOR_ONE_CHIP = ("-c", "{chip}")
"""The words that make a question to a card one to a chip of it."""
ANYTHING = "*"
"""In a word of a form: any characters, none too."""


def without_chip(words: Sequence[str]) -> Tuple[str, ...]:
    """Return a command line, or the pattern of one, without `-c` and what stands behind it."""
    position = words.index("-c")
    return (*words[:position], *words[position + 2 :])


OF_PORTS = frozenset({Scope.PORT, Scope.OPTICAL_PORT})
"""Scopes of which the targets are known only when the tool has named the ports."""


Answered = Callable[["Query[Any]"], Reading[Any]]
"""Gives what is known of the answer to a query by now."""
Peers = Callable[[Target, Answered], Tuple[Target, ...]]
"""Gives the pairs that a source is put to: from an NPU, by card and phy-id, and what has been answered, the targets."""


@attrs.frozen(eq=False)
class Source(Generic[F]):
    """One question and its parser. Data only: running it is the runner's business.

    `name` is permanent: it names the evidence in recordings and on the wire.
    `parse` returns the facts, returns a `Missing` for an error answer of the tool that it knows, and raises
    `ParseError` for everything else. `interval_s` is how often the agent asks, `timeout_s` how long one run may take.
    `forms` are other command lines with the same answer; a `*` in a word stands for anything. The forms of a file
    without a `*` are its further places: the first place where there is a file is read.
    `peers` is set by the plan: whom a source of scope PAIR asks about is what a check's configuration says.
    """

    name: str
    scope: Scope
    argv: Tuple[str, ...]
    parse: Callable[[Evidence], Reading[F]]
    medium: Medium = Medium.TOOL
    cost: Cost = Cost.DEVICE
    interval_s: float = 60.0
    timeout_s: float = 10.0
    generations: FrozenSet[Generation] = ALL
    forms: Tuple[Tuple[str, ...], ...] = ()
    keeps: int = 0
    apart_s: float = 60.0
    peers: Optional[Peers] = None

    def about(self, target: Target = WHOLE_NODE) -> Query[F]:
        """Return the question put to one target."""
        return Query(self, target)

    def read(self, evidence: Evidence) -> Reading[F]:
        """Return the facts that an answer holds, or why there are none. Never raises for anything a tool can print."""
        blocked = _ENDED_OTHERWISE.get(evidence.ending)
        if blocked is not None:
            return Missing(blocked, evidence.note)
        if evidence.truncated:
            return Missing(Absence.UNPARSED, "the answer is longer than the doctor keeps")
        try:
            return self.parse(evidence)
        except ParseError as error:
            return Missing(Absence.UNPARSED, str(error))


_ENDED_OTHERWISE = {
    Ending.SIGNALLED: Absence.TOOL_FAILED,
    Ending.TIMED_OUT: Absence.TIMED_OUT,
    Ending.ABANDONED: Absence.TIMED_OUT,
    Ending.NOT_FOUND: Absence.TOOL_ABSENT,
    Ending.REFUSED: Absence.TOOL_REFUSED,
    Ending.FAILED_TO_START: Absence.TOOL_FAILED,
    Ending.SKIPPED: Absence.NOT_RUN,
}


@attrs.frozen
class Query(Generic[F_co]):
    """One source put to one target."""

    source: Source[F_co]
    target: Target = WHOLE_NODE

    @property
    def key(self) -> str:
        """The name of the evidence this query yields, such as `hccn_tool/link@3`."""
        suffix = self.target.key
        return f"{self.source.name}@{suffix}" if suffix else self.source.name

    def earlier_key(self, number: int) -> str:
        """Return the name of an earlier answer to this query, such as `hccn_tool/stat@3!1`; 1 is the newest of them."""
        return f"{self.key}{EARLIER}{number}"

    @property
    def places(self) -> Tuple[str, ...]:
        """Where the file of a file source may lie, in order; the first place where there is one counts."""
        source = self.source
        further = (form[-1] for form in source.forms if ANYTHING not in form[-1])
        return (source.argv[-1], *further) if source.medium is Medium.FILE else ()

    @property
    def argv(self) -> Tuple[str, ...]:
        """The command line with the target filled in. Without a chip the question is put to the whole card."""
        target = self.target
        words = {"npu": target.npu, "phy_id": target.phy_id, "address": target.address, "chip": target.chip}
        words.update(udie=target.udie, port=target.port, eid=target.eid)
        for_a_card = self.source.scope is Scope.CHIP and target.chip is None
        pattern = without_chip(self.source.argv) if for_a_card else self.source.argv
        return tuple(word.format(**words) if word.startswith("{") else word for word in pattern)
