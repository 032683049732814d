"""What the tools say of the NPUs of one node, as metrics in base units.

`npu` is the phy-id. A value that is missing, or older than three of its source's intervals, has no sample.
"""

from __future__ import annotations

from typing import Iterator, Optional, Tuple, TypeVar

from ascend_doctor.checks.engine import STALE_AFTER_INTERVALS, STALE_GRACE_S
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.files import version_info
from ascend_doctor.facts.hccn_tool import link, link_stat, net_health, optical, speed, stat, tls
from ascend_doctor.facts.npu_smi import ecc, health, info, usages
from ascend_doctor.facts.source import WHOLE_NODE, Source, Target
from ascend_doctor.model.reading import Missing, Reading, known
from ascend_doctor.report.exposition import Families, Family

F = TypeVar("F")

_MEGA = 1024 * 1024
HEALTH_WORDS = ("ok", "warning", "alarm", "critical", "unknown")
"""The words of `npu-smi`; any other word counts as unknown."""

COUNTERS = (
    "mac_rx_bad_pkt_num",
    "mac_tx_bad_pkt_num",
    "mac_rx_fcs_err_pkt_num",
    "mac_rx_pfc_pkt_num",
    "mac_tx_pfc_pkt_num",
    "mac_rx_mac_pause_num",
    "mac_tx_mac_pause_num",
    "roce_rx_all_pkt_num",
    "roce_tx_all_pkt_num",
    "roce_rx_err_pkt_num",
    "roce_tx_err_pkt_num",
    "roce_rx_cnp_pkt_num",
    "roce_tx_cnp_pkt_num",
    "roce_new_pkt_rty_num",
    "roce_out_of_order_num",
    "roce_unexpected_ack_num",
    "roce_verification_err_num",
    "roce_qp_status_err_num",
    "roce_ecn_db_num",
)
"""The counters of `hccn_tool -stat` about faults and congestion; all of them would be half of a node's series."""


def hardware_families(view: NodeView) -> Tuple[Family, ...]:
    """Return the metrics of the NPUs of one node."""
    found = Families()
    devices = view.devices
    _versions(found, view)
    if not isinstance(devices, Missing):
        found.add("ascend_node_npus", "NPUs that the tools list, by state", len(devices.devices), state="present")
        found.add("ascend_node_npus", "", devices.unreachable, state="unreachable")
        for device in devices.devices:
            labels = {"npu": device.phy_id, "card": device.npu, "chip": device.chip, "name": device.name}
            found.add("ascend_npu_info", "An NPU: its phy-id, its place and its name", 1, **labels)
        _info(found, view, devices)
        _health(found, view, devices)
        _ecc(found, view, devices)
        _usages(found, view, devices)
        _ports(found, view)
    return tuple(found)


def _versions(found: Families, view: NodeView) -> None:
    driver = _fresh(view, version_info.DRIVER)
    firmware = _fresh(view, version_info.FIRMWARE)
    labels = {} if driver is None else {"driver": driver.version}
    labels.update({} if firmware is None else {"firmware": firmware.version})
    if labels:
        found.add("ascend_node_versions_info", "Installed versions, by the version.info files", 1, **labels)


