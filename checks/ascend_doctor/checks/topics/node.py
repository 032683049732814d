"""The topic `node`: what the node is, and which driver and firmware it runs."""

from __future__ import annotations

import operator
from typing import FrozenSet, Optional, Tuple

import attrs

from ascend_doctor.checks import told_forms
from ascend_doctor.checks.told_forms import UNTOLD
from ascend_doctor.checks.topic import Quotes, Topic, in_short
from ascend_doctor.checks.versions import boards
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.npu_smi import board, info, mapping
from ascend_doctor.model.forms import FLAG, TEXT, Form, optional
from ascend_doctor.model.product import Generation
from ascend_doctor.model.reading import Absence, Missing, Reading, part


@attrs.frozen
class Node:
    """What a node is and runs.

    `npus` is how many NPUs the tools can reach, and missing where nobody can list them. `older_form` tells of a 950
    that is asked like an A2. `product` is the name of its chips, None where they have none.
    `driver` is the running one, as the first card that tells it says, else as `npu-smi info` does. `firmware` are the
    versions that its cards run, each once, in order; empty where no card tells.
    """

    npus: Reading[int] = UNTOLD
    generation: Reading[Generation] = UNTOLD
    older_form: bool = False
    product: Optional[str] = None
    driver: Reading[str] = UNTOLD
    firmware: Tuple[str, ...] = ()

    def is_one_of(self, generations: FrozenSet[Generation]) -> bool:
        """Tell whether the product is of one of these generations; True where it is not known."""
        if isinstance(self.generation, Missing) or self.generation in generations:
            return True
        return self.older_form and Generation.A2 in generations


def tell(view: NodeView) -> Node:
    """Say what the node is."""
    devices = view.devices
    cards = boards(view)
    names = () if isinstance(devices, Missing) else (device.name for device in devices.devices)
    table = view.read(info.SOURCE)
    driver: Reading[str] = part(table, lambda facts: facts.driver_version)
    return Node(
        npus=part(devices, lambda found: len(found.devices)),
        generation=part(devices, lambda found: found.generation),
        older_form=not isinstance(devices, Missing) and devices.older_form,
        product=next(filter(None, names), None),
        driver=next((card.driver for card in cards if card.driver), driver),
        firmware=tuple(sorted({card.firmware for card in cards if card.firmware})),
    )


def quote(view: NodeView) -> Quotes:
    """Quote the versions of the first card."""
    first = boards(view)[0]
    return {"": in_short(view.quote(board.SOURCE, first.target, "Software Version", "Firmware Version"))}


_GENERATIONS = {generation.value: generation for generation in Generation}


def _read_generation(value: object) -> Reading[Generation]:
    """Read a generation; one that a newer program knows is none that this one can judge by."""
    word = TEXT.decode(value)
    return _GENERATIONS.get(word, Missing(Absence.UNPARSED, f"a generation that is not known here: {word[:40]}"))


_VERSION = told_forms.text(100)

NODE: Topic[Node] = Topic(
    name="node",
    about="itself",
    reads=(board.SOURCE, info.SOURCE, mapping.SOURCE),
    tell=tell,
    form=told_forms.record(
        Node,
        npus=told_forms.reading(told_forms.whole_number()),
        generation=told_forms.reading(Form(operator.attrgetter("value"), _read_generation)),
        older_form=FLAG,
        product=optional(_VERSION),
        driver=told_forms.reading(_VERSION),
        firmware=told_forms.tuple_of(_VERSION, 64),
    ),
    quote=quote,
)
