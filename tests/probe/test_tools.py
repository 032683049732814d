"""Which tool is safe to run: nobody but root and the doctor's user could have put something else there."""

from __future__ import annotations

import os

import pytest

from ascend_doctor.probe import tools
from ascend_doctor.probe.tools import ToolPaths, UnsafeToolError
from fake_tools import write_tool


@pytest.fixture
def place(tmp_path):
    """A trusted folder with a folder `bin` in it that holds a safe tool."""
    (tmp_path / "bin").mkdir(mode=0o755)
    write_tool(tmp_path / "bin", "tool", "true")
    return tmp_path


def refusal(paths, path):
    """Return why a tool is refused."""
    with pytest.raises(UnsafeToolError) as caught:
        paths.examine(str(path))
    return str(caught.value)


def test_first_place_counts(place):
    """Configured folders come before the vendor's places, in order; a name with a slash is never looked for."""
    paths = ToolPaths({"tool": ("/usr/bin/env",)}, (str(place), str(place / "bin")))

    assert f"{place}/bin/tool" == paths.find("tool")
    assert "/usr/bin/env" == ToolPaths({"tool": ("/no/such", "/usr/bin/env")}).find("tool")
    assert None is paths.find("../bin/tool")
    assert None is paths.find("other")


def test_path_only_when_asked_for(place):
    """Folders of a PATH are searched only after `with_path`; relative and empty ones never."""
    paths = ToolPaths({}).with_path(f"relative:.::{place}/bin")

    assert (f"{place}/bin",) == paths.folders
    assert f"{place}/bin/tool" == paths.find("tool")


def test_safe_tool(place):
    """A tool of the user's own in folders that only the user can change is safe below a trusted folder."""
    assert None is ToolPaths(trusted=(str(place),)).examine(f"{place}/bin/tool")


def test_systems_own_program_is_safe():
    """A program of the system's needs no trust."""
    assert None is ToolPaths().examine("/bin/sh")


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_folder_that_others_can_change(place, mode):
    """A folder above the tool counts as much as the tool itself, the sticky bit or not."""
    (place / "bin").chmod(mode)

    assert f"{place}/bin can be changed by others (mode {mode:04o}): chmod go-w {place}/bin" in refusal(
        ToolPaths(trusted=(str(place),)), place / "bin/tool"
    )


def test_tmp_is_not_safe_unless_trusted(place):
    """What lies in a folder that everybody may write to is refused unless a folder on the way is trusted."""
    assert "can be changed by others (mode 1777)" in refusal(ToolPaths(), place / "bin/tool")


def test_trust_ends_at_the_folder(place):
    """Trust covers a folder and what lies above it, never its neighbours or what lies below."""
    (place / "binary").mkdir()
    write_tool(place / "binary", "tool", "true").chmod(0o777)

    assert "binary/tool can be changed" in refusal(ToolPaths(trusted=(str(place),)), place / "binary/tool")


def test_owner_that_is_nobody_we_know(place, monkeypatch):
    """A tool of another user's is refused; so is everything when the doctor is not who it was."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(place / "bin/tool", 12345, -1)

    assert f"{place}/bin/tool belongs to user 12345, neither root nor the doctor's user" in refusal(
        ToolPaths(trusted=(str(place),)), place / "bin/tool"
    )


def test_link_is_followed_step_by_step(place):
    """A link leads the examination to where the kernel would go, through every folder on the way."""
    (place / "open").mkdir()
    (place / "open").chmod(0o777)
    write_tool(place / "open", "tool", "true")
    (place / "bin/link").symlink_to("../open/./tool")
    (place / "bin/absolute").symlink_to(f"{place}/open/../open/tool")
    (place / "bin/good").symlink_to("tool")
    paths = ToolPaths(trusted=(str(place),))

    assert f"{place}/open can be changed" in refusal(paths, place / "bin/link")
    assert f"{place}/open can be changed" in refusal(paths, place / "bin/absolute")
    assert None is paths.examine(f"{place}/bin/good")


def test_links_in_a_circle(place):
    """Links without an end are an error of the system's kind."""
    (place / "bin/loop").symlink_to("loop")

    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        ToolPaths(trusted=(str(place),)).examine(f"{place}/bin/loop")
    assert tools.MAX_LINKS == 40


def test_relative_path_is_refused():
    """A path that depends on the folder of the caller is none."""
    assert "bin/tool is no absolute path" in refusal(ToolPaths(), "bin/tool")
