"""Questions of the 950 form that no check puts."""

from __future__ import annotations

from typing import Any, Tuple

from ascend_doctor.facts.hccn_tool.ub import adapt_status, credit, down_data, peak_bw, same_answers, serdes, su_ber
from ascend_doctor.facts.source import Source

FURTHER: Tuple[Source[Any], ...] = (
    same_answers.LINK,
    same_answers.SPEED,
    same_answers.FEC,
    same_answers.BANDWIDTH,
    same_answers.TLS_HOST,
    same_answers.PROCESS,
    same_answers.VERSION,
    same_answers.CFG_RECOVERY,
    same_answers.VNIC,
    adapt_status.SOURCE,
    credit.SOURCE,
    down_data.SOURCE,
    peak_bw.SOURCE,
    serdes.SOURCE,
    su_ber.MODE,
    su_ber.RESULT,
)
