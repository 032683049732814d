"""`hccn_tool -mac|-mtu|-duplex|-fec|-shaping|-process|-version|-send_arp|-bad_thd|-udp|-vnic -g` and `-cfg status`."""

from __future__ import annotations

from typing import Optional

from ascend_doctor.simulator.hccn_tool.outcome import (
    DENIED,
    FAILED,
    UNSUPPORTED,
    Outcome,
    Request,
    failed_call,
    of_return,
)
from ascend_doctor.simulator.hccn_tool.usage import unknown_option, wrong_count

_STATUS = ("NONE", "START", "FAIL", "SUCCESS")
_NETWORK_DRIVER = "1.0.4.0"
"""A constant of the tool (vendor source, tool.h)."""
SUPERPOD_9000 = (0x1C, 0x1D)
_SUPERPOD_900 = (0x14, 0x15, 0x18, 0x19)
"""Main boards of A3 products (vendor source and product documents)."""
_WITH_RETIMER = 0x3
_DOWNGRADES = {0: "not downgrade", 1: "downgrade success", 2: "downgrade failure"}


def mtu(request: Request) -> Outcome:
    """Return the MTU."""
    return Outcome((f"mtu:{request.port.settings.mtu}",))


def mac(request: Request) -> Outcome:
    """Return the hardware address."""
    return Outcome((f"mac addr: {request.port.settings.mac}",))


def duplex(request: Request) -> Outcome:
    """Return whether the port sends and receives at once."""
    return Outcome((f"Duplex: {request.port.settings.duplex or 'Unknown!'}",))


def fec(request: Request) -> Outcome:
    """Return the FEC mode, or that this machine cannot change it, which newer tools say to any words."""
    mode = request.port.settings.fec
    said = "This device does not support switching fec mode." if mode is None else f"fec mode: {mode} FEC mode"
    return Outcome((said,))


