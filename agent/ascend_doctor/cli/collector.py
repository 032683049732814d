"""`ascend-doctor collector`: gather what all nodes say, and answer for the cluster."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Optional, Sequence, Tuple

import attrs
import click

from ascend_doctor.agent import logs
from ascend_doctor.checks import catalogue
from ascend_doctor.cli import knowing, lean
from ascend_doctor.cli.asking import tls_in
from ascend_doctor.cli.errors import UserError
from ascend_doctor.cli.orders import COLLECTOR, CollectorOrders, fetch
from ascend_doctor.cli.output import config_option, tls_option
from ascend_doctor.collector import main
from ascend_doctor.collector.store import shown
from ascend_doctor.collector.store_opening import back_up, open_store
from ascend_doctor.wire.credentials import AddressError, read_address


@click.command("collector")
@config_option
@click.option("--listen", metavar="HOST:PORT", help="Where nodes and readers connect; port 0 takes a free one.")
@click.option("--web", metavar="HOST:PORT", help="Where /metrics and the report are served over HTTP; loopback only.")
@click.option(
    "--store", metavar="PLACE", help="Where is kept what nodes said: the path of a SQLite file, or postgresql://..."
)
@tls_option
@click.option(
    "--forget", "gone", multiple=True, metavar="NODE", help="Drop a node that is no more from the store, and end."
)
@click.option(
    "--backup", "copy", metavar="FILE", help="Copy the SQLite file, whether its collector runs or not, and end."
)
def command(
    *,
    config: Optional[str],
    listen: Optional[str],
    web: Optional[str],
    store: Optional[str],
    tls_folder: Optional[str],
    gone: Tuple[str, ...],
    copy: Optional[str],
) -> int:
    """Gather what all nodes say, judge them together, and answer `report`, `gate` and Prometheus.

    Runs until SIGTERM or SIGINT. Off loopback it takes mutual TLS only.
    """
    orders: CollectorOrders = fetch(COLLECTOR, config)
    settings = orders.settings if store is None else attrs.evolve(orders.settings, store=store)
    if gone or copy:
        _tend(settings.store, gone, copy)
        return 0
    try:
        if listen is not None:
            settings = attrs.evolve(settings, listen=read_address(listen))
        if tls_folder is not None:
            settings = attrs.evolve(settings, tls=tls_in(tls_folder))
        if web is not None:
            settings = attrs.evolve(settings, web=read_address(web))
    except AddressError as error:
        raise UserError(str(error)) from None
    if web is not None and settings.web is not None and not settings.web.is_loopback:
        raise UserError(
            f"--web {web}: only loopback here; for the network set collector.web with allow_unauthenticated"
        )
    logs.set_up("collector")
    lean.keep_memory_flat()
    knowing.use_site(orders.knowledge_dir)
    entries = catalogue.load()
    lean.forget_the_start()
    asyncio.run(main.run(settings, entries, orders.checks, _announce))
    return 0


def _announce(started: main.Started) -> None:
    click.echo(f"listening on {started.listen}" + (f", http://{started.web}/metrics" if started.web else ""))


def _tend(place: str, gone: Sequence[str], copy: Optional[str]) -> None:
    """Do what is to be done with a store and no collector: first the copy, so that it has what is forgotten then."""
    if "://" not in place and not Path(place).exists():
        raise UserError(f"{place}: there is no store; name it with --store, or in the configuration")
    if copy:
        back_up(place, Path(copy))
    if gone:
        _forget(place, gone)


def _forget(place: str, nodes: Sequence[str]) -> None:
    store = open_store(place, time.time())
    try:
        unknown = [name for name in nodes if not store.forget(name)]
    finally:
        store.close()
    if unknown:
        raise UserError(f"{shown(place)}: has no node {', '.join(unknown)}; `ascend-doctor report` lists the names")
