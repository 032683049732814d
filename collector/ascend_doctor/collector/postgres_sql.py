"""The statements of the shared store. What changes nodes, claims or contents begins with `TICK`: one at a time."""

from __future__ import annotations

from ascend_doctor.collector.history_rows import COLUMNS, SIZE

TICK = "UPDATE ascend_doctor.clock SET revision = revision + 1 RETURNING revision, sweeps"
NOW = "extract(epoch FROM clock_timestamp())::float8"
CLOCK = f"SELECT revision, {NOW} FROM ascend_doctor.clock"
NODE_COLUMNS = "node, epoch, sequence, received_at, current_s, agent_version, names, contents, times"

ALL_NODES = f"SELECT {NODE_COLUMNS} FROM ascend_doctor.nodes ORDER BY node"
PRESENT = """
SELECT claims.node, epoch, sequence, names, contents
FROM ascend_doctor.claims LEFT JOIN ascend_doctor.nodes ON nodes.node = claims.node
WHERE holder = %s AND claims.node = ANY(%s)
"""
CLAIM = """
INSERT INTO ascend_doctor.claims (node, holder, since, revision)
SELECT node, %s, since, (SELECT revision FROM ascend_doctor.clock)
FROM unnest(%s::text[], %s::float8[]) AS asked (node, since)
ON CONFLICT (node) DO UPDATE SET holder = excluded.holder, since = excluded.since, revision = excluded.revision
WHERE claims.since <= excluded.since
"""
KEEP = f"""
INSERT INTO ascend_doctor.nodes (revision, {NODE_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %b, %b)
ON CONFLICT (node) DO UPDATE SET
revision = excluded.revision, epoch = excluded.epoch, sequence = excluded.sequence, received_at = excluded.received_at,
current_s = excluded.current_s, agent_version = excluded.agent_version, names = excluded.names,
contents = excluded.contents, times = excluded.times
"""
ADD_CONTENTS = """
INSERT INTO ascend_doctor.contents (digest, content) SELECT * FROM unnest(%b::bytea[], %b::bytea[])
ON CONFLICT (digest) DO NOTHING
"""
TELL = f"INSERT INTO ascend_doctor.transitions ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
TOLD = "UPDATE ascend_doctor.clock SET history_bytes = history_bytes + %s"
NEWS = f"""
SELECT {NODE_COLUMNS} FROM ascend_doctor.nodes WHERE node IN (
    SELECT node FROM ascend_doctor.nodes WHERE revision > %(seen)s
    UNION SELECT node FROM ascend_doctor.claims WHERE revision > %(seen)s
) AND NOT EXISTS (SELECT FROM ascend_doctor.claims WHERE claims.node = nodes.node AND holder = %(me)s)
"""
FORGOTTEN = """
SELECT node FROM ascend_doctor.claims WHERE revision > %s AND holder = ''
AND NOT EXISTS (SELECT FROM ascend_doctor.nodes WHERE nodes.node = claims.node)
"""
FORGET = """
UPDATE ascend_doctor.claims SET holder = '', revision = (SELECT revision FROM ascend_doctor.clock) WHERE node = %s
"""


def _drop(ids: str) -> str:
    """Return the statement that drops transitions, and answers how many and of what size."""
    return (
        f"WITH gone AS (DELETE FROM ascend_doctor.transitions WHERE id IN ({ids}) RETURNING {SIZE} AS size)"
        " SELECT count(*), coalesce(sum(size), 0)::bigint FROM gone"
    )


_OLDEST = f"SELECT id, received_at, {SIZE} AS size FROM ascend_doctor.transitions ORDER BY id LIMIT %(step)s"
_SUMMED = f"SELECT id, sum(size) OVER (ORDER BY id) - size AS older FROM ({_OLDEST}) AS oldest"
_EXCESS = "SELECT history_bytes - %(max_bytes)s::bigint FROM ascend_doctor.clock"
DROP_OLD = _drop(f"SELECT id FROM ({_OLDEST}) AS oldest WHERE received_at < %(before)s")
DROP_BEYOND = _drop(f"SELECT id FROM ({_SUMMED}) AS summed WHERE older < ({_EXCESS})")
CROWDED = """
SELECT node, least(count(*) - %(max_per_node)s, %(step)s) AS step
FROM ascend_doctor.transitions GROUP BY node HAVING count(*) > %(max_per_node)s LIMIT 1
"""
DROP_OF_ONE = _drop("SELECT id FROM ascend_doctor.transitions WHERE node = %s ORDER BY id LIMIT %s")
DROPPED = "UPDATE ascend_doctor.clock SET history_bytes = history_bytes - %s"
