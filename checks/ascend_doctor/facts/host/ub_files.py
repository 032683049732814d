"""The files by which frameworks learn how the NPUs of a 950 server are wired. Nothing of them is read."""

from __future__ import annotations

from typing import Tuple

import attrs

from ascend_doctor.facts.host.section import source_of
from ascend_doctor.facts.source import Cost

ROUTES = "/lib/route.conf"
ROOT_INFO = "/etc/hccl_rootinfo.json"
ENDPOINTS = "/etc/hixlep"
TOPOLOGIES = "/usr/local/Ascend/driver/topo"
WANTED = (ROUTES, ROOT_INFO, ENDPOINTS)


@attrs.frozen
class UbFilesFacts:
    """Which of `WANTED` there are, by path, and how many descriptions of a topology the driver has brought."""

    present: Tuple[str, ...]
    topologies: int


SOURCE = source_of("ub-files", UbFilesFacts, cost=Cost.STATIC, interval_s=3600.0)
