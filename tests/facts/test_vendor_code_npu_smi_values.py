"""The values of a chip: every output of the vendor's own npu-smi code is parsed to what was fed to it."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.model.reading import Missing, known
from samples import Case, vendor_cases

FED: Dict[str, Dict[str, str]] = {
    "common": {
        "aicore_pct": "aicore_usage_pct",
        "aicore_freq_mhz": "aicore_freq_mhz",
        "aicore_curfreq_mhz": "aicore_cur_freq_mhz",
        "aicore_count": "aicore_count",
        "temp_c": "temperature_c",
        "power_w": "power_w",
    },
    "temp": {"temp_c": "temperature_c"},
    "power": {"power_w": "power_w"},
    "volt": {"voltage_v": "voltage_v"},
    "memory": {"hbm_total_mb": "hbm_capacity_mb", "hbm_freq_mhz": "hbm_clock_mhz", "hbm_temp_c": "hbm_temperature_c"},
    "pcie-err": {
        "tx_err": "tx_errors",
        "rx_err": "rx_errors",
        "lcrc_err": "lcrc_errors",
        "ecrc_err": "ecrc_errors",
        "retry": "retries",
    },
}
SENSORS = {
    "soc_temp_c": "soc_max_temperature_c",
    "ndie_temp_c": "ndie_temperature_c",
    "hbm_temp_c": "hbm_temperature_c",
}


def _cases(*kinds: str) -> Iterator[Tuple[str, Case]]:
    for kind in kinds:
        pattern = re.compile(rf"info -t {kind}(?: -i \d+)?(?: -c \d+)?\Z")
        for case in vendor_cases("npu-smi"):
            if pattern.match(" ".join(case.argv[1:])) and case.exit_code == 0:
                yield kind, case


def _read(case: Case) -> Any:
    query = query_for_command(case.argv)
    assert query is not None
    return query.source.read(case.evidence)


def _npus(case: Case) -> List[Dict[str, Any]]:
    npus: List[Dict[str, Any]] = case.truth.get("npus", [])
    return npus


@pytest.mark.parametrize(("kind", "case"), list(_cases(*FED)), ids=str)
def test_values_of_chips(kind: str, case: Case) -> None:
    """Each value that was fed is there; what the tool could not find out is missing and not 0."""
    facts = _read(case)
    if isinstance(facts, Missing):
        assert "fed" not in str(facts)
        assert "queries-fail-unsupported" in case.truth["state"] or b"does not support" in case.stdout
        return
    for npu, chip in zip(_npus(case), facts.chips):
        for fed, field in FED[kind].items():
            value = getattr(chip, field)
            if value is not None:
                assert npu.get(fed) == (None if isinstance(value, Missing) else pytest.approx(value)), field


@pytest.mark.parametrize(("kind", "case"), list(_cases("sensors")), ids=str)
def test_sensors(kind: str, case: Case) -> None:
    """Degrees are those that were fed; 32767 and its neighbours stand for none."""
    facts = _read(case)
    if isinstance(facts, Missing):
        assert f"does not support querying {kind}" in facts.detail
        return
    (npu,) = _npus(case)
    for fed, field in SENSORS.items():
        value = getattr(facts, field)
        if value is not None:
            assert (npu[fed] if npu[fed] < 32_000 else None) == known(value)


@pytest.mark.parametrize(("kind", "case"), list(_cases("proc-mem")), ids=str)
def test_processes(kind: str, case: Case) -> None:
    """The processes are those that were fed, one without an entry in /proc without a name."""
    facts = _read(case)
    if isinstance(facts, Missing):
        assert f"does not support querying {kind}" in facts.detail
        return
    for npu, chip in zip(_npus(case), facts.chips):
        fed = [(one["pid"], one["name"] or "", one["mem_mb"]) for one in npu["processes"]]
        assert fed == [(one.pid, one.name, one.mem_mb) for one in chip.processes]


@pytest.mark.parametrize(("kind", "case"), list(_cases("flash")), ids=str)
def test_flash(kind: str, case: Case) -> None:
    """Each chip has the flash chips that were fed, or says why not."""
    facts = _read(case)
    assert kind in case.argv
    assert len(_npus(case)) == len(facts.chips)
    for chip in facts.chips:
        if isinstance(chip.flashes, Missing):
            assert "queries-fail" in case.truth["state"]
            continue
        assert case.truth["flash_count"] == chip.flash_count
        for flash in chip.flashes:
            assert (case.truth["manufacturer_id"], case.truth["flash_size_mb"]) == (
                flash.manufacturer_id,
                flash.capacity_mb,
            )


@pytest.mark.parametrize(("kind", "case"), list(_cases("temp", "power", "volt")), ids=str)
def test_the_controller_is_no_chip(kind: str, case: Case) -> None:
    """What the board's controller says stands apart from the chips."""
    facts = _read(case)
    if isinstance(facts, Missing) or facts.mcu is None:
        return
    if kind == "temp":
        fed = [case.truth["mcu_sensor_0"], case.truth["mcu_sensor_1"]]
        assert fed == [f"{sensor.name} {sensor.temperature_c} C" for sensor in facts.mcu.sensors]
    else:
        assert isinstance(facts.mcu.power_w if kind == "power" else facts.mcu.voltage_v, float)
