"""The node does not have all of its NPUs.

What it reads: how many NPUs `npu-smi info -m` and `npu-smi info -l` count and can address, and their numbers; whether
    the node is a virtual machine, and which boards its cards are.

Why it matters: a job that counts on the missing NPU cannot start its ranks.

What to do: look whether the bus shows all of them (`lspci -D -d 19e5:`). Power-cycle the node; then reseat or replace
    the module.

Disruption: a power cycle stops every job on the node.

Limits: `expected_npus` is our own policy: how many NPUs every node has to show; 0 stands for what the product can
    have. `whole_nodes` is ours too: how many cards the nodes of servers have (A1, A2, A3 and the 950DT), so that seven
    are one too few; a server with plug-in cards (300I A2, 300T A2, 310P, Atlas 350) has as many as were bought. A gap
    in the numbers of the NPUs is a missing one on all of them. A node from which a card was taken on purpose needs
    `expected_npus`. Inside a container or a virtual machine only what cannot be addressed counts, because it is given a
    part of the NPUs; the same holds for a recording that does not say where it was made.

Sources: hicann/driver, npu_log_collect.sh and npu-smi source (the map keeps a row with NPU id -1 for a lost one);
    Ascend/mind-cluster, supported products.
"""

from __future__ import annotations

from typing import Iterator, Tuple

import attrs

from ascend_doctor.checks import remedies
from ascend_doctor.checks.check import Check
from ascend_doctor.checks.outcome import failed, passed, unknown
from ascend_doctor.checks.surroundings import is_virtual
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.devices import DeviceMap
from ascend_doctor.facts.host import identity, system
from ascend_doctor.facts.npu_smi import board, listing, mapping
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding
from ascend_doctor.model.product import ROCE, Generation
from ascend_doctor.model.reading import NOT_REPORTED, Missing, known
from ascend_doctor.model.wording import counted

SERVER_950 = "Ascend950DT"
CARDS = ("0x28", "0x29")
"""The boards of 300I A2 and 300T A2."""


@attrs.frozen
class Limits:
    """`expected_npus`: how many NPUs the node has to show, 0 for what its product can have.

    `whole_nodes`: how many cards a server can have.
    """

    expected_npus: int = 0
    whole_nodes: Tuple[int, ...] = (1, 2, 4, 8, 16)


def judge(view: NodeView, limits: Limits) -> Iterator[Finding]:
    """Compare how many NPUs there are with how many there should be."""
    devices = view.devices
    if isinstance(devices, Missing):
        yield unknown(view.subject, "how many NPUs there are", devices, view.quote(mapping.SOURCE))
        return
    seen, gone = len(devices.devices), _unnamed(view, devices)
    expected = limits.expected_npus or max(_whole(view, devices, limits), seen + gone)
    if gone or seen != expected:
        yield failed(
            view.subject,
            f"{counted(seen, 'NPU is', 'NPUs are')} there"
            + (f", and {counted(gone, 'chip', 'chips')} that npu-smi cannot address" if gone else ""),
            expected=counted(expected, "NPU"),
            remedies=[remedies.REBOOT, remedies.POWER_CYCLE],
            observed=seen,
            quotes=view.quote(mapping.SOURCE),
            affected=[subjects.npu(view.name, phy_id) for phy_id in range(expected) if phy_id not in devices.phy_ids],
        )
    else:
        yield passed(view.subject, f"{counted(seen, 'NPU is', 'NPUs are')} there", observed=seen)


def _whole(view: NodeView, devices: DeviceMap, limits: Limits) -> int:
    """Return how many NPUs a machine has at least that shows these; 0 where that cannot be said."""
    facts = view.read(identity.SOURCE)
    if isinstance(facts, Missing) or facts.container is not False or is_virtual(view):
        return 0
    numbered = max(devices.phy_ids, default=-1) + 1
    if not _is_server(view, devices):
        return numbered
    of_a_card = max((device.chip for device in devices.devices), default=0) + 1  # an A3 has two dies to a card
    cards = next((cards for cards in sorted(limits.whole_nodes) if cards >= len(devices.cards)), 0)
    return max(numbered, cards * of_a_card)


def _is_server(view: NodeView, devices: DeviceMap) -> bool:
    """Tell whether the NPUs are those of a server, and not cards of which a machine may have any number."""
    if devices.generation is Generation.A5:
        return any(device.name.startswith(SERVER_950) for device in devices.devices)
    boards = [facts for _, _, facts in view.each(board.SOURCE) if not isinstance(facts, Missing)]
    return devices.generation in ROCE and not any(known(facts.board_id or NOT_REPORTED) in CARDS for facts in boards)


def _unnamed(view: NodeView, devices: DeviceMap) -> int:
    """Return how many cards `npu-smi` counts and cannot address."""
    facts = view.read(listing.SOURCE)
    unlisted = (
        0
        if isinstance(facts, Missing)
        else facts.total_count - sum(not isinstance(item.npu, Missing) for item in facts.npus)
    )
    return max(devices.unreachable, unlisted)


CHECK = Check(
    id="npu.present",
    reads=(mapping.SOURCE, listing.SOURCE, identity.SOURCE, system.SOURCE, board.SOURCE),
    judge=judge,
    limits=Limits(),
    own_limits=("expected_npus", "whole_nodes"),
    metric="npus",
)
