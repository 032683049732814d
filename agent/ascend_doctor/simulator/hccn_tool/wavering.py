"""How the readings of an optical module vary with time."""

from __future__ import annotations

import random
from typing import List, Optional

import attrs

from ascend_doctor.simulator.hardware import TEMPERATURE_UNREADABLE, TEMPERATURE_UNSUPPORTED, Optic

_STEP_S = 10.0
"""How long a reading stays the same."""
_POWER, _BIAS, _SNR_DB, _MV = 0.015, 0.005, 0.15, 4


def at(optic: Optic, now: float) -> Optic:
    """Return the module with the readings of a moment, the same ones for the same moment.

    What is 0 stays 0: without light nothing varies. A module that does not waver is returned as it is.
    """
    if not optic.wavers:
        return optic
    chance = random.Random(f"{optic.serial_number} {now // _STEP_S:.0f}")  # noqa: S311 - no secret
    readable = optic.temperature_c not in (TEMPERATURE_UNSUPPORTED, TEMPERATURE_UNREADABLE)
    return attrs.evolve(
        optic,
        temperature_c=optic.temperature_c + (chance.randint(-1, 1) if readable else 0),
        vcc_mv=optic.vcc_mv + chance.randint(-_MV, _MV) if optic.vcc_mv else 0.0,
        tx_power_mw=_scaled(chance, optic.tx_power_mw, _POWER),
        rx_power_mw=_scaled(chance, optic.rx_power_mw, _POWER),
        tx_bias_ma=_scaled(chance, optic.tx_bias_ma, _BIAS),
        host_snr_db=_moved(chance, optic.host_snr_db),
        media_snr_db=_moved(chance, optic.media_snr_db),
    )


def _scaled(chance: random.Random, values: List[float], share: float) -> List[float]:
    return [round(value * chance.uniform(1 - share, 1 + share), 4) for value in values]


def _moved(chance: random.Random, ratios_db: Optional[List[float]]) -> Optional[List[float]]:
    if ratios_db is None:
        return None
    return [round(ratio + chance.uniform(-_SNR_DB, _SNR_DB), 4) if ratio else 0.0 for ratio in ratios_db]
