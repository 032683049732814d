"""The topic `tls`: the TLS switch of every NPU. Apart from `ports`, because it is read seldom and from flash."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.checks import told_forms
from ascend_doctor.checks.told_forms import UNTOLD
from ascend_doctor.checks.topic import Quotes, Topic, in_short
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.hccn_tool import tls
from ascend_doctor.model.forms import optional
from ascend_doctor.model.reading import Absence, Missing, Reading, part

MAX_SWITCHES = 256


@attrs.frozen
class TlsSwitch:
    """The switch of one NPU: 0 off, 1 on; `Missing(NOT_CONFIGURED)` where all that is told is a missing certificate."""

    phy_id: int
    value: Reading[int] = UNTOLD

    @property
    def effective(self) -> Optional[int]:
        """The value that HCCL works with: without a certificate as with 0; None where it is not known."""
        if isinstance(self.value, Missing):
            return 0 if self.value.why is Absence.NOT_CONFIGURED else None
        return self.value


def _by_value(facts: TlsSwitches) -> Mapping[int, Tuple[int, ...]]:
    found: Dict[int, List[int]] = {}
    for switch in facts.switches:
        if switch.effective is not None:
            found.setdefault(switch.effective, []).append(switch.phy_id)
    return {value: tuple(phy_ids) for value, phy_ids in found.items()}


@attrs.frozen
class TlsSwitches:
    """The switches of a node in the order of the phy-ids; `gap` is why none could be read, None where one was."""

    switches: Tuple[TlsSwitch, ...] = ()
    gap: Optional[Missing] = None
    by_value: Mapping[int, Tuple[int, ...]] = attrs.field(
        init=False, eq=False, repr=False, default=attrs.Factory(_by_value, takes_self=True)
    )
    """The phy-ids by the value that HCCL works with; those that do not tell are left out."""


def tell(view: NodeView) -> TlsSwitches:
    """Say how the switches are set."""
    asked = [(target, facts) for target, _, facts in view.each(tls.SOURCE)]
    gaps = [facts for target, facts in asked if target.phy_id is None and isinstance(facts, Missing)]
    switches = [
        TlsSwitch(target.phy_id, part(facts, lambda found: found.switch))
        for target, facts in asked
        if target.phy_id is not None
    ]
    return TlsSwitches(tuple(switches[:MAX_SWITCHES]), next(iter(gaps), None))


def quote(view: NodeView) -> Quotes:
    """Quote the line that shows each switch."""
    return {
        str(target.phy_id): in_short(view.quote(tls.SOURCE, target, "tls switch", "certificate"))
        for target, _, _ in view.each(tls.SOURCE)
        if target.phy_id is not None
    }


TLS: Topic[TlsSwitches] = Topic(
    name="tls",
    about="the TLS switches of its NPUs",
    reads=(tls.SOURCE,),
    tell=tell,
    form=told_forms.record(
        TlsSwitches,
        switches=told_forms.tuple_of(
            told_forms.record(
                TlsSwitch, phy_id=told_forms.whole_number(), value=told_forms.reading(told_forms.whole_number())
            ),
            MAX_SWITCHES,
        ),
        gap=optional(told_forms.MISSING),
    ),
    quote=quote,
)
