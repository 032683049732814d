"""The revocation list is followed, and a bad one never takes the place of a good one."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from ascend_doctor.wire.credentials import CredentialError
from ascend_doctor.wire.following import Revocations
from certificates import NOW
from revocations import list_of, own_folder, put, serial_of


@pytest.fixture
def holder(certificates, tmp_path):
    """The files of a node in a folder of their own."""
    return own_folder(certificates.node, tmp_path / "holder")


def _follow(holder, now=None):
    return Revocations(holder, clock=lambda: NOW.timestamp() if now is None else now[0])


def _second(certificates):
    return Path(certificates.second.certificate).read_bytes()


def test_a_list_that_comes_later_is_taken_up(certificates, holder):
    """From nothing to a list, to a longer one; a look that finds nothing new says so."""
    found = _follow(holder)
    assert (False, 0, None) == (found.is_known, found.count, found.ends_at)
    assert found.serial_of(_second(certificates)) is None
    assert not found.look()
    put(list_of(certificates), holder)
    assert found.look()
    assert (True, 0) == (found.is_known, found.count)
    put(list_of(certificates, [certificates.second], number=2), holder)
    assert found.look()
    assert not found.look()
    assert (1, serial_of(certificates.second)) == (found.count, found.serial_of(_second(certificates)))
    assert int(NOW.timestamp()) + 100 * 86400 == found.ends_at
    assert "" == found.trouble


def test_a_place_where_one_cannot_look(certificates, tmp_path):
    """A folder that cannot be searched holds no list: who follows lists goes on, and reads one when it may again."""
    found = _follow(attrs.evolve(certificates.node, ca=str(tmp_path / ("x" * 300) / "ca.crt")))
    assert (False, False, "") == (found.look(), found.is_known, found.trouble)


def test_the_same_list_again_changes_nothing(certificates, holder):
    """A file that was replaced by the same content is no news."""
    put(list_of(certificates, [certificates.second]), holder)
    found = _follow(holder)
    put(Path(holder.revocations).read_bytes(), holder)
    assert not found.look()


@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (lambda c, h: put(b"rubbish", h), "no revocation list; take the revoked.crl"),
        (lambda c, h: put(list_of(c, ca="other"), h), "not from a CA of this cluster"),
        (lambda c, h: put(list_of(c, age_days=200), h), "expired on"),
        (lambda c, h: Path(h.revocations).unlink(), "is gone"),
    ],
    ids=["damaged", "foreign", "expired", "lost"],
)
def test_a_bad_list_leaves_the_last_good_one_in_force(certificates, holder, break_it, expected):
    """What takes the place of a good list and cannot be used is told, again and again, until it is mended."""
    put(list_of(certificates, [certificates.second]), holder)
    found = _follow(holder)
    break_it(certificates, holder)
    for _ in range(2):
        assert not found.look()
        assert expected in found.trouble
        assert found.trouble.endswith("; the last one stays in force")
        assert found.serial_of(_second(certificates)) is not None
    put(list_of(certificates, number=3), holder)
    assert found.look()
    assert ("", 0) == (found.trouble, found.count)


def test_a_list_that_expires_meanwhile_stays_in_force(certificates, holder):
    """Time alone lets nobody in: the list stays, and its end is told."""
    put(list_of(certificates, [certificates.second], days=1), holder)
    now = [NOW.timestamp()]
    found = _follow(holder, now)
    now[0] += 2 * 86400
    assert not found.look()
    assert f"{holder.revocations}: has expired and stays in force; replace it" == found.trouble
    assert found.serial_of(_second(certificates)) is not None


def test_a_bad_list_at_the_start_is_an_error(holder):
    """Nothing begins with a list that cannot be used."""
    put(b"rubbish", holder)
    with pytest.raises(CredentialError, match=r"revoked\.crl: no revocation list"):
        _follow(holder)


def test_another_ca_calls_for_another_look(certificates, holder):
    """A list counts for the CAs beside it: when those are replaced, it is read again."""
    put(list_of(certificates, [certificates.second]), holder)
    found = _follow(holder)
    beside = Path(holder.ca + ".new")
    beside.write_bytes(Path(certificates.strange.ca).read_bytes())
    beside.replace(holder.ca)
    assert not found.look()
    assert "not from a CA of this cluster" in found.trouble
