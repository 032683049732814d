"""Two NPUs of a node are not connected as the others are.

What it reads: the matrix of `npu-smi info -t topo`.

Why it matters: what two NPUs without their direct link send each other takes the way over PCIe and the host, many
    times slower, or ends with an SDMA error (EI0012).

What to do: look at the HCCS links of both NPUs; a link that stays away after a power cycle means a board to replace.

Disruption: a power cycle stops every job of the node.

Limits: none. The shapes of the known products are: every NPU connected to every other (A2, A5), groups of the same size
    within which that is so (two rings of four, two groups of eight, pairs and quads of cards), no direct connection at
    all (cards on PCIe), and on an A3 the bus SIO to the other die of the module and HCCS, also through a switch, to all
    others. A pair that is missing in such a shape is a failure; a shape that is none of these is left alone, because a
    product that the doctor does not know is no fault. A container shows only the NPUs that it was given, so that groups
    of different sizes say nothing there.

Sources: hicann/driver, the manual's page on the topology; Ascend/mind-cluster, scheduling documents (the shapes).
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Sequence, Tuple

from ascend_doctor.checks import chips, remedies, shapes
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, missing, passed, skipped, unknown
from ascend_doctor.checks.shapes import Pair
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.host import identity
from ascend_doctor.facts.npu_smi import topo
from ascend_doctor.facts.npu_smi.topo import TopoFacts, TopoRow
from ascend_doctor.facts.source import WHOLE_NODE
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from ascend_doctor.model.status import Confidence
from ascend_doctor.model.subject import Subject

BY_PHY_ID = "Phy-ID"
CUT = Missing(Absence.UNPARSED, "the matrix lacks rows")
NOT_TOLD = Missing(Absence.NOT_REPORTED, "the tool prints NA, which stands for what it could not find out")


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Compare the matrix with the shapes of known products."""
    facts = view.read(topo.SOURCE)
    quotes = view.quote(topo.SOURCE)
    if isinstance(facts, Missing) and facts.why is Absence.NO_PERMISSION:
        yield skipped(view.subject, f"the tool does not tell the topology here: {facts.detail}")
    elif isinstance(facts, Missing):
        yield missing(view.subject, "the topology", facts, quotes)
    elif not facts.is_complete:
        yield unknown(view.subject, "the topology", CUT, quotes)
    else:
        yield _judge(view, facts)


def _judge(view: NodeView, facts: TopoFacts) -> Finding:
    rows = facts.npus
    matrix = [[relation for name, relation in zip(facts.nodes, row.relations) if _is_npu(name)] for row in rows]
    broken = _missing_pairs(view, rows, matrix)
    if broken is None:
        return skipped(view.subject, "the NPUs are connected in a way that no product known to the doctor has")
    if not broken:
        kinds = sorted({relation for row in matrix for relation in row} - {topo.SELF})
        return passed(view.subject, f"the NPUs are connected as they should be: {', '.join(kinds) or 'only one'}")
    found = [matrix[one][other] for one, other in broken]
    named = [f"{rows[one].node} and {rows[other].node}" for one, other in broken]
    quotes = view.quote(topo.SOURCE, WHOLE_NODE, *(f"{rows[one].node} " for one, _ in broken))
    if set(found) == {topo.UNKNOWN}:
        return unknown(view.subject, f"the connection of {named[0]}", NOT_TOLD, quotes)
    subject, affected = _place(view, rows, broken)
    alone = len(affected) == 1
    return failed(
        subject,
        f"{', '.join(named[:4])} are connected by {found[0]}, other pairs directly",
        expected="a direct connection",
        remedies=[_look(rows[broken[0][0]]), remedies.POWER_CYCLE],
        observed=found[0],
        quotes=quotes,
        confidence=Confidence.INFERRED if alone else Confidence.UNDETERMINED,
        affected=affected,
        candidates=() if alone else [str(one) for one in affected],
    )


def _is_npu(name: str) -> bool:
    return not name.startswith("NIC")


def _missing_pairs(view: NodeView, rows: Sequence[TopoRow], matrix: Sequence[Sequence[str]]) -> Optional[List[Pair]]:
    if rows[0].node.startswith(BY_PHY_ID):
        return shapes.missing_from_modules(matrix, [row.number for row in rows])
    connected = {
        (one, other)
        for one in range(len(rows))
        for other in range(one + 1, len(rows))
        if matrix[one][other] in shapes.DIRECT
    }
    devices = view.devices
    is_a2 = not isinstance(devices, Missing) and devices.generation is Generation.A2
    return shapes.missing_from_groups(connected, len(rows), whole_mesh=is_a2 and not in_container(view))


def _place(view: NodeView, rows: Sequence[TopoRow], broken: Sequence[Pair]) -> Tuple[Subject, List[Subject]]:
    """Return what to blame and all that is concerned: the NPU that all pairs share, the first of one pair, the node."""
    shared = sorted(set.intersection(*(set(pair) for pair in broken)))
    if len(shared) == 1:
        subject = _npu(view, rows[shared[0]])
        return subject, [subject]
    concerned = [_npu(view, rows[number]) for number in sorted({number for pair in broken for number in pair})]
    return (concerned[0] if shared else view.subject), concerned


def _npu(view: NodeView, row: TopoRow) -> Subject:
    if row.node.startswith(BY_PHY_ID):
        return subjects.npu(view.name, row.number)
    return chips.npu(view, row.number, NOT_REPORTED, subjects.card(view.name, row.number))


def _look(row: TopoRow) -> Remedy:
    card = "N" if row.node.startswith(BY_PHY_ID) else str(row.number)
    return Remedy("Look at the HCCS links of both NPUs.", f"npu-smi info -t hccs -i {card} -c 0")


CHECK = Check(id="npu.topo", reads=(topo.SOURCE, identity.SOURCE), judge=judge, limits=NoLimits())
