"""The simulated commands of `hccn_tool` in the form of the 950."""

from __future__ import annotations

from typing import Dict

from ascend_doctor.simulator.hccn_tool_950 import npus, optical, ports, ub_ping
from ascend_doctor.simulator.hccn_tool_950.request import OF_NPU, Command

COMMANDS: Dict[str, Command] = {
    "dev_info": Command(npus.dev_info, OF_NPU),
    "ub_connect": Command(npus.ub_connect, OF_NPU),
    "tls": Command(npus.tls, OF_NPU, options=frozenset({"-host"})),
    "process": Command(npus.process, OF_NPU),
    "version": Command(npus.version, OF_NPU),
    "cfg_recovery": Command(npus.cfg_recovery, OF_NPU),
    "vnic": Command(npus.vnic, OF_NPU),
    "link": Command(ports.link),
    "link_stat": Command(ports.link_stat),
    "port_info": Command(ports.port_info),
    "speed": Command(ports.speed),
    "fec": Command(ports.fec),
    "serdes": Command(ports.serdes),
    "stat": Command(ports.stat),
    "bit_err": Command(ports.bit_err),
    "bandwidth": Command(ports.bandwidth, takes_values=True),
    "peak_bw": Command(ports.peak_bw, takes_values=True),
    "credit": Command(ports.credit),
    "down_data": Command(ports.down_data),
    "adapt_status": Command(ports.adapt_status),
    "su_ber": Command(ports.su_ber, options=frozenset({"-mode_status", "-result"})),
    "optical": Command(optical.optical),
}
"""The queries (`-g`)."""

TESTS: Dict[str, Command] = {"ub_ping": Command(ub_ping.ub_ping, OF_NPU, takes_values=True)}
"""What sends traffic (`-t`)."""
