"""Questions of which no answer is known, only how the tool refuses them.

The tool prints what the device says of its PCI link as it comes, and no recording shows it; the others are refused by
every product of which the vendor's code was recorded. What an answer says is not guessed at: it is unparsed, which asks
for a recording.
"""

from __future__ import annotations

from typing import Tuple

from ascend_doctor.facts.hccn_tool.answers import data_lines, error_answer
from ascend_doctor.facts.source import Scope, Source
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing

_WORDS: Tuple[Tuple[str, ...], ...] = (
    ("-pci", "-g"),
    ("-diagnostic", "-g"),
    ("-traceroute", "-g"),
    ("-xsfp_reset", "-g"),
    ("-generic", "-s", "auto_adapt"),
)


def parse(evidence: Evidence) -> Missing:
    """Return why the tool refused the question. Raises `ParseError` for an answer."""
    refused = error_answer(evidence)
    if refused is None:
        raise data_lines(evidence)[0].error("an error message of the tool: no recording shows this command's answer")
    return refused


_FIRST, *_REST = (*(("hccn_tool", "-i", "{phy_id}", *words) for words in _WORDS), ("hccn_tool",))

SOURCE: Source[Missing] = Source(
    name="hccn_tool/untold", scope=Scope.NPU, argv=_FIRST, forms=tuple(_REST), parse=parse, generations=ROCE
)
