"""The words of the product."""

from __future__ import annotations

import pytest

from ascend_doctor.model import product, status, verdict
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.evidence import Ending, Evidence, quote
from ascend_doctor.model.finding import Finding, Quantity
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing, known, part
from ascend_doctor.model.report import NodeSummary, Report
from ascend_doctor.model.status import Severity, Status
from ascend_doctor.model.subject import Subject, SubjectKind, is_node_name, natural
from ascend_doctor.model.verdict import Verdict, verdict_of
from ascend_doctor.model.wording import counted


def found(
    check: str, outcome: Status, severity: Severity = Severity.BLOCKING, *, cause: str = "", node: str = "n1"
) -> Finding:
    """Make a finding about a node."""
    return Finding(check, subjects.node(node), outcome, "", severity, cause=cause)


class TestEvidence:
    """Evidence and quotes."""

    def test_times_do_not_count(self) -> None:
        """The same answer twice has one digest; another stream, ending or question has another."""
        first = Evidence("k", ("tool",), exit_code=0, stdout=b"a", started_at=1.0)
        digests = {
            first.digest,
            Evidence("k", ("tool",), exit_code=0, stdout=b"a", started_at=2.0, duration_s=9.0).digest,
            Evidence("k", ("tool",), exit_code=0, stderr=b"a").digest,
            Evidence("k", ("tool",), Ending.TIMED_OUT, stdout=b"a").digest,
            Evidence("k", ("tool",), exit_code=0, stdout=b"a", truncated=True).digest,
            Evidence("j", ("tool",), exit_code=0, stdout=b"a").digest,
        }
        assert len(digests) == 5

    def test_digest_is_pinned(self) -> None:
        """The rule of the digest is part of the wire: it never changes."""
        expected = "935b52b0413d17842962a6cbd446aa867118ec89201a5f0783863762783d4fb7"
        assert expected == Evidence("k", ("tool", "-i", "\udcff"), exit_code=0, stdout=b"a").digest

    def test_command_can_be_typed(self) -> None:
        """The command line is quoted for a shell."""
        assert "tool -i 'a b'" == Evidence("k", ("tool", "-i", "a b")).command

    def test_quote_takes_the_lines_that_hold_a_text(self) -> None:
        """Only lines with one of the texts are quoted, without the space at their ends."""
        evidence = Evidence("k", ("tool",), exit_code=3, stdout=b"one  \ntwo\n\nthree\n")
        made = quote(evidence, "two", "three")
        assert (("two", "three"), "stdout", 3) == (made.lines, made.stream, made.exit_code)

    def test_quote_takes_the_first_lines(self) -> None:
        """Without texts the first few lines are quoted, cut to a bearable length."""
        made = quote(Evidence("k", ("tool",), stdout=b"x" * 999 + b"\n" + b"y\n" * 9))
        assert (4, 300) == (len(made.lines), len(made.lines[0]))

    def test_quote_falls_back_on_standard_error(self) -> None:
        """When standard output has no fitting line, standard error is asked."""
        made = quote(Evidence("k", ("tool",), stdout=b"fine\n", stderr=b"bad \xff\n"), "bad")
        assert (("bad \ufffd",), "stderr") == (made.lines, made.stream)

    @pytest.mark.parametrize(("note", "expected"), [("may not run", ("may not run",)), ("", ())])
    def test_quote_falls_back_on_the_note(self, note: str, expected: object) -> None:
        """When the tool said nothing, the doctor's own remark is quoted."""
        made = quote(Evidence("k", ("tool",), Ending.REFUSED, note=note))
        assert (expected, "doctor") == (made.lines, made.stream)


class TestReading:
    """Values that may be missing."""

    def test_missing_speaks(self) -> None:
        """A missing value says why, and the details where there are any."""
        assert "not-reported" == str(NOT_REPORTED)
        assert "busy: try again" == str(Missing(Absence.BUSY, "try again"))

    def test_known(self) -> None:
        """A value is itself, a missing one is None, and 0 is a value."""
        assert (0, None) == (known(0), known(NOT_REPORTED))


