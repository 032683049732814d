"""A source: one question that can be put to a node, and the one parser of its answer."""

from __future__ import annotations

import enum
from typing import Callable, FrozenSet, Generic, Optional, Tuple, TypeVar

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
    """One chip of a card: `{npu}` and, in the last two words `-c {chip}`, its number; the whole card without them."""
    NPU = "npu"
    """One NPU: `{phy_id}`."""
    PAIR = "pair"
    """One NPU and an address it should reach: `{phy_id}` and `{address}`."""


class Medium(enum.Enum):
    """How the answer is got."""

    TOOL = "tool"
    """`argv[0]` is the name of a vendor tool; the runner knows its path."""
    FILE = "file"
    """`argv` is `("cat", PATH)`; the runner reads the file itself."""
    HOST = "host"
    """`argv` is `("host-facts",)`; the runner asks the operating system and answers with JSON."""


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


@attrs.frozen
class Target:
    """What one run of a source is about; which fields are set follows from the scope of the source."""

    npu: Optional[int] = None
    phy_id: Optional[int] = None
    address: str = ""
    chip: Optional[int] = None

    @property
    def key(self) -> str:
        """A short text that identifies the target within the node; empty for the node itself."""
        number = self.npu if self.phy_id is None else self.phy_id
        head = "" if number is None else str(number)
        if self.chip is not None:
            head = f"{head}.{self.chip}"
        return f"{head}:{self.address}" if self.address else head


WHOLE_NODE = Target()
EARLIER = "!"
"""Parts the key of an answer from its age, in the key of an earlier one."""
FOR_ONE_CHIP = ("-c", "{chip}")


@attrs.frozen(eq=False)
class Source(Generic[F]):
    """One question and its parser. Data only: running it is the runner's business.

    `name` is permanent: it names the evidence in recordings and on the wire.
    `parse` returns the facts, returns a `Missing` for an error answer of the tool that it knows, and raises
    `ParseError` for everything else. `interval_s` is how often the agent asks, `timeout_s` how long one run may take.
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
    def argv(self) -> Tuple[str, ...]:
        """The command line with the target filled in. Without a chip the question is put to the whole card."""
        target = self.target
        words = {"npu": target.npu, "phy_id": target.phy_id, "address": target.address, "chip": target.chip}
        for_a_card = self.source.scope is Scope.CHIP and target.chip is None
        pattern = self.source.argv[: -len(FOR_ONE_CHIP)] if for_a_card else self.source.argv
        return tuple(word.format(**words) if word.startswith("{") else word for word in pattern)
