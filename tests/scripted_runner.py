"""A runner that answers as a test says, and notes what it was asked and when."""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import Any, Callable, Coroutine, Dict, List, Mapping, Optional, Tuple, TypeVar, Union

import attrs

from ascend_doctor.facts.source import Query
from ascend_doctor.model.evidence import Ending, Evidence

T = TypeVar("T")
Answer = Union[str, bytes, Evidence]

MAP_HEAD = "\tNPU ID                         Chip ID                        Chip Logic ID                  Chip Name\n"


def map_answer(count: int = 8) -> str:
    """Return what `npu-smi info -m` prints on an A2 machine with so many NPUs."""
    rows = "".join(f"\t{npu:<30} 0                              {npu:<30} Ascend 910B3\n" for npu in range(count))
    return MAP_HEAD + rows


def map_of_modules(count: int = 2) -> str:
    """Return what it prints on a machine with two chips in each of so many modules."""
    head = "\tNPU ID    Chip ID    Chip Logic ID    Chip Phy-ID    Chip Name\n"
    chips = ((npu, chip) for npu in range(count) for chip in range(2))
    return head + "".join(
        f"\t{npu}    {chip}    {2 * npu + chip}    {2 * npu + chip}    Ascend910\n" for npu, chip in chips
    )


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end from a test that is none, without touching the loop of those that are."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


class _Events(selectors.DefaultSelector):
    """The events of a loop whose time is its own: while nothing happens, nobody waits, and the time has passed."""

    passed_s = 0.0

    def select(self, timeout: Optional[float] = None) -> List[Tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        found = super().select(0)
        self.passed_s += 0 if found else timeout
        return found


class _ScriptedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._events = _Events()
        super().__init__(self._events)

    def time(self) -> float:
        return self._events.passed_s


def play(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing but time: waiting takes none, and what was waited is exact."""
    loop = _ScriptedLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


@attrs.define
class ScriptedRunner:
    """Answers by key; a key without an answer of its own gets `fine`. `delays_s` are by key, too.

    `spans` has the beginning and the end of each run, in the seconds of the event loop.
    """

    answers: Mapping[str, Union[Answer, List[Answer], Callable[[], Answer]]] = attrs.field(factory=dict)
    delays_s: Mapping[str, float] = attrs.field(factory=dict)
    delay_s: float = 0.0
    asked: List[str] = attrs.field(factory=list)
    spans: Dict[str, Tuple[float, float]] = attrs.field(factory=dict)
    running: int = 0
    most_running: int = 0

    async def run(self, query: Query[Any]) -> Evidence:
        """Answer one query."""
        began = asyncio.get_running_loop().time()
        self.asked.append(query.key)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.delays_s.get(query.key, self.delay_s))
        finally:
            self.running -= 1
        self.spans[query.key] = (began, asyncio.get_running_loop().time())
        return self._evidence(query)

    def _evidence(self, query: Query[Any]) -> Evidence:
        answer: Optional[Any] = self.answers.get(query.key)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer()
        if isinstance(answer, Evidence):
            return attrs.evolve(answer, key=query.key, argv=query.argv)
        data = "fine\n" if answer is None else answer
        stdout = data.encode() if isinstance(data, str) else data
        return Evidence(query.key, query.argv, Ending.EXITED, 0, stdout, started_at=time.time())


def ended(ending: Ending, note: str = "") -> Evidence:
    """Return an answer that ended otherwise."""
    return Evidence("", (), ending, note=note, started_at=time.time())
