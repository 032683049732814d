"""Commands that older tools do not know: their complaint about the words means that there is nothing to ask."""

from __future__ import annotations

import re
from typing import Optional

import attrs

from ascend_doctor.facts.hccn_tool.answers import error_answer
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Absence, Missing

# Vendor source, tool_cmd_err.c.
_WRONG_CALL = re.compile(r"Get unknown option!|Get invalid parameters!|The total count of input parameters is wrong")


def newer_answer(evidence: Evidence) -> Optional[Missing]:
    """Return what an error answer says, None when the answer is none.

    A tool that does not know the command's words calls them wrong; to the doctor it does not support them.
    """
    refused = error_answer(evidence)
    if refused is not None and refused.why is Absence.TOOL_FAILED and _WRONG_CALL.match(refused.detail):
        return attrs.evolve(refused, why=Absence.NOT_SUPPORTED)
    return refused
