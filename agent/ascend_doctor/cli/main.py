"""The entry point: a group whose verbs are imported only when they run, so that `--help` costs next to nothing."""

from __future__ import annotations

import importlib
import sys
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple

import click

from ascend_doctor.cli.errors import NobodyReadsError, exit_code_of


class Verb(NamedTuple):
    """Where a verb's command is (`module:attribute`), and what `--help` says of it.

    No attrs class: importing attrs would double the time that `--help` takes.
    """

    target: str
    help: str


VERBS: Mapping[str, Verb] = {
    "check": Verb(
        "ascend_doctor.cli.check:command", "Say whether this node is ready, what is broken, and how to mend it."
    ),
    "replay": Verb("ascend_doctor.cli.replay:command", "Judge recorded nodes as `check` judges this one."),
    "record": Verb(
        "ascend_doctor.cli.record:command", "Record what the tools of this node say, to be judged elsewhere."
    ),
    "parse": Verb("ascend_doctor.cli.parse:command", "Print the facts in the output of one command as JSON."),
    "explain": Verb("ascend_doctor.cli.explain:command", "Say what a check looks at, why it matters, and what to do."),
    "config": Verb("ascend_doctor.cli.config:command", "Check the configuration file, or show what is in force."),
    "agent": Verb("ascend_doctor.cli.agent:command", "Keep looking at this node, and keep the collector informed."),
    "sources": Verb(
        "ascend_doctor.cli.sources:command", "Show what this node is asked, how often, and what came of it."
    ),
    "status": Verb("ascend_doctor.cli.status:command", "Say what the agent on this node last found out."),
    "collector": Verb("ascend_doctor.cli.collector:command", "Gather what all nodes say, and answer for the cluster."),
    "report": Verb("ascend_doctor.cli.report:command", "Say whether the cluster is ready, from its collector."),
    "nodes": Verb("ascend_doctor.cli.nodes:command", "List the nodes that the collector knows."),
    "history": Verb("ascend_doctor.cli.history:command", "Say which results changed, from what to what, and when."),
    "gate": Verb("ascend_doctor.cli.gate:command", "Let only ready nodes through, in launch scripts and schedulers."),
    "pki": Verb("ascend_doctor.cli.pki:pki", "Make a small CA, and the certificates of a cluster."),
    "simulate": Verb("ascend_doctor.cli.simulate:simulate", "Run machines that are not there, for drills and tests."),
    "demo": Verb(
        "ascend_doctor.cli.demo:command", "Show it all on a simulated cluster: break it, see it named, mend it."
    ),
}


WITHOUT_OPENSSL = frozenset({"agent", "check"})
"""Verbs that run beside jobs, and load OpenSSL only where they use it."""


class LazyGroup(click.Group):
    """A group that knows its verbs by name and imports the module of one only to run it."""

    def list_commands(self, ctx: click.Context) -> List[str]:  # noqa: ARG002 - the signature is click's
        """Return the verbs in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Optional[click.Command]:  # noqa: ARG002
        """Import a verb. None for a name that is none."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        if cmd_name in WITHOUT_OPENSSL:
            from ascend_doctor.cli import lean  # noqa: PLC0415 - only for them

            lean.load()
        module, _, attribute = verb.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: List[str]
    ) -> Tuple[Optional[str], Optional[click.Command], List[str]]:
        """Find the verb; name the nearest one for a name that is none."""
        name = args[0]
        if name not in VERBS and not name.startswith("-"):
            import difflib  # noqa: PLC0415 - only for a mistyped verb

            close = difflib.get_close_matches(name, VERBS, n=1, cutoff=0.5)
            advice = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(VERBS)}"
            raise click.UsageError(f"no such command `{name}`: {advice}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb. Click itself would leave with 1 when nobody reads on, and 1 says NOT READY."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise NobodyReadsError from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs from the table, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from ascend_doctor.cli.output import doctor_version  # noqa: PLC0415 - reading metadata costs more than --help

        click.echo(f"ascend-doctor {doctor_version()}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ready, 1 not ready, 2 no verdict (also for wrong usage or configuration).",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Print the version."
)
def cli() -> None:
    """Say whether Ascend NPU servers are ready to run a model, name the one thing that is broken, and how to mend it.

    ascend-doctor only ever reads. It prints commands that mend something and never runs them.
    """


def run(args: Optional[List[str]] = None) -> int:
    """Run the command line and return its exit code; never raises."""
    return exit_code_of(lambda: cli.main(args=args, prog_name="ascend-doctor", standalone_mode=False))


def main() -> None:
    """Run `ascend-doctor`."""
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on(stream)
    sys.exit(run())


def _never_fail_on(stream: Any) -> None:
    """Write an escape where the locale of the host lacks a character, instead of crashing."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
