"""`npu-smi info -t sensors`: the temperature sensors of one chip."""

from __future__ import annotations

from typing import Mapping, Optional

import attrs

from ascend_doctor.facts.npu_smi.key_answer import lines_about
from ascend_doctor.facts.source import FOR_ONE_CHIP, Scope, Source
from ascend_doctor.facts.tables import Fields, KeyLine, bind, key_lines, whole
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, Reading


@attrs.frozen
class SensorsFacts:
    """Degrees Celsius of one chip. A field is None where the product has no such sensor (a 310P has the first alone).

    Missing where the tool prints NA, and where it prints 32765: the value of a sensor that is faulty (vendor source).
    """

    soc_max_temperature_c: Reading[int]
    sfp_temperature_c: Optional[Reading[int]] = None
    ndie_temperature_c: Optional[Reading[int]] = None
    hbm_temperature_c: Optional[Reading[int]] = None
    extra: Mapping[str, str] = attrs.field(factory=dict)


_NO_VALUE = range(0x7FFD, 0x8000)


def _degrees(parts: KeyLine) -> Reading[int]:
    if parts.value == "NA":
        return NOT_REPORTED
    degrees = whole(parts)
    return Missing(Absence.NOT_REPORTED, f"{degrees} stands for no value") if degrees in _NO_VALUE else degrees


_FIELDS: Fields = {
    "soc max temperature(c)": ("soc_max_temperature_c", _degrees),
    "sfp temperature(c)": ("sfp_temperature_c", _degrees),
    "ndie temperature(c)": ("ndie_temperature_c", _degrees),
    "hbm temperature(c)": ("hbm_temperature_c", _degrees),
}


def parse(evidence: Evidence) -> Reading[SensorsFacts]:
    """Parse `npu-smi info -t sensors -i N -c C`, on the 950 without `-c`."""
    lines = lines_about("sensors", evidence)
    if isinstance(lines, Missing):
        return lines
    values = bind(key_lines(lines), _FIELDS)
    if "soc_max_temperature_c" not in values:
        raise lines[0].error("`Soc Max Temperature (C)`")
    return SensorsFacts(**values)


SOURCE: Source[SensorsFacts] = Source(
    name="npu-smi/sensors",
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "sensors", "-i", "{npu}", *FOR_ONE_CHIP),
    parse=parse,
)
