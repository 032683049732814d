"""The steps of an examination, and what a node's own files are looked at for."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from ascend_doctor.collector import authority
from ascend_doctor.wire import own_files, steps
from ascend_doctor.wire.certificates import Validity
from ascend_doctor.wire.credentials import ClosedFileError, CredentialError, Role
from ascend_doctor.wire.steps import State, Step
from certificates import NOW
from certificates import files as files_in
from revocations import list_of, own_folder, put

TIME = NOW.timestamp()
DAY_S = 86400.0


def test_a_step_reads_as_one_line():
    """What was found and what to do stand in one line; without a remedy there is no semicolon."""
    assert "x; do y" == str(steps.wrong("a", "x", "do y"))
    assert "x" == str(steps.fine("a", "x"))


def test_the_worst_of_steps():
    """What is wrong weighs more than what is unknown, that more than a warning; of no step nothing is known."""
    found = [Step("a", state, "") for state in (State.WARNING, State.WRONG, State.UNKNOWN, State.FINE)]
    assert State.WRONG is steps.worst(found)
    assert State.UNKNOWN is steps.worst([found[0], found[2], found[3]])
    assert State.WARNING is steps.worst([found[0], found[3]])
    assert State.UNKNOWN is steps.worst([])


def test_no_step_after_the_first_wrong_one():
    """The first thing that is wrong ends the walk; without one there is none."""
    taken = []

    def walk():
        for state in (State.FINE, State.WRONG, State.WRONG):
            taken.append(state)
            yield Step("a", state, str(len(taken)))

    assert "2" == steps.first_wrong(walk()).text
    assert 2 == len(taken)
    assert steps.first_wrong([steps.fine("a", "x")]) is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CredentialError("x: lost; make it"), Step("a", State.WRONG, "x: lost", "make it")),
        (CredentialError("x: lost"), Step("a", State.WRONG, "x: lost", "")),
        (ClosedFileError("x: closed; be root"), Step("a", State.UNKNOWN, "x: closed", "be root")),
    ],
)
def test_files_that_cannot_be_used(error, expected):
    """A file that this user may not read is unknown, any other error is wrong."""
    assert expected == steps.unusable("a", error)


@pytest.mark.parametrize(
    ("validity", "state", "text"),
    [
        (Validity(10, 20), State.WRONG, "x is not valid yet, only from 1970-01-01 00:00 UTC on, and this machine's"),
        (Validity(-20, 0), State.WRONG, "x has expired on 1970-01-01 00:00 UTC, and this machine's clock says 1970"),
        (Validity(-20, 29.5 * DAY_S), State.WARNING, "x holds until 1970-01-30 12:00 UTC, 29 more days"),
        (Validity(0, 30 * DAY_S), State.FINE, "x holds until 1970-01-31 00:00 UTC, 30 more days"),
    ],
)
def test_dates_against_the_clock(validity, state, text):
    """Too early, too late, nearly too late, and right; from 30 days on there is a warning."""
    found = steps.dates("a", "x", validity, 0.0, "renew it")
    assert state is found.state
    assert found.text.startswith(text)
    assert (state is State.FINE) == (not found.remedy)


# --- A node's own files ----------------------------------------------------------------------------------------------


def _examined(files, node="node-1", now=TIME):
    return {step.what: step for step in own_files.examine(files, node, now)}


def test_good_files_are_fine(certificates):
    """Every step about files that are as they should be is fine."""
    found = _examined(certificates.node)
    assert {State.FINE} == {step.state for step in found.values()}
    assert [
        own_files.FILES,
        own_files.CA,
        own_files.DATES,
        own_files.ROLE,
        own_files.NAME,
        own_files.CA_DATES,
        own_files.REVOCATION,
    ] == list(found)


@pytest.mark.parametrize(
    ("who", "node", "what", "text"),
    [
        ("expired", "node-1", own_files.DATES, "tls.crt: this certificate has expired on "),
        ("early_collector", "collector.example", own_files.DATES, "tls.crt: this certificate is not valid yet"),
        ("reader", "anne", own_files.ROLE, "tls.crt: this certificate is no node's, but that of anne (reader)"),
        ("second", "node-1", own_files.NAME, "tls.crt: this certificate is not that of node-1, but of node-2 (node)"),
        ("stranger", "node-1", own_files.CA, "tls.crt: is not from the CA in "),
    ],
)
def test_what_is_wrong_is_told_apart(certificates, who, node, what, text):
    """Dates, role, name and CA each have a step of their own."""
    found = _examined(getattr(certificates, who), node)
    assert State.WRONG is found[what].state
    assert text in found[what].text
    assert found[what].remedy


def test_a_certificate_for_servers_only(tmp_path, monkeypatch, certificates):
    """A certificate that is not good for clients is told as such."""
    monkeypatch.setattr(authority, "_purposes", lambda _role: [authority.ExtendedKeyUsageOID.SERVER_AUTH])
    folder = authority.issue(certificates.folder / "ca", "node-1", Role.NODE, NOW, into=tmp_path / "x")
    found = _examined(files_in(folder))
    assert State.WRONG is found[own_files.ROLE].state
    assert "tls.crt: is not for clients" in found[own_files.ROLE].text


def test_files_that_do_not_fit_are_told(certificates):
    """A key of another certificate ends the examination."""
    found = _examined(attrs.evolve(certificates.node, key=certificates.second.key))
    assert [own_files.FILES] == list(found)
    assert State.WRONG is found[own_files.FILES].state


def test_files_that_this_user_may_not_read(certificates, monkeypatch):
    """Nothing is said of files that are closed to whoever asks."""

    def closed(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", closed)
    (found,) = _examined(certificates.node).values()
    assert State.UNKNOWN is found.state
    assert f"{certificates.node.ca}: this user may not read it" == found.text


def test_a_ca_that_ends(certificates):
    """The CA's end is told before it comes: by then nothing else could hold."""
    found = _examined(certificates.node, now=TIME + 3640 * DAY_S)
    assert State.WARNING is found[own_files.CA_DATES].state
    assert "go over to a new CA before then" == found[own_files.CA_DATES].remedy


def test_the_own_certificate_among_the_revoked(certificates, tmp_path):
    """A node that has the list finds itself on it, or not."""
    files = own_folder(certificates.node, tmp_path / "x")
    put(list_of(certificates, [certificates.second]), files)
    found = _examined(files)[own_files.REVOCATION]
    assert State.FINE is found.state
    assert f"{files.revocations} names 1, and not this certificate" == found.text
    put(list_of(certificates, [certificates.node]), files)
    found = _examined(files)[own_files.REVOCATION]
    assert State.WRONG is found.state
    assert "tls.crt: has been revoked (serial number " in found.text


def test_a_bad_list_is_a_bad_file(certificates, tmp_path):
    """A damaged list is found beside the other files."""
    files = own_folder(certificates.node, tmp_path / "x")
    put(b"rubbish", files)
    (found,) = _examined(files).values()
    assert State.WRONG is found.state
    assert f"{files.revocations}: no revocation list" == found.text
