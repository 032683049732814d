"""What the simulator is fed with is what the parsers read from its answers, whatever the values are."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.document import document
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.model.reading import Missing, known
from ascend_doctor.simulator.truth import answer_from_truth

_few = settings(max_examples=30, deadline=None)

A2 = "Atlas A2 (910B3, 8 NPU)"
A3 = "Atlas A3 (Ascend910 / 910_93, 8 NPU x 2 chips)"
P310 = "Atlas 300I Pro (310P3, 1 chip a card)"
A5 = "Ascend 950"


def _read(truth: Dict[str, Any], command: str) -> Any:
    argv = command.split()
    told = answer_from_truth({"state": "any", **truth}, argv)
    query = query_for_command(argv)
    assert query is not None
    facts = query.source.read(Evidence(query.key, tuple(argv), Ending.EXITED, told.exit_code, told.stdout, told.stderr))
    assert not isinstance(facts, Missing), (facts, told.stdout.decode())
    return facts


_small = st.integers(0, 100)
_count = st.integers(0, 2**31 - 1)
_words = st.text("abcXYZ019._-/", min_size=1, max_size=15)
_process = st.fixed_dictionaries(
    {"pid": st.integers(1, 4194303), "name": st.one_of(st.just(""), _words), "mem_mb": st.integers(1, 999999)}
)
_chip = st.fixed_dictionaries(
    {
        "health": st.sampled_from(["OK", "Warning", "Alarm", "Critical", "UNKNOWN"]),
        "error_codes": st.just(["80E01801"]),
        "power_w": st.integers(1, 9999).map(lambda tenths: tenths / 10),
        "temp_c": st.integers(1, 120),
        "aicore_pct": _small,
        "hbm_used_mb": st.integers(0, 65536),
        "hbm_total_mb": st.sampled_from([32768, 65536, 114688]),
        "processes": st.lists(_process, max_size=3, unique_by=lambda process: process["pid"]),
    }
)


@pytest.mark.parametrize(("generation", "chips_per_card"), [(A2, 1), (A3, 2), (P310, 1), (A5, 1)])
@given(data=st.data())
@_few
def test_info_holds_what_was_fed(generation: str, chips_per_card: int, data: st.DataObject) -> None:
    """Health, temperature, load, memory and processes of every chip come back from the table of all NPUs."""
    healthy = _read({"generation": generation}, "npu-smi info")
    fed: Dict[Any, Dict[str, Any]] = {}
    for index in data.draw(st.sets(st.integers(0, len(healthy.chips) - 1), min_size=1, max_size=3)):
        chip = healthy.chips[index]
        number = 0 if isinstance(chip.chip, Missing) else chip.chip
        fed[(chip.npu, number)] = {**data.draw(_chip), "npu_id": chip.npu, "chip_id": number, "logic_id": index}
    facts = _read({"generation": generation, "npus": list(fed.values())}, "npu-smi info")
    found = {(chip.npu, 0 if isinstance(chip.chip, Missing) else chip.chip): chip for chip in facts.chips}
    used: Dict[Any, List[Any]] = {}
    for one in facts.processes:
        key = (one.npu, 0 if isinstance(one.chip, Missing) else one.chip)
        used.setdefault(key, []).append((one.pid, one.name, one.mem))
    assert len(healthy.chips) == len(facts.chips)
    for key, values in fed.items():
        chip = found[key]
        load = chip.npu_util_pct if facts.layout == "950" else chip.aicore_pct
        assert (values["health"], values["temp_c"], values["aicore_pct"]) == (chip.health, chip.temp_c, load)
        if facts.layout != "310":
            assert (values["hbm_used_mb"], values["hbm_total_mb"]) == chip.hbm_mb
        if not isinstance(chip.power_w, Missing):
            assert values["power_w"] == pytest.approx(chip.power_w)
        assert [(one["pid"], one["name"], one["mem_mb"]) for one in values["processes"]] == used.get(key, [])
    if chips_per_card == 1:
        idle = {npu for npu, _ in found} - {npu for npu, _ in used}
        assert idle == set(facts.npus_without_process)


@given(name=st.text("ab |+-=.:/\u00e9\u8fdb", max_size=15), number=st.integers(0, 7))
@_few
def test_no_name_of_a_process_hides_the_others(name: str, number: int) -> None:
    """Anybody may call a process anything; pid and memory come back, and so do the processes around it."""
    processes = [{"pid": 11, "name": "a", "mem_mb": 1}, {"pid": 12, "name": name, "mem_mb": 2}]
    processes.append({"pid": 13, "name": "b", "mem_mb": 3})
    npus = [{"npu_id": number, "chip_id": 0, "processes": processes}]
    facts = _read({"generation": A2, "npus": npus}, "npu-smi info")
    assert [(number, 11, 1), (number, 12, 2), (number, 13, 3)] == [(o.npu, o.pid, o.mem) for o in facts.processes]


@given(codes=st.lists(st.from_regex(r"[1-9A-F][0-9A-F]{7}\Z", fullmatch=True), max_size=5, unique=True))
@_few
def test_health_holds_what_was_fed(codes: List[str]) -> None:
    """The codes come back in their order, each with a description; only the answer about one chip holds them."""
    npus = [{"npu_id": 0, "chip_id": 0, "health": "Alarm" if codes else "OK", "error_codes": codes}]
    facts = _read({"generation": A2, "npus": npus}, "npu-smi info -t health -i 0 -c 0")
    assert ("Alarm" if codes else "OK", tuple(codes)) == (facts.health, known(facts.error_codes) or ())
    assert len(codes) == len(known(facts.error_information) or ())


_ECC = ("errors", "aggregate", "isolated_pages")


@given(counts=st.lists(_count, min_size=6, max_size=6))
@_few
def test_ecc_holds_what_was_fed(counts: List[int]) -> None:
    """The six counters of the HBM come back, however large they are."""
    names = [f"hbm_{bits}_bit_{kind}" for bits in ("single", "double") for kind in _ECC]
    npus = [{"npu_id": 0, "chip_id": 0, **dict(zip(names, counts))}]
    (chip,) = document(_read({"generation": A2, "npus": npus}, "npu-smi info -t ecc -i 0"))["chips"]
    assert dict(zip(names, counts)) == {name: chip[name.replace("_errors", "")] for name in names}


@given(used=st.integers(0, 65536), aicore=_small, aicpu=_small, ctrl=_small, bandwidth=_small)
@_few
def test_usages_hold_what_was_fed(used: int, aicore: int, aicpu: int, ctrl: int, bandwidth: int) -> None:
    """The rates come back; that of the HBM is computed by the tool."""
    values = {"hbm_used_mb": used, "hbm_total_mb": 65536, "aicore_pct": aicore, "aicpu_pct": aicpu}
    npus = [{"npu_id": 0, "chip_id": 0, **values, "ctrlcpu_pct": ctrl, "hbm_bw_pct": bandwidth, "npu_pct": aicore}]
    (chip,) = document(_read({"generation": A2, "npus": npus}, "npu-smi info -t usages -i 0"))["chips"]
    found = [chip[f"{part}_usage_pct"] for part in ("hbm", "aicore", "aicpu", "ctrlcpu", "hbm_bandwidth")]
    assert [used * 100 // 65536, aicore, aicpu, ctrl, bandwidth] == found


@given(driver=_words, firmware=_words, fits=st.sampled_from(["OK", "NOK", "UNKNOWN", "NOT SUPPORT"]))
@_few
def test_board_holds_what_was_fed(driver: str, firmware: str, fits: str) -> None:
    """Versions and the vendor's judgement come back word by word."""
    truth = {"driver_version": driver, "firmware_version": firmware, "compatibility": fits}
    npus = [{"npu_id": 0, "chip_id": 0}]
    facts = _read({"generation": A2, **truth, "npus": npus}, "npu-smi info -t board -i 0")
    shown = document(facts)
    told = {"software_version": driver, "firmware_version": firmware, "compatibility": fits}
    assert {key: None if value == "-" else value for key, value in told.items()} == {key: shown[key] for key in told}


