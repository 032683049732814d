"""`hccn_tool -optical -g dfx_cfg` and `-optical_snr -g`: what is switched on a module.

Vendor source: tool_optical.c.
"""

from __future__ import annotations

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hccn_tool.optical import has_diagnostics
from ascend_doctor.simulator.hccn_tool.outcome import FAILED, NO_CONTROL_LINK, UNSUPPORTED, Outcome, Request

_LOOPBACKS = (
    "no loopback mode",
    "host side input loopback mode",
    "media side output loopback mode",
    "host side output loopback mode",
    "media side input loopback mode",
)
_ABILITY = {True: "support", False: "not support"}


def dfx_cfg(request: Request) -> Outcome:
    """Return the loopback mode and the lanes that are switched off; a module without diagnostics tells neither."""
    optic = request.port.optic
    if not optic.reachable:
        return NO_CONTROL_LINK
    loopback, disabled = "NA", "NA"
    if has_diagnostics(optic):
        loopback, disabled = _LOOPBACKS[optic.loopback], f"{optic.tx_disable:#x}"
    return Outcome(
        ("optical dfx info:", f"loopback status    : {loopback}", f"tx disable status  : {disabled}"),
    )


def optical_snr(request: Request) -> Outcome:
    """Return whether the device asks the module for its SNR; only boards of A3 do."""
    optic = request.port.optic
    if request.machine.generation is not Generation.A3:
        return UNSUPPORTED
    if optic.snr_query is None:
        return FAILED
    host, media = "NA", "NA"
    if optic.present:
        host, media = _ABILITY[optic.host_snr_db is not None], _ABILITY[optic.media_snr_db is not None]
    return Outcome(
        (
            f"Query switch        : {'enable' if optic.snr_query else 'disable'}",
            f"Host side ability   : {host}",
            f"Media side ability  : {media}",
        )
    )
