"""`ascend-doctor explain`: what a check, a code or a line of a log means, and what to do."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import attrs
import click

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.cli import configuration, knowing
from ascend_doctor.cli.errors import NO_VERDICT, READY, UserError
from ascend_doctor.cli.judging import entry_of
from ascend_doctor.cli.output import config_option
from ascend_doctor.knowledge import lookup
from ascend_doctor.knowledge.lookup import PRODUCT, Answer
from ascend_doctor.report import check_pages
from ascend_doctor.report.printable import printable

WIDTH = 100
FORMAT_VERSION = "1.0"
"""Of the JSON, which is a promise."""
_CHECK = re.compile(r"[a-z]+(?:[.-][a-z]+)+\Z")


@click.command("explain", context_settings={"ignore_unknown_options": True})
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.argument("words", metavar="[WHAT]...", nargs=-1, type=click.UNPROCESSED)
def command(*, config: Optional[str], as_json: bool, words: Tuple[str, ...]) -> int:
    """Say what WHAT means, how bad it is, and what to do; without WHAT, list all checks.

    WHAT is the id of a check, a code (0x80E01801 of an NPU, EI0006 of HCCL, -8005 of npu-smi, 507899 of the runtime,
    `hccn_tool exit 13`, the BMC's), or a line of a log.
    """
    entries = catalogue.load()
    knowing.use_site(configuration.load(None if config is None else Path(config), entries).knowledge_dir)
    asked = " ".join(words).strip()
    if not asked:
        click.echo(_list(entries, as_json=as_json))
        return READY
    if asked.lower() in entries:
        click.echo(_check(entries[asked.lower()], as_json=as_json))
        return READY
    found = lookup.answers(asked)
    if not found and _CHECK.match(asked.lower()):
        entry_of(asked.lower(), entries)  # says which id is nearest
    near = () if found else lookup.nearest(asked, tuple(entries))
    if as_json:
        click.echo(_json({"asked": asked, "answers": [_plain(item, entries) for item in found], "nearest": near}))
        return READY if found else NO_VERDICT
    if not found:
        advice = f"the nearest known are {', '.join(near)}" if near else "give a code, or the whole line of the log"
        raise UserError(f"nothing is known of {asked[:80]!r}: {advice}")
    click.echo("\n\n".join("\n".join(_lines(item, entries)) for item in found))
    return READY


def _list(entries: Mapping[str, Entry], *, as_json: bool) -> str:
    if as_json:
        return _json({"checks": {name: entry.guide.title for name, entry in entries.items()}})
    width = max(map(len, entries))
    return "\n".join(f"{name.ljust(width)}  {entry.guide.title}" for name, entry in entries.items())


def _check(entry: Entry, *, as_json: bool) -> str:
    if not as_json:
        return check_pages.explain(entry).rstrip("\n")
    shown = {
        "kind": "check",
        "name": entry.check.id,
        "title": entry.guide.title,
        "sections": dict(entry.guide.sections),
    }
    return _json({"asked": entry.check.id, "answers": [shown], "nearest": []})


def _json(answer: Mapping[str, Any]) -> str:
    return json.dumps({"format_version": FORMAT_VERSION, **answer})


def _caught_by(answer: Answer, entries: Mapping[str, Entry]) -> List[str]:
    """Return the checks of this installation that would have caught it: others may come with a later version."""
    return [check for check in answer.checks if check in entries]


def _plain(answer: Answer, entries: Mapping[str, Entry]) -> Dict[str, Any]:
    return {**attrs.asdict(answer), "checks": _caught_by(answer, entries)}


def _lines(answer: Answer, entries: Mapping[str, Entry]) -> Iterator[str]:
    yield printable(f"{answer.name}: {answer.kind}")
    checks = ", ".join(_caught_by(answer, entries)) or "no check before the start"
    about_trouble = (("Severity", answer.severity), ("What to do", answer.action), ("Caught by", checks))
    told: Sequence[Tuple[str, str]] = (
        ("Means", answer.meaning),
        ("Decoded", answer.decoded),
        *(() if answer.kind == PRODUCT else about_trouble),
        ("Says", ", ".join(filter(None, (answer.origin, answer.source)))),
    )
    for name, text in told:
        if text:
            line = f"  {name + ':':<12}{printable(text)}"
            yield textwrap.fill(line, WIDTH, subsequent_indent=" " * 14, break_long_words=False, break_on_hyphens=False)
