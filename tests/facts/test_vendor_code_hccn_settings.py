"""What the vendor's own tool code printed of the settings of a port parses to the values that were fed to it."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.model.reading import Absence
from samples import Case, vendor_cases

Document = Dict[str, Any]
ALL = vendor_cases("hccn_tool")
STATES = ("NONE", "START", "FAIL", "SUCCESS")


def _vnic(truth: Mapping[str, Any]) -> Document:
    named = {"link": "link", "ip": "ipaddr", "netmask": "netmask"}
    return {name: truth[key] for key, name in named.items() if key in truth}


EXPECTED: Dict[str, Callable[[Mapping[str, Any]], Document]] = {
    "bad_thd-g": lambda truth: {"thd": truth["thd"]},
    "cfg_status": lambda truth: {"config_status": STATES[truth["status_code"]]},
    "dscp_to_tc-g": lambda truth: {"tc_all": truth["tc_all"]},
    "dscp_to_tc-g_dscp_33": lambda truth: {"dscp": truth["dscp"], "tc": truth["tc"]},
    "duplex-g": lambda truth: {"duplex": truth["duplex"]},
    "ip-inet6-g": lambda truth: {"ipv6_address": truth["ip6"], "prefix_length": truth["prefix"]},
    "mac-g": lambda truth: {"mac": truth["mac"]},
    "mtu-g": lambda truth: {"mtu": truth["mtu"]},
    "pfc-g": lambda truth: {"enabled": truth["enabled"]},
    "prio_tc-g": lambda truth: {"tc": truth["tc"]},
    "process-g": lambda truth: {"hccp": truth["hccp_process"]},
    "send_arp-g": lambda truth: {"enable": truth["enable"], "period": truth["period"]},
    "shaping-g": lambda truth: {"bw_limit": truth["bw_limit"], "bw_max": truth["bw_max"]},
    "tc_cfg-g": lambda truth: {key: truth[key] for key in ("buffer", "up", "low")},
    "tc_stat-g": lambda truth: {"tx": truth["tx"], "rx": truth["rx"]},
    "version-g": lambda truth: {"firmware": truth["firmware"]},
    "vnic-g": _vnic,
}
ANSWERED = [case for case in ALL if case.path.split("/")[1] in EXPECTED and not case.exit_code]


def _twin(case: Case) -> Mapping[str, Any]:
    """Return the fed values; a3-healthy was fed those of a2-healthy and repeats nothing."""
    path = case.path.replace("a3-healthy", "a2-healthy")
    return next(other.truth for other in ALL if other.path == path)


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_output_parses_to_the_values_that_were_fed(case: Case) -> None:
    """The facts hold the values that were put below the tool, under whatever names it prints them."""
    query = query_for_command(case.argv)
    assert query is not None
    shown = document(query.source.read(case.evidence))
    expected = EXPECTED[case.path.split("/")[1]](_twin(case))
    assert expected == {key: shown.get(key) for key in expected}


@pytest.mark.parametrize("case", [case for case in ALL if "/fec-g/" in case.path], ids=str)
def test_a_mode_that_cannot_be_changed_is_not_told(case: Case) -> None:
    """Newer tools do not tell the FEC mode, and the published one lacks the command: nothing to judge."""
    query = query_for_command(case.argv)
    assert query is not None
    assert Absence.NOT_SUPPORTED is query.source.read(case.evidence).why
