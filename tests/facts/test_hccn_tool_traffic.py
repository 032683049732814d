"""Parsers of modules, traffic and signals: what they read, and what they refuse."""

from __future__ import annotations

from typing import Any, List, Tuple

import pytest

from ascend_doctor.facts.document import document
from ascend_doctor.facts.hccn_tool import (
    bandwidth,
    down_data,
    hccs_ping,
    hw_stats,
    optical_dfx,
    optical_snr,
    optical_v2,
    pfc_stat,
    scdr,
    serdes,
    stat_extra,
)
from ascend_doctor.facts.source import Source
from ascend_doctor.model.reading import Absence, Missing
from samples import answer

RULES = ("=" * 92, "-" * 92)


def text(lines: List[str]) -> bytes:
    """Return lines as an answer."""
    return "".join(f"{line}\n" for line in lines).encode()


def read(source: Source[Any], lines: List[str], **ending: Any) -> Any:
    """Return what a source makes of an answer."""
    return source.read(answer(text(lines), **ending))


DFX = ["optical dfx info:", "loopback status    : no loopback mode", "tx disable status  : 0x5"]
SNR = ["Query switch        : enable", "Host side ability   : support", "Media side ability  : not support"]
EXTRA = [
    "extra statistics info:",
    *(f"{name} : {number}" for number, name in enumerate(stat_extra.COUNTERS)),
    "correcting_bit_rate : 0",
]
PFC = [
    *(f"tx_pfc{priority}_duration_time={priority}.250ms" for priority in range(8)),
    *(f"rx_pfc{priority}_duration_time=0.000ms" for priority in range(8)),
    *(f"tx_pfc{priority}_duration_warn_cnt: 3" for priority in range(8)),
    *(f"tx_pfc{priority}_duration_err_cnt: 1" for priority in range(8)),
]
RDMA = [f"[devid 2] {name}: 7" for name in ("pd_alloc", "qp_alloc", "ceqe")]
RATES = ["Bandwidth TX:  1234.56 MB/sec", "Bandwidth RX:     0.65 MB/sec"]
LANES = [f"npu serdes lane{lane}  :  0045934{lane}" for lane in range(4)]
SERDES = ["----PHY 5 RX SNR INFO:-----------------------------", *LANES, "-" * 51]
NAMED = ["npu serdes speed  :  56.125G", "npu lane cnt      :  4"]
TWO_MACROS = [
    *SERDES[:5],
    *NAMED,
    "----THE SERDES INFO OF PORT 0----------------------",
    *LANES,
    *NAMED,
    "----THE SERDES INFO OF PORT 1----------------------",
]
REGISTERS = (
    *("ber_cnt", "err_block_cnt", "e_blk_cnt", "dec_err_blk_cnt", "test_err_cnt", "lane_bip_err_cnt"),
    *("pcs_link", "mac_link", "rf_lf"),
)


def losses(count: int) -> List[str]:
    """Return the answer of a port that has lost its link so many times."""
    lines = ["[devid 1] ======================", "[devid 1] link down record :"]
    for number in range(count):
        lines.append(f"[time {number}] =======================")
        lines += [f"[time {number}] {name:<16} : {number + 10:#x}" for name in REGISTERS]
    return [*lines, f"[time {count - 1}] ======================="]


def cdr(*texts: str) -> List[str]:
    """Return the answer of a retimer, a text for each of its four groups."""
    names = ("Cdr Host SNR Lane", "Cdr Media SNR Lane", "Cdr His Host SNR Lane", "Cdr His Media SNR Lane")
    return [f"{name + str(lane):<28}: {shown}" for name, shown in zip(names, texts) for lane in range(1, 5)]


PACKETS = [
    *("device 0 PING 192.1.2.199", ""),
    *("This pkt ping success!", "recv seq 0, time = 12.345us, L1 plane check result = 0x0"),
    *("This pkt send fail!", "recv seq 1, time = 0.000us, L1 plane check result = 0x1"),
    "2 packets transmitted, 1 received, 50.00% packets loss",
    *("max time 12.345us", "min time 12.345us", "average time 12.345us", "TP95 time 12.345us"),
]


