"""`ascend-doctor config`: check the configuration file, or show what is in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Optional

import click

from ascend_doctor.checks import catalogue
from ascend_doctor.cli import configuration, knowing
from ascend_doctor.cli.output import config_option


@click.group("config")
def command() -> None:
    """Check the configuration file, or show what is in force."""


@command.command()
@config_option
def check(config: Optional[str]) -> None:
    """Check the file, and those of the site's knowledge.

    Each mistake is named with its place and what to write instead; then the exit code is 2.
    """
    path = _path(config)
    knowing.use_site(configuration.load(path, catalogue.load()).knowledge_dir)
    where = configuration.default_path() if path is None else path
    click.echo(f"{where}: as it should be" if where.exists() else f"{where}: not there, the defaults are in force")


@command.command()
@config_option
def show(config: Optional[str]) -> None:
    """Print every setting that is in force, defaults too, as YAML that can be used as a configuration file."""
    entries = catalogue.load()
    click.echo(configuration.as_yaml(configuration.load(_path(config), entries), entries), nl=False)


@command.command()
def schema() -> None:
    """Print the JSON Schema of the configuration file, for editors."""
    click.echo(json.dumps(configuration.model(catalogue.load()).model_json_schema(), indent=2))


def _path(config: Optional[str]) -> Optional[Path]:
    return None if config is None else Path(config)