_mw = st.integers(1, 99999).map(lambda tenth_microwatts: tenth_microwatts / 10000)


@given(
    lanes=st.lists(st.tuples(_mw, _mw), min_size=4, max_size=4),
    temperature=st.integers(-40, 125),
    flags=st.tuples(*[st.integers(0, 255)] * 4),
    vendor=_words,
)
@_few
def test_optical_holds_what_was_fed(lanes: Any, temperature: int, flags: Any, vendor: str) -> None:
    """Power of every lane, temperature, alarm flags and maker come back from the module."""
    truth = {
        "tx_power_mw": [tx for tx, _ in lanes],
        "rx_power_mw": [rx for _, rx in lanes],
        "temperature_c": temperature,
        "vendor_name": vendor,
        **dict(zip(("tx_los", "rx_los", "tx_lol", "rx_lol"), flags)),
    }
    facts = _read({"generation": A2, **truth}, "hccn_tool -i 0 -optical -g")
    assert (temperature, None if vendor == "-" else vendor) == (facts.temperature_c, document(facts)["vendor"])
    assert truth["tx_power_mw"] == pytest.approx(list(facts.tx_power_mw))
    assert truth["rx_power_mw"] == pytest.approx(list(facts.rx_power_mw))
    assert flags == tuple(int(flag, 16) for flag in (facts.tx_los, facts.rx_los, facts.tx_lol, facts.rx_lol))