def v2(value: str = "41.00", flag: str = "Normal") -> List[str]:
    """Return the two tables of a module in which every value and every flag is the same."""
    items = [
        *("Temperature(C)", "Voltage(V)"),
        *(f"Bias lane{lane}(mA)" for lane in range(4)),
        *(f"RxPower Lane{lane}(dBm)" for lane in range(4)),
        *(f"TxPower Lane{lane}(dBm)" for lane in range(4)),
        *(f"MediaSNR Lane{lane}(dB)" for lane in range(4)),
        *(f"HostSNR Lane{lane}(dB)" for lane in range(4)),
    ]
    flags = " | ".join([flag] * 4)
    return [
        *(RULES[0], "State-flag Diagnostic Monitoring:", RULES[1], "Items            Status", RULES[1]),
        *(f"{name} Flag     {flags}" for name in ("TxFault", "RxLos", "TxLos", "TxLol", "RxLol")),
        *("High power enable reg: enabled", RULES[1], RULES[0], "Digital Diagnostic Monitoring:", RULES[1]),
        "Items               Value       HighAlarm   HighWarn    LowAlarm    LowWarn     Status",
        *(f"{item:<20}{value:<12}75.00       70.00       -5.00       0.00        -" for item in items),
    ]


def test_what_is_switched_on_a_module_is_read() -> None:
    """The mask of lanes says which transmitters are off; a module without diagnostics tells nothing."""
    facts = read(optical_dfx.SOURCE, DFX)
    assert (0, 2) == facts.dark_lanes
    assert {"loopback": "no loopback mode", "tx_disable": "0x5"} == document(facts)
    absent = read(optical_dfx.SOURCE, [DFX[0], "loopback status    : NA", "tx disable status  : NA"])
    assert () == absent.dark_lanes
    assert {"loopback": None, "tx_disable": None} == document(absent)


def test_the_query_of_the_ratio_is_read() -> None:
    """The switch, and which sides of the module measure; `NA` is unknown."""
    expected = {"query_enabled": True, "host_supported": True, "media_supported": False}
    assert expected == document(read(optical_snr.SOURCE, SNR))
    absent = read(optical_snr.SOURCE, ["Query switch        : disable", "Host side ability   : NA", SNR[2]])
    assert {"query_enabled": False, "host_supported": None, "media_supported": False} == document(absent)


def test_pauses_are_read_with_and_without_the_watchdog() -> None:
    """A tool without the storm watchdog prints the times alone."""
    facts = read(pfc_stat.SOURCE, PFC)
    assert (3.25, (3,) * 8, (1,) * 8) == (facts.tx_ms[3], facts.warn_count, facts.err_count)
    assert [None] * 8 == document(read(pfc_stat.SOURCE, PFC[:16]))["warn_count"]


def test_a_board_with_two_groups_of_lanes_names_them() -> None:
    """The Atlas 9000 A3 prints two groups, each with its port."""
    facts = read(serdes.SOURCE, TWO_MACROS)
    assert [(0, 56.125), (1, 56.125)] == [(macro.port, macro.speed_gbps) for macro in facts.macros]
    plain = {"device": 5, "macros": [{"snr": [459340, 459341, 459342, 459343]}]}
    assert plain == document(read(serdes.SOURCE, SERDES))


def test_losses_of_the_link_are_read_newest_first() -> None:
    """Each loss has its registers; a port that never lost its link has none."""
    facts = read(down_data.SOURCE, losses(2))
    assert [10, 11] == [document(record)["rf_lf"] for record in facts.records]
    assert () == read(down_data.SOURCE, ["[devid 1] link down record : NA"]).records


