"""What is known of a code, of a return value, or of a line of a log: the answers of `ascend-doctor explain`."""

from __future__ import annotations

import difflib
import re
from typing import Dict, Iterator, List, Mapping, Pattern, Tuple

import attrs

from ascend_doctor.knowledge import decode, fault_codes, tables
from ascend_doctor.knowledge.fault_codes import FaultCode, Level
from ascend_doctor.knowledge.tables import Row

MAX_LENGTH = 4000
"""Of a line that somebody asks about; what is longer is cut."""


@attrs.frozen
class Answer:
    """What is known of one thing.

    `kind` says what sort of thing it is. `checks` are the ids of checks that would have caught it. `origin` is the file
    that says so, `source` where that file has it from. `decoded` is what the thing says by its own form. `known` is
    False where only the form is known.
    """

    kind: str
    name: str
    meaning: str
    severity: str
    action: str
    checks: Tuple[str, ...] = ()
    origin: str = ""
    source: str = ""
    decoded: str = ""
    known: bool = True


PRODUCT = "product"
"""The kind of an answer about what is no trouble at all."""

_STOPS = "stops a job, or keeps it from starting"
_UNANSWERED = "the question to the tool was not answered; that alone says nothing of a running job"
_HARMLESS = "harmless"
_FAMILIES: Mapping[str, Tuple[str, str]] = {
    "hccl": ("HCCL code", _STOPS),
    "hccp": ("HCCP code", _STOPS),
    "runtime": ("code of the CANN runtime", _STOPS),
    "operator": ("code of operators and graphs", _STOPS),
    "torch_npu": ("code of torch_npu", _STOPS),
    "hccl-ret": ("return value of HCCL", _STOPS),
    "dcmi": ("return code of npu-smi and its library", _UNANSWERED),
    "hccn_tool": ("exit code of hccn_tool", _UNANSWERED),
    "mie": ("MindIE code", "stops the service or a request"),
    "stage": ("phase of HCCL", _STOPS),
}
_REPORTERS = {
    "detector": "code of a detector of the scheduler",
    "switch": "code of a switch inside a node",
    "node": "code of the server",
    "dpu": "code of a DPU",
    "bmc": "code in the event list of the BMC",
}
_READ_ON = "read the text behind it, and look for the earliest error of any rank"
_FORMS: Tuple[Tuple[Pattern[str], str, str, str], ...] = (
    (re.compile(r"EI\d{4}"), "hccl", "a code of HCCL that the vendor's published table does not explain", _READ_ON),
    (re.compile(r"EJ\d{4}"), "hccp", "a code of HCCP that the vendor's published table does not explain", _READ_ON),
    (re.compile(r"EL\d{4}"), "runtime", "a code of the runtime that is not in the list", _READ_ON),
    (re.compile(r"E[A-Z0-9]\d{4}"), "operator", "a code of operators, graphs or profiling", _READ_ON),
    (re.compile(r"ERR\d{5}"), "torch_npu", "torch_npu passes on an error of what lies below it", _READ_ON),
    (re.compile(r"161\d{3}"), "runtime", "an operator of the operator library does not take its arguments", _READ_ON),
    (re.compile(r"361\d{3}"), "runtime", "an operator of the operator library could not call the runtime", _READ_ON),
    (re.compile(r"107\d{3}"), "runtime", "the runtime refused an argument or a call", _READ_ON),
    (re.compile(r"207\d{3}"), "runtime", "the runtime lacks a feature or a resource", _READ_ON),
    (re.compile(r"507\d{3}"), "runtime", "the device or the driver failed", _READ_ON),
    (re.compile(r"561\d{3}"), "runtime", "an operator of the operator library failed", _READ_ON),
    (
        re.compile(r"-[89]\d{3}"),
        "dcmi",
        "a return code that the vendor's list does not have",
        "look at the tool's text",
    ),
)
_MIE_PARTS = {
    "01": "the benchmark",
    "02": "the client",
    "03": "the management service",
    "04": "the server",
    "05": "the LLM engine",
    "06": "the diffusion engine",
    "07": "the runtime",
    "08": "the torch extension",
}
_MIE_RANKS = {"E": "error", "W": "warning", "I": "information"}

