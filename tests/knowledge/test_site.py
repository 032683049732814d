"""What a site adds: rows that come after those of the package, and mistakes that are named with their place."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from ascend_doctor.knowledge import fault_codes, hdk, lookup, operating_systems, site, stack, tables
from ascend_doctor.knowledge.fault_codes import Level
from ascend_doctor.knowledge.stack import Fit
from ascend_doctor.knowledge.strict_yaml import DocumentError
from ascend_doctor.model.product import Generation


@pytest.fixture(autouse=True)
def _no_site() -> Iterator[None]:
    yield
    tables.use_site({})


def use(folder: Path, text: str, name: str = "rack-12.yaml") -> None:
    """Let one file of a site count."""
    folder.joinpath(name).write_text(text, "utf-8")
    tables.use_site(site.load(folder))


def test_no_folder_is_no_knowledge(tmp_path: Path) -> None:
    """A site that knows nothing better needs no folder; an empty file says nothing either."""
    assert {} == site.load(tmp_path / "none")
    tmp_path.joinpath("empty.yaml").write_text("# nothing yet\n")
    assert {} == site.load(tmp_path)


def test_a_site_adds_and_corrects_codes(tmp_path: Path) -> None:
    """A row with the key of one of the package takes its place and says so; what it leaves out is empty."""
    use(
        tmp_path,
        "fault_codes:\n  - code: 0x80e01801\n    level: SeparateNPU\n  - {code: 80DEAD00, level: SubHealthFault}\n",
    )
    found = fault_codes.lookup("80E01801")
    assert found is not None
    assert (Level.SEPARATE_NPU, "", f"{tmp_path}/rack-12.yaml:2") == (found.level, found.condition, found.origin)
    assert "SubHealthFault" in lookup.answers("80DEAD00")[0].severity
    tables.use_site({})
    assert Level.RESTART_BUSINESS is getattr(fault_codes.lookup("80E01801"), "level", None)


def test_a_site_judges_pairs(tmp_path: Path) -> None:
    """A verdict and its reason come with the pair, and the file that says so; without a verdict the pair belongs."""
    use(
        tmp_path,
        "hdk_pairs:\n"
        "  - {family: 910b, driver: 25.5.1, firmware: 7.8.0.6.201, verdict: fail, reason: resets under load}\n"
        "  - {family: 910b, driver: 25.9.9, firmware: 7.9.9.9.999}\n",
    )
    pair = hdk.pair_of("25.5.1", "7.8.0.6.201", Generation.A2)
    assert pair is not None
    assert ("fail", "resets under load") == (pair.verdict, pair.reason)
    assert pair.origin.endswith("rack-12.yaml:2")
    assert hdk.is_one_release("25.9.9", "7.9.9.9.999", Generation.A2)


def test_a_site_corrects_the_matrix(tmp_path: Path) -> None:
    """The last row that holds the driver decides."""
    assert Fit.NO is stack.cann_with_driver("9.1.0", "25.0.rc1.1", None).fit
    use(tmp_path, "cann_hdk:\n  - {cann: 9.1.0, relation: compatible, hdk: '25.0'}\n")
    found = stack.cann_with_driver("9.1.0", "25.0.rc1.1", None)
    assert (Fit.YES, True) == (found.fit, found.origin.endswith("rack-12.yaml:2"))


def test_a_site_adds_texts_systems_and_more(tmp_path: Path) -> None:
    """Files count in the order of their names, and every table takes rows."""
    use(tmp_path, "operating_systems:\n  - {id: ouros}\n", "a.yaml")
    use(
        tmp_path,
        "signatures:\n  - {pattern: 'blue smoke', meaning: somebody let it out, action: put it back}\n",
        "b.yaml",
    )
    assert operating_systems.is_supported("OurOS", "1")
    (answer,) = lookup.answers("there is Blue Smoke")
    assert ("somebody let it out", f"{tmp_path}/b.yaml:2") == (answer.meaning, answer.origin)


def test_the_example_of_the_documentation_counts(tmp_path: Path) -> None:
    """What docs/knowledge.md shows is what a site can write."""
    page = Path(__file__).resolve().parents[2].joinpath("docs", "knowledge.md").read_text("utf-8")
    use(tmp_path, page.partition("```yaml\n")[2].partition("```")[0])
    pair = hdk.pair_of("25.3.rc1", "7.8.0.2.212", Generation.A2)
    assert "resets under load" == getattr(pair, "reason", None)
    assert ["text in a log"] == [answer.kind for answer in lookup.answers("our launcher: rank 12 gave up")]


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("fault_code: []\n", "1:1", "did you mean"),
        ("fault_codes:\n  - {code: 80E01801, level: Terrible}\n", "2:29", "NotHandleFault"),
        ("fault_codes:\n  - {code: xyz, level: SubHealthFault}\n", "2:12", ""),
        ("fault_codes:\n  - {level: SubHealthFault}\n", "2:5", "code"),
        ("signatures:\n  - {pattern: '(((', meaning: x}\n", "2:15", "no regular expression"),
        ("hdk_pairs:\n  - {family: 911, driver: x, firmware: y}\n", "2:14", "910b"),
        ("cann_hdk:\n  - cann: 9.1.0\n    cann: 9.1.1\n", "3:5", ""),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, place: str, says: str, tmp_path: Path) -> None:
    """Table, column and form are checked as strictly as the configuration."""
    with pytest.raises(DocumentError) as caught:
        use(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/rack-12.yaml:{place}: ")
    assert says in str(caught.value)


def test_the_word_of_the_site_decides_in_every_table_of_explain(tmp_path: Path) -> None:
    """A row of the site with the key of a shipped one takes its place, and no vendor is named as its source."""
    use(
        tmp_path,
        "other_codes:\n  - {kind: bmc, code: '0x56000005', meaning: our board says so for fun}\n"
        "products:\n  - {name: Atlas 800I A2, generation: A2, npus: '4'}\n  - {name: Rack 12}\n"
        "signatures:\n  - {pattern: hccn_tool is busy, meaning: our exporter asks, checks: tool.busy}\n"
        "  - {pattern: EI0015, meaning: our firewall}\n"
        "error_codes:\n  - {family: hccl, code: EI0006, meaning: our switch}\n",
        "rack-12.yml",
    )
    assert "our firewall" in [answer.meaning for answer in lookup.answers("EI0015")]
    for asked, says in (
        ("0x56000005", "for fun"),
        ("Atlas 800I A2", "generation A2, 4 NPUs on a node or card"),
        ("rack 12", "nothing further"),
        ("hccn_tool is busy", "our exporter asks"),
        ("EI0006", "our switch"),
    ):
        (answer,) = lookup.answers(asked)
        assert says in answer.meaning
        assert (True, "") == (answer.origin.startswith(f"{tmp_path}/rack-12.yml:"), answer.source)


def test_no_knowledge_is_passed_over_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be read, or holds more files than are read, is a mistake."""
    tmp_path.joinpath(".10-ours.yaml.swp").write_text("x")
    tmp_path.joinpath(".hidden.yaml").write_text("x")
    assert {} == site.load(tmp_path)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(DocumentError, match="cannot be read"):
        site.load(file)
    monkeypatch.setattr(site, "MAX_FILES", 1)
    for name in ("a.yaml", "b.yml"):
        tmp_path.joinpath(name).write_text("")
    with pytest.raises(DocumentError, match="holds 2 files"):
        site.load(tmp_path)
