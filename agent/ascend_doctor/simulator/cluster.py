"""A simulated cluster: machines, cables and faults, and what all of them together look like at a moment.

Nothing is stored that follows from something else. The state of a machine at a moment is its healthy state, changed by
the faults of that moment, with the consequences worked out from the cables: link, neighbour, light, net health, who
reaches whom, what the link remembers. So a pulled cable shows at both of its ends, and repairing it leaves no trace but
the records that a real one would leave.
"""

from __future__ import annotations

import copy
import ipaddress
import random
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple

import attrs

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator import announcement, blueprint, files, host, tools, ub_wiring
from ascend_doctor.simulator.clock import Clock
from ascend_doctor.simulator.commands import asks_all_chips, delay_of, hccn_device, npu_smi_card
from ascend_doctor.simulator.fabric import End, mac
from ascend_doctor.simulator.faults.chips import NpuDropped
from ascend_doctor.simulator.faults.installation import DEVICE_IS_BUSY
from ascend_doctor.simulator.faults.place import FaultOfNode
from ascend_doctor.simulator.faults.ports import AddressChanged, AddressDuplicate
from ascend_doctor.simulator.faults.traffic import HccsLoss, PingLoss
from ascend_doctor.simulator.hardware import Answer, Machine, Neighbour, Port
from ascend_doctor.simulator.hardware.ub import UbDevice
from ascend_doctor.simulator.hccn_tool.hccs_ping import OVER_HCCS
from ascend_doctor.simulator.history import bandwidth, link_history, registers_of, traffic
from ascend_doctor.simulator.host.kernel import kernel_files, kernel_links
from ascend_doctor.simulator.profiles import MAIN_BOARDS_OF_9000
from ascend_doctor.simulator.scenario import Scenario, mistakes_of
from ascend_doctor.simulator.start import LINK_SETTLES, is_starting, start
from ascend_doctor.simulator.superpod import SERVERS, Sdid
from ascend_doctor.simulator.timeline import Drill, Timeline

_KIND_NPU = 0x4E
"""The mark of hardware addresses that belong to NPUs."""
_FIRST_BOND = ipaddress.IPv4Address("10.128.0.2")
"""Where the addresses of bonds begin, on machines that have them."""
_HEALTHY = "Success"
_NO_LINK = "Fault"
"""The device's word when its link is down (vendor document on fault drills)."""
_NO_REPLY = "Receive timeout"
_BUSY = {"*": DEVICE_IS_BUSY}


