"""The page for terminals."""

from __future__ import annotations

import re

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

import sample_reports
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.report import NodeSummary, Report
from ascend_doctor.model.status import Disruption, Severity, Status
from ascend_doctor.model.subject import cluster, node, npu, port
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.report import terminal
from ascend_doctor.report.overview import folded_checks, folded_names, folded_subjects, overview
from ascend_doctor.report.printable import printable, span, utc

REPORTS = ("drill", "ready", "fleet", "hostile")


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [80, 120])
def test_page(name, width, golden):
    """A report reads as its golden page says."""
    page = terminal.render(getattr(sample_reports, name)(), width=width)
    golden.check(f"terminal/{name}.{width}.txt", page)


def test_page_in_ascii(golden):
    """With ASCII symbols the doctor's own words hold nothing else."""
    page = terminal.render(sample_reports.drill(), ascii_symbols=True)
    assert page.isascii()
    golden.check("terminal/drill.ascii.txt", page)


def test_colour_adds_only_escape_sequences():
    """The coloured page holds the same text as the plain one."""
    coloured = terminal.render(sample_reports.drill(), colour=True)
    assert "\x1b[" in coloured
    assert terminal.render(sample_reports.drill()) == re.sub(r"\x1b\[[0-9;]*m", "", coloured)


@pytest.mark.parametrize("colour", [False, True])
def test_hostile_text_cannot_steer_the_terminal(colour):
    """No control character of a tool or peer reaches the terminal, and nothing in it is taken for markup."""
    page = terminal.render(sample_reports.hostile(), colour=colour)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", page) if colour else page
    assert [] == [letter for letter in bare if letter != "\n" and not letter.isprintable()]
    assert "\\x1b]0;owned\\x07" in bare
    assert "[red]" in bare


@pytest.mark.parametrize("name", ["drill", "ready", "fleet"])
def test_prose_fits_the_width(name):
    """No line of prose is wider than the terminal; commands and evidence may be, because they are never broken."""
    for line in terminal.render(getattr(sample_reports, name)(), width=80).splitlines():
        assert cell_len(line) <= 80 or "$ " in line, line


def test_every_problem_is_named_when_there_are_many():
    """Past so many whole blocks a problem still has its line, and past so many lines the rest is counted."""
    base = sample_reports.link_down()
    count = terminal.FULL_BLOCKS + terminal.MAX_LINES + 7
    findings = tuple(attrs.evolve(base, subject=port("n", number)) for number in range(count))
    page = terminal.render(
        attrs.evolve(sample_reports.ready(), verdict=Verdict.NOT_READY, findings=findings), width=120
    )
    assert f"{count - terminal.FULL_BLOCKS} FURTHER PROBLEMS" in page
    assert f"n NPU {count - 8} port: the link is DOWN" in page
    assert "and 7 more: --format json shows all" in page


@pytest.mark.parametrize(
    ("verdict", "findings", "expected"),
    [
        (Verdict.READY, (Status.PASS,), "READY"),
        (Verdict.DEGRADED, (Status.WARN,), "DEGRADED: ready, with 1 warning"),
        (Verdict.NOT_READY, (Status.FAIL, Status.FAIL), "NOT READY: 2 failures"),
        (
            Verdict.NOT_READY,
            (Status.FAIL, Status.UNKNOWN),
            "NOT READY: 1 failure; 1 result that decides could not be seen",
        ),
        (Verdict.NOT_READY, (), "NOT READY: a node is not ready"),
        (
            Verdict.INCOMPLETE,
            (Status.STALE, Status.UNKNOWN),
            "INCOMPLETE, no verdict: 2 results that decide could not be seen",
        ),
        (Verdict.INCOMPLETE, (), "INCOMPLETE, no verdict: nothing was looked at"),
    ],
)
def test_headline(verdict, findings, expected):
    """The first line says the verdict and why."""
    found = tuple(Finding("a.b", npu("n", place), status, "x") for place, status in enumerate(findings))
    assert expected == overview(attrs.evolve(sample_reports.ready(), verdict=verdict, findings=found)).headline


def test_a_silent_fleet_says_so():
    """Without any finding, nodes that do not send are the reason for having no verdict."""
    fleet = attrs.evolve(sample_reports.fleet(), findings=())
    assert "INCOMPLETE, no verdict: 2 nodes cannot be seen" == overview(fleet).headline


