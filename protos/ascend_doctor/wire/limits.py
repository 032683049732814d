"""Sizes of the wire, all in one place. What is sent is cut to them; what comes beyond them is refused."""

from __future__ import annotations

PROTOCOL = 1
"""The newest protocol that this program speaks."""

MIB = 1 << 20
MAX_MESSAGE_BYTES = 4 * MIB
"""One gRPC message. Both ends set it on their channels; one section always fits."""
MIN_MESSAGE_BYTES = 3 * MIB
"""What a collector may not go below, so that every single section still fits."""
MAX_SECTIONS_BYTES = 16 * MIB
"""All sections that are kept of one node."""
MAX_STATE_BYTES = 32 * MIB
"""All messages of one state together."""
MAX_STATE_PART_COUNT = 64
MAX_SECTION_COUNT = 2_000
"""Sections that are kept of one node."""
MAX_SUBJECT_COUNT = 2_048
"""Subjects of one check on one node: an Ascend 950 node has some hundreds of ports."""
MAX_FACTS_BYTES = MIB
"""The facts of one topic of one node."""
MAX_SECTION_BYTES = 2 * MIB + MIB // 2
"""One section: below `MIN_MESSAGE_BYTES`, so that every single one fits into a message."""
MAX_TRANSITION_COUNT = 20_000
"""Transitions in one state."""

MAX_KEY_LENGTH = 1_024
"""The key of a finding about a cable names the node at both ends."""
MAX_NAME_LENGTH = 600
"""IDs, names of parts, units, capabilities."""
MAX_TEXT_LENGTH = 4_096
"""Sentences for people and command lines."""
MAX_SUMMARY_LENGTH = 400
"""What a transition says: as many as one state may have still fit into `MAX_STATE_BYTES`."""
MAX_LINE_LENGTH = 1_000
MAX_LINE_COUNT = 16
MAX_QUOTE_COUNT = 8
MAX_REMEDY_COUNT = 8
MAX_AFFECTED_COUNT = 4_096
"""Further subjects of one finding, and of all findings in one section."""
MAX_CANDIDATE_COUNT = 64
MAX_FACT_COUNT = 64
MAX_CAPABILITY_COUNT = 64
MAX_CHECK_COUNT = 1_000
MAX_PROBE_COUNT = 1_024
MAX_INTEGER_DIGITS = 40
MAX_INFLIGHT_COUNT = 1_000
MAX_PHY_ID = 1_023
MIN_HEARTBEAT_S = 1.0
MAX_HEARTBEAT_S = 3_600.0
MAX_SPAN_S = 366 * 86_400.0
"""No interval or delay that a peer names may be longer."""

MAX_REPORT_NODE_COUNT = 200_000
MAX_REPORT_FINDING_COUNT = 5_000_000
