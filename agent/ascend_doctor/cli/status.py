"""`ascend-doctor status`: what the agent on this node last found out.

Gates ask it before every job, so it loads next to nothing: no check, no parser of tools, no gRPC.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Iterator, Optional

import attrs
import click

from ascend_doctor.cli.errors import UserError
from ascend_doctor.cli.output import config_option, exit_code
from ascend_doctor.cli.places import DEFAULT_PATH, STATE_FOLDER
from ascend_doctor.model.verdict import Verdict
from ascend_doctor.model.wording import counted
from ascend_doctor.probe import verdict_file
from ascend_doctor.probe.verdict_file import LocalVerdict
from ascend_doctor.report.printable import printable, span, utc


@click.command("status")
@config_option
@click.option("--state-dir", metavar="DIR", help="The agent's state directory; by default that of the configuration.")
@click.option("--format", "format_", type=click.Choice(["terminal", "json"]), default="terminal", help="What to print.")
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings too.")
def command(*, config: Optional[str], state_dir: Optional[str], format_: str, strict: bool) -> int:
    """Say what the agent on this node last found out, at once and without asking any tool.

    Exits with 0 when the node is ready, with 1 when it is not, and with 2 when there is no verdict, or only one that is
    too old to count.
    """
    folder = Path(state_dir or _configured(config))
    found = verdict_file.read(folder)
    if found is None:
        raise UserError(f"no verdict in {folder}: is the agent running? (`ascend-doctor agent`)")
    now = time.time()
    verdict = found.at(now, verdict_file.boot_id())
    lines = _document(found, verdict) if format_ == "json" else _page(found, verdict, now)
    for line in lines:
        click.echo(line)
    return exit_code(verdict, strict=strict)


def _configured(config: Optional[str]) -> str:
    """Return the state directory of the configuration. That alone is read; about the rest the agent is strict."""
    path = Path(config or DEFAULT_PATH)
    if config is None and not path.exists():
        return STATE_FOLDER
    from ascend_doctor.knowledge import strict_yaml  # noqa: PLC0415 - only where there is a file

    document = strict_yaml.read(path)
    section = document.value.get("agent") if isinstance(document.value, dict) else None
    folder = section.get("state_dir", STATE_FOLDER) if isinstance(section, dict) else STATE_FOLDER
    if not isinstance(folder, str):
        raise document.error(("agent", "state_dir"), "write an absolute path")
    return folder


def _document(found: LocalVerdict, verdict: Verdict) -> Iterator[str]:
    """Yield the file's own form, with the verdict as it counts now."""
    document = {
        "format_version": verdict_file.FORMAT_VERSION,
        **attrs.asdict(found),
        "verdict": verdict.value,
        "verdict_when_made": found.verdict.value,
    }
    yield json.dumps(document, indent=1)


def _page(found: LocalVerdict, verdict: Verdict, now: float) -> Iterator[str]:
    counts = counted(found.problem_count, "problem")
    if found.blind_count:
        counts += f", {counted(found.blind_count, 'thing')} not seen"
    age = f"{span(now - found.made_at)} ago" if now - found.made_at >= 1 else "now"
    yield f"{_word(verdict)}  {printable(found.node)}: {counts}; judged {utc(found.made_at)}, {age}"
    if verdict is not found.verdict:
        yield f"  was {_word(found.verdict)}, and counts no more: nothing newer has come. Is the agent running?"
    for problem in found.problems:
        yield printable(f"  {problem.status}  {problem.subject}: {problem.summary} [{problem.check}]")
    if found.problem_count > len(found.problems):
        yield f"  and {found.problem_count - len(found.problems)} more: `ascend-doctor check` shows all"
    for remark in found.remarks:
        yield f"  note: {printable(remark)}"


def _word(verdict: Verdict) -> str:
    return verdict.value.upper().replace("-", " ")
