"""The runner of a live node: tools, files and host facts become evidence, and trouble becomes an ending."""

from __future__ import annotations

import json
import os
import socket

import pytest

from ascend_doctor.facts.files import version_info
from ascend_doctor.facts.host import identity as host_facts
from ascend_doctor.model.evidence import Ending
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.probe import host, local
from ascend_doctor.probe.host.tree import LocalTree
from ascend_doctor.probe.local import LocalRunner, LocalSettings
from ascend_doctor.probe.tools import ToolPaths
from fake_tools import file_source, runner, tool_source, write_tool
from waiting import PATIENCE_S


async def test_tool_becomes_evidence(tmp_path):
    """An answer carries its key, its command line as a person would type it, and its times."""
    write_tool(tmp_path, "tool", 'echo "$0" "$@"')
    evidence = await runner(tmp_path).run(tool_source("tool/x", "-g").about())

    assert ("tool/x", ("tool", "-g"), Ending.EXITED, 0) == (
        evidence.key,
        evidence.argv,
        evidence.ending,
        evidence.exit_code,
    )
    assert f"{tmp_path}/tool -g\n".encode() == evidence.stdout
    assert evidence.started_at > 1.7e9
    assert 0 < evidence.duration_s < PATIENCE_S


async def test_environment_is_fixed(tmp_path, monkeypatch):
    """The caller's environment does not reach a tool; the driver's libraries do, configured ones before them."""
    monkeypatch.setenv("LD_PRELOAD_OF_AN_ATTACKER", "1")
    write_tool(tmp_path, "tool", "env | sort | grep -v '^PWD\\|^_='")
    evidence = await runner(tmp_path, libraries=("/opt/lib",)).run(tool_source().about())

    assert (
        "LC_ALL=C\n"
        "LD_LIBRARY_PATH=/opt/lib:/usr/local/Ascend/driver/lib64/driver:/usr/local/Ascend/driver/lib64/common\n"
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
    ) == evidence.stdout.decode()


async def test_tool_that_is_not_there(tmp_path):
    """The places that were looked at are named."""
    evidence = await runner(tmp_path).run(tool_source().about())

    assert (Ending.NOT_FOUND, f"no tool at {tmp_path}/tool") == (evidence.ending, evidence.note)


async def test_tool_that_nobody_configured():
    """Without a place there is nothing to run."""
    evidence = await LocalRunner().run(tool_source().about())

    assert (Ending.NOT_FOUND, "no tool at any configured place") == (evidence.ending, evidence.note)


async def test_dangling_link_is_no_tool(tmp_path):
    """A link to nothing is a tool that is not there."""
    (tmp_path / "tool").symlink_to("/no/such/tool")
    evidence = await runner(tmp_path).run(tool_source().about())

    assert (Ending.NOT_FOUND, f"{tmp_path}/tool: No such file or directory") == (evidence.ending, evidence.note)


async def test_tool_that_others_can_change_is_refused(tmp_path):
    """The refusal names the path and the remedy, and the tool does not run."""
    write_tool(tmp_path, "tool", f"touch {tmp_path}/ran").chmod(0o777)
    evidence = await runner(tmp_path).run(tool_source().about())

    assert Ending.REFUSED is evidence.ending
    assert f"{tmp_path}/tool can be changed by others (mode 0777): chmod go-w {tmp_path}/tool" in evidence.note
    assert not (tmp_path / "ran").exists()


async def test_deadline_of_a_source_may_be_configured(tmp_path):
    """The configured deadline counts, by the name of the source."""
    write_tool(tmp_path, "tool", "exec sleep 3600")
    evidence = await runner(tmp_path, timeouts_s={"tool/x": 0.1}).run(tool_source().about())

    assert (Ending.TIMED_OUT, "did not end within 0.1 s") == (evidence.ending, evidence.note)


async def test_too_many_stuck_runs(tmp_path, monkeypatch):
    """A tool of which as many runs are stuck as the doctor bears is not started again."""
    write_tool(tmp_path, "tool", "true")
    subject = runner(tmp_path)
    monkeypatch.setattr(subject._abandoned, "count", {"tool": local.MAX_ABANDONED}.get)
    evidence = await subject.run(tool_source().about())

    assert (Ending.SKIPPED, "not started: 8 earlier runs of tool are stuck in the kernel") == (
        evidence.ending,
        evidence.note,
    )


