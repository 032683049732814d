"""A port's module sees no signal.

What it reads: the flags `Tx Los`, `Rx Los`, `Tx LoL` and `Rx LoL` of `hccn_tool -i N -optical -g`, a bit for each lane.
    Rx: no light from the fibre, or none that the receiver can lock to. Tx: no signal from the NPU.

Why it matters: a lane without signal takes the link down, or leaves it with fewer lanes.

What to do: Rx: look at the transmitter at the other end, then at the fibre. Tx: push the module in until it locks; if
    it stays, the module or the board is broken.

Disruption: pulling fibre or module interrupts the network of the NPU.

Limits: none; any flag fails. The flags of a module that is not there mean nothing (tools print 0xff then), and are not
    judged.

Sources: Ascend/mind-cluster, npu_info_parser.py, and its documents on collecting logs (0xff beside `not present`).
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import modules
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, skipped
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import optical
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Missing
from ascend_doctor.model.status import Disruption

PEER = Remedy("Look at the transmitter at the other end of the fibre, then at the fibre.", "", Disruption.TRAFFIC)
RESEAT = Remedy("Push the module in until it locks; if that does not help, replace it.", "", Disruption.TRAFFIC)


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the flags of every module."""
    for item in modules.each(view, "whether the module sees a signal"):
        if isinstance(item, Finding):
            yield item
            continue
        target, subject, facts = item
        flags = {
            "Rx Los": facts.rx_los,
            "Rx LoL": facts.rx_lol,
            "Tx Los": facts.tx_los,
            "Tx LoL": facts.tx_lol,
        }
        known = {name: int(flag, 16) for name, flag in flags.items() if not isinstance(flag, Missing)}
        raised = {name: mask for name, mask in known.items() if mask}
        if not known:
            yield skipped(subject, "the module does not tell whether it sees a signal")
        elif not raised:
            yield passed(subject, "the module sees a signal on every lane", observed="0x0")
        else:
            name, mask = next(iter(raised.items()))
            lanes = [lane for lane in range(mask.bit_length()) if mask >> lane & 1]
            yield failed(
                subject,
                f"no signal: {', '.join(f'{name} {mask:#x}' for name, mask in raised.items())}"
                f" ({modules.named(lanes)})",
                expected="0x0",
                remedies=[PEER if name.startswith("Rx") else RESEAT],
                observed=f"{mask:#x}",
                quotes=view.quote(optical.SOURCE, target, "Los Flag", "LoL Flag"),
            )


CHECK = Check(id="roce.optical.los", reads=modules.USE, judge=judge, limits=NoLimits(), generations=ROCE)