def test_what_decides_comes_first_among_the_blind_spots():
    """Blind spots that decide the verdict stand before advisory ones, and equal ones share a line."""
    findings = (
        Finding("a.b", npu("n", 1), Status.UNKNOWN, "x", severity=Severity.ADVISORY),
        Finding("z.z", npu("n", 1), Status.UNKNOWN, "y"),
        Finding("z.z", npu("n", 2), Status.UNKNOWN, "y"),
    )
    spots = overview(Report(0.0, Verdict.INCOMPLETE, (), findings)).blind_spots
    assert [("z.z", 2), ("a.b", 1)] == [(spot.checks[0], len(spot.subjects)) for spot in spots]


def test_one_reason_is_one_block():
    """What several checks could not see for one reason is one line with the reason once, old results among them."""
    old = "was pass 5 minutes ago, and nothing newer has come"
    findings = (
        Finding("a.b", node("n"), Status.UNKNOWN, "the health is unknown: not asked"),
        Finding("c.d", npu("n", 1), Status.UNKNOWN, "the link is unknown: not asked"),
        Finding("e.f", node("n"), Status.STALE, f"{old}: the link is up"),
        Finding("g.h", node("n"), Status.STALE, f"{old}: no process uses it"),
        Finding("i.j", node("n"), Status.UNKNOWN, "the light is unknown: busy"),
    )
    spots = overview(Report(0.0, Verdict.INCOMPLETE, (), findings)).blind_spots
    assert [
        (("a.b", "c.d"), "not asked", (node("n"), npu("n", 1))),
        (("e.f", "g.h"), old, (node("n"),)),
        (("i.j",), "the light is unknown: busy", (node("n"),)),
    ] == [(spot.checks, spot.summary, spot.subjects) for spot in spots]


def test_before_any_node_has_reported():
    """An empty cluster says so, and what to do."""
    page = terminal.render(Report(0.0, Verdict.INCOMPLETE, (), ()))
    assert page.startswith("INCOMPLETE, no verdict: no node has reported yet\n")
    assert "Run `ascend-doctor agent` on every node" in page


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a1", "a2"], "a1, a2"),
        (["a1", "a2", "a3", "b"], "a[1-3], b"),
        (["n08", "n09", "n10"], "n[08-10]"),
        (["n8", "n9", "n10", "n011"], "n[8-10], n011"),
        (["10.0.0.1", "10.0.0.2", "10.0.0.3"], "10.0.0.[1-3]"),
        ([f"x{number}y" for number in range(14)], ", ".join(f"x{number}y" for number in range(12)) + " and 2 more"),
    ],
)
def test_folded_names(names, expected):
    """Names that follow each other are written as a range, and long lists are counted."""
    assert expected == folded_names(names)


def test_folded_subjects():
    """Parts of one node are written together."""
    subjects = [node("a"), node("b"), cluster(), *(port("a", number) for number in (0, 2, 3, 4)), npu("b", 1)]
    assert "a, b, cluster, a NPU 0, 2-4 port, b NPU 1" == folded_subjects(subjects)
    many = [npu(f"n{number}", 0) for number in range(20)]
    assert folded_subjects(many).endswith("n11 NPU 0 and 8 more")


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_printable_is_printable(text):
    """Whatever a peer sends, what is shown holds no character that steers a terminal."""
    assert printable(text).isprintable()


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=200), st.integers(4, 40))
@settings(max_examples=60, deadline=None)
def test_wrapping_loses_nothing(text, width):
    """Wrapping keeps every character but blanks, and no line is wider than asked, wide characters included."""
    shown = printable(text)
    lines = terminal.wrapped(shown, width)
    assert "".join(shown.split()) == "".join("".join(lines).split())
    assert all(cell_len(line) <= width for line in lines)


def test_wrapping_chinese():
    """Chinese text has no blanks and is broken at the width, two cells a character."""
    assert ["链路", "断开 x"] == terminal.wrapped("链路断开 x", 7) or ["链路断", "开 x"] == terminal.wrapped(
        "链路断开 x", 7
    )


@pytest.mark.parametrize(
    ("seconds", "expected"), [(3, "3 s"), (119, "119 s"), (150, "2 min"), (9000, "2 h"), (400000, "5 days")]
)
def test_span(seconds, expected):
    """Durations are told in a unit that leaves a small number."""
    assert expected == span(seconds)


def test_times_beyond_the_calendar():
    """A time that no calendar holds is shown as a number."""
    assert "1e+30 s" == utc(1e30)
    assert "2026-09-21 14:13:20 UTC" == utc(sample_reports.MADE_AT)


def test_long_text_is_bounded():
    """An endless text is cut, and says so."""
    assert "x" * 1000 + "..." == printable("x" * 5000)


