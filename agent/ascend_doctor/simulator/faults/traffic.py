"""Faults of what passes through a RoCE port: errors, flow control, flaps, certificates, lost pings."""

from __future__ import annotations

import time
from typing import Literal, Mapping, Sequence, Tuple, Union

import attrs
from pydantic import Field

from ascend_doctor.simulator.faults.place import FaultOfNpu
from ascend_doctor.simulator.hardware import Machine

_DAY_S = 86_400.0
_ROCE_PRIORITY = 4
"""The priority of RoCE traffic unless somebody sets another (HCCL documents, HCCL_RDMA_SL)."""


class DamagedFrames(FaultOfNpu):
    """Frames arrive damaged, `per_second` of them; the light is as it should be."""

    found_by = ("roce.errors",)
    needs_roce = True
    fault: Literal["crc-errors"] = "crc-errors"
    per_second: float = Field(default=0.5, gt=0.0, le=1e6)

    @property
    def rates(self) -> Mapping[str, float]:
        """Count the frames, and the packets that had to be sent again."""
        return {
            "mac_rx_fcs_err_pkt_num": self.per_second,
            "mac_rx_bad_pkt_num": self.per_second,
            "roce_new_pkt_rty_num": self.per_second,
        }


class UncorrectedWords(FaultOfNpu):
    """The error correction cannot mend all code words any more, `per_second` of them; no frame is lost yet."""

    found_by = ("roce.fec-counters",)
    needs_roce = True
    fault: Literal["fec-errors"] = "fec-errors"
    per_second: float = Field(default=0.2, gt=0.0, le=1e6)

    @property
    def rates(self) -> Mapping[str, float]:
        """Count the code words, and many more that could be mended."""
        return {
            "cw_uncorrect_cnt": self.per_second,
            "cw_bad_cnt": self.per_second,
            "cw_correct_cnt": 2000 * self.per_second,
            "cw_total_correct_bit": 3000 * self.per_second,
        }


class LinkFlapping(FaultOfNpu):
    """The link goes down for `down` seconds once in `period` seconds, and is up again when somebody looks."""

    found_by = ("roce.flap",)
    needs_roce = True
    fault: Literal["link-flapping"] = "link-flapping"
    period: float = Field(default=120.0, ge=10.0, le=86_400.0)
    down: float = Field(default=4.0, ge=1.0, le=3600.0)

    def interruptions(self, _since: float, _until: float) -> Sequence[Tuple[float, float]]:
        """Return those that have ended."""
        count = int((_until - _since) // self.period)
        starts = (_since + self.period * number - self.down for number in range(1, count + 1))
        return tuple((start, start + self.down) for start in starts)


class PfcStorm(FaultOfNpu):
    """Flow control stops the port for most of the time.

    `side: tx`: the NPU tells its neighbour to stop, because it cannot take what comes. `rx`: its neighbour tells it.
    """

    found_by = ("roce.pfc-storm",)
    needs_roce = True
    fault: Literal["pfc-storm"] = "pfc-storm"
    side: Literal["tx", "rx"] = "tx"

    @property
    def rates(self) -> Mapping[str, float]:
        """Count the pause frames, and how long they stopped the port."""
        return self._storm(self.side)

    @property
    def far_rates(self) -> Mapping[str, float]:
        """What one end sends, the other one receives."""
        return self._storm("rx" if self.side == "tx" else "tx")

    def _storm(self, side: str) -> Mapping[str, float]:
        counters = {
            f"mac_{side}_pfc_pkt_num": 20_000.0,
            f"mac_{side}_pfc_pri{_ROCE_PRIORITY}_pkt_num": 20_000.0,
            f"pfc_{side}{_ROCE_PRIORITY}_us": 600_000.0,
        }
        return {**counters, f"pfc_warn{_ROCE_PRIORITY}": 0.5} if side == "tx" else counters


class Congestion(FaultOfNpu):
    """The network is congested: its switches mark packets, and the NPU is told to send more slowly."""

    found_by = ("roce.ecn",)
    needs_roce = True
    fault: Literal["congestion"] = "congestion"
    per_second: float = Field(default=60.0, gt=0.0, le=1e6)

    @property
    def rates(self) -> Mapping[str, float]:
        """Count the notifications that come in, and the times at which the NPU slowed down."""
        return {"roce_rx_cnp_pkt_num": self.per_second, "roce_ecn_db_num": self.per_second}


class CertificateBad(FaultOfNpu):
    """The certificate of the port has ended, ends in a month, or comes from another authority than its siblings'.

    It matters only while the TLS switch is 1.
    """

    found_by = ("roce.tls-cert",)
    needs_roce = True
    fault: Literal["certificate"] = "certificate"
    state: Literal["expired", "expiring", "foreign"] = "expired"

    def apply(self, machine: Machine) -> None:
        """Change the certificate."""
        first, *rest = machine.ports[self.npu].certificates
        if self.state == "foreign":
            changed, rest = attrs.evolve(first, issuer="/C=DE/O=Example/CN=Example Root"), []
        else:
            days = -10 if self.state == "expired" else 30
            changed = attrs.evolve(first, end=time.asctime(time.gmtime(machine.boot_time + days * _DAY_S)))
        machine.ports[self.npu].certificates = [changed, *rest]


class PingLoss(FaultOfNpu):
    """Of each three packets that the port pings over RoCE, `lost` do not come back."""

    found_by = ("roce.ping",)
    needs_roce = True
    fault: Literal["ping-loss"] = "ping-loss"
    lost: int = Field(default=1, ge=1, le=3)


class HccsLoss(FaultOfNpu):
    """Of each three packets that an A3 die pings over HCCS, `lost` do not come back."""

    found_by = ("roce.hccs-ping",)
    needs_roce = True
    fault: Literal["hccs-ping-loss"] = "hccs-ping-loss"
    lost: int = Field(default=3, ge=1, le=3)


TrafficFault = Union[
    DamagedFrames,
    UncorrectedWords,
    LinkFlapping,
    PfcStorm,
    Congestion,
    CertificateBad,
    PingLoss,
    HccsLoss,
]
