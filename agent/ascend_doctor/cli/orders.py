"""What processes that run for months are told, and how they get it: from another that reads the configuration.

What reads and examines a configuration file weighs more than a half of the agent does, is needed for a moment, and
would stay in memory. `orders_process` is that process; nothing here is heavy.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Optional, Tuple

import attrs
import click

from ascend_doctor.cli.errors import NO_VERDICT

if TYPE_CHECKING:
    from ascend_doctor.checks.engine import Settings
    from ascend_doctor.collector.main import CollectorSettings
    from ascend_doctor.probe.local import LocalSettings
    from ascend_doctor.probe.loop import ProbeSettings
    from ascend_doctor.wire.credentials import Address, TlsFiles

AGENT = "agent"
PROBE = "probe"
UPLINK = "uplink"
COLLECTOR = "collector"


@attrs.frozen
class AgentOrders:
    """For the parent of both halves. `halves` are those that have anything to do."""

    halves: Tuple[str, ...]


@attrs.frozen
class ProbeOrders:
    """For the probe. `exports` tells whether to write the node's numbers down for Prometheus."""

    settings: ProbeSettings
    local: LocalSettings
    knowledge_dir: str
    exports: bool


@attrs.frozen
class UplinkOrders:
    """For the uplink; the fields mean what they mean in `UplinkSettings`. `metrics` is where to serve them."""

    node: str
    state_dir: Path
    agent_version: str
    collectors: Tuple[Address, ...]
    tls: Optional[TlsFiles]
    interval_s: float
    current_s: float
    accept_rechecks: bool
    metrics: Optional[Address]


@attrs.frozen
class CollectorOrders:
    """For the collector, as the configuration has them; its words on the command line come after."""

    settings: CollectorSettings
    checks: Settings
    knowledge_dir: str


def fetch(whom: str, config: Optional[str]) -> Any:
    """Return the orders for one of the processes. `config` is the configuration's path.

    Ends this process where the other one could not read it, and has told why.
    """
    words = [sys.executable, "-m", "ascend_doctor.cli.orders_process", whom]
    words += [] if config is None else [str(Path(config).absolute())]
    before = signal.signal(signal.SIGTERM, _end)  # or else the other process would be left behind
    try:
        # In `/`, because `python -m` would take modules from the folder that it is started in.
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd="/", check=False)  # noqa: S603
    finally:
        signal.signal(signal.SIGTERM, before)
    if done.returncode:
        raise click.exceptions.Exit(NO_VERDICT)
    return pickle.loads(done.stdout)  # noqa: S301 - by our own program, over a pipe of our own


def _end(*_: object) -> NoReturn:
    raise click.exceptions.Exit(0)
