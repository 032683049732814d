"""How much memory a chip was sold with, by the name that the tools print."""

from __future__ import annotations

from typing import Tuple

from ascend_doctor.knowledge import tables


def rated_hbm_mb(name: str) -> Tuple[int, ...]:
    """Return the rated sizes of HBM, in MB, of the chips with a printed name; several where a name has forms.

    The longest name of the table of products that the printed one starts with counts. Empty for a chip without a rated
    size.
    """
    folded = name.casefold().removeprefix("ascend ").strip()
    found: Tuple[int, Tuple[int, ...]] = (0, ())
    for row in tables.PRODUCTS.rows():
        for known in row.words("chips"):
            if folded.startswith(known.casefold()) and len(known) >= found[0]:
                sizes = {int(size) for size in row.words("hbm_mb")}
                found = (len(known), tuple(sorted({*sizes, *(found[1] if len(known) == found[0] else ())})))
    return found[1]
