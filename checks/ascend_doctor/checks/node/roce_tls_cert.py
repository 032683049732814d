"""The certificate of a port has ended, ends soon, or comes from another authority.

What it reads: the certificates in `hccn_tool -i N -tls -g`, which needs root.

Why it matters: with the TLS switch on, ports shake hands by these certificates; one that has ended, or that the others
    do not trust, lets every job fail that uses the port (EI0006).

What to do: install new certificates of one authority on all NPUs of the cluster.

Disruption: none to running jobs; the certificates are read when a job starts.

Limits: only where the TLS switch is 1. The tool says itself whether a certificate has ended or ends within its alarm
    time (60 days unless somebody set another); where an older tool does not, the printed dates are compared with the
    time of the answer. Certificates that the vendor delivers may come from several authorities of his.

Sources: hicann/driver, tool_tls.c (an ended certificate's status stands on standard error); hicann/hccl,
    cluster_info_verify_fail.
"""

from __future__ import annotations

from collections import Counter
from typing import Dict, Iterator, List, Optional, Tuple

from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.device_time import seconds
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, unknown, warned
from ascend_doctor.checks.remedies import which
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import tls
from ascend_doctor.facts.hccn_tool.tls import TlsCertificate, TlsFacts
from ascend_doctor.facts.source import Target
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import NOT_REPORTED, Missing, known
from ascend_doctor.model.subject import Subject

NORMAL, NEAR, ENDED = 0, 1, 2
_DAY_S = 86_400.0
_ALARM_DAYS = 60
_VENDOR = "the vendor"
Port = Tuple[Target, Subject, TlsFacts]


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the certificates of every port that uses them."""
    found: List[Port] = []
    for target, subject, facts in view.each(tls.SOURCE):
        if isinstance(facts, Missing):
            yield missing(subject, "the certificate", facts, view.quote(tls.SOURCE, target))
        elif isinstance(facts.switch, Missing):
            yield skipped(subject, "no certificate is set")
        elif facts.switch != 1 or not facts.certs:
            yield skipped(subject, "the TLS switch is 0" if facts.switch != 1 else "no certificate is shown")
        else:
            found.append((target, subject, facts))
    usual = _usual({target: _authority(facts) for target, _, facts in found})
    for port in found:
        yield _judge(view, port, usual)


def _authority(facts: TlsFacts) -> Optional[str]:
    """Return who issued the first certificate of a port; those that the vendor delivers have several authorities."""
    return _VENDOR if facts.preconfigured == 1 else known(facts.certs[0].issuer)


def _usual(authorities: Dict[Target, Optional[str]]) -> Optional[str]:
    """Return the authority of most ports, None where no authority has more than half of them."""
    counts = Counter(name for name in authorities.values() if name is not None).most_common(1)
    return counts[0][0] if counts and 2 * counts[0][1] > len(authorities) else None


def _judge(view: NodeView, port: Port, usual: Optional[str]) -> Finding:
    target, subject, facts = port
    quotes = view.quote(tls.SOURCE, target, "end_time", "expiration status", "issuer")
    now = view.collected_at([tls.SOURCE])
    states = [(cert, _state(cert, facts, now)) for cert in facts.certs]
    worst = max((state for _, state in states if state is not None), default=None)
    if worst is None:
        return unknown(subject, "the end of the certificates", NOT_REPORTED, quotes)
    cert = next(cert for cert, state in states if state == worst)
    remedy = Remedy(
        "Install new certificates, of one authority on all NPUs of the cluster.",
        f"hccn_tool -i {which(target.phy_id)} -tls -s path DIR pri KEY pub CERTIFICATE ca1 CA",
    )
    end = known(cert.end) or "a date that is not shown"
    if worst == ENDED:
        return failed(
            subject,
            f"the certificate `{cert.name}` has ended: {end}",
            expected="certificates that are valid",
            remedies=[remedy],
            observed=end,
            quotes=quotes,
        )
    own = _authority(facts)
    if usual is not None and own != usual:
        return failed(
            subject,
            f"the certificate comes from another authority than those of the other NPUs: {own or 'not shown'}",
            expected=usual,
            remedies=[remedy],
            observed=own,
            quotes=quotes,
        )
    if worst == NEAR:
        return warned(
            subject,
            f"the certificate `{cert.name}` ends soon: {end}",
            expected=f"more than {_alarm_days(facts)} days",
            remedies=[remedy],
            observed=end,
            quotes=quotes,
        )
    return passed(subject, "the certificates are valid")


def _alarm_days(facts: TlsFacts) -> int:
    return _ALARM_DAYS if isinstance(facts.alarm_days, Missing) else facts.alarm_days


def _state(cert: TlsCertificate, facts: TlsFacts, now: float) -> Optional[int]:
    """Return the tool's word for a certificate, or what its dates tell; None where neither does."""
    if not isinstance(cert.expiration, Missing):
        return cert.expiration
    end = None if isinstance(cert.end, Missing) else seconds(cert.end.replace(" GMT", ""))
    if end is None or not now:
        return None
    if end <= now:
        return ENDED
    return NEAR if end - now < _alarm_days(facts) * _DAY_S else NORMAL


CHECK = Check(id="roce.tls-cert", reads=(tls.SOURCE,), judge=judge, limits=NoLimits(), generations=ROCE)
