"""`ascend-doctor demo`: the whole of it on a simulated cluster, within a minute."""

from __future__ import annotations

import os

import click


@click.command("demo")
@click.option("--keep", is_flag=True, help="Leave the cluster running at the end, and say where to look, until Ctrl-C.")
def command(*, keep: bool) -> int:
    """Show it all: a healthy cluster, three faults, each named with its fix, and the cluster mended.

    Two Atlas 800I A2 servers with 16 NPUs are simulated. The collector and the agents are real processes that talk over
    mutual TLS. It needs no root, listens on loopback only, and leaves nothing behind. Exits with 1 when a step does not
    come out as it should.
    """
    # The demo starts processes while gRPC is at work; gRPC's fork handlers, which would break them, are chosen when
    # it is loaded.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    from ascend_doctor.cli import demo_play  # noqa: PLC0415

    return demo_play.play(keep=keep)
