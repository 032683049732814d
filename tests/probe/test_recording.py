"""Recordings: written whole, read back the same, easy by hand, and every mistake in one named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ascend_doctor.facts.npu_smi import info
from ascend_doctor.knowledge.strict_yaml import DocumentError
from ascend_doctor.model.evidence import Ending, Evidence
from ascend_doctor.probe import recording
from ascend_doctor.probe.recording import Recording, RecordingError
from ascend_doctor.probe.replay import ReplayRunner

BROKEN = Path(__file__).parent / "broken"
BY_HAND = """\
node: worker-1
runs:
  - command: npu-smi info
    stdout: info.txt
  - command: /usr/local/Ascend/driver/tools/hccn_tool -i 3 -link -g
    stdout: link-3.txt
"""


def evidence(key="npu-smi/info", argv=("npu-smi", "info"), **more):
    """Return an answer that ended well unless told otherwise."""
    more.setdefault("exit_code", 0)
    return Evidence(key, argv, **more)


def recorded(*answers, node="worker-1", **more):
    """Return the recording of these answers."""
    return Recording(node, {item.key: item for item in answers}, **more)


@pytest.fixture
def by_hand(tmp_path):
    """A recording as an operator makes it from pasted output."""
    (tmp_path / "recording.yaml").write_text(BY_HAND)
    (tmp_path / "info.txt").write_text("a table\n")
    (tmp_path / "link-3.txt").write_text("link status: UP\n")
    return tmp_path


def test_recording_by_hand(by_hand):
    """Node, commands and files are all that is needed; the key of each answer follows from its command."""
    (found,) = recording.read(by_hand)

    assert ("worker-1", 0.0, "") == (found.node, found.taken_at, found.doctor_version)
    assert ["npu-smi/info", "hccn_tool/link@3"] == list(found.evidence)
    link = found.evidence["hccn_tool/link@3"]
    assert (Ending.EXITED, 0, b"link status: UP\n", b"", 0.0) == (
        link.ending,
        link.exit_code,
        link.stdout,
        link.stderr,
        link.started_at,
    )
    assert ("/usr/local/Ascend/driver/tools/hccn_tool", "-i", "3", "-link", "-g") == link.argv


def test_recording_given_by_its_file(by_hand):
    """The file may be named in place of the folder."""
    assert recording.read(by_hand) == recording.read(by_hand / "recording.yaml")


def test_several_nodes_in_one_file(tmp_path):
    """`nodes:` holds several nodes; what is common stands above them."""
    (tmp_path / "recording.yaml").write_text(
        "taken_at: 2026-03-01T08:00:00Z\ndoctor_version: '0.1'\nnodes:\n"
        "  - {node: worker-10, runs: []}\n  - {node: worker-2, taken_at: 5, runs: []}\n"
    )

    assert [("worker-2", 5.0, "0.1"), ("worker-10", 1772352000.0, "0.1")] == [
        (found.node, found.taken_at, found.doctor_version) for found in recording.read(tmp_path)
    ]


def test_several_nodes_in_folders(tmp_path, by_hand):
    """A folder of recordings is the recording of several nodes."""
    whole = tmp_path / "cluster"
    for name in ("worker-2", "worker-1"):
        shutil.copytree(by_hand, whole / name, ignore=lambda folder, _: ["cluster"] if folder == str(by_hand) else [])
        (whole / name / "recording.yaml").write_text(BY_HAND.replace("worker-1", name))

    assert ["worker-1", "worker-2"] == [found.node for found in recording.read(whole)]


def test_times_in_words_and_numbers(by_hand):
    """A time may be written for people, with or without its zone, or as seconds."""
    base = (by_hand / "recording.yaml").read_text()
    for text in ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00", "2026-03-01T16:00:00+08:00", "1772352000"):
        (by_hand / "recording.yaml").write_text(f"taken_at: {text}\n{base}    started_at: 12.5\n")
        (found,) = recording.read(by_hand)

        assert 1772352000.0 == found.taken_at
        assert [1772352000.0, 12.5] == [item.started_at for item in found.evidence.values()]


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_broken_recording(tmp_path, path):
    """Each mistake is named with file, line, column and remedy."""
    shutil.copy(path, tmp_path / "recording.yaml")
    (tmp_path / "answer.txt").write_text("x\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "long.txt").write_bytes(b"x" * (recording.MAX_STREAM + 1))
    expected = re.match(r"# expect: (.*)", path.read_text()).group(1)

    with pytest.raises(DocumentError) as caught:
        recording.read(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/recording.yaml:{expected}"), str(caught.value)


def test_folder_that_is_not_there(tmp_path):
    """A path to nothing says what to give."""
    with pytest.raises(DocumentError, match=r"there is no such folder: give the folder that holds recording\.yaml"):
        recording.read(tmp_path / "none")


def test_folder_without_a_recording(tmp_path):
    """An empty folder says where to read about the form."""
    with pytest.raises(DocumentError, match=r"no recording\.yaml here, nor one level below: .* docs/recordings\.md"):
        recording.read(tmp_path)


def test_one_node_in_two_folders(tmp_path):
    """Two folders that claim to be the same node are a mistake."""
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "recording.yaml").write_text("node: worker-1\nruns: []\n")

    with pytest.raises(
        DocumentError, match=r"b/recording\.yaml: the node `worker-1` is in .*a/recording\.yaml already"
    ):
        recording.read(tmp_path)


def test_round_trip(tmp_path):
    """What is written is read back the same: both streams byte for byte, endings, times and notes."""
    whole = recorded(
        evidence(stdout=b"\x00\xff\r\n", stderr=b"\xe5\x9f\x8e", started_at=1.7e9, duration_s=0.123456789),
        evidence("hccn_tool/link@0", ("hccn_tool", "-i", "0", "-link", "-g"), stdout=b"", exit_code=0),
        evidence("hccn_tool/link@1", ("hccn_tool", "a b"), stderr=b"busy", exit_code=11, attempts=4),
        evidence("hccn_tool/tls@1", ending=Ending.TIMED_OUT, exit_code=None, note="did not end within 10 s"),
        evidence("hccn_tool/ping@0:10.0.0.2", stdout=b"x", truncated=True, redactions=("ipv4", "mac")),
        evidence("hccn_tool/ping@0-10.0.0.2", stdout=b"y", ending=Ending.SIGNALLED, exit_code=None),
        taken_at=1772352000.0,
        doctor_version="0.1.0",
    )
    recording.write(tmp_path / "bundle", [whole])

    assert (whole,) == recording.read(tmp_path / "bundle")


def test_folder_is_private_and_nothing_else_is_left(tmp_path):
    """Only the owner can read a bundle, and no partial folder stays behind."""
    recording.write(tmp_path / "bundle", [recorded(evidence(stdout=b"x"))])

    assert ["bundle"] == [path.name for path in tmp_path.iterdir()]
    assert 0o700 == (tmp_path / "bundle").stat().st_mode & 0o777
    assert {0o600} == {path.stat().st_mode & 0o777 for path in (tmp_path / "bundle").rglob("*") if path.is_file()}


def test_several_nodes_round_trip(tmp_path):
    """Several nodes become sub-folders of their names."""
    nodes = [recorded(evidence(stdout=b"x"), node="worker-2"), recorded(evidence(stdout=b"y"), node="worker-10")]
    recording.write(tmp_path / "bundle", nodes)

    assert tuple(nodes) == recording.read(tmp_path / "bundle")
    assert {"worker-2", "worker-10"} == {path.name for path in (tmp_path / "bundle").iterdir()}


def test_hostile_keys_stay_in_the_folder(tmp_path):
    """A key that looks like a path makes a harmless file name."""
    whole = recorded(evidence("../../../x", ("x",), stdout=b"1"), evidence("...", ("x",), stdout=b"2"))
    recording.write(tmp_path / "bundle", [whole])

    assert ["-..-..-x.stdout", "answer.stdout"] == sorted(path.name for path in (tmp_path / "bundle/outputs").iterdir())
    assert (whole,) == recording.read(tmp_path / "bundle")


def test_existing_folder_is_never_written_into(tmp_path):
    """An existing folder or link is left alone."""
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("", "link"):
        with pytest.raises(RecordingError, match="is there already: give the name of a folder that is not"):
            recording.write(tmp_path / name, [recorded()])


def test_place_that_cannot_be_written(tmp_path):
    """A place without its parent folder says so."""
    with pytest.raises(
        RecordingError, match=r"none cannot be written: No such file or directory; choose another place"
    ):
        recording.write(tmp_path / "none" / "bundle", [recorded()])


def test_full_disk_leaves_nothing(tmp_path, monkeypatch):
    """When the disk fills up in the middle, the partial folder goes and the reason stays."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording, "write_new", full)
    with pytest.raises(RecordingError, match="bundle cannot be written: No space left on device"):
        recording.write(tmp_path / "bundle", [recorded(evidence(stdout=b"x"))])
    assert [] == list(tmp_path.iterdir())


def test_newer_recording_with_an_unknown_question(tmp_path):
    """An answer to a question that this doctor does not know is kept, under its own key."""
    (tmp_path / "recording.yaml").write_text(
        "node: n1\nruns:\n  - {key: hccn_tool/new@0, stdout: x}\n  - {key: npu-smi/info, stdout: x}\n"
    )
    (tmp_path / "x").write_text("x")
    (found,) = recording.read(tmp_path)

    assert ("hccn_tool/new@0",) == found.evidence["hccn_tool/new@0"].argv
    assert ("npu-smi", "info") == found.evidence["npu-smi/info"].argv


async def test_replay(by_hand):
    """A recording answers as the node did; what it does not hold was not asked."""
    (found,) = recording.read(by_hand)
    subject = ReplayRunner(found)

    assert found.evidence["npu-smi/info"] is await subject.run(info.SOURCE.about())
    absent = await ReplayRunner(recorded(taken_at=7.0)).run(info.SOURCE.about())
    assert (Ending.SKIPPED, "not in the recording", 7.0) == (absent.ending, absent.note, absent.started_at)