class TestSubjects:
    """What findings are about."""

    def test_makers(self) -> None:
        """Each maker names its kind."""
        made = (subjects.cluster(), subjects.card("n1", 2), subjects.npu("n1", 3), subjects.port("n1", 3))
        assert ["cluster::", "card:n1:2", "npu:n1:3", "port:n1:3"] == [item.key for item in made]

    @pytest.mark.parametrize(
        ("subject", "expected"),
        [
            (subjects.node("n1"), "n1"),
            (subjects.npu("n1", 3), "n1 NPU 3"),
            (subjects.port("n1", 3), "n1 NPU 3 port"),
            (subjects.card("n1", 2), "n1 card 2"),
            (subjects.cluster(), "cluster"),
            (Subject(SubjectKind.SWITCH, "", "leaf-1"), "switch leaf-1"),
        ],
    )
    def test_names_for_people(self, subject: Subject, expected: str) -> None:
        """Every subject has a short name in words."""
        assert expected == str(subject)

    def test_natural_order(self) -> None:
        """Numbers are compared as numbers, and a node comes before its parts."""
        assert ["n2", "n10", "n10a"] == sorted(["n10a", "n10", "n2"], key=natural)
        mixed = [subjects.npu("n1", 10), subjects.node("n10"), subjects.npu("n1", 9), subjects.node("n1")]
        expected = ["n1", "n1 NPU 9", "n1 NPU 10", "n10"]
        assert expected == [str(item) for item in sorted(mixed, key=lambda item: item.sort_key)]

    @pytest.mark.parametrize("name", ["a", "node-1", "A.b.example.org", "1", "a" * 63, ".".join(["a" * 49] * 5)])
    def test_node_names(self, name: str) -> None:
        """Host names by RFC 1123 may name a node."""
        assert is_node_name(name)

    @pytest.mark.parametrize(
        "name", ["", "-a", "a-", "a b", "a_b", "a..b", "a\n", "a/b", "é", "a" * 64, ".".join(["a" * 50] * 5)]
    )
    def test_no_node_names(self, name: str) -> None:
        """Nothing else may."""
        assert not is_node_name(name)


class TestOrders:
    """The scales."""

    def test_worst_status(self) -> None:
        """A failure outweighs an unknown, and nothing at all is a skip."""
        assert Status.FAIL is status.worst([Status.PASS, Status.FAIL, Status.UNKNOWN])
        assert Status.UNKNOWN is status.worst([Status.WARN, Status.UNKNOWN])
        assert Status.SKIP is status.worst([])
        assert set(Status) == set(status.WORST_FIRST)

    def test_worst_verdict(self) -> None:
        """Incomplete outweighs degraded, and no answer is not a good answer."""
        assert Verdict.INCOMPLETE is verdict.worst([Verdict.DEGRADED, Verdict.INCOMPLETE, Verdict.READY])
        assert Verdict.INCOMPLETE is verdict.worst([])
        assert set(Verdict) == set(verdict.WORST_FIRST)

    def test_generations(self) -> None:
        """Inference cards have neither RoCE nor HBM; the A5 has no port of the old form."""
        assert {"A1", "A2", "A3"} == {item.value for item in product.ROCE}
        assert {"A1", "A2", "A3", "A5"} == {item.value for item in product.HBM}
        assert len(product.ALL) == 6


class TestVerdict:
    """The fold."""

    @pytest.mark.parametrize(
        ("outcome", "severity", "expected"),
        [
            (Status.PASS, Severity.BLOCKING, Verdict.READY),
            (Status.SKIP, Severity.BLOCKING, Verdict.READY),
            (Status.WARN, Severity.BLOCKING, Verdict.DEGRADED),
            (Status.FAIL, Severity.BLOCKING, Verdict.NOT_READY),
            (Status.UNKNOWN, Severity.BLOCKING, Verdict.INCOMPLETE),
            (Status.STALE, Severity.BLOCKING, Verdict.INCOMPLETE),
            (Status.FAIL, Severity.ADVISORY, Verdict.DEGRADED),
            (Status.WARN, Severity.ADVISORY, Verdict.DEGRADED),
            (Status.UNKNOWN, Severity.ADVISORY, Verdict.READY),
        ],
    )
    def test_one_finding(self, outcome: Status, severity: Severity, expected: Verdict) -> None:
        """One finding beside a pass decides as its status and severity say."""
        assert expected is verdict_of([found("a", Status.PASS), found("b", outcome, severity)])

    def test_nothing_was_looked_at(self) -> None:
        """No findings give no verdict."""
        assert Verdict.INCOMPLETE is verdict_of([])

    def test_consequences_do_not_count(self) -> None:
        """A failure that another finding explains weighs nothing of its own."""
        assert Verdict.READY is verdict_of([found("a", Status.PASS), found("b", Status.FAIL, cause="c|node:n1:")])

    def test_blind_consequences_count(self) -> None:
        """What could not be seen makes nobody ready, even where a warning explains why."""
        blind = found("b", Status.UNKNOWN, cause="tool.busy|node:n1:")
        assert Verdict.INCOMPLETE is verdict_of([found("tool.busy", Status.WARN), blind])