_HEX = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{8})\Z")
_DETECTOR = re.compile(r"\d{9}\Z")
_TOKENS = re.compile(
    r"\[0x[0-9a-fA-F]{8}, ?(?:\d{1,9}|na), ?(?:cpu|npu|L2|na), ?na\]"
    r"|(?<![\w.])-(?:[89]\d{3}|9999[789])(?!\d)"
    r"|(?<!\w)(?:MIE\d\d[EWI][0-9A-F]{6}|ERR\d{5}|E[A-Z0-9]\d{4}|(?:107|161|207|361|507|561)\d{3}|0[xX][0-9A-Fa-f]{8}"
    r"|[0-9A-Fa-f]{8}|\d{9}|InitGroupStage|InitChannelStage|TaskExecStage)(?!\w)"
)
_RETURNS = re.compile(r"(?:\bret\[|hcclRet\s*->\s*|error code is\s*|\bhccl\s+ret\s*)(\d{1,2})\b", re.IGNORECASE)
_WITHOUT_SIGN = re.compile(r"(?:[89]\d{3}|9999[789])\Z")
_SMALL_LETTERS = re.compile(r"(?:mie\d\d[ewi][0-9a-f]{6}|err\d{5}|e[a-z0-9]\d{4})\Z", re.IGNORECASE)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_EXITS = re.compile(r"hccn_tool\b\D{0,40}?\b(\d{1,3})\b|\bexit(?: code| status)?\s+(\d{1,3})\b", re.IGNORECASE)


def answers(text: str) -> Tuple[Answer, ...]:
    """Return what is known of a code or of a line of a log; empty when nothing is."""
    asked = _plain(text)
    found: Dict[Tuple[str, str], Answer] = {}
    for answer in (*_of_codes(asked), *_of_numbers(asked), *_of_products(asked)):
        found.setdefault((answer.kind, answer.name), answer)
    codes = {name for _, name in found}
    for answer in _of_text(asked):
        # A shipped text that is nothing but a code says no more than the code.
        if answer.name not in codes or answer.origin != tables.SIGNATURES.file:
            found.setdefault((answer.kind, answer.name), answer)
    return tuple(found.values())


def _plain(text: str) -> str:
    """Return what was asked about without the colours of a terminal, and a code that stands alone as it is listed."""
    asked = _ESCAPES.sub("", text[: 2 * MAX_LENGTH])
    asked = "".join(letter if letter.isprintable() else " " for letter in asked).strip()[:MAX_LENGTH]
    if _WITHOUT_SIGN.match(asked):
        return f"-{asked}"
    return asked.upper() if _SMALL_LETTERS.match(asked) else asked


def nearest(text: str, further: Tuple[str, ...] = ()) -> Tuple[str, ...]:
    """Return what looks most like a code that nobody knows, among the codes and `further`."""
    codes = (row["code"] for row in tables.ERROR_CODES.rows() if row["family"] not in _BY_NUMBER)
    known = dict.fromkeys((*further, *codes, *fault_codes.table()))
    return tuple(difflib.get_close_matches(_plain(text)[:60], known, n=3, cutoff=0.6))


def _of_codes(text: str) -> Iterator[Answer]:
    tokens = _TOKENS.findall(text)
    for token in tokens:
        number = _HEX.match(token)
        if number:
            yield from _of_hexadecimal(number.group(1).upper(), alone=token == text or token[1:2] in "xX")
        elif _DETECTOR.match(token) or token.startswith("["):
            yield from _of_reporters(token.replace(" ", ""))
            yield from _of_event(token, alone=False)
        else:
            yield from _of_error(token)


def _of_hexadecimal(code: str, *, alone: bool) -> Iterator[Answer]:
    reported = list(_of_reporters(code))
    yield from _of_event(code, alone=alone and not reported)
    yield from reported


