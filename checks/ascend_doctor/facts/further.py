"""Sources that no check asks: their answers are read from a paste or a recording only."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from ascend_doctor.facts.files import cann, cann_parts, engine_version, rank_table
from ascend_doctor.facts.hccn_tool import (
    bad_thd,
    bandwidth,
    down_data,
    hw_stats,
    mac,
    optical_snr,
    send_arp,
    serdes,
    status,
    tc_cfg,
    tc_stat,
    tls_set,
    untold,
    version,
)
from ascend_doctor.facts.hccn_tool.ub.further import FURTHER as UB
from ascend_doctor.facts.host import lspci
from ascend_doctor.facts.npu_smi import (
    flash,
    hccs_links,
    memory,
    node_settings,
    pcie_errors,
    phyid_remap,
    proc_mem,
    sensing,
    sensors,
    setting,
    settings,
    tls_cert,
    tool,
    vnpu,
    watch,
)
from ascend_doctor.facts.source import Source

FURTHER: Tuple[Source[Any], ...] = (
    hccs_links.REMOTE,
    hccs_links.BANDWIDTH,
    hccs_links.CREDIT,
    phyid_remap.SOURCE,
    *node_settings.SOURCES,
    tls_cert.SOURCE,
    vnpu.SOURCE,
    vnpu.TEMPLATES,
    setting.SOURCE,
    watch.SOURCE,
    tool.VERSION,
    sensing.TEMPERATURE,
    sensing.POWER,
    sensing.VOLTAGE,
    sensors.SOURCE,
    memory.SOURCE,
    flash.SOURCE,
    proc_mem.SOURCE,
    pcie_errors.SOURCE,
    settings.ECC_ENABLE,
    settings.SYS_TIME,
    settings.PRODUCT,
    settings.DEVICE_SHARE,
    settings.P2P_MEM_CFG,
    settings.WORK_MODE,
    cann.NNAE,
    cann_parts.PART,
    engine_version.NNAL,
    rank_table.SOURCE,
    lspci.SOURCE,
    optical_snr.SOURCE,
    hw_stats.SOURCE,
    serdes.SOURCE,
    bandwidth.SOURCE,
    down_data.SOURCE,
    bad_thd.SOURCE,
    mac.SOURCE,
    send_arp.SOURCE,
    status.SOURCE,
    tc_cfg.SOURCE,
    tc_stat.SOURCE,
    tls_set.SOURCE,
    untold.SOURCE,
    version.SOURCE,
    *UB,
    # Its forms are those of any wrong call, so every other source comes first.
    tool.HELP,
)

BY_NAME: Dict[str, Source[Any]] = {source.name: source for source in FURTHER}