def test_ten_thousand_nodes_fit_on_a_page():
    """The page of a large fleet is short: nodes that are alike share a line."""
    nodes = tuple(
        NodeSummary(f"n{number:05d}", Verdict.READY, facts={"product": "x", "driver": "1", "npus": "8"})
        for number in range(10_000)
    )
    base = sample_reports.link_down()
    problems = tuple(attrs.evolve(base, subject=port(f"n{number:05d}", 1)) for number in range(50))
    page = terminal.render(Report(0.0, Verdict.NOT_READY, nodes, problems))
    assert "n[00000-09999]" in page
    assert "80000 NPUs" in page
    assert len(page.splitlines()) < 700


def advice(check: str, node_name: str, *remedies: Remedy) -> Finding:
    """A warning that does not decide, about how a node is set up."""
    return Finding(
        check, node(node_name), Status.WARN, f"{check} is off", remedies=remedies, severity=Severity.ADVISORY
    )


HINTS = (
    advice("host.thp", "n1", Remedy("Set it.", "echo always")),
    advice("host.kernel", "n1", Remedy("Upgrade.", "", Disruption.REBOOT)),
    advice("host.swappiness", "n1"),
    *(advice("host.numa-balancing", f"n{number}", Remedy("Set it.", "sysctl -w x=0")) for number in (1, 2, 3)),
)


def test_advice_does_not_hide_the_culprit():
    """Much advice about nodes takes a line and its first step, the same for several nodes once; failures stay whole."""
    page = terminal.render(Report(0.0, Verdict.NOT_READY, (), (*HINTS, sample_reports.link_down())))
    head, _, rest = page.partition("ADVICE")
    assert page.startswith("NOT READY: 1 failure and 6 warnings")
    assert ("roce.link" in head, "host." in head) == (True, False)
    expected = """\
!    n1: host.thp is off [host.thp]
     $ echo always
"""
    assert expected in rest
    assert "!    n[1-3]: host.numa-balancing is off [host.numa-balancing]\n     $ sysctl -w x=0\n" in rest
    assert "     Upgrade. (disruptive: reboots the node)\n" in rest
    assert "explain roce.link" in rest


def test_a_little_advice_is_shown_whole():
    """With a few pieces there is room for expected values and evidence; without a problem the tail names the first."""
    page = terminal.render(Report(0.0, Verdict.DEGRADED, (), HINTS[:3]))
    assert ("ADVICE" in page, page.count("check     ")) == (False, 3)
    assert "explain host.kernel" in terminal.render(Report(0.0, Verdict.DEGRADED, (), HINTS))


def test_weak_parts_are_no_advice():
    """A warning about a port keeps its block, and so does advice that explains something."""
    weak = [attrs.evolve(item, subject=port("n1", number)) for number, item in enumerate(HINTS)]
    assert () == overview(Report(0.0, Verdict.DEGRADED, (), tuple(weak))).advice
    effect = Finding("roce.link", port("n1", 0), Status.WARN, "x", cause=HINTS[0].key)
    shown = overview(Report(0.0, Verdict.DEGRADED, (), (*HINTS, effect)))
    assert ["host.thp"] == [problem.finding.check for problem in shown.problems]


def test_folded_checks():
    """A few checks are named with how many findings each has; of many only the families are."""
    assert "npu.ecc (3), roce.link" == folded_checks({"npu.ecc": 3, "roce.link": 1})
    many = {f"roce.c{number}": 2 for number in range(12)}
    assert folded_checks(many).startswith("roce.c0 (2), roce.c1 (2)")
    assert "roce.* (24), npu.*" == folded_checks({**many, "npu.ecc": 1})


def test_how_long_a_problem_lasts():
    """Where it is known since when, the time and the span stand below each other; a clock ahead gives no negative."""
    lasting = attrs.evolve(sample_reports.link_down(), since=sample_reports.MADE_AT - 720)
    page = terminal.render(Report(sample_reports.MADE_AT, Verdict.NOT_READY, (), (lasting,)))
    assert "     since     2026-09-21 14:01:20 UTC (12 min)\n" in page
    ahead = attrs.evolve(lasting, since=sample_reports.MADE_AT + 50)
    assert "UTC (0 s)" in terminal.render(Report(sample_reports.MADE_AT, Verdict.NOT_READY, (), (ahead,)))
    assert "since" not in terminal.render(Report(0.0, Verdict.NOT_READY, (), (sample_reports.link_down(),)))


def test_what_is_only_counted_is_counted():
    """What passed stands in the tail, whether it was told one by one or not."""
    report = attrs.evolve(sample_reports.ready(), also_passed=70, also_skipped=3)
    told = sum(finding.status is Status.PASS for finding in report.findings)
    assert f"{told + 70} results as expected, 3 without anything to judge" in terminal.render(report)