def _of_event(code: str, *, alone: bool) -> Iterator[Answer]:
    """Yield what an event code of an NPU means; of one that nobody lists only where it was asked for by itself."""
    listed = fault_codes.lookup(code)
    parts = decode.decoded(code) if len(code) == 8 else None
    if listed is not None:
        yield _listed(listed, "" if parts is None else str(parts))
    elif parts is not None and alone:
        yield Answer(
            "NPU event code",
            code,
            "an event that nobody lists",
            "by the vendor's rule a major or critical one takes the NPU out of use: npu-smi's health word tells",
            "look at the health word and at the device log",
            ("npu.health",),
            decoded=str(parts),
            known=False,
        )


def _listed(code: FaultCode, parts: str) -> Answer:
    meaning = ", ".join(word for word in (code.module, code.condition) if word)
    severity = "the scheduler does not list it: the health word decides"
    if code.level is not None:
        severity = f"{code.level.value}: {code.level.effect}"
    if code.repeated:
        severity += f"; {code.repeated}"
    source = _source(code.origin, "Ascend/mind-cluster, faultCode.json; hicann/driver, dms_events_conf.lst")
    return Answer(
        "NPU event code", code.code, meaning, severity, _cure(code), _checks(code), code.origin, source, parts
    )


def _cure(code: FaultCode) -> str:
    level = code.level
    if level is None:
        return "look at the health word and at the device log"
    if level.needs_reset:
        return "stop the jobs on the node and reset the NPU; when the code comes back, replace the module"
    if level.needs_separation:
        return "take the NPU out of use and have the module replaced"
    if level is Level.NOT_HANDLE:
        return "look at the link and at how often it goes" if code.module.upper() == "PORT" else "nothing"
    return "start the failed job or request again; watch whether the code comes back"


def _checks(code: FaultCode) -> Tuple[str, ...]:
    module = code.module.upper()
    further = {"HBM": ("npu.ecc",), "POR": ("roce.link", "roce.flap")}.get(module[:3], ())
    return ("npu.health", *further)


def _of_reporters(code: str) -> Iterator[Answer]:
    for row in _deciding(tables.OTHER_CODES, "kind", "code"):
        if _bare(row["code"]) == _bare(code):
            level = {each.value: each for each in Level}.get(row["level"])
            yield Answer(
                _REPORTERS.get(row["kind"], row["kind"]),
                row["code"],
                row["meaning"],
                row["level"] + (f": {level.effect}" if level else "") or "the level is that of the event",
                row["action"] or "look at the program that reports it",
                row.words("checks"),
                row.origin,
                _source(row.origin, "Ascend/mind-cluster and hicann/driver"),
            )


def _deciding(table: tables.Table, *key: str) -> Tuple[Row, ...]:
    """Return the rows of a table, of those with the same key the last one."""
    return tuple({tuple(_bare(row[column]) for column in key): row for row in table.rows()}.values())


def _bare(code: str) -> str:
    """Return a key as it is compared: `0x56000005`, `56000005` and a name in capitals are no two."""
    return code.casefold()[2:] if code[:2] in ("0x", "0X") else code.casefold()


def _source(origin: str, source: str) -> str:
    """Return where the rows of the package are from; a row of the site is the site's own word."""
    return source if origin.endswith(".tsv") else ""


def _of_error(code: str) -> Iterator[Answer]:
    twin = f"-8{code[2:]}" if re.match(r"-9\d{3}\Z", code) else code
    rows = [row for row in tables.ERROR_CODES.rows() if row["code"] in (code, twin) and row["family"] not in _BY_NUMBER]
    if rows:
        yield _error(rows[-1], code)
    elif code.startswith("MIE"):
        yield from _of_mindie(code)
    else:
        yield from _of_form(code)


def _error(row: Row, code: str) -> Answer:
    kind, severity = _FAMILIES.get(row["family"], (row["family"], _STOPS))
    return Answer(kind, code, row["meaning"], severity, row["action"], row.words("checks"), row.origin, row["source"])


def _of_mindie(code: str) -> Iterator[Answer]:
    where = _MIE_PARTS.get(code[3:5], "an unknown part")
    meaning = f"{_MIE_RANKS[code[5]]} of {where} of MindIE that is not in the list"
    yield Answer("MindIE code", code, meaning, "as its log line says", _READ_ON, known=False)


