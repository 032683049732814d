"""Answers as people publish them: cut with dots, remarked, pasted with fewer blanks; what is left is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.facts.files import hccn_conf, rank_table
from ascend_doctor.facts.hccn_tool import arp, hw_stats, link, link_stat, lldp, status, tls, untold
from ascend_doctor.facts.hccn_tool.ub import connect, dev_info
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import health, mapping, topo, usages, watch
from ascend_doctor.facts.source import Source
from ascend_doctor.model.reading import Absence, Missing
from samples import answer

NEIGHBOUR = (
    "Chassis ID TLV\n\tMAC: 02:00:00:00:00:01\nPort ID TLV\n\tIfname: 100GE1/0/7\n"
    "System Description TLV\n\tA switch\nof some make\n\nManagement Address TLV\n\tIPv4: 10.xx.xx.1\n"
)
RECORDS = (
    "[devid 4]current time        : Mon May  4 08:00:00 2026\n[devid 4]link up count       : 7\n"
    "[devid 4]link change records :\n[devid 4]    Mon May  4 07:59:00 2026    LINK DOWN\n"
)


def _read(source: Source[Any], text: str) -> Any:
    return source.read(answer(text.encode()))


def _refused(source: Source[Any], text: str) -> bool:
    found = _read(source, text)
    return isinstance(found, Missing) and found.why is Absence.UNPARSED


def test_counters_between_dots_are_read() -> None:
    """RDMA counters of which some were cut out keep their names and numbers; without the first one they are refused."""
    shown = document(_read(hw_stats.SOURCE, "[devid 5] pd_alloc: 3\n...\n[devid 5] aeqe: 1\n...\n"))

    assert {"device": 5, "pd_alloc": 3, "aeqe": 1, "elided": True} == shown
    assert _refused(hw_stats.SOURCE, "...\n[devid 5] ceqe: 0\n")
    assert _refused(hw_stats.SOURCE, "...\n")


def test_a_line_before_dots_is_read() -> None:
    """A loop over devices of which the author left the first answer; two answers are still refused."""
    assert "UP" == _read(link.SOURCE, "link status: UP\n...\n").link
    assert _refused(link.SOURCE, "link status: UP\n...\nlink status: UP\n")
    assert _refused(link.SOURCE, "...\n")


def test_link_records_before_dots_are_read() -> None:
    """The records that an author left are the newest ones."""
    facts = _read(link_stat.SOURCE, f"{RECORDS}...\n")

    assert (True, (("Mon May  4 07:59:00 2026", "DOWN"),)) == (facts.elided, facts.records)
    assert not _read(link_stat.SOURCE, RECORDS).elided


def test_an_announcement_that_ends_in_dots_keeps_its_names() -> None:
    """What names the neighbour is whole on its line; a free text before the dots may have gone on."""
    facts = _read(lldp.SOURCE, f"{NEIGHBOUR}...\n")
    assert ("100GE1/0/7", "10.xx.xx.1", True) == (facts.port_id, facts.management_address, facts.elided)

    in_text = _read(lldp.SOURCE, NEIGHBOUR.partition("of some")[0] + "...\n")
    assert ("100GE1/0/7", None) == (in_text.port_id, document(in_text)["system_description"])
    assert _refused(lldp.SOURCE, NEIGHBOUR)


def test_a_name_that_was_made_dots_is_missing() -> None:
    """Dots in place of a name are no name."""
    facts = _read(lldp.SOURCE, NEIGHBOUR.replace("02:00:00:00:00:01", "...") + "End of LLDPDU TLV\n")

    assert (None, "100GE1/0/7") == (document(facts)["chassis_id"], facts.port_id)


def test_neighbours_without_their_title_are_read() -> None:
    """Somebody left out the title, and put remarks behind the neighbours."""
    facts = _read(
        arp.SOURCE,
        "(10.0.0.2) at 02:aa:00:00:00:02 [ether]  on eth0  (the other node)\n"
        "(10.0.0.3) at <incomplete>  on eth0 \u2190 dead\n",
    )

    assert [("10.0.0.2", "eth0"), ("10.0.0.3", "eth0")] == [(entry.ip, entry.iface) for entry in facts.entries]
    assert not facts.elided


def test_the_title_of_the_network_device_may_stand_alone() -> None:
    """Where ports can be bonded the title is a line; levels of messages go on in the next line."""
    facts = _read(
        status.SOURCE,
        "Netdev status:\nSettings for eth1:\n\tDuplex: Unknown! (255)\n\tCurrent message level: 0x00000006 (6)\n"
        "\t                       probe link\n\tLink detected: no\n",
    )

    assert ("eth1", False, None) == (facts.iface, facts.link_detected, document(facts)["duplex"])
    assert ("0x00000006 (6)", "probe link") == facts.extra["Current message level"]
    assert _refused(status.SOURCE, "Netdev status:\n")


def test_rows_of_a_topology_between_dots_are_read() -> None:
    """The rows that are left keep their relations; the facts tell that not all are there."""
    facts = _read(topo.SOURCE, "\t   NPU0 NPU1 NPU2\nNPU0 X HCCS HCCS\n...\nNPU2 HCCS HCCS X\n")

    assert (["NPU0", "NPU2"], False) == ([row.node for row in facts.matrix], facts.is_complete)


def test_a_mapping_with_single_blanks_in_its_head_is_read() -> None:
    """The names of the columns hold blanks themselves; they are known, so that one blank is enough between them."""
    facts = _read(mapping.SOURCE, "NPU ID Chip ID Chip Logic ID Chip Name\n4 0 0 Ascend 910B4\n4 1 - Mcu\n")

    assert (("NPU ID", "Chip ID", "Chip Logic ID", "Chip Name"), 1, 1) == (
        facts.columns,
        facts.device_count,
        facts.mcu_count,
    )


def test_all_ports_together_have_the_name_that_one_port_has() -> None:
    """The document names the state as the answer about a single port does, too."""
    shown = document(_read(connect.SOURCE, "link status : PARTIAL LINK\nport 4 : UP\nport 5 : DOWN\n"))

    assert {"link_status": "PARTIAL LINK", "ports": {"4": "UP", "5": "DOWN"}, "link": "PARTIAL LINK"} == shown


def test_files_tell_that_something_was_cut_out() -> None:
    """The document of a file says so under the name that answers of the tools have for it."""
    conf = document(_read(hccn_conf.SOURCE, "address_0=10.0.0.1\nnetmask_0=255.0.0.0\n...\n"))
    table = document(_read(rank_table.SOURCE, '{"server_count": "1", "server_list": [\n...\n]}\n'))

    assert (True, False) == (conf["elided"], conf["complete"])
    assert (True, False) == (table["elided"], table["complete"])


WORDS = (
    ("npu-smi info watch -i 3", "npu-smi/watch"),
    ("npu-smi info watch -d 2 -s pt", "npu-smi/watch"),
    ("npu-smi info watch -i 3 -d 2 -s pt", "npu-smi/watch"),
    ("hccn_tool -i 3 -tls -g host", "hccn_tool/tls_host"),
    ("hccn_tool -i 3 -hccs_ping -g", "hccn_tool/hccs-ping"),
    ("hccn_tool -i 3 -pci -g", "hccn_tool/untold"),
    ("hccn_tool -i 3 -generic -s auto_adapt", "hccn_tool/untold"),
    ("hccn_tool", "hccn_tool/untold"),
    ("hccn_tool -i 3 -tls -g | grep switch", "hccn_tool/tls"),
    ("cat /etc/hccn.conf # of both nodes", "file/hccn-conf"),
    ("lspci | grep acce", "lspci/list"),
    ("cat /usr/local/Ascend/ascend-toolkit/latest/version.info", "file/cann-part"),
)


@pytest.mark.parametrize(("line", "name"), WORDS, ids=[line for line, _ in WORDS])
def test_a_form_of_a_question_finds_its_parser(line: str, name: str) -> None:
    """The same question in other words is read by the same parser."""
    query = query_for_command(tuple(line.split()))

    assert query is not None
    assert name == query.source.name


def test_a_remark_alone_is_no_question() -> None:
    """Nothing is asked by a line that starts with its remark."""
    assert query_for_command(("#", "npu-smi", "info")) is None


def test_rows_of_one_card_are_its_rounds() -> None:
    """Asked about one card, every row is a round; the last one counts."""
    facts = _read(
        watch.SOURCE, "NpuID(Idx)  Pwr(W)      Temp(C)\n3           90.1        41\n3           90.4        42\n"
    )

    assert ((3, 90.4, 42),) == facts.rows


def test_a_question_without_a_known_answer_is_refused_or_unparsed() -> None:
    """How the tool refuses is known; an answer would be guessed at."""
    refused = untold.SOURCE.read(answer(b"The command is not supported on this product.\n", exit_code=13))

    assert Absence.NOT_SUPPORTED is refused.why
    assert _refused(untold.SOURCE, "pci:\n05:00.0 something\n")


def test_certificates_of_the_host_are_read_alike() -> None:
    """The host's certificates have the form of the device's."""
    head = "dev_id:2, tls switch[1](0:disable, 1:enable), tls alarm time threshold[30]days\n"

    assert (2, 1, 30) == tuple(document(_read(tls.HOST, head))[key] for key in ("device", "switch", "alarm_days"))


def test_an_empty_object_is_no_section() -> None:
    """The runner never answers with nothing; facts without a single one would look like a host that tells little."""
    assert _refused(identity.SOURCE, json.dumps({}) + "\n")


def test_a_memory_without_a_kind_is_read() -> None:
    """A 310 has one memory, and huge pages of it that the tool does not always know."""
    facts = _read(
        usages.SOURCE,
        "\tNPU ID                         : 2\n\tChip Count                     : 1\n\n"
        "\tMemory Capacity(MB)            : 8192\n\tMemory Usage Rate(%)           : 33\n"
        "\tHugepages Total(page)          : NA\n\tHugepages Usage Rate(%)        : NA\n"
        "\tAicore Usage Rate(%)           : 1\n\tMemory Bandwidth Usage Rate(%) : 2\n"
        "\tChip ID                        : 0\n",
    )

    shown = document(facts)
    assert (8192, 33, None, None, 2) == tuple(
        shown[key]
        for key in (
            "memory_capacity_mb",
            "memory_usage_pct",
            "hugepages_total",
            "hugepages_usage_pct",
            "memory_bandwidth_usage_pct",
        )
    )
    assert {} == shown["extra"]


def test_a_network_device_may_have_no_address_in_words() -> None:
    """An address that the tool could not put into words is none."""
    rule = "+------+----+----+----+----+\n"
    facts = _read(
        dev_info.SOURCE,
        f"{rule}| Interface Name | IP Address | Netmask | Bond Mode | Slaves |\n"
        f"{rule}| eth1 | NA | NA | NA | NA |\n{rule}",
    )

    assert [("eth1", ())] == [(device.name, device.addresses) for device in facts.interfaces]


def test_a_controller_inside_a_container_has_no_health() -> None:
    """NA is no word for health."""
    facts = _read(
        health.SOURCE,
        "\tNPU ID : 0\n\tChip Count : 1\n\tHealth Status : OK\n\tChip ID : 0\n"
        "\tHealth Status : NA\n\tChip Name : MCU\n",
    )

    assert ["OK", None] == [chip["health"] for chip in document(facts)["chips"]]