async def test_file_is_read_below_the_root(tmp_path):
    """A file source reads the file where the node's file system is seen, and calls it by the node's path."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hccn.conf").write_bytes(b"a=1\n")
    evidence = await runner(tmp_path, root=str(tmp_path)).run(file_source("/etc/hccn.conf").about())

    assert (("cat", "/etc/hccn.conf"), Ending.EXITED, 0, b"a=1\n") == (
        evidence.argv,
        evidence.ending,
        evidence.exit_code,
        evidence.stdout,
    )


async def test_file_that_is_too_long(tmp_path):
    """A file is read up to the cap and marked."""
    (tmp_path / "file").write_bytes(b"x" * 11)
    evidence = await runner(tmp_path, max_output=10).run(file_source(str(tmp_path / "file")).about())

    assert (b"x" * 10, True) == (evidence.stdout, evidence.truncated)


@pytest.mark.parametrize(
    ("make", "ending", "note"),
    [
        (lambda path: None, Ending.NOT_FOUND, "no {path}"),
        (os.mkdir, Ending.FAILED_TO_START, "{path} is a directory, not a file"),
        (os.mkfifo, Ending.FAILED_TO_START, "{path} is a named pipe, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), Ending.FAILED_TO_START, "{path} is a device, not a file"),
        (lambda path: path.symlink_to(path), Ending.FAILED_TO_START, "{path} cannot be read: Too many levels"),
    ],
)
async def test_what_is_no_file(tmp_path, make, ending, note):
    """What stands in the place of a file is named; nothing waits, and no device is opened."""
    path = tmp_path / "file"
    make(path)
    evidence = await runner(tmp_path).run(file_source(str(path)).about())

    assert ending is evidence.ending
    assert evidence.note.startswith(note.format(path=path))


async def test_socket_is_no_file(tmp_path):
    """A socket in the place of a file is named as one."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        evidence = await runner(tmp_path).run(file_source(str(path)).about())

    assert f"{path} is a socket, not a file" == evidence.note


async def test_file_without_permission(tmp_path, monkeypatch):
    """The system's own words stand in the note."""

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(local, "read_capped", refuse)
    evidence = await runner(tmp_path).run(file_source("/etc/shadow").about())

    assert (Ending.FAILED_TO_START, "/etc/shadow cannot be read: Permission denied") == (
        evidence.ending,
        evidence.note,
    )


async def test_host_facts_parse(tmp_path):
    """What the runner says of the host is what the facts' own parser reads."""
    evidence = await LocalRunner().run(host_facts.SOURCE.about())
    facts = host_facts.SOURCE.read(evidence)

    assert os.geteuid() == facts.euid
    assert os.uname().machine == facts.machine
    assert facts.boot_time > 1e9


async def test_host_facts_of_another_root(tmp_path):
    """Below another root everything is taken from there: boot time, NPUs, kernel, times of files, container marks."""
    files = {
        "proc/stat": "cpu 1 2\nbtime 1700000000\n",
        "proc/sys/kernel/osrelease": "5.10.0-60.18.0.50.oe2203.aarch64\n",
        "dev/davinci0": "",
        "dev/davinci10": "",
        "dev/davinci_manager": "",
        "proc/1/cgroup": "0::/kubepods/besteffort/pod1\n",
        version_info.DRIVER_PATH.lstrip("/"): "Version=1\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    os.utime(tmp_path / version_info.DRIVER_PATH.lstrip("/"), (1.6e9, 1.6e9))
    facts = json.loads(host.answer(("host-facts",), LocalTree(str(tmp_path))))

    assert 1700000000.0 == facts["boot_time"]
    assert [0, 10] == facts["davinci"]
    assert "5.10.0-60.18.0.50.oe2203.aarch64" == facts["kernel"]
    assert {version_info.DRIVER_PATH: 1.6e9} == facts["file_times"]
    assert facts["container"]


async def test_host_facts_that_nobody_tells(tmp_path, monkeypatch):
    """What cannot be found out is left out, never guessed."""
    monkeypatch.setattr(LocalTree, "user_id", lambda _tree: 4_000_000)
    facts = json.loads(host.answer(("host-facts",), LocalTree(str(tmp_path))))

    assert {"boot_time", "davinci"}.isdisjoint(facts)
    assert not facts["has_passwd_entry"]
    assert not facts["container"]
    (tmp_path / ".dockerenv").touch()
    assert json.loads(host.answer(("host-facts",), LocalTree(str(tmp_path))))["container"]


async def test_settings_have_the_vendors_places():
    """Without configuration the tools are looked for where the driver's package puts them."""
    settings = LocalSettings()

    assert ("/usr/local/sbin/npu-smi", "/usr/local/bin/npu-smi") == settings.tools.candidates["npu-smi"]
    assert ToolPaths().folders == ()


async def test_refused_tool_reads_as_refused(tmp_path):
    """The reason reaches whoever reads the facts."""
    write_tool(tmp_path, "tool", "true").chmod(0o722)
    source = tool_source()
    reading = source.read(await runner(tmp_path).run(source.about()))

    assert isinstance(reading, Missing)
    assert Absence.TOOL_REFUSED is reading.why
