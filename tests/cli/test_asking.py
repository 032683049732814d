"""`report` with certificates that were revoked: one line that says whose, and exit code 2."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from collecting import PROGRAM, collecting
from revocations import list_of, own_folder, put
from waiting import PATIENCE_S


async def _report(address, files):
    """Run the verb as a process of its own and return exit code and errors."""
    words = ("report", "--collector", str(address), "--tls", str(Path(files.key).parent))
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return process.returncode, err.decode().splitlines()


async def test_a_reader_that_was_revoked(tmp_path, certificates):
    """The collector's reason is passed on."""
    theirs = own_folder(certificates.collector, tmp_path / "theirs")
    put(list_of(certificates, [certificates.reader]), theirs)
    async with collecting(tmp_path, theirs) as here:
        code, (line,) = await _report(here.listen, certificates.reader)
    assert 2 == code
    assert line.startswith(
        f"ascend-doctor: {here.listen}: refused: the certificate of anne (reader) has been revoked (serial number "
    )


async def test_a_collector_that_was_revoked(tmp_path, certificates):
    """A reader with the list beside its ca.crt asks another one."""
    mine = own_folder(certificates.reader, tmp_path / "mine")
    put(list_of(certificates, [certificates.collector]), mine)
    async with collecting(tmp_path, certificates.collector) as here:
        code, (line,) = await _report(here.listen, mine)
        assert 2 == code
        assert f"ascend-doctor: {here.listen}: the collector's certificate has been revoked (serial number " in line
        put(list_of(certificates, [certificates.node]), mine)
        code, lines = await _report(here.listen, mine)
    assert (2, []) == (code, lines)  # no verdict: the collector knows no node


async def test_a_collector_that_is_away(tmp_path, certificates):
    """With a list the certificate has to be looked at first; nobody there is told as without a list."""
    mine = own_folder(certificates.reader, tmp_path / "mine")
    put(list_of(certificates), mine)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    code, (line,) = await _report(address, mine)
    assert 2 == code
    assert f"ascend-doctor: {address}: connection refused; is the collector running there?" in line
