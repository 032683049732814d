"""Metrics of both ends of the wire about the certificates that they show and trust."""

from __future__ import annotations

from typing import Mapping, Optional, Tuple

from ascend_doctor.report.exposition import Families, Family


def tls_families(
    ends: Mapping[str, float], *, revoked: Optional[int], revocations_end: Optional[float], is_in_trouble: bool
) -> Tuple[Family, ...]:
    """Return until when certificates hold (`ends`, by whose they are, in seconds since the epoch), and what is revoked.

    `revoked` is None without a revocation list. `is_in_trouble` tells whether newer files are there and not in force.
    """
    found = Families()
    for whose, moment in ends.items():
        about = "When a certificate expires: the own one, and that of the authority"
        found.add("ascend_doctor_tls_certificate_expiry_timestamp_seconds", about, moment, certificate=whose)
    if revoked is not None:
        about = "Certificates that the revocation list in force names"
        found.add("ascend_doctor_tls_revoked_certificates", about, revoked)
    if revocations_end is not None:
        about = "When the revocation list has to be replaced"
        found.add("ascend_doctor_tls_revocations_expiry_timestamp_seconds", about, revocations_end)
    about = "Whether the newest certificates and revocation list on disk are in force"
    found.add("ascend_doctor_tls_files_up", about, not is_in_trouble)
    return tuple(found)
