"""The products that can be simulated, with the values a healthy machine of each was seen to have.

The values are those with which the vendor's own tool code was run, so that its recorded outputs can be reproduced from
what their notes say; where recordings of real machines exist, they lie in the same range.
"""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.model.product import Generation
from ascend_doctor.simulator.hardware import (
    Board,
    Certificate,
    Chip,
    Host,
    Machine,
    Port,
    Regulator,
    Sensors,
    SuperPod,
    Topology,
)

FAULT_TEXTS: Mapping[int, str] = {
    0x80E3A203: (
        "node type=LPM, sensor type=Chip Hardware, event state=The function of obtaining the current is abnormal"
    ),
    0x80E01801: "node type=HBM, sensor type=Memory, event state=HBM multi-bit ECC error",
    0x8C084E00: "node type=adda, sensor type=Heartbeat Sensor, event state=Heartbeat Lost.",
    0x81078603: "node type=ROCE, sensor type=Network, event state=network port link down",
    0x81A38605: "node type=HCCS, sensor type=Link, event state=lane(s) lost",
}
"""Descriptions of fault codes, in the pattern of the driver's event catalogue."""

KNOWN_BOARDS: Mapping[Generation, range] = {
    Generation.A2: range(0x30, 0x40),
    Generation.A3: range(0xB0, 0xC0),
    Generation.A5: range(0x30, 0x40),
    Generation.P310P: range(0x64, 0x65),
}
"""The board ids that the tools accept at start-up, as far as the simulated products need them."""

X86_MAIN_BOARD_OF_A3 = 0x15
"""The main board of an A3 that hangs on PCIe (vendor source, dcmi_product_judge.h)."""

MAIN_BOARDS_OF_9000 = (0x1C, 0x1D)
"""The main boards of the Atlas 9000 A3 (vendor source, ds_net.h)."""

_A2_BUSES = ("C1", "81", "82", "41", "01", "02", "42", "C2")
_A3_BUSES = tuple(f"{bus:02X}" for bus in (*range(0x9D, 0xA5), *range(0x20, 0x28)))
_P310P_BUSES = ("18", "20", "28", "30")
_A2_CPUS = ("144-167", "96-119", "96-119", "48-71", "0-23", "0-23", "48-71", "144-167")
_CPU_AFFINITY: Mapping[Generation, Tuple[str, ...]] = {
    Generation.A2: _A2_CPUS,
    Generation.A3: tuple(cpus for cpus in ("0-23", "24-47", "48-71", "72-95") for _ in range(4)),
    Generation.P310P: ("0-23",) * 4,
    Generation.A5: _A2_CPUS,
}
# From the vendor's manual of npu-smi for the 950. What the boards of other products call theirs is shown nowhere.
_REGULATORS_OF_950 = ("AIC_D0", "BUS_D0", "1V2PFM", "AIC_D1", "BUS_D1", "0V5PFM")


@attrs.frozen
class Product:
    """A product of the catalogue. `chip_at` makes the healthy chip with a logic id."""

    title: str
    generation: Generation
    npu_count: int
    board: Board
    chip_at: Callable[[int], Chip]
    chips_per_card: int = 1
    architecture: str = "aarch64"

    @property
    def has_roce(self) -> bool:
        """Whether its NPUs have RoCE ports."""
        return self.generation.has_roce

    @property
    def has_bonds(self) -> bool:
        """Whether the links of each of its NPUs are bonded."""
        return self.board.main_board_id in MAIN_BOARDS_OF_9000

    def phy_ids(self, npus: Optional[int] = None) -> Tuple[int, ...]:
        """Return the phy-ids of a machine with so many NPUs, of a full one when it is left out."""
        return tuple(range(self.npu_count if npus is None else npus))

    def machine(self, name: str, npus: Optional[int] = None) -> Machine:
        """Return a healthy machine with ports that have no addresses yet."""
        phy_ids = self.phy_ids(npus)
        return Machine(
            name=name,
            generation=self.generation,
            board=self.board,
            chips=[self.chip_at(phy_id) for phy_id in phy_ids],
            ports={phy_id: Port(certificates=preset_certificates()) for phy_id in phy_ids} if self.has_roce else {},
            machine=self.architecture,
            kernel=f"5.10.0-216.0.0.115.oe2203sp4.{self.architecture}",
            host=Host(entropy_daemon="haveged" if self.architecture == "x86_64" else ""),
            topology=Topology(cpu_affinity=_CPU_AFFINITY[self.generation]),
            super_pod=SuperPod() if self.generation is Generation.A3 else SuperPod(128, 3, 2),
            regulators={self.chip_at(phy_id).npu: self._regulators() for phy_id in phy_ids},
            fault_texts=FAULT_TEXTS,
        )

    def _regulators(self) -> Tuple[Regulator, ...]:
        return tuple(Regulator(name, 4, 4) for name in _REGULATORS_OF_950) if self.generation is Generation.A5 else ()


def preset_certificates() -> List[Certificate]:
    """Return the certificate and its authority with which the vendor delivers a device."""
    authority = "/C=CN/O=Huawei/CN=Huawei IT Product CA"
    return [
        Certificate("/C=CN/O=Huawei/CN=device", authority, "Thu Jan  1 00:00:00 2026", "Sat Jan  1 00:00:00 2033"),
        # The day of the week is the device's, and the tool does not look at it.
        Certificate(
            authority,
            "/C=CN/O=Huawei/CN=Huawei Equipment CA",
            "Thu Jan  1 00:00:00 2020",
            "Tue Jan  1 00:00:00 2041",
        ),
    ]


def _sensors(card: int) -> Sensors:
    return Sensors(45 + card, 38 + card, 47 + card, 46 + card)


