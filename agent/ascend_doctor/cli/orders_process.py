"""`python -m ascend_doctor.cli.orders_process WHOM [CONFIG]`: print what the configuration orders, pickled."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence

from ascend_doctor.cli.errors import UserError, exit_code_of
from ascend_doctor.cli.judging import Bench, set_up
from ascend_doctor.cli.orders import (
    AGENT,
    COLLECTOR,
    PROBE,
    UPLINK,
    AgentOrders,
    CollectorOrders,
    ProbeOrders,
    UplinkOrders,
)
from ascend_doctor.cli.output import doctor_version
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.probe import plan
from ascend_doctor.probe.loop import ProbeSettings
from ascend_doctor.wire.credentials import read_address


def orders(whom: str, config: Optional[str]) -> Any:
    """Return the orders that a configuration has for one of the processes. Raises `UserError` for a bad one."""
    bench = set_up(config)
    if whom != COLLECTOR:
        _check_name(bench.configuration.node_name())
    return _ORDERS[whom](bench)


def _check_name(node: str) -> None:
    if not is_node_name(node):
        raise UserError(
            f"the host's name {node!r} cannot name a node, which has letters, digits, dots and dashes: "
            "set `node` in the configuration"
        )


def _for_agent(bench: Bench) -> AgentOrders:
    section = bench.configuration.agent
    return AgentOrders((PROBE, UPLINK) if section.collectors or section.metrics is not None else (PROBE,))


def _for_probe(bench: Bench) -> ProbeOrders:
    configuration = bench.configuration
    settings = ProbeSettings(
        node=configuration.node_name(),
        state_dir=Path(configuration.agent.state_dir),
        checks=bench.settings,
        intervals_s=configuration.intervals_s(),
        rounds=configuration.round_settings(),
        lock_folder=configuration.tools.lock_folder,
        spool_bytes=configuration.agent.spool_max_mb * 1024 * 1024,
        doctor_version=doctor_version(),
    )
    local = configuration.local_settings(os.environ.get("PATH", ""))
    return ProbeOrders(settings, local, configuration.knowledge_dir, configuration.agent.metrics is not None)


def _for_uplink(bench: Bench) -> UplinkOrders:
    from ascend_doctor.cli.asking import tls_files  # noqa: PLC0415 - it loads gRPC

    configuration = bench.configuration
    section = configuration.agent
    sources = plan.sources_for(bench.entries, bench.settings)
    intervals_s = configuration.intervals_s()
    return UplinkOrders(
        node=configuration.node_name(),
        state_dir=Path(section.state_dir),
        agent_version=doctor_version(),
        collectors=tuple(read_address(text) for text in section.collectors),
        tls=tls_files(section.tls),
        interval_s=plan.interval_s(sources, intervals_s),
        current_s=plan.current_s(sources, intervals_s),
        accept_rechecks=section.accept_rechecks,
        metrics=None if section.metrics is None else read_address(section.metrics.listen),
    )


def _for_collector(bench: Bench) -> CollectorOrders:
    from ascend_doctor.cli.asking import tls_files  # noqa: PLC0415 - it loads gRPC
    from ascend_doctor.collector.fleet import Deadlines  # noqa: PLC0415 - the agent's processes have no use for it
    from ascend_doctor.collector.main import CollectorSettings  # noqa: PLC0415
    from ascend_doctor.collector.store import Retention  # noqa: PLC0415

    section = bench.configuration.collector
    settings = CollectorSettings(
        listen=read_address(section.listen),
        store=section.store,
        tls=tls_files(section.tls),
        web=None if section.web is None else read_address(section.web.listen),
        expected_nodes=tuple(section.expected_nodes),
        deadlines=Deadlines(section.stale_after_s, section.lost_after_s),
        retention=Retention(
            section.history_days * 86_400.0, section.history_max_mb << 20, section.history_max_per_node
        ),
        version=doctor_version(),
    )
    return CollectorOrders(settings, bench.settings, bench.configuration.knowledge_dir)


_ORDERS: Dict[str, Callable[[Bench], Any]] = {
    AGENT: _for_agent,
    PROBE: _for_probe,
    UPLINK: _for_uplink,
    COLLECTOR: _for_collector,
}


def main(words: Sequence[str]) -> int:
    """Print the orders for `words[0]`, by the configuration at `words[1]` or the default one; return the exit code."""

    def give() -> None:
        found = orders(words[0], words[1] if len(words) > 1 else None)
        sys.stdout.buffer.write(pickle.dumps(found))

    return exit_code_of(give)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