@given(switch=st.integers(0, 1), preconfigured=st.integers(0, 1), days=st.integers(1, 180))
@_few
def test_tls_holds_what_was_fed(switch: int, preconfigured: int, days: int) -> None:
    """Switch, origin and warning time come back."""
    truth = {"switch": switch, "preconfigured": preconfigured, "alarm_days": days}
    facts = _read({"generation": A2, **truth}, "hccn_tool -i 0 -tls -g")
    assert (switch, preconfigured, days) == (facts.switch, facts.preconfigured, facts.alarm_days)


@given(up=_count, down=_count, count=st.integers(0, 10))
@_few
def test_link_history_holds_what_was_fed(up: int, down: int, count: int) -> None:
    """The counts come back, and as many records as were fed, newest first."""
    facts = _read(
        {"generation": A2, "link_up": up, "link_down": down, "records": count or "NA"}, "hccn_tool -i 0 -link_stat -g"
    )
    assert (up, down, count) == (facts.link_up_count, facts.link_down_count, len(facts.records))


_address = st.tuples(st.integers(1, 223), *[st.integers(0, 255)] * 3).map(lambda parts: ".".join(map(str, parts)))


@given(address=_address, gateway=_address, target=_address, speed=st.sampled_from([25000, 100000, 200000, 400000]))
@_few
def test_settings_hold_what_was_fed(address: str, gateway: str, target: str, speed: int) -> None:
    """Address, gateway, probed address and speed come back."""
    truth = {"generation": A2, "ip": address, "netmask": "255.255.0.0", "gateway": gateway, "netdetect": target}
    assert (address, "255.255.0.0") == (
        _read(truth, "hccn_tool -i 0 -ip -g").ipaddr,
        _read(truth, "hccn_tool -i 0 -ip -g").netmask,
    )
    assert gateway == _read({**truth, "iface": "eth0"}, "hccn_tool -i 0 -gateway -g").gateway
    assert target == _read(truth, "hccn_tool -i 0 -netdetect -g").netdetect
    told = {"generation": A2, "build": "hccn_tool_ext", "speed_mbps": speed}
    assert speed == _read(told, "hccn_tool -i 0 -speed -g").speed_mbps


@given(value=st.integers(0, 2**64 - 1))
@_few
def test_counters_hold_what_was_fed(value: int) -> None:
    """A counter of 64 bits comes back whole."""
    counters = {"mac_tx_mac_pause_num": value, "roce_rx_rc_pkt_num": value // 2}
    found = _read({"generation": A2, "counters": counters}, "hccn_tool -i 0 -stat -g").counters
    assert counters == {name: found[name] for name in counters}