@pytest.mark.parametrize(
    ("lines", "host", "in_db"),
    [
        (cdr("23.9967 dB", "22.0000 dB", "not supported", "not supported"), 23.9967, True),
        (cdr("459340", "421056", "438960", "432264"), 459340.0, False),
        (cdr(*["not supported"] * 4), None, False),
    ],
)
def test_the_signal_of_either_kind_of_retimer_is_read(lines: List[str], host: Any, in_db: bool) -> None:
    """One kind gives dB, the other a linear measure; a board without a retimer gives nothing."""
    shown = document(read(scdr.SOURCE, lines))
    assert ([host] * 4, in_db) == (shown["host_snr"], shown["in_db"])


def test_a_ping_over_hccs_is_read() -> None:
    """The summary, the times in microseconds, and each packet."""
    facts = read(hccs_ping.SOURCE, PACKETS)
    assert (2, 1, 50.0, 12.345) == (facts.transmitted, facts.received, facts.loss_pct, facts.tp95_us)
    assert ["This pkt ping success!", "This pkt send fail!"] == [packet.result for packet in facts.packets]


def test_no_light_has_no_number() -> None:
    """A lane without light has a power of minus infinity, which a document cannot hold; it shows the tool's word."""
    facts = read(optical_v2.SOURCE, v2("-inf", "Abnormal"))
    assert optical_v2.NO_LIGHT == facts.rx_power_dbm[0].value
    assert "-inf" == document(facts)["rx_power_dbm"][0]["value"]
    assert (True,) * 4 == facts.rx_los
    assert [None] * 4 == document(read(optical_v2.SOURCE, v2("-", "-")))["tx_lol"]


