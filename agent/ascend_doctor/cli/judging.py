"""What `check` and `replay` share: from answers to a printed report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Mapping, Optional, Sequence

import attrs

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.engine import CheckSettings, Settings
from ascend_doctor.checks.judging import judge_and_fold, make_report
from ascend_doctor.checks.view import NodeView
from ascend_doctor.cli import knowing
from ascend_doctor.cli.configuration import Configuration, load
from ascend_doctor.cli.errors import UserError
from ascend_doctor.cli.output import Style, doctor_version, show


@attrs.frozen
class Bench:
    """The checks that are to run, how they are set, and the rest of the configuration."""

    configuration: Configuration
    entries: Mapping[str, Entry]
    settings: Settings


def set_up(config: Optional[str], checks: Sequence[str] = ()) -> Bench:
    """Load configuration and checks; with `checks` only those run, also where the configuration disables them."""
    entries = catalogue.load()
    configuration = load(None if config is None else Path(config), entries)
    knowing.use_site(configuration.knowledge_dir)
    settings = configuration.check_settings(entries)
    if checks:
        entries = {check: entry_of(check, entries) for check in sorted(set(checks))}
        chosen = {check: attrs.evolve(settings.get(check, CheckSettings()), enabled=True) for check in entries}
        settings = {**settings, **chosen}
    return Bench(configuration, entries, settings)


def entry_of(check: str, entries: Mapping[str, Entry]) -> Entry:
    """Return the check of an id; the nearest id is named for one that is none."""
    if check in entries:
        return entries[check]
    close = catalogue.nearest(check, entries)
    advice = f"did you mean `{close}`?" if close else "`ascend-doctor explain` lists all ids"
    raise UserError(f"no check has the id `{check}`: {advice}")


def judge_and_show(views: Sequence[NodeView], bench: Bench, style: Style, origin: str) -> int:
    """Judge nodes, print the report, and return the exit code of the verdict."""
    findings = judge_and_fold(views, bench.entries, bench.settings)
    report = make_report(views, findings, time.time(), origin=origin, doctor_version=doctor_version())
    return show(report, style, views)
