"""Which versions of CANN, driver, torch, torch_npu, vllm-ascend and MindIE were made for each other."""

from __future__ import annotations

import enum
import re
from typing import Dict, List, Mapping, Optional, Tuple

import attrs

from ascend_doctor.knowledge import tables
from ascend_doctor.knowledge.hdk import FAMILIES
from ascend_doctor.knowledge.tables import Row
from ascend_doctor.knowledge.versions import base, of_line, order
from ascend_doctor.model.product import Generation


class Fit(enum.Enum):
    """How two parts of the stack go together."""

    YES = "yes"
    """Somebody who should know lists them together."""
    NO = "no"
    """The vendor excludes them."""
    TOO_OLD = "too old"
    """The driver is older than every one that the vendor lists."""
    NOT_LISTED = "not listed"
    """Nobody says."""


@attrs.frozen
class Judgement:
    """A fit, and the file that decided; empty where no file says anything."""

    fit: Fit
    origin: str = ""


@tables.made_of_tables
def _cann_rows() -> Mapping[str, Tuple[Row, ...]]:
    found: Dict[str, List[Row]] = {}
    for row in tables.CANN_HDK.rows():
        found.setdefault(row["cann"].lower(), []).append(row)
    return {cann: tuple(rows) for cann, rows in found.items()}


def cann_with_driver(cann: str, driver: str, generation: Optional[Generation]) -> Judgement:
    """Judge a CANN release and a driver by the vendor's lists.

    Of two lines that both hold the driver the last counts, so that a site may correct the package. Drivers of A5 count
    in lines of their own, so that nothing can be said of their age.
    """
    families = () if generation is None else FAMILIES[generation]
    rows = [row for row in _cann_rows().get(cann.lower(), ()) if not row["family"] or row["family"] in families]
    matching = [row for row in rows if of_line(driver, row["hdk"])]
    if matching:
        excluded = matching[-1]["relation"] == "not-compatible"
        return Judgement(Fit.NO if excluded else Fit.YES, matching[-1].origin)
    listed = [row for row in rows if row["relation"] == "compatible" and not row["family"]]
    is_older = bool(listed) and all(order(driver) < order(row["hdk"]) for row in listed)
    if is_older and generation is not Generation.A5:
        return Judgement(Fit.TOO_OLD, listed[-1].origin)
    return Judgement(Fit.NOT_LISTED)


def lines_of(cann: str) -> Tuple[str, ...]:
    """Return the lines of drivers that are named for a CANN release, whatever is said of them."""
    return tuple(row["hdk"] for row in _cann_rows().get(cann.lower(), ()))


_GENERATION = re.compile(r"(V[0-9]+R[0-9]+C[0-9]+)")


def generations_fit(
    one: Optional[str], accepted: Tuple[str, ...], other: Optional[str], taken: Tuple[str, ...]
) -> bool:
    """Tell whether either side lists the other's generation (`V100R001C22`, the head of its inner version).

    `accepted` is the list of `one`, `taken` that of `other`. The vendor does not say that one side is enough; it is
    inferred from pairs that the vendor itself lists, so it serves to acquit only.
    """
    return _head(other) in accepted or _head(one) in taken


def _head(inner: Optional[str]) -> str:
    found = _GENERATION.match(inner or "")
    return found.group(1) if found else "unknown"


@tables.made_of_tables
def _builds() -> Mapping[str, Row]:
    return {row["torch_npu"]: row for row in tables.TORCH.rows()}


def build_of(torch_npu: str) -> Optional[Row]:
    """Return the row of a build of torch_npu, None for one that nobody lists; the hash of a commit does not count."""
    return _builds().get(torch_npu.partition("+")[0])


def pythons_of(torch: str) -> Tuple[Tuple[str, ...], str]:
    """Return on which versions of Python a torch runs with torch_npu, and the file that says so; empty if unknown."""
    found = [row for row in tables.TORCH_PYTHON.rows() if row["torch"] == base(torch)]
    return (found[-1].words("python"), found[-1].origin) if found else ((), "")


def sets_of(vllm_ascend: str) -> Tuple[Row, ...]:
    """Return the tested sets of a vllm-ascend, the last one first."""
    version = vllm_ascend.partition("+")[0]
    return tuple(row for row in tables.VLLM_ASCEND.rows() if row["vllm_ascend"] == version)[::-1]


def cann_of_mindie(mindie: str) -> Optional[Row]:
    """Return the row of a MindIE release, None for one that nobody lists."""
    found = [row for row in tables.MINDIE.rows() if row["mindie"].lower() == mindie.lower()]
    return found[-1] if found else None
