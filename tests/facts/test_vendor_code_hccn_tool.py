"""What the vendor's own tool code printed from known values parses to these values, its errors to the right reason."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Mapping

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.facts.hccn_tool import link
from ascend_doctor.model.reading import Absence, Missing
from samples import Case, vendor_cases

ALL = vendor_cases("hccn_tool")
ARGUMENTS = [case for case in ALL if "/arguments/" in case.path]
CASES = [case for case in ALL if case not in ARGUMENTS and query_for_command(case.argv) is not None]

# The states in which the code was made to fail, and what its words mean.
ERRORS = {
    "call-fails-busy-locked": Absence.BUSY,
    "call-fails-ebusy": Absence.BUSY,
    "call-fails-enoent": Absence.TOOL_FAILED,
    "call-fails-eopnotsupp": Absence.TOOL_FAILED,
    "call-fails-minus1": Absence.TOOL_FAILED,
    "dev-not-exist": Absence.NO_DEVICE,
    "net-health-call-fails": Absence.TOOL_FAILED,
    "netdetect-enoent": Absence.TOOL_FAILED,
    "no-device": Absence.NO_DEVICE,
    "open-table": Absence.NOT_SUPPORTED,
    "optical-enodev": Absence.TOOL_FAILED,
}
# These commands do not tell how their call to the device failed.
UNTOLD = ("udp-g/a2-call-fails-busy-locked", "vnic-g/a2-call-fails-ebusy")
# Here the failed call means that nobody has set the thing, which is an answer.
UNSET = {
    "gateway-g/a2-call-fails-enoent": "gateway",
    "gateway-g/a2-no-gateway": "gateway",
    "netdetect-g/a2-no-netdetect": "netdetect",
    "tls-g/a2-call-fails-enoent": "switch",
}
# The tool prints these counters under names that differ from those of its driver's structure.
COUNTER_NAMES = {
    "roce_err_ack_num": "roce_unexpected_ack_num",
    "roce_err_psn_num": "roce_out_of_order_num",
    "roce_err_qp_status_num": "roce_qp_status_err_num",
}
NET_HEALTH_WORDS = {
    0: "Success",
    1: "Socket fail",
    2: "Receive timeout",
    3: "Unreachable",
    4: "Time exceeded",
    5: "Fault",
    6: "Init",
    7: "Thread error",
    8: "Detect ip set",
    9: "Unknown",
}
OPTICAL_NAMES = {"vendor_name": "vendor", "vendor_pn": "part_number", "vendor_sn": "serial_number"}
Document = Dict[str, Any]


def _name(case: Case) -> str:
    return case.path.partition("/")[2]


def _state(case: Case) -> str:
    return case.path.rpartition("/")[2].partition("-")[2]


def _read(case: Case) -> Any:
    query = query_for_command(case.argv)
    assert query is not None
    return query.source.read(case.evidence)


def _truth(case: Case) -> Mapping[str, Any]:
    """Return the fed values; a3-healthy was fed those of a2-healthy and repeats nothing."""
    twin = case.path.replace("a3-healthy", "a2-healthy")
    return next(other.truth for other in CASES if other.path == twin)


def _link_stat(truth: Mapping[str, Any]) -> Document:
    expected: Document = {"link_up_count": truth["link_up"], "link_down_count": truth["link_down"]}
    if "current" in truth:
        expected["current_time"] = time.asctime(time.gmtime(truth["current"]))
    if "records_newest_first" in truth:
        start = 1767225600  # the device's clock in these cases, 2026-01-01 00:00:00 UTC
        parts = [record.split(" at +") for record in truth["records_newest_first"]]
        expected["records"] = [[time.asctime(time.gmtime(start + int(after))), state] for state, after in parts]
    if truth.get("records") == "NA":
        expected["records"] = []
    return expected


def _tls(truth: Mapping[str, Any]) -> Document:
    certs = [
        {**cert, "start": f"{cert['start']} GMT", "end": f"{cert['end']} GMT", "expiration": 0}
        for cert in truth.get("certs", ())
    ]
    if truth.get("expired"):
        certs = [{"expiration": 2}]
    if truth.get("near_expiry"):
        certs = [{"expiration": 1, "end": f"{truth['end']} GMT"}]
    expected = {key: truth[key] for key in ("switch", "preconfigured", "alarm_days") if key in truth}
    return {**expected, "certs": certs} if certs else expected


def _optical(truth: Mapping[str, Any]) -> Document:
    expected: Document = {}
    for key, value in truth.items():
        if key in ("tx_los", "rx_los", "tx_lol", "rx_lol"):
            expected[key] = hex(value)
        elif key == "high_power_enabled":
            expected["high_power_enable"] = "enabled" if value else "not enabled"
        elif key not in ("generation", "state", "build", "fed"):
            expected[OPTICAL_NAMES.get(key, key)] = value
    fed = truth.get("fed", {})
    if fed.get("temp") == 0x7EFF:
        expected.update(temperature_c=None, vcc_mv=None, tx_power_mw=[None], rx_power_mw=[None], temp_high_c=None)
    elif "temp" in fed:
        expected.update(temperature_c=fed["temp"], vcc_mv=fed["mv"] / 10)
    if fed.get("snr") == 0:
        expected.update(host_snr_db=[None] * 4, media_snr_db=[None] * 4)
    return expected


EXPECTED: Dict[str, Callable[[Mapping[str, Any]], Document]] = {
    "link-g": lambda truth: {"link": truth["link"]},
    "ip-g": lambda truth: {"ipaddr": truth["ip"], "netmask": truth["netmask"]},
    "gateway-g": lambda truth: {"gateway": truth["gateway"], "iface": truth["iface"]},
    "netdetect-g": lambda truth: {"netdetect": truth["netdetect"]},
    "net_health-g": lambda truth: {"net_health": NET_HEALTH_WORDS[truth["code"]]},
    "speed-g": lambda truth: {"speed_mbps": truth.get("speed_mbps")},
    "stat-g": lambda truth: {COUNTER_NAMES.get(name, name): value for name, value in truth["counters"].items()},
    "link_stat-g": _link_stat,
    "tls-g": _tls,
    "optical-g": _optical,
}


def _contained(expected: Any, shown: Any) -> Any:
    if isinstance(expected, dict):
        return {key: _contained(value, shown.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(shown, list) and len(expected) == len(shown):
        return [_contained(value, other) for value, other in zip(expected, shown)]
    return shown


# The other commands have modules of their own, which hold them to being complete.
HEALTHY = [
    case
    for case in CASES
    if _state(case) not in ERRORS and _name(case) not in UNSET and _name(case).partition("/")[0] in EXPECTED
]


@pytest.mark.parametrize("case", HEALTHY, ids=str)
def test_output_parses_to_the_values_that_were_fed(case: Case) -> None:
    """The facts hold the values that were put below the tool, under whatever names it prints them."""
    expected = EXPECTED[_name(case).partition("/")[0]](_truth(case))

    assert expected == _contained(expected, document(_read(case)))


@pytest.mark.parametrize("case", [case for case in CASES if _name(case) in UNSET], ids=str)
def test_unset_thing_is_a_fact(case: Case) -> None:
    """An address, a gateway or a certificate that nobody has set is an answer with a missing value."""
    reading = getattr(_read(case), UNSET[_name(case)])

    assert Absence.NOT_CONFIGURED is reading.why


@pytest.mark.parametrize(
    "case", [case for case in CASES if _state(case) in ERRORS and _name(case) not in UNSET], ids=str
)
def test_error_answer_becomes_its_reason(case: Case) -> None:
    """An error answer gives the reason that its words name, with the exit code and the words."""
    missing = _read(case)
    words = (case.stderr or case.stdout).decode().splitlines()[0]

    reason = Absence.TOOL_FAILED if _name(case) in UNTOLD else ERRORS[_state(case)]
    assert Missing(reason, words, case.exit_code) == missing


USAGE_ERRORS = {
    "bogus": Absence.NOT_SUPPORTED,
    "bw-bad": Absence.TOOL_FAILED,
    "dev-8": Absence.NO_DEVICE,
    "dev-99": Absence.NO_DEVICE,
    "dev-long": Absence.NO_DEVICE,
    "dev-x": Absence.NO_DEVICE,
    "ext-h": Absence.UNPARSED,
    "h": Absence.UNPARSED,
    "link-badop": Absence.TOOL_FAILED,
    "link-extra": Absence.TOOL_FAILED,
    "link-noop": Absence.TOOL_FAILED,
    "none": Absence.TOOL_FAILED,
}


@pytest.mark.parametrize("case", ARGUMENTS, ids=str)
def test_wrong_call_is_no_fact(case: Case) -> None:
    """The usage that follows a wrong call is never taken for data, and its reason is the one the tool names."""
    missing = link.SOURCE.read(case.evidence)

    assert isinstance(missing, Missing)
    assert USAGE_ERRORS[_state(case).partition("arguments-")[2]] is missing.why
