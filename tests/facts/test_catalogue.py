"""All sources, and which of them a key or a command line belongs to."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from ascend_doctor.facts.catalogue import BY_NAME, SOURCES, query_for_command, query_for_key
from ascend_doctor.facts.source import Scope, Source, Target


def test_names_are_unique() -> None:
    """Evidence is named by its source, so no two sources share a name or a command line."""
    assert len(SOURCES) == len(BY_NAME)
    assert len(SOURCES) == len({source.argv for source in SOURCES})


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_key_leads_back_to_its_query(source: Source[Any]) -> None:
    """The key of a query names the same query again, and so does its command line."""
    targets = {
        Scope.NODE: Target(),
        Scope.CARD: Target(npu=1536),
        Scope.CHIP: Target(npu=1536, chip=1),
        Scope.NPU: Target(phy_id=3),
        Scope.PAIR: Target(phy_id=3, address="10.0.0.2"),
        Scope.PORT: Target(npu=1536, udie=1, port=8),
        Scope.OPTICAL_PORT: Target(npu=1536, udie=0, port=4),
    }
    reached = Target(npu=3, eid="::1", address="::2")
    query = source.about(reached if "{eid}" in source.argv else targets[source.scope])
    assert query == query_for_key(query.key)
    assert query == query_for_command(query.argv)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "npu-smi/none",
        "npu-smi/health@x",
        "npu-smi/health@0.",
        "npu-smi/board@0.1",
        "npu-smi/health@.1",
        "npu-smi/health@" + "9" * 5000,
        "npu-smi/list@3",
        "npu-smi/health@٣",
    ],
)
def test_other_keys_lead_nowhere(key: str) -> None:
    """A key of no source, or with no number where one belongs, has no query."""
    assert None is query_for_key(key)


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("/usr/local/bin/npu-smi info", "npu-smi/info"),
        ("npu-smi info -i 5 -t board", "npu-smi/board@5"),
        ("npu-smi info -t health -i 0 -c 1", "npu-smi/health@0.1"),
        ("npu-smi info -c 1 -i 0 -t health", "npu-smi/health@0.1"),
        ("npu-smi info -t health -i 0", "npu-smi/health@0"),
        ("npu-smi info -t board -i 0 -c 1", "npu-smi/board@0"),
        ("npu-smi info -t ecc -i $i", "npu-smi/ecc"),
        ("npu-smi info -t", None),
        ("npu-smi", "npu-smi/help"),
        ("npu-smi bogus", "npu-smi/help"),
        ("npu-smi info -t bogus", "npu-smi/help"),
        ("npu-smi info -t health", "npu-smi/health"),
        ("npu-smi info -t hccs -c 1 -i 0", "npu-smi/hccs@0.1"),
        ("npu-smi info -t hccs -i 0 -c 1 -lane 3", "npu-smi/hccs@0.1"),
        ("npu-smi info -lane 3 -t hccs -i 0 -c 1", "npu-smi/hccs@0.1"),
        ("npu-smi info -t hccs -i 0 -c 1 -R", "npu-smi/hccs-remote@0.1"),
        ("npu-smi info -t hccs-bw -time 10 -i 0 -c 1", "npu-smi/hccs-bandwidth@0.1"),
        ("npu-smi info -t hccs-bw -i 0 -c 1", "npu-smi/hccs-bandwidth@0.1"),
        ("npu-smi info -p 5 -t phyid-remap", "npu-smi/phyid-remap@5"),
        ("npu-smi info -t phyid-remap", "npu-smi/phyid-remap"),
        ("npu-smi info -t template-info -i 0", "npu-smi/template-info"),
        ("npu-smi upgrade -i 3 -b mcu", "npu-smi/mcu-version@3"),
        ("npu-smi set -t create-vnpu -i 0 -c 0 -f vir05_1c_8g", "npu-smi/create-vnpu"),
        ("hccn_tool -i 0 -link -g", "hccn_tool/link@0"),
        ("hccn_tool -i 0 -link -g now", None),
        ("hccn_tool -i 0 -ping -g address 10.0.0.2 pkt 3", "hccn_tool/ping@0:10.0.0.2"),
        ("hccn_tool -g -link -i 0 -u 0 -p 4", "hccn_tool/ub_link@0.0.4"),
        ("hccn_tool -g -link -p 4 -u 0 -i 0", "hccn_tool/ub_link@0.0.4"),
        ("hccn_tool -g -tls -i 3 -host", "hccn_tool/ub_tls_host@3"),
        ("hccn_tool -g -bandwidth -i 0 -u 1 -p 5 -time 3000", "hccn_tool/ub_bandwidth@0.1.5"),
        ("hccn_tool -g -bandwidth -i 0 -u 1 -p 5 -time", None),
        ("hccn_tool -t -ub_ping -i 0 -dst_eid ::2 -src_eid ::1 -cnt 6", "hccn_tool/ub_ping@0:::1>::2"),
        ("hccn_tool -g -link -i 0 -x 0", None),
        ("hccn_tool -g -link -u 0", None),
        ("hccn_tool -g", None),
        ("cat /etc/hccn.conf", "file/hccn-conf"),
        ("ls", None),
        ("", None),
    ],
)
def test_a_command_line_finds_its_source(command: str, key: Optional[str]) -> None:
    """Paths, another order of options and `-c` are understood; other commands belong to nobody."""
    query = query_for_command(command.split())
    assert key == (None if query is None else query.key)