def _info(found: Families, view: NodeView, devices: DeviceMap) -> None:
    facts = _fresh(view, info.SOURCE)
    if facts is None:
        return
    for chip in facts.chips:
        device = devices.find(chip.npu, chip.chip)
        if device is None:
            continue
        npu = device.phy_id
        for name, value, about, scale in (
            ("temperature_celsius", chip.temp_c, "Temperature, npu-smi Temp(C)", 1),
            ("power_watts", chip.power_w, "Power, npu-smi Power(W); on A3 the first die carries the module's", 1),
            ("aicore_utilization_ratio", chip.aicore_pct, "Use of the AI cores, npu-smi AICore(%)", 0.01),
        ):
            _add(found, f"ascend_npu_{name}", about, value, scale, npu=npu)
        for name, pair in (("hbm", chip.hbm_mb), ("memory", chip.mem_mb)):
            # 0 of 0 is what the tool prints when its query failed (vendor source, npu-smi info).
            if pair is not None and not isinstance(pair, Missing) and pair[1]:
                _add(found, f"ascend_npu_{name}_used_bytes", "Memory in use, npu-smi (MB)", pair[0], _MEGA, npu=npu)
                _add(found, f"ascend_npu_{name}_total_bytes", "Memory, npu-smi (MB)", pair[1], _MEGA, npu=npu)
        if facts.process_table == "present":
            count = sum(process.npu == chip.npu and process.chip == chip.chip for process in facts.processes)
            if count or chip.npu in facts.npus_without_process:
                found.add("ascend_npu_processes", "Processes that npu-smi lists, a few at most", count, npu=npu)


def _health(found: Families, view: NodeView, devices: DeviceMap) -> None:
    for target, facts in _each(view, health.SOURCE):
        for chip in facts.compute_chips:
            npu = _phy_id(devices, target, chip.chip if target.chip is None else target.chip)
            if npu is None:
                continue
            word = "unknown" if isinstance(chip.health, Missing) else chip.health.casefold()
            word = word if word in HEALTH_WORDS else "unknown"
            for state in HEALTH_WORDS:
                found.add(
                    "ascend_npu_health",
                    "Health word of npu-smi, one of the states is 1",
                    state == word,
                    npu=npu,
                    state=state,
                )
            codes = known(chip.error_codes)
            if codes is not None:
                found.add("ascend_npu_fault_codes", "Fault codes that npu-smi shows now", len(codes), npu=npu)


_ECC = (
    ("ascend_npu_ecc_errors_total", "", "Memory errors since the start of the chip"),
    ("ascend_npu_ecc_lifetime_errors_total", "_aggregate", "Memory errors over the life of the chip"),
    ("ascend_npu_ecc_isolated_pages", "_isolated_pages", "Memory pages that are out of use"),
    ("ascend_npu_ecc_next_isolated_pages", "_next_isolated_pages", "Memory pages that go out of use at the next reset"),
)


def _ecc(found: Families, view: NodeView, devices: DeviceMap) -> None:
    for target, facts in _each(view, ecc.SOURCE):
        for chip in facts.chips:
            npu = _phy_id(devices, target, chip.chip)
            for name, suffix, about in _ECC if npu is not None else ():
                for memory in ("ddr", "hbm"):
                    for error in ("single_bit", "double_bit"):
                        value = getattr(chip, f"{memory}_{error}{suffix}", None)
                        _add(found, name, about, value, npu=npu, memory=memory, error=error)


_UNITS = ("aicore", "aivector", "aicube", "aicpu", "ctrlcpu")
_BUSES = ("ddr", "hbm")


def _usages(found: Families, view: NodeView, devices: DeviceMap) -> None:
    for target, facts in _each(view, usages.SOURCE):
        for chip in facts.chips:
            npu = _phy_id(devices, target, chip.chip)
            if npu is None:
                continue
            for unit in _UNITS:
                value = getattr(chip, f"{unit}_usage_pct")
                _add(
                    found,
                    "ascend_npu_utilization_ratio",
                    "Use of the cores, npu-smi usages",
                    value,
                    0.01,
                    npu=npu,
                    unit=unit,
                )
            for bus in _BUSES:
                value = getattr(chip, f"{bus}_bandwidth_usage_pct")
                about = "Use of the memory bandwidth, npu-smi usages"
                _add(found, "ascend_npu_bandwidth_utilization_ratio", about, value, 0.01, npu=npu, memory=bus)