class TestReport:
    """What a report shows."""

    FINDINGS = (
        found("c", Status.WARN),
        found("b", Status.FAIL, node="n10"),
        found("b", Status.FAIL, node="n2"),
        found("a", Status.FAIL, node="n2"),
        found("d", Status.FAIL, cause="b|node:n2:"),
        found("e", Status.UNKNOWN),
        found("f", Status.STALE),
        found("g", Status.UNKNOWN, cause="b|node:n2:"),
        found("h", Status.PASS),
    )
    REPORT = Report(0.0, Verdict.NOT_READY, (NodeSummary("n1", Verdict.NOT_READY),), FINDINGS)

    def test_problems(self) -> None:
        """Failures come before warnings, in the natural order of subjects; consequences are left out."""
        expected = ["a|node:n2:", "b|node:n2:", "b|node:n10:", "c|node:n1:"]
        assert expected == [item.key for item in self.REPORT.problems]

    def test_blind_spots(self) -> None:
        """What could not be seen stands apart."""
        assert ["e", "f"] == [item.check for item in self.REPORT.blind_spots]

    def test_consequences(self) -> None:
        """A culprit knows what it explains."""
        assert ["d", "g"] == [item.check for item in self.REPORT.consequences_of(self.FINDINGS[2])]


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [(Quantity(12.5, "dBm"), "12.5 dBm"), (Quantity(3), "3"), (Quantity(float("nan")), "nan")],
)
def test_quantity_in_words(quantity: Quantity, expected: str) -> None:
    """A quantity shows its unit where it has one."""
    assert expected == str(quantity)


@pytest.mark.parametrize(
    ("subject", "key", "text"),
    [
        (subjects.cluster(), "cluster::", "cluster"),
        (subjects.node("n1"), "node:n1:", "n1"),
        (subjects.card("n1", 2), "card:n1:2", "n1 card 2"),
        (subjects.npu("n1", 3), "npu:n1:3", "n1 NPU 3"),
        (subjects.port("n1", 3), "port:n1:3", "n1 NPU 3 port"),
        (subjects.ub_port("n1", 3, 0, 4), "port:n1:3/0/4", "n1 NPU 3 port 0/4"),
    ],
)
def test_subjects(subject: Subject, key: str, text: str) -> None:
    """Each kind of subject has its key and its words, and can be made from its key again."""
    assert (key, text) == (subject.key, str(subject))
    assert subject == subjects.subject_from_key(key)


def test_npu_of_a_port() -> None:
    """A port belongs to an NPU; what is no port stands for itself."""
    ports = (subjects.port("n1", 3), subjects.ub_port("n1", 3, 0, 4))
    assert [subjects.npu("n1", 3)] * 2 == [subjects.npu_of(item) for item in ports]
    assert subjects.node("n1") == subjects.npu_of(subjects.node("n1"))


def test_part_of_what_is_missing() -> None:
    """A part of what is missing is missing for the same reason."""
    busy: Missing = Missing(Absence.BUSY, "somebody else asks")
    assert busy is part(busy, len)
    assert 3 == part("abc", len)


def test_counted() -> None:
    """A number agrees with its noun."""
    assert ["1 node", "2 nodes", "1 match", "0 matches"] == [
        counted(1, "node"),
        counted(2, "node"),
        counted(1, "match", "matches"),
        counted(0, "match", "matches"),
    ]
