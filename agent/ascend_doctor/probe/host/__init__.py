"""What the operating system says of the node, as the JSON that `ascend_doctor.facts.host` reads."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

from ascend_doctor.facts.host import identity as identity_facts
from ascend_doctor.probe.host import identity
from ascend_doctor.probe.host.tree import Tree

Section = Callable[[Tree], Mapping[str, Any]]
"""Gathers one kind of facts. A value that cannot be found out is None, and is left out of the answer."""

_SECTIONS: Dict[Sequence[str], Section] = {
    identity_facts.SOURCE.argv: identity.gather,
}


def answer(argv: Sequence[str], tree: Tree) -> Optional[bytes]:
    """Return the facts that a question of the medium `HOST` asks for, None for a question that nobody knows."""
    section = _SECTIONS.get(tuple(argv))
    if section is None:
        return None
    known = {name: value for name, value in section(tree).items() if value is not None}
    return (json.dumps(known, sort_keys=True) + "\n").encode()