def _ports(found: Families, view: NodeView) -> None:
    for target, state in _each(view, link.SOURCE):
        if state.link in ("UP", "DOWN"):
            found.add("ascend_npu_link_up", "Whether the RoCE link is UP", state.link == "UP", npu=target.phy_id)
    for target, rate in _each(view, speed.SOURCE):
        # node_exporter writes speeds in bytes (node_network_speed_bytes).
        about = "Speed of the RoCE link in bytes per second"
        _add(found, "ascend_npu_link_speed_bytes", about, rate.speed_mbps, 1_000_000 / 8, npu=target.phy_id)
    for target, history in _each(view, link_stat.SOURCE):
        about = "Changes of the RoCE link since its start"
        for direction, count in (("up", history.link_up_count), ("down", history.link_down_count)):
            _add(found, "ascend_npu_link_changes_total", about, count, npu=target.phy_id, direction=direction)
    for target, reach in _each(view, net_health.SOURCE):
        about = "Whether the NPU reaches its detect address; no sample when its word does not decide"
        _add(found, "ascend_npu_net_healthy", about, reach.healthy, npu=target.phy_id)
    for target, security in _each(view, tls.SOURCE):
        _add(found, "ascend_npu_tls_enabled", "The TLS switch of the NPU", security.switch, npu=target.phy_id)
    for target, packets in _each(view, stat.SOURCE):
        about = "Counters of hccn_tool -stat that concern faults and congestion"
        for counter in COUNTERS:
            _add(
                found,
                "ascend_npu_roce_events_total",
                about,
                packets.counters.get(counter),
                npu=target.phy_id,
                counter=counter,
            )
    _optics(found, view)


def _optics(found: Families, view: NodeView) -> None:
    for target, module in _each(view, optical.SOURCE):
        npu = target.phy_id
        _add(found, "ascend_npu_optical_present", "Whether an optical module is in the port", module.present, npu=npu)
        _add(
            found, "ascend_npu_optical_temperature_celsius", "Temperature of the module", module.temperature_c, npu=npu
        )
        _add(found, "ascend_npu_optical_supply_volts", "Supply voltage of the module", module.vcc_mv, 0.001, npu=npu)
        for name, lanes, about in (
            ("tx_power_watts", module.tx_power_mw, "Light sent, per lane"),
            ("rx_power_watts", module.rx_power_mw, "Light received, per lane"),
            ("tx_bias_amperes", module.tx_bias_ma, "Laser current, per lane"),
        ):
            for lane, value in enumerate(lanes):
                _add(found, f"ascend_npu_optical_{name}", about, value, 0.001, npu=npu, lane=lane)


def _add(
    found: Families, name: str, about: str, value: Optional[Reading[float]], scale: float = 1, **labels: object
) -> None:
    if value is not None and not isinstance(value, Missing):
        # Scaling a printed decimal leaves crumbs such as 0.7899999999999999; no tool prints more than nine digits.
        found.add(name, about, float(f"{value * scale:.15g}"), **labels)


def _each(view: NodeView, source: Source[F]) -> Iterator[Tuple[Target, F]]:
    devices = view.devices
    for target in () if isinstance(devices, Missing) else devices.targets(source):
        facts = _fresh(view, source, target)
        if facts is not None:
            yield target, facts


def _fresh(view: NodeView, source: Source[F], target: Target = WHOLE_NODE) -> Optional[F]:
    """Return the facts of a source, None when there are none, or only such as are too old to be repeated."""
    evidence = view.evidence.get(source.about(target).key)
    if evidence is None:
        return None
    limit = STALE_AFTER_INTERVALS * view.intervals_s.get(source.name, source.interval_s) + STALE_GRACE_S
    if view.now is not None and view.now - evidence.started_at > limit:
        return None
    reading = view.read(source, target)
    return None if isinstance(reading, Missing) else reading


def _phy_id(devices: DeviceMap, target: Target, chip: Reading[int]) -> Optional[int]:
    device = None if target.npu is None else devices.find(target.npu, chip)
    return None if device is None else device.phy_id
