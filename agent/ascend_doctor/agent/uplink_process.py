"""The process that faces the network: the way to the collector, and the metrics. It touches no device."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from typing import AsyncIterator, Callable, Optional

from ascend_doctor.agent import notify
from ascend_doctor.agent.endpoint import Endpoint, Page
from ascend_doctor.agent.metrics import NodeMetrics
from ascend_doctor.agent.uplink import Uplink, UplinkSettings
from ascend_doctor.wire.credentials import Address

logger = logging.getLogger(__name__)

LOOK_LIMIT_S = 60.0
"""The spool is looked at every second; who has not done so for this long is stuck."""


def run(settings: UplinkSettings, metrics: Optional[Address]) -> None:
    """Own the process as the uplink until a signal ends it. `metrics` is where to serve them, None for nowhere.

    Raises OSError when that address cannot be used.
    """

    async def owned() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await serve(settings, metrics, stop)

    asyncio.run(owned())
    notify.notify("STOPPING=1")


async def serve(settings: UplinkSettings, metrics: Optional[Address], stop: asyncio.Event) -> None:
    """Follow, send and serve until told to stop."""
    uplink = Uplink(settings)
    page = NodeMetrics(settings.state_dir, version=settings.agent_version)
    async with _endpoint(metrics, lambda: page.page(uplink)):
        uplink.look()
        watch = asyncio.ensure_future(notify.keep_watch(lambda: in_time(uplink)))
        whom = ", ".join(map(str, settings.collectors)) or "no collector"
        notify.notify("READY=1", notify.status(f"follows {settings.state_dir} for {whom}"))
        try:
            await uplink.run(stop)
        finally:
            watch.cancel()


def in_time(uplink: Uplink, monotonic: Callable[[], float] = time.monotonic) -> bool:
    """Tell whether an uplink makes progress: it has looked at the spool not long ago."""
    return monotonic() - uplink.looked_at < LOOK_LIMIT_S


@contextlib.asynccontextmanager
async def _endpoint(metrics: Optional[Address], page: Callable[[], Page]) -> AsyncIterator[None]:
    if metrics is None:
        yield
        return
    pages = {"/metrics": page, "/healthz": lambda: Page(b"alive\n")}
    async with Endpoint(metrics.host, metrics.port, pages) as endpoint:
        logger.info("metrics at http://%s:%s/metrics", metrics.host, endpoint.port)
        yield
