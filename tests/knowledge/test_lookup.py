"""What `explain` knows: every code and every known line of a log, and what it makes of others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator, List, Tuple

import pytest
import yaml

from ascend_doctor.checks import catalogue
from ascend_doctor.knowledge import decode, lookup, tables
from ascend_doctor.knowledge.fault_codes import Level
from conftest import CORPUS

REFERENCE = None if CORPUS is None else CORPUS.parent / "reference"


def kinds(text: str) -> List[str]:
    """Return the kinds of what is known."""
    return [answer.kind for answer in lookup.answers(text)]


@pytest.mark.parametrize(
    ("asked", "kind", "says"),
    [
        ("0x80E01801", "NPU event code", "uncorrectable memory error"),
        ("80e01801", "NPU event code", "uncorrectable memory error"),
        ("EI0006", "HCCL code", "link to another rank"),
        ("EJ0001", "HCCP code", "earlier job"),
        ("-8005", "return code of npu-smi and its library", "driver cannot be reached"),
        ("-9020", "return code of npu-smi and its library", "used by somebody else"),
        ("507899", "code of the CANN runtime", "driver"),
        ("561999", "code of the CANN runtime", "operator library"),
        ("ERR02200", "code of torch_npu", "HCCL"),
        ("0x56000005", "code in the event list of the BMC", "dropped"),
        ("2C000031", "code of the server", "BMC"),
        ("21000026", "NPU event code", "nobody lists"),
        ("22000026", "code of a DPU", "dropped"),
        ("220001001", "code of a detector of the scheduler", "HCCS"),
        ("[0x08520003, na, cpu, na]", "code of a switch inside a node", "port down"),
        ("MIE04E020410", "MindIE code", "too long"),
        ("MIE99E000000", "MindIE code", "an unknown part"),
        ("hccn_tool exit 13", "exit code of hccn_tool", "no address is set"),
        ("exit status 25", "exit code of hccn_tool", "lock"),
        ("hcclRet -> 9", "return value of HCCL", "in time"),
        ("InitChannelStage", "phase of HCCL", "links"),
        (
            "[ERROR] HCCP(1,x):2026-01-01-00:00:00.000.000 ra hdc message process failed ret(-67)",
            "text in a log",
            "port",
        ),
    ],
)
def test_a_thing_is_known_by_its_kind(asked: str, kind: str, says: str) -> None:
    """A code is told with its meaning, its severity and what to do, however it is written."""
    if asked == "21000026":
        assert [] == kinds(asked)  # the first two bits of an event code are never 0
        return
    answer = next(answer for answer in lookup.answers(asked) if answer.kind == kind)
    assert says in answer.meaning
    assert answer.severity
    assert answer.action


@pytest.mark.parametrize(
    ("asked", "product"),
    [
        ("910B4", "Atlas 800I A2"),
        ("Ascend 910B4-1", "Atlas 800I A2"),
        ("19e5:d803", "CloudMatrix 384"),
        ("atlas 350", "Atlas 350"),
    ],
)
def test_a_product_is_known_by_its_names(asked: str, product: str) -> None:
    """By its own name, that of its chip, and its PCI device; memory is told where the chip has HBM."""
    found = {answer.name: answer for answer in lookup.answers(asked)}
    assert product in found
    assert "generation A" in found[product].meaning
    assert "HBM" not in lookup.answers("310P3")[0].meaning


def test_a_small_number_may_be_two_things() -> None:
    """By itself it is a return value of HCCL or an exit code of hccn_tool; one that is neither is nothing."""
    assert ["return value of HCCL", "exit code of hccn_tool"] == kinds("13")
    assert [] == kinds("99")
    assert ["exit code of hccn_tool"] == kinds("hccn_tool exit 99")
    (answer,) = lookup.answers("hccn_tool exit 99")
    assert (False, "99") == (answer.known, answer.name)


def test_a_line_of_a_log_may_hold_several() -> None:
    """Code and text are both told; a number that only looks like a code is not taken for an event."""
    assert ["HCCL code", "text in a log"] == kinds("EI0006: get socket timeout (pid 81B19999)")
    assert ["NPU event code"] == kinds("node 3 reports 81078603")


def test_unknown_codes_are_decoded() -> None:
    """Module, sensor and state of an event are told, or that it has none; other codes say where they are from."""
    (answer,) = lookup.answers("0x81B19999")
    assert (False, "event, seen by the device, module 0x0D8 (UB_PORT), sensor 0xCC, state 409") == (
        answer.known,
        answer.decoded,
    )
    assert "black box code, seen by the device" == str(decode.decoded("A2FFFFFF"))
    assert "alarm of the board, seen by the device" == str(decode.decoded("8F18FFFF"))
    assert "seen by the host" in str(decode.decoded("40F84E00"))
    assert None is decode.decoded("00000001")
    assert [False, False, False] == [lookup.answers(code)[0].known for code in ("EI0099", "MIE04E999999", "-8099")]


def test_a_code_without_a_level_says_so() -> None:
    """The driver knows codes that the scheduler does not list."""
    code = next(row["code"] for row in tables.FAULT_CODES.rows() if not row["level"])
    assert "does not list it" in lookup.answers(code)[0].severity


@pytest.mark.parametrize("level", Level)
def test_every_level_has_an_effect_and_a_cure(level: Level) -> None:
    """Each level of the vendor's scheduler says what it means for a job and what to do."""
    listed = [row["code"] for row in tables.FAULT_CODES.rows() if row["level"] == level.value]
    assert level.effect
    for code in listed[:3]:
        assert level.effect in lookup.answers(code)[0].severity
        assert lookup.answers(code)[0].action


