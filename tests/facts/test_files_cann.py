"""The files of CANN, of what stands on it, and rank tables: forms that no sample shows, and forms that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.facts.files import cann, cann_parts, engine_version, rank_table
from ascend_doctor.facts.files.rank_table import Rank
from ascend_doctor.facts.hccn_tool import link
from ascend_doctor.facts.source import Source, Target
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from samples import answer


def read(source: Source[Any], text: str) -> Any:
    """Read a file."""
    return source.read(answer(text.encode()))


def facts(source: Source[Any], text: str) -> Any:
    """Read a file that holds facts."""
    found = read(source, text)
    assert not isinstance(found, Missing), found
    return found


def test_a_package_is_read() -> None:
    """Name and version always, the rest where it stands; generations are names in brackets, parted anyhow."""
    found = facts(cann.TOOLKIT, "package_name=Ascend-cann-toolkit\nversion=8.2.RC1\ncompatible_version=[C1, C2],[C3]\n")
    assert ("8.2.RC1", ("C1", "C2", "C3"), NOT_REPORTED) == (found.version, found.compatible_version, found.arch)
    assert ["C1", "C2", "C3"] == document(found)["compatible_version"]
    bare = facts(cann.NNAE, "package_name=Ascend-cann-nnae\nversion=8.0.RC3\nos=\n")
    assert {"package_name": "Ascend-cann-nnae", "version": "8.0.RC3", "os": None} == document(bare)


@pytest.mark.parametrize(
    "text",
    [
        "package_name=Ascend-cann-toolkit\n",
        "version=8.2\n",
        "# cat x\npackage_name=a\nversion=8.2\n",
        "package_name=a\nversion=8.2\ncompatible_version=V100R001C13\n",
        "package_name=a\nversion=8.2\nversion=8.2\n",
        "package_name=a\nversion=8.2",
    ],
)
def test_other_packages_are_refused(text: str) -> None:
    """No version, no name, a prompt, generations without brackets, a line twice, a line cut short."""
    assert Absence.UNPARSED == read(cann.TOOLKIT, text).why


def test_parts_are_read() -> None:
    """One version of a part is a pair, several are pairs; the last is the one in use, and none is none."""
    text = "# version: 1.0\nhccl_running_version=[7.6.0:8.0.0],[8.2.0.1:8.2.RC1]\nopp_running_version=\n"
    found = facts(cann_parts.PARTS, text + "opp_installed_version=[1.84:8.0.0]\n")
    assert {"hccl": "8.2.RC1"} == found.running
    shown = document(found)
    assert ("1.0", 3, ["1.84", "8.0.0"]) == (shown["cfg_version"], shown["keys"], shown["opp_installed_version"])
    assert [["7.6.0", "8.0.0"], ["8.2.0.1", "8.2.RC1"]] == shown["hccl_running_version"]


@pytest.mark.parametrize(
    "text",
    [
        "hccl_running_version=[1:2]\n",
        "# version: 1.0\n",
        "# version: 1.0\n# cat x\nhccl_running_version=[1:2]\n",
        "# version: 1.0\nhccl_running_version=1:2\n",
        "# version: 1.0\nhccl=[1:2]\n",
        "# version: 1.0\nhccl_running_version=[1:2]\nhccl_running_version=[1:2]\n",
    ],
)
def test_other_lists_of_parts_are_refused(text: str) -> None:
    """No first line, nothing below it, a prompt, no brackets, a foreign key, a key twice."""
    assert Absence.UNPARSED == read(cann_parts.PARTS, text).why


def test_a_part_is_read() -> None:
    """Quotes around a value are no part of it, whatever stands between them."""
    found = facts(cann_parts.PART, 'Version=8.2.0.0.201\nversion_dir=8.2.RC1\nrequired_x_version=">=7.6, <=8.2"\n')
    assert "8.2.0.0.201" == found.version
    assert {"Version": "8.2.0.0.201", "version_dir": "8.2.RC1", "required_x_version": ">=7.6, <=8.2"} == document(found)


@pytest.mark.parametrize("text", ["version_dir=8.2.RC1\n", 'Version=1\nrequired="8.2\n', "# x\nVersion=1\n"])
def test_other_parts_are_refused(text: str) -> None:
    """No version, a quote that does not end, a prompt."""
    assert Absence.UNPARSED == read(cann_parts.PART, text).why


def test_an_engine_is_read() -> None:
    """Three ways to write the colon, indented or not; the release is the version without its build."""
    text = "  Ascend-mindie : MindIE 2.1.RC1.B152\n  mindie-rt: 2.1.RC1.B152\n  mindie-sd:2.1.RC1.B152\n"
    found = facts(engine_version.MINDIE, text)
    assert ("Ascend-mindie", "2.1.RC1.B152", "2.1.RC1") == (found.package, found.version, found.release)
    assert {"mindie-rt": "2.1.RC1.B152", "mindie-sd": "2.1.RC1.B152"}.items() <= document(found).items()
    atb = facts(engine_version.NNAL, "Ascend-cann-atb : 8.2.RC1\nAscend-cann-atb Version : 8.2.RC1.B150\n")
    assert ("8.2.RC1", "8.2.RC1.B150") == (atb.version, atb.fields["Ascend-cann-atb Version"])


@pytest.mark.parametrize("text", ["Platform : aarch64\n", "Ascend-mindie 2.1\n", "ATB-Models Version : 2\nx:1\nx:1\n"])
def test_other_engines_are_refused(text: str) -> None:
    """No package in the first line, no colon, a label twice."""
    assert Absence.UNPARSED == read(engine_version.MINDIE, text).why


def server(name: str, *devices: Any) -> Any:
    """Return a server of a table."""
    return {"server_id": name, "device": list(devices)}


def test_a_table_of_super_pods_is_read() -> None:
    """Texts and numbers mean the same; what a table does not say is missing."""
    table = {
        "version": "1.2",
        "server_list": [server("a", {"device_id": 0, "rank_id": "0", "super_device_id": "16777216"})],
        "super_pod_list": [{"super_pod_id": 7, "server_list": [{"server_id": "a"}]}],
    }
    found = facts(rank_table.SOURCE, json.dumps(table))
    assert (Rank(0, 0, NOT_REPORTED, "16777216"),) == found.all_ranks
    shown = document(found)
    assert (None, ["a"], 1, None) == (
        shown["server_count"],
        shown["servers"],
        shown["rank_count"],
        shown["first_device_ip"],
    )
    assert [{"super_pod_id": "7", "servers": ["a"]}] == shown["super_pods"]


def test_a_table_of_ranks_is_read() -> None:
    """Form 2.0 has no servers; the address of a rank is its first IP address."""
    levels = [
        {"rank_addr_list": [{"addr_type": "EID", "addr": "x"}, {"addr_type": "IPV4", "addr": "10.0.0.9"}]},
        {"rank_addr_list": [{"addr_type": "IPV4", "addr": "10.0.1.9"}]},
    ]
    table = {"version": "2.0", "rank_list": [{"rank_id": 0, "device_id": 3, "level_list": levels}]}
    found = facts(rank_table.SOURCE, json.dumps(table))
    assert (Rank(0, 3, "10.0.0.9"),) == found.all_ranks
    far = {"rank_id": 0, "device_id": 3, "level_list": levels[:1]}
    far["level_list"] = [{"rank_addr_list": [{"addr_type": "EID", "addr": "x"}]}]
    (rank,) = facts(rank_table.SOURCE, json.dumps({"rank_list": [far]})).all_ranks
    assert NOT_REPORTED == rank.device_ip
    empty = facts(rank_table.SOURCE, '{"rank_list": []}')
    assert (0, None) == (document(empty)["rank_count"], document(empty)["first_super_device_id"])


def test_a_table_of_a_service_is_read() -> None:
    """The servers of all groups count; those of the controller have an address in place of a name."""
    groups = [{"server_list": [{"server_ip": "10.0.0.2"}]}, {"server_list": [server("a")]}]
    found = facts(rank_table.SOURCE, json.dumps({"server_group_list": groups}))
    assert ["10.0.0.2", "a"] == [one.server_id for one in found.servers]


def test_a_table_with_comments_is_read_and_marked() -> None:
    """Comments, dots and needless commas are passed over, in strings they stay; the engines refuse such a table."""
    text = '{"server_list": [ // one\n {"server_id": "a#//...", # two\n "device": [...\n ]},\n ...\n, ], }'
    found = facts(rank_table.SOURCE, text)
    assert (False, False, "a#//...") == (found.valid_json, found.complete, found.servers[0].server_id)
    commented = facts(rank_table.SOURCE, '{"server_list": []} # nothing')
    assert (False, True) == (commented.valid_json, commented.complete)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"server_list": {}}',
        '{"server_list": [1]}',
        '{"server_list": [{}]}',
        '{"server_list": [], "super_pod_list": [{}]}',
        '{"server_list": [], "server_count": true}',
        '{"server_list": [], "server_count": "two"}',
        '{"server_list": [], "version": 1.0}',
        '{"rank_list": [{"device_id": 0}]}',
        '{"server_list": [], "status": NaN}',
        '{"server_list": []',
        "[" * 100_000,
    ],
)
def test_other_tables_are_refused(text: str) -> None:
    """Another document, lists of something else, a server without a name, a number that is none, JSON cut short."""
    assert Absence.UNPARSED == read(rank_table.SOURCE, text).why


@pytest.mark.parametrize("text", ['"\\', '"', ",\n", "...", "# "])
def test_a_table_of_noise_is_refused_at_once(text: str) -> None:
    """However often a piece of a table is repeated, every character is looked at once."""
    assert Absence.UNPARSED == read(rank_table.SOURCE, "{" + text * (1_000_000 // len(text))).why


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("cat /usr/local/Ascend/cann/aarch64-linux/ascend_toolkit_install.info", "file/cann-toolkit"),
        ("cat /home/me/Ascend/ascend-toolkit/8.2.RC1/x86_64-linux/ascend_toolkit_install.info", "file/cann-toolkit"),
        ("cat /usr/local/Ascend/ascend-toolkit/latest/version.cfg", "file/cann-parts"),
        ("cat /opt/Ascend/ascend-toolkit/latest/opp/version.info", "file/cann-part"),
        ("cat /opt/Ascend/mindie/latest/version.info", "file/mindie-version"),
        ("cat /opt/Ascend/nnal/atb/latest/version.info", "file/nnal-version"),
        ("cat /opt/Ascend/driver/version.info", "file/driver-version"),
        ("cat /opt/Ascend/firmware/version.info", "file/firmware-version"),
        ("cat global_rank_table.json", "file/rank-table"),
    ],
)
def test_a_file_is_known_by_its_name_wherever_it_lies(command: str, name: str) -> None:
    """People install elsewhere, and copy files."""
    query = query_for_command(command.split())
    assert name == (None if query is None else query.source.name)


def test_a_file_has_its_places_and_a_tool_has_none() -> None:
    """The places are those with a whole path, the newest layout first."""
    places = cann.TOOLKIT.about().places
    assert "/usr/local/Ascend/cann/aarch64-linux/ascend_toolkit_install.info" == places[0]
    assert "/usr/local/Ascend/ascend-toolkit/latest/x86_64-linux/ascend_toolkit_install.info" in places
    assert () == link.SOURCE.about(Target(phy_id=0)).places
