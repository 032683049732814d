"""`hccn_tool -tls -g`: the switch, the alarm and the certificates (vendor source, tool_tls.c)."""

from __future__ import annotations

import calendar
import time
from typing import List

from ascend_doctor.simulator.hardware import Certificate
from ascend_doctor.simulator.hccn_tool.outcome import NO_CERTIFICATE, Outcome, Request

_VENDOR_AUTHORITIES = frozenset(
    f"/C=CN/O=Huawei/CN={name}"
    for name in (
        "Huawei IT Product CA",
        "Huawei Equipment CA",
        "Huawei Computing RSA-PSS Equipment CA 1",
        "Huawei Computing RSA-PSS Equipment CA 2",
        "Huawei RSA-PSS Equipment Root CA 1",
        "Huawei RSA Equipment Root CA 2",
    )
)
"""Issuers by which the tool tells that the certificates are the ones that the vendor delivers."""

_LAST_AUTHORITY = 14
_DAY_S = 86_400
_STATES = "(0:normal, 1:near expiration, 2:has expired)"


def tls(request: Request) -> Outcome:
    """Return the TLS configuration of a port."""
    port, phy_id = request.port, request.phy_id
    if not port.certificates:
        return NO_CERTIFICATE
    preset = int(any(certificate.issuer in _VENDOR_AUTHORITIES for certificate in port.certificates))
    head = (
        f"dev_id:{phy_id}, tls switch[{port.tls_switch}](0:disable, 1:enable), "
        f"tls preconfigured[{preset}](0:non-preset, 1:preset), tls alarm time threshold[{port.tls_alarm_days}]days"
    )
    out = [head]
    err: List[str] = []
    for position, certificate in enumerate(port.certificates):
        out += [
            f"dev_id:{phy_id}, [{_kind(position)}] info:",
            f"\t subject[{certificate.subject}]",
            f"\t issuer[{certificate.issuer}]",
            f"\t start_time[{certificate.start} GMT]",
            f"\t end_time[{certificate.end} GMT]",
        ]
        state = expiration(certificate, request.now, port.tls_alarm_days)
        # The line of an expired certificate goes to the other stream; the exit code does not tell.
        (err if state == 2 else out).append(f"\t tls expiration status[{state}]{_STATES}")
    return Outcome(out, err)


def expiration(certificate: Certificate, now: float, alarm_days: int) -> int:
    """Return 0 for a valid certificate, 1 for one within the days of the alarm, 2 for an expired one."""
    left = calendar.timegm(time.strptime(certificate.end, "%a %b %d %H:%M:%S %Y")) - int(now)
    if left <= 0:
        return 2
    return 1 if left <= alarm_days * _DAY_S else 0


def _kind(position: int) -> str:
    if position > _LAST_AUTHORITY:
        return "crl"
    return f"ca{position} cert" if position else "pub cert"