BROKEN: Tuple[Tuple[Source[Any], List[str]], ...] = (
    (optical_dfx.SOURCE, DFX[1:]),
    (optical_dfx.SOURCE, DFX[:1]),
    (optical_dfx.SOURCE, [*DFX, DFX[-1]]),
    (optical_dfx.SOURCE, [DFX[0], "loopback status    : some mode", DFX[2]]),
    (optical_dfx.SOURCE, [DFX[0], DFX[1], "tx disable status  : yes"]),
    (optical_snr.SOURCE, SNR[:2]),
    (optical_snr.SOURCE, ["Query switch        : on", *SNR[1:]]),
    (optical_snr.SOURCE, [SNR[0], "Host side ability   : maybe", SNR[2]]),
    (stat_extra.SOURCE, EXTRA[1:]),
    (stat_extra.SOURCE, EXTRA[:1]),
    (stat_extra.SOURCE, EXTRA[:-1]),
    (stat_extra.SOURCE, [*EXTRA, EXTRA[-1]]),
    (stat_extra.SOURCE, [*EXTRA[:3], "cw_correct_cnt : many", *EXTRA[4:]]),
    (stat_extra.SOURCE, [*EXTRA[:2], *EXTRA[3:]]),
    (pfc_stat.SOURCE, PFC[:15]),
    (pfc_stat.SOURCE, PFC[:17]),
    (pfc_stat.SOURCE, PFC[:8]),
    (pfc_stat.SOURCE, PFC[1:]),
    (pfc_stat.SOURCE, [*PFC[:16], "tx_pfc0: 3"]),
    (pfc_stat.SOURCE, [PFC[0], PFC[8], *PFC[1:]]),
    (hw_stats.SOURCE, RDMA[1:]),
    (hw_stats.SOURCE, RDMA[:2]),
    (hw_stats.SOURCE, [*RDMA, RDMA[0]]),
    (hw_stats.SOURCE, [*RDMA[:2], "[devid 3] ceqe: 7"]),
    (hw_stats.SOURCE, ["pd_alloc: 7"]),
    (bandwidth.SOURCE, RATES[:1]),
    (bandwidth.SOURCE, RATES[::-1]),
    (bandwidth.SOURCE, [*RATES, "and more"]),
    (serdes.SOURCE, LANES),
    (serdes.SOURCE, SERDES[:1]),
    (serdes.SOURCE, SERDES[:4]),
    (serdes.SOURCE, [*SERDES, "more"]),
    (serdes.SOURCE, [SERDES[0], LANES[1], *LANES]),
    (serdes.SOURCE, TWO_MACROS[:8]),
    (serdes.SOURCE, TWO_MACROS[:7]),
    (serdes.SOURCE, [*SERDES[:5], "npu lane cnt      :  4", *TWO_MACROS[6:]]),
    (down_data.SOURCE, losses(1)[:1]),
    (down_data.SOURCE, losses(1)[:2]),
    (down_data.SOURCE, losses(1)[1:]),
    (down_data.SOURCE, losses(2)[:13]),
    (down_data.SOURCE, losses(2)[:-1]),
    (down_data.SOURCE, [*losses(1)[:-1], "[time 3] ======"]),
    (down_data.SOURCE, ["link down record : NA"]),
    (down_data.SOURCE, [*losses(1)[:4], "[time 0] other : 0x1", *losses(1)[5:]]),
    (scdr.SOURCE, cdr("23.9967 dB", "22.0000 dB", "not supported")),
    (scdr.SOURCE, cdr("23.9967 dB", "421056", "not supported", "not supported")),
    (scdr.SOURCE, cdr("good", "good", "good", "good")),
    (hccs_ping.SOURCE, PACKETS[1:]),
    (hccs_ping.SOURCE, PACKETS[:1]),
    (hccs_ping.SOURCE, PACKETS[:-1]),
    (hccs_ping.SOURCE, [*PACKETS[:4], *PACKETS[6:]]),
    (hccs_ping.SOURCE, [PACKETS[0], "This pkt is odd!", *PACKETS[3:]]),
    (hccs_ping.SOURCE, [*PACKETS[:6], "2 packets came", *PACKETS[7:]]),
    (hccs_ping.SOURCE, [*PACKETS[:6], "2 packets transmitted, 1 received, 10.00% packets loss", *PACKETS[7:]]),
    (hccs_ping.SOURCE, [*PACKETS[:7], *PACKETS[8:], PACKETS[7]]),
    (optical_v2.SOURCE, v2()[:-1]),
    (optical_v2.SOURCE, [*v2(), v2()[-1]]),
    (optical_v2.SOURCE, v2()[1:]),
    (optical_v2.SOURCE, [v2()[0], "Other:", *v2()[2:]]),
    (optical_v2.SOURCE, v2("41")),
    (optical_v2.SOURCE, v2(flag="Odd")),
    (optical_v2.SOURCE, v2(flag="Normal | Normal")),
    (optical_v2.SOURCE, [*v2()[:15], "Items Value", *v2()[16:]]),
    (optical_v2.SOURCE, [*v2()[:16], "Temperature(C)  41.00", *v2()[17:]]),
)


@pytest.mark.parametrize(("source", "lines"), BROKEN)
def test_what_is_not_whole_is_refused(source: Source[Any], lines: List[str]) -> None:
    """An answer that is cut, doubled or of another form is unparsed, never a guess."""
    assert Absence.UNPARSED is read(source, lines).why


@pytest.mark.parametrize("source", [optical_dfx.SOURCE, optical_v2.SOURCE, stat_extra.SOURCE, scdr.SOURCE])
def test_an_older_tool_does_not_support_the_command(source: Source[Any]) -> None:
    """A tool that calls the words wrong does not know the command, and nothing is broken; other errors are errors."""
    unknown = source.read(answer(b"", stderr=b"Get unknown option!\n", exit_code=3))
    failed = source.read(answer(b"", stderr=b"Command execute failed!\n", exit_code=1))
    assert Missing(Absence.NOT_SUPPORTED, "Get unknown option!", 3) == unknown
    assert Absence.TOOL_FAILED is failed.why


@pytest.mark.parametrize("source", [hw_stats.SOURCE, bandwidth.SOURCE, serdes.SOURCE, down_data.SOURCE])
def test_a_busy_tool_is_busy(source: Source[Any]) -> None:
    """A busy answer is no data."""
    busy = source.read(answer(b"hccn_tool is busy, please try again.\n", exit_code=11))
    assert Absence.BUSY is busy.why
