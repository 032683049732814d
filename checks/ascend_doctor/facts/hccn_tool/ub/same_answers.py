"""Questions of the 950 form of which the answer is that of an older product, or is read by the same parser."""

from __future__ import annotations

from ascend_doctor.facts.hccn_tool import (
    bandwidth,
    cfg_status,
    fec,
    link,
    link_stat,
    process,
    speed,
    stat,
    tls,
    version,
    vnic,
)
from ascend_doctor.facts.hccn_tool.ub.question import of_npu, of_port, read_by
from ascend_doctor.facts.source import Cost

LINK = of_port("link", read_by(link.parse), "ub_link")
LINK_STAT = of_port("link_stat", read_by(link_stat.parse), "ub_link_stat", interval_s=300.0)
SPEED = of_port("speed", read_by(speed.parse), "ub_speed", interval_s=3600.0)
STAT = of_port("stat", read_by(stat.parse), "ub_stat", interval_s=300.0, keeps=3)
FEC = of_port("fec", read_by(fec.parse), "ub_fec", interval_s=3600.0)
BANDWIDTH = of_port("bandwidth", read_by(bandwidth.parse), "ub_bandwidth", timeout_s=15.0)
TLS = of_npu("tls", read_by(tls.parse), "ub_tls", cost=Cost.SLOW, interval_s=3600.0)
TLS_HOST = of_npu("tls", read_by(tls.parse), "ub_tls_host", options=("-host",), cost=Cost.SLOW, interval_s=3600.0)
PROCESS = of_npu("process", read_by(process.parse), "ub_process", interval_s=300.0)
VERSION = of_npu("version", read_by(version.parse), "ub_version", cost=Cost.STATIC, interval_s=86_400.0)
CFG_RECOVERY = of_npu("cfg_recovery", read_by(cfg_status.parse))
VNIC = of_npu("vnic", read_by(vnic.parse), "ub_vnic", interval_s=300.0)