def _a2_chip(name: str, hbm_used_mb: int, hbm_step_mb: int, hbm_total_mb: int) -> Callable[[int], Chip]:
    def chip(index: int) -> Chip:
        return Chip(
            npu=index,
            chip=0,
            logic_id=index,
            phy_id=index,
            name=name,
            bus_id=f"0000:{_A2_BUSES[index]}:00.0",
            power_w=91.2 + 1.3 * index,
            temp_c=43 + index,
            hbm_mb=(hbm_used_mb + hbm_step_mb * index, hbm_total_mb),
            sensors=_sensors(index),
        )

    return chip


def _a3_chip(index: int) -> Chip:
    return Chip(
        npu=index // 2,
        chip=index % 2,
        logic_id=index,
        phy_id=index,
        name="Ascend910",
        bus_id=f"0000:{_A3_BUSES[index]}:00.0",
        power_w=160.0 + 1.7 * index,
        temp_c=36 + index % 5,
        hbm_mb=(3150 + index, 65536),
        sensors=_sensors(index // 2),
        aicore_count=24,
    )


def _p310p_chip(index: int) -> Chip:
    bus = int(_P310P_BUSES[index], 16)
    return Chip(
        # Without a usable slot table the id is the bus of the bridge above the chip, shifted by eight bits.
        npu=(bus - 1) << 8,
        chip=0,
        logic_id=index,
        phy_id=index,
        name="310P3",
        bus_id=f"0000:{bus:02X}:00.0",
        power_w=91.2 + 1.3 * index,
        temp_c=43 + index,
        hugepages=(10 - index, 15),
        memory_mb=(2534 - index, 21534),
        hbm_mb=(0, 0),
        sensors=_sensors(index),
        aicore_count=8,
        ddr_total_mb=24576,
    )


def _a5_chip(index: int) -> Chip:
    return Chip(
        npu=index,
        chip=0,
        logic_id=index,
        phy_id=index,
        name="Ascend950DT",
        bus_id="",
        power_w=210.4 + index,
        temp_c=45 + index,
        hbm_mb=(4100 + index, 114688),
        sensors=_sensors(index),
        aicore_count=32,
        fault_events=[],
    )


def _a2_board(board_id: int) -> Board:
    return Board(board_id=board_id, card_board_id=board_id, main_board_id=0x24, pci_device_id=0xD802)


_A3_BOARD = Board(board_id=0xB0, card_board_id=0xB0, main_board_id=0x18, pci_device_id=0xD803, npu_name="9392")

PRODUCTS: Dict[str, Product] = {
    "atlas-800i-a2": Product(
        "Atlas 800I A2 (8 x 910B4, 32 GB)", Generation.A2, 8, _a2_board(0x34), _a2_chip("910B4", 2800, 1, 32768)
    ),
    "atlas-800t-a2": Product(
        "Atlas 800T A2 (8 x 910B3, 64 GB)", Generation.A2, 8, _a2_board(0x33), _a2_chip("910B3", 3391, 7, 65536)
    ),
    "atlas-800t-a2-x86": Product(
        "Atlas 800T A2 on x86 (8 x 910B1, 64 GB)",
        Generation.A2,
        8,
        _a2_board(0x32),
        _a2_chip("910B1", 3391, 7, 65536),
        architecture="x86_64",
    ),
    "atlas-800t-a3": Product(
        "Atlas 800T A3 (8 x 910_93, two dies each)", Generation.A3, 16, _A3_BOARD, _a3_chip, chips_per_card=2
    ),
    "atlas-9000-a3": Product(
        "Atlas 9000 A3 SuperPoD (8 x 910_93, two dies each, bonded links)",
        Generation.A3,
        16,
        attrs.evolve(_A3_BOARD, main_board_id=MAIN_BOARDS_OF_9000[0]),
        _a3_chip,
        chips_per_card=2,
    ),
    "atlas-300i-pro": Product(
        "Server with four Atlas 300I Pro (310P3)",
        Generation.P310P,
        4,
        Board(
            board_id=0x64,
            card_board_id=0xAB,
            main_board_id=0,
            pci_device_id=0xD500,
            product_type="Atlas 300I Pro",
        ),
        _p310p_chip,
    ),
    "ascend-950": Product(
        "Server with eight Ascend 950 on a UB main board",
        Generation.A5,
        8,
        Board(
            board_id=0x30,
            card_board_id=0x30,
            main_board_id=0x21,
            pci_device_id=0xD806,
            npu_name="9592",
            ub_bus=True,
        ),
        _a5_chip,
    ),
}

PRODUCTS["ascend-950-x86"] = attrs.evolve(
    PRODUCTS["ascend-950"], title="Server with eight Ascend 950 and x86 processors", architecture="x86_64"
)

_A350_BUSES = ("81", "82", "C1", "C2")


def _a350_chip(index: int) -> Chip:
    bus_id = f"0000:{_A350_BUSES[index]}:00.0"
    return attrs.evolve(_a5_chip(index), name="Ascend950PR", bus_id=bus_id, hbm_mb=(4439, 131072))


_A350_BOARDS = {1: 0x68, 2: 0x6A, 4: 0x6C}
"""The id of the main board by the number of cards that are bridged (vendor source, comm_product.h)."""

PRODUCTS.update(
    {
        f"atlas-350-{cards}p": Product(
            f"Server with {cards} Atlas 350 card{'s' if cards > 1 else ''} (Ascend950PR)",
            Generation.A5,
            cards,
            Board(
                board_id=0x30,
                card_board_id=0x30,
                main_board_id=main_board,
                pci_device_id=0xD806,
                npu_name="9562",
                product_type="Atlas 350",
            ),
            _a350_chip,
        )
        for cards, main_board in _A350_BOARDS.items()
    }
)
