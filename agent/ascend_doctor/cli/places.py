"""Where things are when nobody says otherwise. Apart from the configuration's model, which takes long to load."""

from __future__ import annotations

DEFAULT_PATH = "/etc/ascend-doctor/config.yaml"
KNOWLEDGE_FOLDER = "/etc/ascend-doctor/knowledge.d"
STATE_FOLDER = "/var/lib/ascend-doctor"
