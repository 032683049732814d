"""`npu-smi info -t info-vnpu` and `-t template-info`: the vNPUs of a chip, and the shapes that they can have."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Sequence, Tuple, Union

import attrs

from ascend_doctor.facts.npu_smi.key_answer import lines_about
from ascend_doctor.facts.parsing import Line, ParseError, decimal, integer
from ascend_doctor.facts.source import FOR_ONE_CHIP, Cost, Scope, Source
from ascend_doctor.facts.tables import cells_of, rule_of
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Missing, Reading

Number = Union[int, float]
Share = Tuple[Number, Number]
"""What is free, and the total."""


def _number(text: str, line: Line, what: str) -> Number:
    return decimal(text, line, what) if "." in text else integer(text, line, what)


def _rows(lines: Sequence[Line], preamble: Sequence[str]) -> List[Line]:
    """Return the rows of a table without its rules, behind the rows that every such table starts with."""
    if not rule_of(lines[0]):
        raise lines[0].error("the upper edge of a table")
    if not rule_of(lines[-1]):
        raise ParseError(lines[-1].number + 1, "the lower edge of the table", "the end of the answer")
    rows = [line for line in lines if not rule_of(line) and set(line.stripped) != {"|", "="}]
    for line, text in zip(rows, preamble):
        if _text(line) != text:
            raise line.error(f"`{text}`")
    if len(rows) <= len(preamble):
        raise ParseError(lines[-1].number, "further rows of the table", "its end")
    return rows[len(preamble) :]


def _text(line: Line) -> str:
    """Return the words of a row without inner bars."""
    cells = cells_of(line)
    return " ".join(" ".join(cells).split()) if len(cells) == 1 else ""


# --- `-t info-vnpu` -------------------------------------------------------------------------------------------------

_RESOURCES = ("AICORE", "Memory", "AICPU", "VPC", "VENC", "VDEC", "JPEGD", "JPEGE", "PNGD")
_PREAMBLE = (
    "NPU resource static info as follow:",
    "Format:Free/Total NA: Currently, query is not supported.",
    " ".join(_RESOURCES),
    "GB",
)
_TOTAL = re.compile(r"Total number of vnpu: ([0-9]{1,4})\Z")
_VNPU_HEAD = ("Vnpu ID", "Vgroup ID", "Container ID", "Status", "Template Name")


@attrs.frozen
class Vnpu:
    """One vNPU. `status` is 1 and `container` an id while a container uses it."""

    id: int
    vgroup: Reading[int]
    container: str
    status: int
    template: str


@attrs.frozen
class VnpuFacts:
    """What `npu-smi info -t info-vnpu -i N -c C` says: what a chip has free and in all, memory in GB, and its vNPUs.

    A resource is missing where the tool prints `NA/NA`.
    """

    aicore: Reading[Share]
    memory_gb: Reading[Share]
    aicpu: Reading[Share]
    vpc: Reading[Share]
    venc: Reading[Share]
    vdec: Reading[Share]
    jpegd: Reading[Share]
    jpege: Reading[Share]
    pngd: Reading[Share]
    total_vnpu: int
    vnpus: Tuple[Vnpu, ...]


def parse(evidence: Evidence) -> Reading[VnpuFacts]:
    """Parse `npu-smi info -t info-vnpu -i N -c C`."""
    lines = lines_about("info-vnpu", evidence)
    if isinstance(lines, Missing):
        return lines
    resources, *rest = _rows(lines, _PREAMBLE)
    total = _TOTAL.match(_text(rest[0])) if rest else None
    if total is None:
        raise ParseError(resources.number + 1, "`Total number of vnpu`", rest[0].stripped if rest else "the end")
    # One driver prints the head of the list without any vNPU too, another leaves it out.
    head, rows = rest[1:2], rest[2:]
    if head and cells_of(head[0]) != _VNPU_HEAD:
        raise head[0].error(" ".join(_VNPU_HEAD))
    vnpus = tuple(map(_vnpu, rows))
    if not len(vnpus) == len({vnpu.id for vnpu in vnpus}) == int(total.group(1)):
        raise ParseError(lines[-1].number, f"{total.group(1)} vNPUs, each once", f"{len(vnpus)}")
    return VnpuFacts(**_resources(resources), total_vnpu=len(vnpus), vnpus=vnpus)


def _resources(line: Line) -> Dict[str, Any]:
    texts = _text(line).split()
    if len(texts) != len(_RESOURCES):
        raise line.error(f"free and total of {', '.join(_RESOURCES)}")
    return {
        "memory_gb" if name == "Memory" else name.lower(): _share(text, line, name)
        for name, text in zip(_RESOURCES, texts)
    }


def _share(text: str, line: Line, name: str) -> Reading[Share]:
    if text == "NA/NA":
        return NOT_REPORTED
    free, _, total = text.partition("/")
    return _number(free, line, name), _number(total, line, name)


def _vnpu(line: Line) -> Vnpu:
    cells = cells_of(line)
    if len(cells) != len(_VNPU_HEAD) or not all(cells):
        raise line.error(f"values for {', '.join(_VNPU_HEAD)}")
    number, vgroup, container, status, template = cells
    return Vnpu(
        integer(number, line, _VNPU_HEAD[0]),
        NOT_REPORTED if vgroup == "NA" else integer(vgroup, line, _VNPU_HEAD[1]),
        container,
        integer(status, line, _VNPU_HEAD[3]),
        template,
    )


# --- `-t template-info` ---------------------------------------------------------------------------------------------

_TEMPLATE_PREAMBLE = (
    "NPU instance template info is:",
    "Name AICORE Memory AICPU VPC VENC JPEGD",
    "GB PNGD VDEC JPEGE",
)


@attrs.frozen
class VnpuTemplate:
    """One shape of a vNPU: how much of each resource it takes, memory in GB."""

    name: str
    aicore: Number
    memory_gb: Number
    aicpu: Number
    vpc: Number
    venc: Number
    jpegd: Number
    pngd: Number
    vdec: Number
    jpege: Number


@attrs.frozen
class TemplateFacts:
    """What `npu-smi info -t template-info` says."""

    templates: Tuple[VnpuTemplate, ...]


def parse_templates(evidence: Evidence) -> Reading[TemplateFacts]:
    """Parse `npu-smi info -t template-info`."""
    lines = lines_about("template-info", evidence)
    if isinstance(lines, Missing):
        return lines
    rows = _rows(lines, _TEMPLATE_PREAMBLE)
    if len(rows) % 2:
        raise ParseError(rows[-1].number + 1, "the second row of a template", "the end of the table")
    templates = tuple(_template(upper, lower) for upper, lower in zip(rows[::2], rows[1::2]))
    if len({template.name for template in templates}) != len(templates):
        raise ParseError(lines[-1].number, "each template once", "one that comes twice")
    return TemplateFacts(templates)


def _template(upper: Line, lower: Line) -> VnpuTemplate:
    name, *first = _text(upper).split() or [""]
    second = _text(lower).split()
    if len(first) != 6 or len(second) != 3:
        raise upper.error("a template in two rows: a name with six values, and three more values")
    numbers = [_number(text, line, name) for line, texts in ((upper, first), (lower, second)) for text in texts]
    return VnpuTemplate(name, *numbers)


SOURCE: Source[VnpuFacts] = Source(
    name="npu-smi/info-vnpu",
    scope=Scope.CHIP,
    argv=("npu-smi", "info", "-t", "info-vnpu", "-i", "{npu}", *FOR_ONE_CHIP),
    parse=parse,
)
TEMPLATES: Source[TemplateFacts] = Source(
    name="npu-smi/template-info",
    scope=Scope.NODE,
    argv=("npu-smi", "info", "-t", "template-info"),
    forms=(("npu-smi", "info", "-t", "template-info", "-i", "{card}"),),
    parse=parse_templates,
    cost=Cost.STATIC,
    interval_s=3600.0,
)
