"""Faults of light: fibres, modules and the retimer before them."""

from __future__ import annotations

from typing import ClassVar, Literal, Mapping, Optional, Union

from pydantic import Field

from ascend_doctor.simulator.faults.place import FaultOfNpu
from ascend_doctor.simulator.hardware import Machine, Port

_ALL = (0, 1, 2, 3)


class _FaultOfModule(FaultOfNpu):
    """What the faults of an optical module share. `lane` is the lane that has it, all of them when it is left out."""

    needs_roce: ClassVar[bool] = True
    lane: Optional[int] = Field(default=None, ge=0, le=3)

    def _lanes(self) -> range:
        return range(4) if self.lane is None else range(self.lane, self.lane + 1)


class WeakLight(_FaultOfModule):
    """Too little light comes in. `rx_mw` is the power that is left, in milliwatts."""

    found_by = ("roce.optical.power",)
    fault: Literal["weak-light"] = "weak-light"
    rx_mw: float = Field(default=0.09, ge=0.0001, le=10.0)

    def apply(self, machine: Machine) -> None:
        """Weaken the light of the lanes."""
        for lane in self._lanes():
            machine.ports[self.npu].optic.rx_power_mw[lane] = self.rx_mw


class DirtyFibre(_FaultOfModule):
    """The end of the fibre is dirty: weak light, a bad signal, and frames that arrive damaged."""

    found_by = ("roce.optical.power",)
    fault: Literal["dirty-fibre"] = "dirty-fibre"

    @property
    def rates(self) -> Mapping[str, float]:
        """Damaged frames, and code words that the error correction cannot mend."""
        return {
            "mac_rx_fcs_err_pkt_num": 0.4,
            "mac_rx_bad_pkt_num": 0.4,
            "roce_new_pkt_rty_num": 0.4,
            "cw_correct_cnt": 900.0,
            "cw_total_correct_bit": 1400.0,
            "cw_uncorrect_cnt": 0.5,
            "cw_bad_cnt": 0.5,
        }

    def apply(self, machine: Machine) -> None:
        """Weaken the light and spoil the signal that the module sees."""
        optic = machine.ports[self.npu].optic
        for lane in self._lanes():
            optic.rx_power_mw[lane] = round(optic.rx_power_mw[lane] * 0.09, 4)
            if optic.media_snr_db is not None:
                optic.media_snr_db[lane] -= 6.0


class DyingLaser(_FaultOfModule):
    """A laser is at its end: it needs more current than the module allows, and gives less and less light."""

    found_by = ("roce.optical.bias",)
    fault: Literal["dying-laser"] = "dying-laser"
    bias_ma: float = Field(default=13.6, ge=0.0, le=130.0)

    def apply(self, machine: Machine) -> None:
        """Raise the current; the light falls below what the module states as its limit."""
        optic = machine.ports[self.npu].optic
        for lane in self._lanes():
            optic.tx_bias_ma[lane], optic.tx_power_mw[lane] = self.bias_ma, 0.16

    def apply_far(self, port: Port) -> None:
        """Let less light come in at the other end."""
        for lane in self._lanes():
            port.optic.rx_power_mw[lane] = 0.11


class LaneDark(_FaultOfModule):
    """No light comes in on one lane; the link works on with the others."""

    found_by = ("roce.optical.los",)
    fault: Literal["lane-dark"] = "lane-dark"
    lane: Optional[int] = Field(default=0, ge=0, le=3)

    def apply(self, machine: Machine) -> None:
        """Take the light of the lane away."""
        optic = machine.ports[self.npu].optic
        for lane in self._lanes():
            optic.rx_power_mw[lane] = 0.0
            optic.rx_los |= 1 << lane
            optic.rx_lol |= 1 << lane
            if optic.media_snr_db is not None:
                optic.media_snr_db[lane] = 0.0


class SignalLow(_FaultOfModule):
    """The signal-to-noise ratio is low: `side: host` between NPU and module, `media` on the fibre."""

    found_by = ("roce.optical.snr",)
    fault: Literal["snr-low"] = "snr-low"
    side: Literal["host", "media"] = "media"
    snr_db: float = Field(default=16.4, ge=0.0, le=60.0)

    def apply(self, machine: Machine) -> None:
        """Set the ratio of the lanes."""
        optic = machine.ports[self.npu].optic
        ratios = optic.host_snr_db if self.side == "host" else optic.media_snr_db
        if ratios is not None:
            for lane in self._lanes():
                ratios[lane] = self.snr_db


class ModuleHot(FaultOfNpu):
    """The module is hotter than it allows. `temperature` is in degrees Celsius."""

    found_by = ("roce.optical.env",)
    needs_roce = True
    fault: Literal["module-hot"] = "module-hot"
    temperature: int = Field(default=78, ge=-40, le=120)

    def apply(self, machine: Machine) -> None:
        """Heat the module."""
        machine.ports[self.npu].optic.temperature_c = self.temperature


class ModuleUndervoltage(FaultOfNpu):
    """The module gets less voltage than it needs. `millivolts` is what it gets."""

    found_by = ("roce.optical.env",)
    needs_roce = True
    fault: Literal["module-undervoltage"] = "module-undervoltage"
    millivolts: float = Field(default=2930.0, ge=1.0, le=6000.0)

    def apply(self, machine: Machine) -> None:
        """Lower the voltage."""
        machine.ports[self.npu].optic.vcc_mv = self.millivolts


class TransmitterOff(FaultOfNpu):
    """Somebody switched the module's transmitter off: it sends no light, and the link is down at both ends."""

    found_by = ("roce.optical.state",)
    needs_roce = True
    fault: Literal["tx-disabled"] = "tx-disabled"

    @property
    def mutes(self) -> bool:
        """A switched-off transmitter sends nothing; what comes in is as ever."""
        return True

    def apply(self, machine: Machine) -> None:
        """Switch all lanes off."""
        optic = machine.ports[self.npu].optic
        optic.tx_disable = (1 << len(_ALL)) - 1
        optic.tx_power_mw = [0.0 for _ in optic.tx_power_mw]
        optic.tx_bias_ma = [0.0 for _ in optic.tx_bias_ma]


class HighPowerOff(FaultOfNpu):
    """The module is kept in its low-power mode and gives less light than it could."""

    found_by = ("roce.optical.state",)
    needs_roce = True
    fault: Literal["high-power-off"] = "high-power-off"

    def apply(self, machine: Machine) -> None:
        """Switch the mode off."""
        optic = machine.ports[self.npu].optic
        optic.high_power = False
        optic.tx_power_mw = [round(power * 0.5, 4) for power in optic.tx_power_mw]


class RetimerSignalLow(FaultOfNpu):
    """The retimer between NPU and module sees a bad signal; only boards of A3 have one. `linear` is its measure."""

    found_by = ("roce.cdr",)
    needs_roce = True
    fault: Literal["retimer-snr-low"] = "retimer-snr-low"
    linear: int = Field(default=63, ge=0, le=10_000_000)

    def apply(self, machine: Machine) -> None:
        """Set the ratio of all lanes on the side of the NPU."""
        retimer = machine.ports[self.npu].retimer
        retimer.host_snr = [self.linear for _ in retimer.host_snr]


OpticsFault = Union[
    WeakLight,
    DirtyFibre,
    DyingLaser,
    LaneDark,
    SignalLow,
    ModuleHot,
    ModuleUndervoltage,
    TransmitterOff,
    HighPowerOff,
    RetimerSignalLow,
]
