"""The configuration file."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import yaml

from ascend_doctor.checks import catalogue
from ascend_doctor.cli import configuration
from ascend_doctor.cli.main import run
from ascend_doctor.knowledge.strict_yaml import DocumentError
from ascend_doctor.model.status import Severity
from conftest import ROOT

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
SAMPLE = ROOT / "docs" / "config.sample.yaml"
ENTRIES = catalogue.load()


def _load(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return configuration.load(path, ENTRIES)


@pytest.mark.parametrize("path", BROKEN, ids=[path.stem for path in BROKEN])
def test_each_mistake_is_named_with_its_place(path, capsys):
    """A broken file is refused with the line, the column and what to write instead, as its first line says."""
    expected = path.read_text().splitlines()[0].split("says: ", 1)[1]
    assert 2 == run(["config", "check", "--config", str(path)])
    out, err = capsys.readouterr()
    assert ("", [f"ascend-doctor: {path}:{expected}"]) == (out, err.splitlines())


def test_every_mistake_is_named_at_once(tmp_path, capsys):
    """A file with three mistakes is answered with three lines, in the order of the file."""
    path = tmp_path / "c.yaml"
    path.write_text("tols: {}\nagent:\n  spool_max_mb: 0\nchecks:\n  npu.ecc: {enabled: 1}\n")
    assert 2 == run(["config", "check", "--config", str(path)])
    places = [line.split("c.yaml:")[1].split(": ")[0] for line in capsys.readouterr().err.splitlines()]
    assert ["1:1", "3:17", "5:22"] == places


def test_the_shipped_sample_is_right():
    """The sample can be used as it is, and says what it says."""
    found = configuration.load(SAMPLE, ENTRIES)
    settings = found.check_settings(ENTRIES)
    assert 8 == settings["npu.present"].limits.expected_npus
    assert ["head-1:7443", "head-2:7443"] == found.agent.collectors
    assert {"npu-smi/info": 20.0} == found.local_settings().timeouts_s
    assert {"hccn_tool/link": 60.0} == found.intervals_s()


def test_the_sample_names_the_defaults():
    """Where the sample does not say otherwise, its values are the defaults."""
    defaults = configuration.model(ENTRIES)()
    sample = configuration.load(SAMPLE, ENTRIES)
    assert defaults.collector == sample.collector
    assert defaults.client == sample.client
    assert defaults.tools.model_dump(exclude={"timeouts_s"}) == sample.tools.model_dump(exclude={"timeouts_s"})
    memory = sample.check_settings(ENTRIES)["npu.hbm-free"]
    check = ENTRIES["npu.hbm-free"].check
    assert (check.limits, check.severity, True) == (memory.limits, memory.severity, memory.enabled)
    others = {"collectors", "tls", "intervals_s"}
    assert defaults.agent.model_dump(exclude=others) == sample.agent.model_dump(exclude=others)


def test_checks_are_set_by_their_ids(tmp_path):
    """A section of a check changes what it names, and leaves the rest as the check has it."""
    text = "checks:\n  npu.health: {severity: advisory, limits: {warn_codes: [ab]}}\n  npu.ecc: {enabled: false}\n"
    settings = _load(tmp_path, text).check_settings(ENTRIES)
    health = settings["npu.health"]
    assert Severity.ADVISORY is health.severity
    assert (("ab",), 600.0) == (health.limits.warn_codes, health.limits.boot_grace_s)
    assert (False, None) == (settings["npu.ecc"].enabled, settings["npu.ecc"].limits)
    assert {"npu.health", "npu.ecc"} == set(settings)


def test_tools_are_set(tmp_path):
    """Paths, trusted folders and the root reach the runner; PATH is used only where the file asks for it."""
    text = (
        "tools: {npu-smi: [/a/npu-smi], trusted_folders: [/t], library_folders: [/l], root: /host, runs_at_once: 3}\n"
    )
    found = _load(tmp_path, text)
    settings = found.local_settings("/evil")
    assert ("/a/npu-smi",) == settings.tools.candidates["npu-smi"]
    assert ((), ("/t",), ("/l",), "/host") == (
        settings.tools.folders,
        settings.tools.trusted,
        settings.libraries,
        settings.root,
    )
    assert 3 == found.round_settings().runs_at_once
    assert ("/x",) == _load(tmp_path, "tools: {use_path: true}\n").local_settings("/x:rel").tools.folders


@pytest.mark.parametrize("text", ["", "# nothing but a remark\n", "checks:\n", "{}\n"])
def test_an_empty_file_means_the_defaults(tmp_path, text):
    """Nothing in the file changes nothing."""
    if text.startswith("checks"):
        with pytest.raises(DocumentError, match="`checks` needs keys with values"):
            _load(tmp_path, text)
    else:
        found = _load(tmp_path, text)
        assert {} == found.check_settings(ENTRIES)
        assert configuration.Configuration().model_dump(exclude={"checks"}) == found.model_dump(exclude={"checks"})


def test_what_is_in_force_names_every_check(tmp_path):
    """`config show` has the limits of the checks that the file does not name, and what it says of the one it names."""
    found = _load(tmp_path, "checks: {npu.hbm-free: {enabled: false, severity: advisory}}\n")
    shown = yaml.safe_load(configuration.as_yaml(found, ENTRIES))["checks"]
    assert list(ENTRIES) == list(shown)
    limits = attrs.asdict(ENTRIES["npu.hbm-free"].check.limits)
    assert {"enabled": False, "severity": "advisory", "limits": limits} == shown["npu.hbm-free"]
    assert "blocking" == shown["npu.present"]["severity"]
    assert 0 == shown["npu.present"]["limits"]["expected_npus"]


def test_a_wrong_name_is_answered_with_all_checks(tmp_path):
    """The advice about a check that does not exist knows also those that the file does not name."""
    with pytest.raises(DocumentError, match=r"unknown key `npu.eec`: did you mean `npu.ecc`\?"):
        _load(tmp_path, "checks: {npu.eec: {enabled: false}}\n")


def test_what_is_in_force_can_be_used_again(tmp_path, capsys):
    """`config show` prints a file that gives the same configuration."""
    assert 0 == run(["config", "show", "--config", str(SAMPLE)])
    again = _load(tmp_path, capsys.readouterr().out)
    sample = configuration.load(SAMPLE, ENTRIES)
    assert sample.model_dump(exclude={"node", "checks"}) == again.model_dump(exclude={"node", "checks"})
    assert {name: item.limits for name, item in sample.check_settings(ENTRIES).items() if item.limits}.items() <= {
        name: item.limits for name, item in again.check_settings(ENTRIES).items()
    }.items()


def test_the_schema_knows_every_check(capsys):
    """The published schema of the file names the checks and their limits."""
    assert 0 == run(["config", "schema"])
    schema = yaml.safe_load(capsys.readouterr().out)
    assert set(ENTRIES) == set(schema["$defs"]["Checks"]["properties"])


def test_a_missing_file_is_named(capsys, tmp_path):
    """A file that was asked for and is not there is an error; the default file may be absent."""
    path = tmp_path / "none.yaml"
    assert 2 == run(["config", "check", "--config", str(path)])
    assert f"ascend-doctor: {path}: cannot be read: No such file or directory\n" == capsys.readouterr().err


def test_the_default_file_may_be_absent(capsys, tmp_path, monkeypatch):
    """Without a file the defaults are in force, and `config check` says so."""
    monkeypatch.setattr(configuration, "DEFAULT_PATH", str(tmp_path / "none.yaml"))
    assert 0 == run(["config", "check"])
    assert "not there, the defaults are in force" in capsys.readouterr().out


def test_the_environment_names_the_file(capsys, monkeypatch):
    """ASCEND_DOCTOR_CONFIG stands for --config."""
    monkeypatch.setenv("ASCEND_DOCTOR_CONFIG", str(SAMPLE))
    assert 0 == run(["config", "check"])
    assert f"{SAMPLE}: as it should be\n" == capsys.readouterr().out
