"""Every output of the vendor's own npu-smi code is parsed to the values that were fed to it."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.npu_smi.board import BoardFacts
from ascend_doctor.facts.npu_smi.ecc import EccFacts
from ascend_doctor.facts.npu_smi.health import HealthFacts
from ascend_doctor.facts.npu_smi.info import InfoFacts
from ascend_doctor.facts.npu_smi.listing import ListFacts
from ascend_doctor.facts.npu_smi.mapping import MappingFacts
from ascend_doctor.facts.npu_smi.usages import UsagesFacts
from ascend_doctor.model.reading import Absence, Missing, known
from samples import Case, vendor_cases


def _cases(command: str) -> List[Case]:
    pattern = re.compile(rf"{command}(?: -i \d+)?(?: -c \d+)?\Z")
    return [case for case in vendor_cases("npu-smi", command) if pattern.match(" ".join(case.argv[1:]))]


def _answered(command: str) -> List[Case]:
    return [case for case in _cases(command) if case.exit_code == 0]


def _read(case: Case) -> Any:
    # Without a card the tool refuses the call: in the recording the words that would name it are left out.
    query = query_for_command(case.argv) or query_for_command((*case.argv, "-i", "0"))
    assert query is not None
    return query.source.read(case.evidence)


def _npus(case: Case) -> List[Dict[str, Any]]:
    npus: List[Dict[str, Any]] = case.truth.get("npus", [])
    return npus


def _failed_queries(case: Case) -> bool:
    return "queries-fail" in case.truth["state"]


@pytest.mark.parametrize("case", _answered("info"), ids=str)
def test_info(case: Case) -> None:
    """The table holds the chips that were fed, and what the tool could not find out is missing and not 0."""
    facts = _read(case)
    assert isinstance(facts, InfoFacts)
    assert (case.truth["tool_version_fed"], case.truth["driver_version_fed"]) == (
        facts.tool_version,
        facts.driver_version,
    )
    fed = {(npu["npu_id"], npu["chip_id"]): npu for npu in _npus(case)}
    shown = {(chip.npu, known(chip.chip) or 0): chip for chip in facts.chips}
    assert list(fed) == list(shown)
    for key, npu in fed.items():
        chip = shown[key]
        assert npu["chip_name"] == known(chip.name)
        assert npu["health"] == chip.health
        assert npu["bus_id"] == (known(chip.bus_id) or npu["bus_id"])
        assert npu["phy_id"] == next((n for n in (chip.phy_id, chip.device) if n is not None), npu["phy_id"])
        load = chip.npu_util_pct if facts.layout == "950" else chip.aicore_pct
        assert npu.get("aicore_pct") == known(load if load is not None else Missing(Absence.NOT_REPORTED))
        assert npu.get("temp_c") == known(chip.temp_c)
        if facts.layout == "310" or (facts.layout == "a3" and key[1] == 1):
            assert known(chip.power_w) is None
        else:
            assert npu.get("power_w") == (pytest.approx(chip.power_w) if known(chip.power_w) is not None else None)
        if facts.layout == "310":
            assert chip.hbm_mb is None
        elif "hbm_used_mb" in npu:
            assert (npu["hbm_used_mb"], npu["hbm_total_mb"]) == chip.hbm_mb
        else:
            assert isinstance(chip.hbm_mb, Missing)
        assert _failed_queries(case) == chip.looks_unread


@pytest.mark.parametrize("case", [case for case in _answered("info") if not _failed_queries(case)], ids=str)
def test_processes(case: Case) -> None:
    """The process table holds the processes that were fed, and names the cards that have none."""
    facts = _read(case)
    fed = [
        (npu["npu_id"], npu["chip_id"], process["pid"], process["name"] or "", process["mem_mb"])
        for npu in _npus(case)
        for process in npu["processes"]
    ]
    shown = [(one.npu, known(one.chip) or 0, one.pid, one.name, one.mem) for one in facts.processes]
    assert fed == shown
    used = {npu for npu, *_ in fed}
    assert sorted({npu["npu_id"] for npu in _npus(case)} - used) == sorted(facts.npus_without_process)
    assert "MB" == facts.process_memory_unit


def test_the_warning_below_the_table_is_a_fact() -> None:
    """Only the machines with an incomplete installation, or with no record of it, have the warning."""
    warned = {case.truth["state"] for case in _answered("info") if _read(case).driver_incomplete}
    assert {"a2-driver-incomplete", "a2-no-install-info"} & {one.truth["state"] for one in _cases("info")} == warned


@pytest.mark.parametrize("case", _answered("info -l"), ids=str)
def test_list(case: Case) -> None:
    """The list holds the cards that were fed; one that the tool cannot reach is there without a number."""
    facts = _read(case)
    assert isinstance(facts, ListFacts)
    assert case.truth["npu_ids"] == [card.npu for card in facts.npus if isinstance(card.npu, int)]
    assert facts.total_count == len(facts.npus)
    for card in facts.npus:
        chips = case.truth["chips_per_npu"] if isinstance(card.npu, int) else 0
        assert card.chip_count in (None, chips)


@pytest.mark.parametrize("case", _answered("info -m"), ids=str)
def test_mapping(case: Case) -> None:
    """Each chip that was fed has its row, found by the names of the columns."""
    facts = _read(case)
    assert isinstance(facts, MappingFacts)
    rows = [row for row in facts.rows if not row.is_mcu]
    assert len(_npus(case)) == len(rows)
    for npu, row in zip(_npus(case), rows):
        assert (npu["npu_id"], npu["chip_id"]) == (row.npu, row.chip)
        assert row.logic_id in (None, npu["logic_id"])
        assert row.phy_id in (None, npu["phy_id"])
        assert row.name.endswith(npu["chip_name"] or "")
        assert bool(npu["chip_name"]) == bool(row.name)


@pytest.mark.parametrize("case", _answered("info -t board"), ids=str)
def test_board(case: Case) -> None:
    """Versions and ids are those that were fed; without a record of the installation the tool does not compare."""
    facts = _read(case)
    assert isinstance(facts, BoardFacts)
    truth = case.truth
    assert int(case.argv[case.argv.index("-i") + 1]) == facts.npu
    if "-c" not in case.argv:
        unsure = truth["state"] in ("a2-container", "a2-no-install-info")
        assert truth["driver_version"] == facts.software_version
        assert ("UNKNOWN" if unsure else truth["compatibility"]) == facts.compatibility
    is_mcu = facts.chip_name == "MCU"
    assert truth["mcu_version" if is_mcu else "firmware_version"] == facts.firmware_version
    if not truth["state"].startswith("310p"):
        # On the 310P the card's own number is that of its controller, which was not fed.
        assert truth["board_id"].lower() == str(facts.board_id).lower()
    if facts.main_board_id is not None:
        assert truth["mainboard_id"] == facts.main_board_id
    if facts.pci_device_id is not None:
        assert truth["pci_device_id"].lower() == str(facts.pci_device_id).lower()


@pytest.mark.parametrize("case", _answered("info -t health"), ids=str)
def test_health(case: Case) -> None:
    """Health and codes are those that were fed, as far as the form of the answer shows them."""
    facts = _read(case)
    assert isinstance(facts, HealthFacts)
    npus = _npus(case)
    chips = facts.compute_chips
    if not npus:
        return
    assert len(npus) == len(chips)
    for npu, chip in zip(npus, chips):
        assert chip.chip in (npu["chip_id"], chip.chip if isinstance(chip.chip, Missing) else None)
        codes = npu.get("error_codes", [])
        bare = isinstance(chip.chip, Missing)
        # Without a code these forms turn any health word but UNKNOWN into OK; the tool's own contradiction.
        hidden = bare and not codes and npu["health"] != "UNKNOWN"
        assert ("OK" if hidden else npu["health"]) == chip.health
        assert (tuple(codes) if bare else None) == known(chip.error_codes)
        assert (len(codes) if bare else None) == (
            None if isinstance(chip.error_information, Missing) else len(chip.error_information)
        )


ECC = ("single_bit", "double_bit")


@pytest.mark.parametrize("case", _answered("info -t ecc"), ids=str)
def test_ecc(case: Case) -> None:
    """Counts are those that were fed; a chip that the tool could not ask has none."""
    facts = _read(case)
    assert isinstance(facts, EccFacts)
    memory = "ddr" if case.truth["state"].startswith("310p") else "hbm"
    assert len(_npus(case)) == len(facts.chips)
    for npu, chip in zip(_npus(case), facts.chips):
        for bits in ECC:
            assert npu.get(f"hbm_{bits}_errors") == known(getattr(chip, f"{memory}_{bits}"))
            assert npu.get(f"hbm_{bits}_aggregate") == known(getattr(chip, f"{memory}_{bits}_aggregate"))
            assert npu.get(f"hbm_{bits}_isolated_pages") == known(getattr(chip, f"{memory}_{bits}_isolated_pages"))
        if _failed_queries(case):
            assert isinstance(chip.hbm_double_bit, Missing)
            assert Absence.TOOL_FAILED == chip.hbm_double_bit.why


RATES = {
    "hbm_total_mb": "hbm_capacity_mb",
    "aicore_pct": "aicore_usage_pct",
    "aivector_pct": "aivector_usage_pct",
    "aicpu_pct": "aicpu_usage_pct",
    "ctrlcpu_pct": "ctrlcpu_usage_pct",
    "hbm_bw_pct": "hbm_bandwidth_usage_pct",
    "aicube_pct": "aicube_usage_pct",
}


@pytest.mark.parametrize("case", _answered("info -t usages"), ids=str)
def test_usages(case: Case) -> None:
    """Capacities and rates are those that were fed; zeros printed for failed queries are missing."""
    facts = _read(case)
    assert isinstance(facts, UsagesFacts)
    assert len(_npus(case)) == len(facts.chips)
    for npu, chip in zip(_npus(case), facts.chips):
        for fed, name in RATES.items():
            shown = getattr(chip, name)
            if shown is not None:
                assert npu.get(fed) == known(shown), name
        if "hbm_used_mb" in npu and case.truth["state"].startswith("a2"):
            assert 100 * npu["hbm_used_mb"] // npu["hbm_total_mb"] == chip.hbm_usage_pct
            assert max(npu["npu_pct"], npu["aicore_pct"]) == chip.npu_utilization_pct
        assert _failed_queries(case) == isinstance(chip.aicpu_usage_pct, Missing)


WHY = {
    -8002: Absence.NO_PERMISSION,
    -8005: Absence.TOOL_FAILED,
    -8006: Absence.TIMED_OUT,
    -8007: Absence.NO_DEVICE,
    -8008: Absence.NO_DEVICE,
    -8009: Absence.TOOL_FAILED,
    -8012: Absence.NOT_READY,
    -8020: Absence.BUSY,
    # Printed when the library does not start: that says nothing of what the product has.
    -8255: Absence.TOOL_FAILED,
}
COMMANDS = ("info", "info -l", "info -m", "info -t board", "info -t health", "info -t ecc", "info -t usages")
REFUSED = [case for command in COMMANDS for case in _cases(command) if case.exit_code]


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_an_error_answer_gives_its_reason_and_its_code(case: Case) -> None:
    """Each error answer is the right absence, with the code that is printed or that the exit status stands for."""
    missing = _read(case)
    assert isinstance(missing, Missing)
    text = case.stdout.decode()
    printed = re.search(r"ret is (-\d+)", text)
    if printed:
        assert int(printed.group(1)) == missing.code
        assert WHY[int(printed.group(1))] == missing.why
    else:
        assert case.exit_code == (missing.code or 0) & 0xFF
        assert _expected(text) == missing.why
    assert text.split("\n")[0].strip() in missing.detail or not text.split("\n")[0].strip()


def _expected(text: str) -> Optional[Absence]:
    if "Invalid card id." in text:
        return Absence.NO_DEVICE
    if "does not support" in text:
        return Absence.NOT_SUPPORTED
    return Absence.TOOL_FAILED


def test_there_is_an_error_answer_for_each_command() -> None:
    """The cases cover start-up errors, wrong ids and failed queries; an empty selection would prove nothing."""
    if not vendor_cases("npu-smi"):
        pytest.skip("no ../shared/corpus beside this checkout")
    assert {"info", "info-l", "info-m", "info-t-health"} <= {
        re.sub(r"-i_.*", "", case.path.split("/")[1]) for case in REFUSED
    }