def _of_form(code: str) -> Iterator[Answer]:
    forms = [form for form in _FORMS if form[0].fullmatch(code)]
    for _, family, meaning, action in forms[:1]:
        kind, severity = _FAMILIES[family]
        yield Answer(kind, code, meaning, severity, action, known=False)


_BY_NUMBER = ("hccl-ret", "hccn_tool")
"""Families whose codes are small numbers, which say nothing without the word beside them."""


def _of_numbers(text: str) -> Iterator[Answer]:
    wanted: List[Tuple[str, str]] = []
    if re.match(r"\d{1,3}\Z", text):
        wanted = [(family, text) for family in _BY_NUMBER]
    wanted += [("hccl-ret", match.group(1)) for match in _RETURNS.finditer(text)]
    wanted += [("hccn_tool", match.group(1) or match.group(2)) for match in _EXITS.finditer(text)]
    for family, number in wanted:
        rows = [row for row in tables.ERROR_CODES.rows() if (row["family"], row["code"]) == (family, number)]
        if rows:
            yield _error(rows[-1], number)
        elif family == "hccn_tool" and text != number:
            kind, severity = _FAMILIES[family]
            words = "an exit code that the vendor's source does not have"
            yield Answer(kind, number, words, severity, "look at the tool's text", known=False)


_CHIPS = {"910b": "A2", "910_93": "A3", "910c": "A3", "950": "A5"}
"""How chips are called for short, and their generations."""


def _of_products(text: str) -> Iterator[Answer]:
    """Yield the products that a name, the name of a chip, or a PCI device (`19e5:d802`) belongs to."""
    wanted = re.sub(r"^ascend[ _]?", "", text.casefold().rpartition("19e5:")[2])
    generation = _CHIPS.get(wanted, "no generation")
    for row in _deciding(tables.PRODUCTS, "name"):
        names = [name.strip().casefold() for name in row["name"].split(",")]
        chips = [re.sub("^ascend", "", chip) for chip in row["chips"].casefold().split()]
        kin = (row["generation"].casefold(), row["pci"].casefold())
        if row["generation"] == generation or (wanted and wanted in (*names, *kin, *chips)):
            yield Answer(
                PRODUCT,
                row["name"],
                ", ".join(filter(None, _parts_of_product(row))) or "nothing further is known of it",
                "no fault: a product",
                "nothing",
                origin=row.origin,
                source=_source(row.origin, "Ascend/mind-cluster, supported products; hicann/driver"),
            )


def _parts_of_product(row: Row) -> Iterator[str]:
    """Yield what a row says; a site may leave out all but the name."""
    yield row["generation"] and f"generation {row['generation']}"
    yield row["pci"] and f"PCI device 19e5:{row['pci']}"
    yield row["npus"] and f"{_some(row['npus'], 'NPU')} on a node or card"
    yield row["roce_ports"] and _some(row["roce_ports"], "RoCE port")
    yield row["hbm_mb"] and f"HBM of {' or '.join(row.words('hbm_mb'))} MB"
    yield row["topology"] if row["topology"] != "none" else ""


def _some(number: str, noun: str) -> str:
    return f"{number} {noun}{'' if number == '1' else 's'}"


@tables.made_of_tables
def _signatures() -> Tuple[Tuple[Pattern[str], Row], ...]:
    # Of several that match the same text the first is told, so what the site says of it comes before.
    rows = sorted(tables.SIGNATURES.rows(), key=lambda row: row.origin == tables.SIGNATURES.file)
    return tuple((re.compile(row["pattern"], re.IGNORECASE), row) for row in rows)


def _of_text(text: str) -> Iterator[Answer]:
    for pattern, row in _signatures():
        found = pattern.search(text)
        if found:
            harmless = row["action"].startswith(("ignore", "nothing to mend"))
            of_the_tool = bool(row["checks"]) and all(check.startswith("tool.") for check in row.words("checks"))
            yield Answer(
                "text in a log",
                found.group()[:80],
                row["meaning"],
                _HARMLESS if harmless else _UNANSWERED if of_the_tool else _STOPS,
                row["action"],
                row.words("checks"),
                row.origin,
                row["source"],
            )
