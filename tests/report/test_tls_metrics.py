"""The metrics about certificates: what nobody told is left out."""

from __future__ import annotations

from ascend_doctor.report import exposition
from ascend_doctor.report.tls_metrics import tls_families


def _lines(**told):
    text = exposition.render(tls_families(**told))
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_everything_that_is_known():
    """Ends by whose certificate, how many are revoked, the list's own end, and whether the files are in force."""
    assert [
        'ascend_doctor_tls_certificate_expiry_timestamp_seconds{certificate="own"} 100',
        'ascend_doctor_tls_certificate_expiry_timestamp_seconds{certificate="authority"} 200',
        "ascend_doctor_tls_revoked_certificates 3",
        "ascend_doctor_tls_revocations_expiry_timestamp_seconds 150",
        "ascend_doctor_tls_files_up 0",
    ] == _lines(ends={"own": 100.0, "authority": 200.0}, revoked=3, revocations_end=150.0, is_in_trouble=True)


def test_what_is_not_known_has_no_series():
    """Without certificates and without a list only the state of the files is told; an empty list is a list."""
    assert ["ascend_doctor_tls_files_up 1"] == _lines(ends={}, revoked=None, revocations_end=None, is_in_trouble=False)
    assert "ascend_doctor_tls_revoked_certificates 0" in _lines(
        ends={}, revoked=0, revocations_end=None, is_in_trouble=False
    )