class SimulatedCluster:
    """All machines of a scenario. `clock` tells the time; the scenario starts when the cluster is made."""

    def __init__(self, scenario: Scenario, clock: Clock) -> None:
        self.scenario = scenario
        self.clock = clock
        self.timeline = Timeline(clock, scenario.faults)
        self.booted_at = self.timeline.started_at - scenario.uptime
        self._wiring = scenario.wiring()
        self._sections = dict(scenario.machines())
        self._owners = {settings.address: end for end, settings in self._wiring.settings.items()}
        self._active: Tuple[Drill, ...] = ()
        self._starting = False
        self._machines: Dict[str, Machine] = {}
        self._settled: Set[str] = set()
        self._pasts: Dict[End, Dict[str, int]] = {}
        self._trees: Dict[str, Tuple[Machine, float, host.SimulatedTree]] = {}

    @property
    def nodes(self) -> Tuple[str, ...]:
        """The names of the nodes, in the order of the scenario."""
        return tuple(self._sections)

    def inject(self, fault: FaultOfNode) -> Drill:
        """Let a fault begin now. Raises ValueError when the scenario has no place for it."""
        for key, message in mistakes_of(fault, self.scenario):
            raise ValueError(f"{key}: {message}")
        return self.timeline.inject(fault)

    def repair(self, number: Optional[int] = None) -> Tuple[Drill, ...]:
        """End one fault, or all of this moment, now. Returns those that ended; none when there is no such fault."""
        return self.timeline.repair(number)

    def machine(self, node: str) -> Machine:
        """Return a machine as it is now; it must not be changed. Raises KeyError for an unknown node."""
        machine = self._settle(node)
        for phy_id, port in machine.ports.items():
            self._remember(End(node, phy_id), port)
        for device in machine.ub.values():
            self._remember_ub(machine, device)
        self._count(node, machine)
        return machine

    def answer(self, node: str, argv: Sequence[str]) -> Answer:
        """Return what a tool of a node prints now, and how long it takes. Raises KeyError for an unknown node."""
        machine = self._settle(node)
        if self._hangs(node, machine, argv):
            return Answer(hangs=True)
        device = hccn_device(argv)
        if device is not None and device in machine.ports:
            self._remember(End(node, device), machine.ports[device])
        if device is not None and device in machine.ub:
            self._remember_ub(machine, machine.ub[device])
        self._count(node, machine)
        machine.device_time = self.clock.now()
        answer = tools.answer(machine, argv, self.clock.now(), self._ping)
        return attrs.evolve(answer, delay_s=delay_of(argv, self.scenario.timing))

    def busy_answer(self, node: str, argv: Sequence[str]) -> Answer:
        """Return what a tool prints at once while somebody else drives the device that it asks about."""
        machine = copy.copy(self._settle(node))
        machine.ports = {phy_id: attrs.evolve(port, call_failures=_BUSY) for phy_id, port in machine.ports.items()}
        machine.ub = {npu: attrs.evolve(device, busy=True) for npu, device in machine.ub.items()}
        return tools.answer(machine, argv, self.clock.now(), self._ping)

    def files(self, node: str) -> Dict[str, bytes]:
        """Return the files that a node shows, by path. Raises KeyError for an unknown node."""
        return files.files(self._settle(node))

    def host_answer(self, node: str, argv: Sequence[str]) -> Optional[bytes]:
        """Return what a look at the operating system of a node gives, None for a question that nobody knows."""
        machine, now = self._settle(node), self.clock.now()
        seen = self._trees.get(node)
        if seen is None or seen[0] is not machine or seen[1] != now:
            self._count(node, machine)
            seen = self._trees[node] = (machine, now, host.tree_of(machine))
        return host.answer(argv, seen[2])

    def system_files(self, node: str) -> Dict[str, bytes]:
        """Return the files by which the operating system of a node tells of itself, by path."""
        return kernel_files(self._settle(node))

    def system_links(self, node: str) -> Dict[str, str]:
        """Return the symbolic links by which the operating system of a node tells of itself, by path."""
        return kernel_links(self._settle(node))

    def file_times(self, node: str) -> Dict[str, float]:
        """Return when files of a node were changed, by path, for those where it matters."""
        return files.file_times(self._settle(node))

    # What the faults do

    def _machine(self, node: str) -> Machine:
        """Return the machine with the values that faults changed; what follows from them may not be worked out yet."""
        active = self.timeline.active()
        starting = is_starting(self.booted_at, self.clock.now())
        if active is not self._active or starting is not self._starting:
            self._active, self._starting = active, starting
            self._machines.clear()
            self._settled.clear()
        machine = self._machines.get(node)
        if machine is None:
            machine = blueprint.machine(node, self._sections[node], self._wiring, self.scenario.seed, self.booted_at)
            self._pasts.update({End(node, phy_id): dict(port.counters) for phy_id, port in machine.ports.items()})
            machine.system.up_s = self.scenario.uptime
            self._name_ports(machine)
            machine.super_pod.server_index = self.nodes.index(node)
            for fault in self._faults_of(node):
                fault.apply(machine)
                if isinstance(fault, AddressDuplicate):
                    fault.set_address(machine, self._wiring.settings[End(*fault.original)].address)
            if self._starting:
                start(machine)
            self._machines[node] = machine
        return machine

    def _name_ports(self, machine: Machine) -> None:
        """Give the ports the hardware addresses and the addresses inside the super-pod that their place tells."""
        index = self.nodes.index(machine.name)
        for phy_id, port in machine.ports.items():
            port.settings.mac = mac(_KIND_NPU, index, phy_id)
            if machine.generation is Generation.A3:
                port.settings.vnic_address = str(Sdid(index % SERVERS, phy_id).address)
            if machine.board.main_board_id in MAIN_BOARDS_OF_9000:
                port.settings.bond_address = str(_FIRST_BOND + index * len(machine.ports) + phy_id)
                saved = {"bond_address": port.settings.bond_address, "bond_netmask": port.settings.bond_netmask}
                machine.hccn_conf[phy_id].update(saved)

    def _faults_of(self, node: str) -> Iterator[FaultOfNode]:
        return (drill.fault for drill in self._active if drill.fault.node == node)

    def _dropped(self, node: str) -> List[NpuDropped]:
        return [fault for fault in self._faults_of(node) if isinstance(fault, NpuDropped)]

    def _hangs(self, node: str, machine: Machine, argv: Sequence[str]) -> bool:
        device, card, whole = hccn_device(argv), npu_smi_card(argv), asks_all_chips(argv)
        return any(
            fault.npu == device or machine.chip(fault.npu).npu == card or (whole and fault.info == "hangs")
            for fault in self._dropped(node)
        )

    # What follows from the faults

    def _settle(self, node: str) -> Machine:
        machine = self._machine(node)
        if node not in self._settled:
            for phy_id, port in machine.ports.items():
                self._settle_port(End(node, phy_id), port)
            self._settled.add(node)
        return machine

    def _settle_port(self, end: End, port: Port) -> None:
        for fault in self._faults_at(str(self._wiring.cables.get(end))):
            fault.apply_far(port)
        port.link_up = self._link_is_up(end)
        if port.link_up:
            port.lldp = self._heard_at(end)
            port.settings.neighbours[:0] = self._neighbours_of(end, port)
            if port.net_health == _HEALTHY and not self._reaches(end, port.netdetect):
                port.net_health = _NO_REPLY
            return
        port.lldp, port.speed_mbps, port.settings.duplex = "", None, None
        if port.net_health == _HEALTHY:
            port.net_health = _NO_LINK
        if self._is_dark(end):
            lanes = len(port.optic.rx_power_mw)
            port.optic.rx_power_mw = [0.0] * lanes
            port.optic.rx_los = port.optic.rx_lol = (1 << lanes) - 1

    def _link_is_up(self, end: End) -> bool:
        return end in self._wiring.cables and not any(drill in self._active for drill in self._darkening(end))

    def _is_dark(self, end: End) -> bool:
        """Whether no light comes in at an end. One that only sends none has its link down too, and sees light."""
        own, far = self._faults_at(str(end)), self._faults_at(str(self._wiring.cables.get(end)))
        darkened = any(fault.darkens for fault in (*own, *far)) or any(fault.mutes for fault in far)
        return darkened or end not in self._wiring.cables

    def _faults_at(self, place: str) -> List[FaultOfNode]:
        return [drill.fault for drill in self._active if drill.fault.place == place]

    def _drills_at(self, end: End) -> List[Drill]:
        """Return the faults of all times at an end and at its neighbour."""
        places = (str(end), str(self._wiring.cables.get(end)))
        return [drill for drill in self.timeline.all() if drill.fault.place in places]

    def _darkening(self, end: End) -> List[Drill]:
        """Return the faults of all times that keep the link of an end down: its own and those of its neighbour."""
        return [drill for drill in self._drills_at(end) if drill.fault.darkens or drill.fault.mutes]

    def _heard_at(self, end: End) -> str:
        neighbour, hears = self._wiring.cables[end], self._machine(end.node).ports[end.phy_id].settings.hears
        if hears == "nobody":
            return ""
        if hears or isinstance(neighbour, End):
            return announcement.of_npu(self._mac_beside(end), neighbour.phy_id if isinstance(neighbour, End) else 0)
        return announcement.of_switch(neighbour) if self._wiring.announces else ""

    def _count(self, node: str, machine: Machine) -> None:
        """Let the counters of chips hold what faults, past ones too, have added until now."""
        now = self.clock.now()
        for drill in self.timeline.all():
            if drill.fault.node == node:
                drill.fault.count_up(machine, max(min(drill.ends_at, now) - drill.starts_at, 0.0))

    def _mac_beside(self, end: End) -> str:
        """Return the hardware address at the other end of a cable."""
        neighbour = self._wiring.cables[end]
        if isinstance(neighbour, End):
            return mac(_KIND_NPU, self.nodes.index(neighbour.node), neighbour.phy_id)
        return neighbour.mac

    def _neighbours_of(self, end: End, port: Port) -> List[Neighbour]:
        """Return whom the port has spoken to: its gateway and what it probes, as far as they answer."""
        spoken = dict.fromkeys((port.gateway, port.netdetect))
        return [
            Neighbour(address, self._mac_beside(end), f"eth{end.phy_id}")
            for address in spoken
            if address and address != port.address and _near(port, address) and self._reaches(end, address)
        ]

    def _remember(self, end: End, port: Port) -> None:
        now = self.clock.now()
        drills = self._drills_at(end)
        dark = [(drill.starts_at, drill.ends_at) for drill in drills if drill.fault.darkens or drill.fault.mutes]
        if self._sections[end.node].used:
            dark.append((self.booted_at + LINK_SETTLES[0], self.booted_at + LINK_SETTLES[1]))
        for drill in drills:
            dark += drill.fault.interruptions(drill.starts_at, min(drill.ends_at, now))
        history = link_history(self.booted_at, dark, now)
        port.link_up_count, port.link_down_count = history.up_count, history.down_count
        port.link_history = list(history.records)
        port.link_downs = registers_of(history)
        counters = {**self._pasts[end], **traffic(f"{self.scenario.seed} {end}", history.up_for_s)}
        for drill in drills:
            rates = drill.fault.rates if drill.fault.place == str(end) else drill.fault.far_rates
            for name, rate in rates.items():
                lasted = max(min(drill.ends_at, now) - drill.starts_at, 0.0)
                counters[name] = counters.get(name, 0) + int(rate * lasted)
        port.counters.update(counters)
        port.bandwidth_mb_s = bandwidth(f"{self.scenario.seed} {end}") if port.link_up else (0.0, 0.0)

    def _remember_ub(self, machine: Machine, device: UbDevice) -> None:
        drills = [drill for drill in self.timeline.all() if drill.fault.node == machine.name]
        ub_wiring.remember(machine, device, self.booted_at, self.clock.now(), drills)

    # Who reaches whom

    def _ping(self, machine: Machine, phy_id: int, address: str) -> Optional[List[Optional[float]]]:
        """Return the round-trip times of three packets in milliseconds, None for each that is lost."""
        end = End(machine.name, phy_id)
        over_hccs, address = address.startswith(OVER_HCCS), address.rpartition(" ")[2]
        reached = self._reaches_over_hccs(address) if over_hccs else self._reaches(end, address)
        if not reached:
            return [None] * 3
        chance = random.Random(f"{self.scenario.seed} {end} {address} {self.clock.now():.0f}")  # noqa: S311 - no secret
        # Recorded on 910B: the first packet takes two to three times as long as the ones after it.
        times = [chance.uniform(0.12, 0.19), chance.uniform(0.045, 0.065), chance.uniform(0.045, 0.065)]
        faults = self._faults_at(str(end))
        kind = HccsLoss if over_hccs else PingLoss
        lost = sum(fault.lost for fault in faults if isinstance(fault, (HccsLoss, PingLoss)) and type(fault) is kind)
        return [None if sequence < lost else time for sequence, time in enumerate(times)]

    def _reaches_over_hccs(self, address: str) -> bool:
        """Whether a die reaches another of the super-pod: all machines of the scenario that are A3 belong to one."""
        target = Sdid.of_address(ipaddress.IPv4Address(address))
        if target is None or target.server >= len(self.nodes):
            return False
        node = self.nodes[target.server]
        machine = self._machine(node)
        gone = {fault.npu for fault in self._dropped(node)}
        return machine.generation is Generation.A3 and target.phy_id in set(machine.ports) - gone

    def _reaches(self, end: End, address: str) -> bool:
        port = self._machine(end.node).ports[end.phy_id]
        if not port.address or not self._link_is_up(end) or port.settings.hears == "an NPU":
            return address == port.address and self._link_is_up(end)
        if address == port.address:
            return True
        if address in self._wiring.gateways:
            return bool(port.gateway) or _near(port, address)
        return any(self._connects(end, port, other, address) for other in self._ends_with(address))

    def _connects(self, end: End, port: Port, other: End, address: str) -> bool:
        machine, peer = self._machine(end.node), self._machine(other.node)
        if not self._link_is_up(other) or any(fault.npu == other.phy_id for fault in self._dropped(other.node)):
            return False
        neighbour = self._wiring.cables[end]
        if isinstance(neighbour, End):
            return neighbour == other and _near(port, address)
        if end.node == other.node and machine.chip(end.phy_id).npu == peer.chip(other.phy_id).npu:
            # The two dies of an A3 module do not reach each other over RoCE (vendor documents).
            return False
        return _near(port, address) or (bool(port.gateway) and bool(peer.ports[other.phy_id].gateway))

    def _ends_with(self, address: str) -> Iterator[End]:
        """Return the ports that have an address at this moment."""
        known = [self._owners[address]] if address in self._owners else []
        moved = [
            End(drill.fault.node, drill.fault.npu)
            for drill in self._active
            if isinstance(drill.fault, (AddressChanged, AddressDuplicate))
        ]
        return (end for end in known + moved if self._machine(end.node).ports[end.phy_id].address == address)


def _near(port: Port, address: str) -> bool:
    """Whether an address lies in the port's own subnet."""
    return ipaddress.ip_address(address) in ipaddress.ip_network(f"{port.address}/{port.netmask}", strict=False)
