"""Files that are replaced at once, and what is left when that fails."""

from __future__ import annotations

import os

import pytest

from ascend_doctor.probe import files


def test_replaced_at_once(tmp_path):
    """The new content is there with the asked-for mode, and nothing else is left."""
    path = tmp_path / "a"
    files.replace(path, b"old")
    files.replace(path, b"new", 0o600)

    assert (b"new", 0o600) == (path.read_bytes(), path.stat().st_mode & 0o777)
    assert [path] == list(tmp_path.iterdir())


def test_failure_leaves_the_old_file(tmp_path, monkeypatch):
    """When the disk fails in the middle, the old file stands and no partial one stays."""
    path = tmp_path / "a"
    files.replace(path, b"old")

    def fail(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        files.replace(path, b"new")

    assert b"old" == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


def test_new_file_is_new(tmp_path):
    """An existing file, or a link to one, is never written to."""
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("a", "link"):
        with pytest.raises(FileExistsError):
            files.write_new(tmp_path / name, b"new")

    assert b"old" == (tmp_path / "a").read_bytes()
    assert not (tmp_path / "nowhere").exists()
