"""What the vendor's own tool code printed of modules, traffic and signals parses to the values that were fed."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Mapping

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.facts.hccn_tool import stat_extra
from ascend_doctor.model.reading import Absence, Missing
from samples import CORPUS, Case, vendor_cases

KINDS = {
    "bandwidth-g",
    "bandwidth-g_time_500",
    "down_data-g",
    "hccs_ping-g",
    "hw_stats-g",
    "optical-g_dfx_cfg",
    "optical-g_v2",
    "optical_snr-g",
    "pfc_stat-g",
    "serdes-g",
    "stat_extra-g",
}
RDMA = (
    *(f"{thing}_{event}" for thing in ("pd", "mr", "cq", "qp") for event in ("alloc", "dealloc")),
    *(f"{thing}_active" for thing in ("pd", "mr", "cq", "qp")),
    *("aeqe", "ceqe"),
)
ERRORS = {
    "call-fails-busy-locked": Absence.BUSY,
    "call-fails-ebusy": Absence.BUSY,
    "call-fails-enoent": Absence.TOOL_FAILED,
    "call-fails-eopnotsupp": Absence.TOOL_FAILED,
    "call-fails-minus1": Absence.TOOL_FAILED,
}
# The layer under the tool answered none of these in any run; hccs_ping was called without an address.
UNANSWERED = {
    "serdes-g/a2-healthy": Absence.TOOL_FAILED,
    "optical_snr-g/a2-healthy": Absence.NOT_SUPPORTED,
    "optical_snr-g/a3-healthy": Absence.TOOL_FAILED,
    "hccs_ping-g/a2-healthy": Absence.NOT_SUPPORTED,
    "hccs_ping-g/a3-healthy": Absence.NOT_SUPPORTED,
}
CASES = [case for case in vendor_cases("hccn_tool") if case.path.split("/")[1] in KINDS]


def _name(case: Case) -> str:
    return case.path.partition("/")[2]


def _state(case: Case) -> str:
    return case.path.rpartition("/")[2].partition("-")[2]


def _read(case: Case) -> Any:
    query = query_for_command(case.argv)
    if query is None:  # a call without its address belongs to no query
        query = query_for_command((*case.argv, "address", "192.0.2.199"))
    assert query is not None
    return query.source.read(case.evidence)


def _dbm(power_mw: float) -> Any:
    return round(10 * math.log10(power_mw), 2) if power_mw > 0 else "-inf"


def _optical_v2(truth: Mapping[str, Any]) -> Dict[str, Any]:
    """Return what is to be found in the tables; nothing of a module that is absent or has no diagnostics."""
    fed = truth.get("fed") or {}
    lanes = range(4)
    if fed.get("present") == 0 or fed.get("temp") == 0x7EFF:
        return {"rx_los": [None] * 4, "tx_bias_ma": [None] * 4, "temperature_c": None}
    return {
        "rx_los": [bool(fed.get("rxlos", 0) >> lane & 1) for lane in lanes],
        "tx_fault": [bool(fed.get("txfault", 0) >> lane & 1) for lane in lanes],
        "temperature_c": None if fed.get("temp") == 0x7FFF else float(fed.get("temp", 41)),
        "rx_power_dbm": [_dbm(fed.get(f"rx{lane}", 0.9)) for lane in lanes],
        "tx_power_dbm": [_dbm(fed.get(f"tx{lane}", 1.0)) for lane in lanes],
        "tx_bias_ma": [7.5] * 4,
        "host_snr_db": [20.5, 21.5, 22.5, 23.5],
    }


def _value(shown: Any) -> Any:
    """Leave of a measure its value."""
    if isinstance(shown, list):
        return [_value(item) for item in shown]
    return shown.get("value") if isinstance(shown, dict) else shown


def _expected(case: Case) -> Dict[str, Any]:
    kind, truth = _name(case).partition("/")[0], case.truth
    if kind.startswith("bandwidth"):
        return {key: truth[key] for key in ("tx_mb_s", "rx_mb_s")}
    if kind == "down_data-g":
        return {"device": 0, "records": []}
    if kind == "hw_stats-g":
        return {"device": 0, **dict(zip(RDMA, truth["values"]))}
    if kind == "optical-g_dfx_cfg":
        return {"loopback": truth["loopback"], "tx_disable": "0x0"}
    if kind == "pfc_stat-g":
        rx_ms: List[float] = [us / 1000 for us in truth["rx_us"]]
        counts = {"warn_count": [truth["warn"]] * 8, "err_count": [truth["err"]] * 8}
        return {"tx_ms": list(map(float, truth["tx_ms"])), "rx_ms": rx_ms, **counts}
    if kind == "stat_extra-g":
        values = truth.get("values", range(1, 12))  # a3-healthy was fed as a2-healthy
        return {**dict(zip(stat_extra.COUNTERS, values)), "correcting_bit_rate": 1.17}
    return _optical_v2(truth)


@pytest.mark.skipif(CORPUS is None, reason="no ../shared/corpus beside this checkout")
def test_every_kind_has_its_cases() -> None:
    """None of the commands is passed over because its folder has another name."""
    assert KINDS == {_name(case).partition("/")[0] for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_output_is_what_was_fed_or_the_reason_that_was_fed(case: Case) -> None:
    """The facts hold the values that were put below the tool; a call that was made to fail gives its reason."""
    reading = _read(case)
    reason = UNANSWERED.get(_name(case)) or ERRORS.get(_state(case))
    if reason is not None:
        assert isinstance(reading, Missing)
        assert reason is reading.why
        assert case.exit_code == reading.code
        return
    shown, expected = document(reading), _expected(case)
    assert expected == {key: _value(shown[key]) for key in expected}
