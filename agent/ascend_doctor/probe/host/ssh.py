"""What root needs for ssh without a password. Keys are counted and never read out."""

from __future__ import annotations

from typing import Any, Mapping

from ascend_doctor.probe.host.tree import Tree

FOLDER = "/root/.ssh"
AUTHORIZED = f"{FOLDER}/authorized_keys"
_PRIVATE_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
_OTHERS_MAY_WRITE = 0o022


def gather(tree: Tree) -> Mapping[str, Any]:
    """Return whether root has a key, and how many keys may log in as root."""
    names = tree.names(FOLDER)
    if names is None:
        # A folder that is not there can be told from one that may not be read only by who is asking.
        known = tree.user_id() == 0
        return {"has_key": False if known else None, "authorized_keys": 0 if known else None}
    lines = (tree.text(AUTHORIZED) or "").splitlines()
    owner = tree.permissions(AUTHORIZED)
    return {
        "has_key": any(name in names for name in _PRIVATE_KEYS),
        "authorized_keys": sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in lines),
        "loose_mode": owner.mode if owner is not None and owner.mode & _OTHERS_MAY_WRITE else None,
    }
