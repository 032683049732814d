"""The pages about the checks: a Markdown page each, an index, and the text of `ascend-doctor explain`.

`python -m ascend_doctor.report.check_pages docs/checks` writes the pages.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Sequence, Tuple

import attrs

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.facts.source import Medium
from ascend_doctor.model.product import ALL

INDEX = "README.md"
FAMILIES: Mapping[str, str] = {
    "tool": "The vendor's tools",
    "version": "Versions",
    "npu": "NPUs",
    "roce": "RoCE ports (A1, A2, A3)",
    "ub": "UB ports (Ascend 950)",
    "host": "The host",
    "cluster": "The nodes together",
    "deploy": "Deployments",
    "serving": "Serving",
}
"""The families of checks, the first part of their ids, in the order of the index."""
WIDTH = 100


def page(entry: Entry) -> str:
    """Return the Markdown page of one check."""
    lines = [f"# {entry.check.id}", "", f"**{entry.guide.title}.**", ""]
    lines += [f"- {name}: {text}" for name, text in _facts(entry)]
    for heading, text in entry.guide.sections.items():
        lines += ["", f"## {heading}", "", text[:1].upper() + text[1:]]
        if heading == "Limits":
            lines += _limits_table(entry)
    lines += ["", "---", "", "Made from the module of the check; see `checks/ascend_doctor/report/check_pages.py`.", ""]
    return "\n".join(lines)


def index(entries: Mapping[str, Entry]) -> str:
    """Return the Markdown page that lists all checks."""
    on_request = sum(bool(entry.check.opt_in) for entry in entries.values())
    lines = [*_INDEX_HEAD.format(count=len(entries), on_request=on_request).splitlines()]
    families = {check_id.partition(".")[0] for check_id in entries}
    for family in sorted(families, key=list(FAMILIES).index):
        lines += ["", f"## {FAMILIES[family]}", "", "| Check | Says | Judges | Weight | Runs | Products |"]
        lines.append("|---|---|---|---|---|---|")
        for check_id, entry in entries.items():
            if check_id.startswith(f"{family}."):
                lines.append(_row(entry))
    return "\n".join([*lines, ""])


_INDEX_HEAD = """\
# Checks

{count} checks. A blocking check that fails makes a node NOT READY, an advisory one never does. {on_request} run only
where somebody asks for them: with `ascend-doctor check --check ID`, or always with `checks: {{ID: {{enabled: true}}}}`
in the configuration.

[By symptom](../symptoms.md) · [Which fault each check finds](../faults.md) · [Adding a check](../adding-a-check.md)
"""


def _row(entry: Entry) -> str:
    check = entry.check
    cells = (
        f"[`{check.id}`]({check.id}.md)",
        entry.guide.title,
        _scope(entry),
        check.severity.value,
        "on request" if check.opt_in else "always",
        _products(entry),
    )
    return f"| {' | '.join(cells)} |"


def pages(entries: Mapping[str, Entry]) -> Dict[str, str]:
    """Return all pages by their file names, the index among them."""
    return {INDEX: index(entries), **{f"{check_id}.md": page(entry) for check_id, entry in entries.items()}}


def explain(entry: Entry) -> str:
    """Return what `ascend-doctor explain ID` prints: the whole guide as plain text."""
    parts = [f"{entry.check.id}: {entry.guide.title}", ""]
    parts += [_wrapped(name, text) for name, text in _facts(entry)]
    for heading, text in entry.guide.sections.items():
        parts += ["", _wrapped(heading, text.replace("`", ""))]
    limits = [f"  {name} = {default}{'  (our own policy)' if own else ''}" for name, default, own in _limits(entry)]
    if limits:
        parts += ["", "Settings and their defaults:", *limits]
    return "\n".join([*parts, ""])


def _facts(entry: Entry) -> Iterator[Tuple[str, str]]:
    check = entry.check
    yield "Judges", _scope(entry)
    yield "Weight", f"{check.severity.value} (configuration may change it)"
    yield "Runs", f"only where somebody asks for it: {check.opt_in}" if check.opt_in else "in every round"
    yield "Products", _products(entry)
    yield "Asks", ", ".join(_commands(entry)) or "nothing of its own"
    if check.metric:
        yield "Metric", check.metric
    yield "Since", check.since


def _products(entry: Entry) -> str:
    generations = entry.check.generations
    return "all" if generations == ALL else ", ".join(sorted(item.value for item in generations))


def _scope(entry: Entry) -> str:
    return "the nodes together" if entry.fleet else "each node by itself"


def _commands(entry: Entry) -> List[str]:
    commands = []
    for source in entry.check.reads:
        words = "the operating system" if source.medium is Medium.HOST else " ".join(source.argv)
        commands.append(words.replace("{npu}", "N").replace("{phy_id}", "N").replace("cat ", "the file "))
    return commands


def _limits(entry: Entry) -> List[Tuple[str, object, bool]]:
    """Return each limit with its default, and whether it is our own policy."""
    limits = entry.check.limits
    fields = attrs.fields(type(limits))
    return [(field.name, getattr(limits, field.name), field.name in entry.check.own_limits) for field in fields]


def _limits_table(entry: Entry) -> List[str]:
    rows = [
        f"| `{name}` | `{default}` | {'our own policy' if own else 'the vendor'} |"
        for name, default, own in _limits(entry)
    ]
    return ["", "| Setting | Default | Whose |", "|---|---|---|", *rows] if rows else []


def _wrapped(name: str, text: str) -> str:
    return textwrap.fill(
        f"{name}: {text}", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def write(folder: Path, entries: Mapping[str, Entry]) -> None:
    """Write all pages into a folder; pages of checks that are gone are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages(entries)
    for stale in folder.glob("*.md"):
        if stale.name not in wanted:
            stale.unlink()
    for name, text in wanted.items():
        folder.joinpath(name).write_text(text, "utf-8")


def main(arguments: Sequence[str]) -> int:
    """Write the pages into the folder that is named; 2 for any other call."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m ascend_doctor.report.check_pages FOLDER\n")
        return 2
    write(Path(arguments[0]), catalogue.load())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