def check_fec(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about the words of `-fec`; newer tools have none, whatever the words are."""
    if request.port.settings.fec is None:
        return fec(request)
    return _plain(request, "fec") if request.words else wrong_count("fec")


def shaping(request: Request) -> Outcome:
    """Return the limit of what the port sends, what it can send, and the lower of the two."""
    settings = request.port.settings
    most = settings.bandwidth_max_mbps
    limit = most if settings.bandwidth_limit_mbps is None else settings.bandwidth_limit_mbps
    return Outcome((f"bw_limit[{limit} Mbps], bw_max[{most} Mbps], bw_cur[{min(limit, most)} Mbps]",))


def process(request: Request) -> Outcome:
    """Return whether the process of a job runs on the device."""
    return Outcome((f"device hccp process: {'exist' if request.port.settings.hccp else 'not exist'}",))


def version(request: Request) -> Outcome:
    """Return the versions of the network part."""
    return Outcome(
        (
            f"Network Driver Version:    {_NETWORK_DRIVER}",
            f"Network Firmware Version:  {request.machine.running_firmware_version}",
        )
    )


def send_arp(request: Request) -> Outcome:
    """Return whether the port announces its address by itself."""
    settings = request.port.settings
    return Outcome(
        (
            "The setting of the gratuitous arp:",
            f"current enable status: {'enable' if settings.announces_itself else 'disable'}",
            f"gratuitous arp period: {settings.announce_period_s}",
        )
    )


def bad_thd(request: Request) -> Outcome:
    """Return how many bad code words the port bears."""
    return Outcome((f"cw_bad_cnt_thd: {request.port.settings.bad_code_words}",))


def udp(request: Request) -> Outcome:
    """Return the UDP source port. Its call to the device fails without a reason of its own."""
    if failed_call(request.port, "udp") is not None:
        return FAILED
    settings = request.port.settings
    port = "Unknown" if settings.udp_port is None else settings.udp_port
    return Outcome(
        (
            f"udp_port:{port}",
            f"status:{settings.udp_status}",
            "UDP port list(based on IP pair):",
            "no entry has been configured.",
        )
    )


def vnic(request: Request) -> Outcome:
    """Return link and address of the virtual network card; whatever fails there, the tool does not tell why."""
    settings = request.port.settings
    if failed_call(request.port, "vnic") is not None or not settings.vnic_address:
        return FAILED
    return Outcome(
        (
            f"vnic link status: {'UP' if settings.vnic_up else 'DOWN'}",
            f"vnic ipaddr: {settings.vnic_address}",
            f"vnic netmask: {settings.vnic_netmask}",
        )
    )


def check_cfg(request: Request) -> Optional[Outcome]:
    """Return the tool's complaint about the words of `-cfg`: only `status` asks."""
    if request.words[0] == "recovery":
        return DENIED
    if request.words[0] != "status":
        return unknown_option("cfg")
    return wrong_count("cfg") if len(request.words) > 1 else None


def cfg_status(request: Request) -> Outcome:
    """Return whether the saved settings were applied. A question that fails is told as a recovery that failed."""
    failure = failed_call(request.port, "cfg")
    if failure is not None:
        refused = of_return(failure)
        return Outcome((*refused.out, RECOVERY_FAILED), refused.err, refused.code)
    number = request.port.settings.config_status
    return Outcome((f"config status:{_STATUS[number] if number < len(_STATUS) else 'FAULT'}",))


RECOVERY_FAILED = "Recovery failed. Check '/var/log/hccn_tool/hccn_config.log' for details."


def check_bad_thd(request: Request) -> Optional[Outcome]:
    """Return how the tool refuses `-bad_thd`: A3 products of the 9000 kind do not have it."""
    if request.machine.board.main_board_id in SUPERPOD_9000:
        return UNSUPPORTED
    return _plain(request, "bad_thd")


def check_auto_downgrade(request: Request) -> Optional[Outcome]:
    """Return how the tool refuses `-auto_downgrade`: only some boards have it."""
    if request.machine.board.main_board_id not in (*_SUPERPOD_900, _WITH_RETIMER):
        return UNSUPPORTED
    return _plain(request, "auto_downgrade")


def auto_downgrade(request: Request) -> Outcome:
    """Return whether the port goes on with fewer lanes, and whether it did (vendor source, tool_ops_ext.c)."""
    lanes = request.port.settings.downgrade
    if lanes is None:
        return FAILED
    lines = [
        f"setting          : {'enable' if lanes.enabled else 'disable'}",
        f"ability          : {'support' if lanes.able else 'not support'}",
        f"filter time      : {lanes.filter_s} s",
    ]
    if lanes.state in _DOWNGRADES:
        lines.append(f"downgrade status : {_DOWNGRADES[lanes.state]}")
    return Outcome(lines)


def down_fault_time(request: Request) -> Outcome:
    """Return for how long a lost link is not reported yet."""
    return Outcome((f"down_fault_time: {request.port.settings.down_filter_s}s",))


def check_xsfp_reset(request: Request) -> Optional[Outcome]:
    """Return how the tool refuses `-xsfp_reset`: only one board has it, and nobody published what it says."""
    if request.machine.board.main_board_id != _WITH_RETIMER:
        return UNSUPPORTED
    return _plain(request, "xsfp_reset") or FAILED


def check_generic(request: Request) -> Optional[Outcome]:
    """Return how the tool refuses `-generic`, which only sets: A3 products do not have it."""
    if request.machine.board.main_board_id in (*_SUPERPOD_900, *SUPERPOD_9000):
        return UNSUPPORTED
    if len(request.words) not in (2, 3):
        return wrong_count("generic")
    return DENIED if request.words[0] == "-s" else unknown_option("generic")


def _plain(request: Request, command: str) -> Optional[Outcome]:
    first, *words = request.words
    if first == "-s":
        return DENIED
    if first != "-g":
        return unknown_option(command)
    return wrong_count(command) if words else None


def check_traceroute(request: Request) -> Optional[Outcome]:
    """Return how the tool refuses `-traceroute`: it sends packets, which nobody does on a simulated machine."""
    words = request.words[1:] if request.words[0] == "-inet6" else request.words
    if not words:
        return wrong_count("traceroute")
    if words[0] == "reset":
        return wrong_count("traceroute") if len(words) > 1 else DENIED
    if words[0] != "-g":
        return unknown_option("traceroute")
    return FAILED if "-d" in words[1:-1] else wrong_count("traceroute")


def unpublished(_request: Request) -> Outcome:
    """Return the answer to a question of which nobody published what the device says."""
    return UNSUPPORTED


def failing(_request: Request) -> Outcome:
    """Return the answer to a question that the layer below the tool does not answer."""
    return FAILED
