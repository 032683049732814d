"""What nodes tell their cluster, a module for each topic."""

from __future__ import annotations

from typing import Any, Mapping, Tuple

from ascend_doctor.checks.topic import Topic
from ascend_doctor.checks.topics.node import NODE
from ascend_doctor.checks.topics.ports import PORTS
from ascend_doctor.checks.topics.tls import TLS
from ascend_doctor.checks.view import NodeView
from ascend_doctor.model.state import Told

TOPICS: Tuple[Topic[Any], ...] = (NODE, PORTS, TLS)


def tell_all(view: NodeView) -> Mapping[str, Told]:
    """Return what a node tells its cluster, by the names of the topics."""
    return {topic.name: topic.told_by(view) for topic in TOPICS}