def test_the_nearest_code_is_named() -> None:
    """A mistyped code finds its neighbours; noise finds none."""
    assert "EI0006" in lookup.nearest("EI006")
    assert ("roce.link",) == lookup.nearest("roce.lnk", ("roce.link",))
    assert () == lookup.nearest("nothing of the kind whatsoever")


def test_every_check_that_is_named_is_one_or_will_be() -> None:
    """Rows name checks by id; the families that are not built yet are those of deployment, serving and the host."""
    known = set(catalogue.load())
    families = {name.partition(".")[0] for name in known} | {"deploy", "serving", "host", "cluster", "switch"}
    for table in (tables.ERROR_CODES, tables.SIGNATURES, tables.OTHER_CODES):
        for row in table.rows():
            for check in row.words("checks"):
                assert check.partition(".")[0] in families
                assert re.match(r"[a-z]+(?:[.-][a-z]+)+\Z", check)


def test_every_row_is_whole() -> None:
    """What a table needs is there in each of its rows, and no key comes twice."""
    for table in tables.TABLES.values():
        rows = list(table.rows())
        assert rows
        for row in rows:
            assert all(row[column] for column in table.required if column != "level"), row
    keys = [(row["family"], row["code"]) for row in tables.ERROR_CODES.rows()]
    assert len(keys) == len(set(keys))


def reference(name: str) -> Path:
    """Return a file of the reference material; skip where it is not laid beside the checkout."""
    if REFERENCE is None:
        pytest.skip("no ../shared/reference beside this checkout")
    return REFERENCE / name


def _codes(document: Any) -> Iterator[str]:
    yield from (item["code"] for item in document["codes"])
    for rows in document["board_mcu_950_codes"].values():
        yield from (code for row in rows for code in row)
    for level in ("NotHandleFault", "SubHealthFault", "SeparateNPU", "PreSeparateNPU"):
        yield from document["public_faults"][level]
    for codes in (*document["switch_a3"]["levels"].values(), *document["node_faults"].values()):
        yield from codes
    yield from (item["code"] for item in document["dpu_rdma_faults"])


def test_every_known_code_is_answered() -> None:
    """All codes of chips, boards, switches, servers and detectors, with the level that the vendor gives them."""
    document = yaml.safe_load(reference("versions/fault-codes.yaml").read_text("utf-8"))
    codes = list(_codes(document))
    assert len(codes) > 800
    assert [] == [code for code in codes if not any(item.known for item in lookup.answers(str(code)))]
    for item in document["codes"]:
        if item["level"]:
            assert any(item["level"] in answer.severity for answer in lookup.answers(item["code"])), item


def _signatures() -> List[Tuple[str, str]]:
    if REFERENCE is None:
        return []
    section = (REFERENCE / "deployment.md").read_text("utf-8").partition("### 10.4")[2].partition("### 10.5")[0]
    found = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0].isdigit():
            found.append((cells[0], line.strip("|").split("|")[1].strip()))
    return found


@pytest.mark.parametrize(("number", "cell"), _signatures())
def test_every_known_signature_is_answered(number: str, cell: str) -> None:
    """Each text and each code of a known signature is answered by itself, and the row of its number is among them."""
    texts = re.findall(r"`([^`]+)`", cell) or [cell]
    codes = re.findall(r"\b(?:E[A-Z0-9]\d{4}|MIE\d\dE[0-9A-F]{6}|\d{6})\b", cell)
    for text in (*texts, *codes):
        if text == "npu-smi":
            continue  # where the text is seen, not a text
        assert lookup.answers(text), text
    rows = {row["number"] for pattern, row in lookup._signatures() if pattern.search(cell)}
    assert number in rows or any(answer.kind != "text in a log" for answer in lookup.answers(cell))


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("ei0006", ["EI0006"]),
        ("mie04e020410", ["MIE04E020410"]),
        ("8005", ["-8005"]),
        ("99998", ["-99998"]),
        ("\x1b[31mEI0006\x1b[0m\x07", ["EI0006"]),
        ("EI0007", ["EI0007"]),
        ("161002", ["161002"]),
    ],
)
def test_a_code_is_known_however_it_was_pasted(asked: str, names: List[str]) -> None:
    """Small letters, a lost minus and the colours of a terminal change nothing; a code is told once."""
    assert names == [answer.name for answer in lookup.answers(asked)]


@pytest.mark.parametrize(
    ("asked", "severity"),
    [
        ("hccn_tool is busy, please try again.", "not answered"),
        ("This device does not support bonding!", "harmless"),
        ("link status: DOWN", "stops a job"),
    ],
)
def test_what_a_tool_says_of_itself_stops_no_job(asked: str, severity: str) -> None:
    """A tool that is busy, and a product that does not have something, are no fault of the node."""
    (answer,) = lookup.answers(asked)
    assert severity in answer.severity


@pytest.mark.parametrize(
    ("asked", "generation"),
    [("Ascend910B4", "A2"), ("910C", "A3"), ("a3", "A3"), ("Ascend 950", "A5"), ("19e5:d803", "A3"), ("910_93", "A3")],
)
def test_a_product_is_known_by_chip_and_generation(asked: str, generation: str) -> None:
    """The words by which people call a chip lead to the products that have it."""
    found = lookup.answers(asked)
    assert {lookup.PRODUCT} == {answer.kind for answer in found}
    assert all(f"generation {generation}," in answer.meaning for answer in found)
    assert not any("1 NPUs" in answer.meaning for answer in found)
