"""Whether a node's own files are what a collector will ask for."""

from __future__ import annotations

import ssl
from typing import Iterator

from ascend_doctor.wire.certificates import WRONG_PURPOSE, Certificate, authorities, own_certificate
from ascend_doctor.wire.credentials import CredentialError, Role, TlsFiles, load
from ascend_doctor.wire.following import Revocations
from ascend_doctor.wire.steps import Step, dates, fine, unusable, wrong

FILES = "own files"
CA = "own CA"
DATES = "own dates"
CA_DATES = "CA's dates"
ROLE = "own role"
NAME = "own name"
REVOCATION = "revocation list"


def examine(files: TlsFiles, node: str, now: float) -> Iterator[Step]:
    """Look at the files with which a node is to show itself; `now` is in seconds since the epoch.

    Ends with the step behind which nothing can be said.
    """
    try:
        material = load(files)
        certificate = own_certificate(files)
        ends = authorities(files)
        revocations = Revocations(files, clock=lambda: now)
    except CredentialError as error:
        yield unusable(FILES, error)
        return
    except ssl.SSLCertVerificationError as error:
        yield fine(FILES, "they can be read, and the key is the certificate's")
        yield _unverified(files, error)
        return
    yield fine(FILES, "they can be read, and the key is the certificate's")
    yield fine(CA, f"{files.certificate} is from the CA in {files.ca}")
    yield from _own(files, certificate, node, now)
    longest = max(ends, key=lambda validity: validity.not_after)
    yield dates(CA_DATES, f"{files.ca}: the CA's certificate", longest, now, "go over to a new CA")
    yield _revocation(files, revocations, material.certificate)


def _own(files: TlsFiles, certificate: Certificate, node: str, now: float) -> Iterator[Step]:
    identity = certificate.identity
    whose = f"{files.certificate}: this certificate"
    yield dates(DATES, whose, certificate.validity, now, "renew it (`ascend-doctor pki renew`)")
    if Role.NODE in identity.roles:
        yield fine(ROLE, "it is a node's")
    else:
        yield wrong(ROLE, f"{whose} is no node's, but that of {identity}", "issue one with `--role node`")
    if node in identity.names:
        yield fine(NAME, f"it is that of {node}")
    else:
        remedy = f"issue one (`ascend-doctor pki issue {node}`), or set `node` in the configuration"
        yield wrong(NAME, f"{whose} is not that of {node}, but of {identity}", remedy)


def _unverified(files: TlsFiles, error: ssl.SSLCertVerificationError) -> Step:
    if error.verify_code == WRONG_PURPOSE:
        remedy = "issue one with `ascend-doctor pki issue`"
        return wrong(ROLE, f"{files.certificate}: is not for clients", remedy)
    text = f"{files.certificate}: is not from the CA in {files.ca}"
    return wrong(CA, text, "take both from one folder that `ascend-doctor pki issue` made")


def _revocation(files: TlsFiles, revocations: Revocations, own: bytes) -> Step:
    if not revocations.is_known:
        return fine(REVOCATION, f"there is none here ({files.revocations})")
    serial = revocations.serial_of(own)
    if serial is not None:
        text = f"{files.certificate}: has been revoked (serial number {serial:x})"
        return wrong(REVOCATION, text, "issue a new one (`ascend-doctor pki issue`)")
    return fine(REVOCATION, f"{files.revocations} names {revocations.count}, and not this certificate")
