"""The index by symptom: what people see in logs and on screens, what it means, and which checks find the cause.

`python -m ascend_doctor.report.symptoms docs/symptoms.md` writes the page.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Iterator, Mapping, Sequence

from ascend_doctor.checks import catalogue
from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.knowledge import tables
from ascend_doctor.knowledge.tables import Row

_HEAD = """# Symptoms

What you see, what it means, and where the doctor looks. `ascend-doctor explain` takes any of it, or a whole line of a
log, and says what to do.
Codes of NPUs (`0x80E01801`) are too many for a page: ask `explain`.
"""
_FAMILIES = {
    "hccl": "HCCL",
    "hccp": "HCCP",
    "runtime": "the runtime",
    "operator": "operators and graphs",
    "torch_npu": "torch_npu",
    "dcmi": "npu-smi",
    "mie": "MindIE",
    "stage": "phases of HCCL",
}


def readable(pattern: str) -> str:
    """Return the first text that a pattern stands for as people read it, with `…` where anything may stand."""
    text = re.sub(r"\(\?!(?:[^()]|\([^()]*\))*\)", "", pattern)
    text = re.sub(r"\(\?:([^()|]*)[^()]*\)\??", r"\1", text)
    text = text.partition("|")[0]
    text = re.sub(r"\[[^\]\\]*\][*+?]*(?<!\\\])", lambda match: match.group()[1], text) if r"\[" not in text else text
    text = re.sub(r"\.[*+]|\\w[*+]|\\S[*+]|\\d[*+]|\\W[*+]", "…", text)
    text = re.sub(r"\\b|\\s\*|,\?|\\\]\?", "", text)
    text = re.sub(r"\\s\+| \?", " ", text)
    text = re.sub(r"(?<=\w)\?", "", text)
    return re.sub(r"\\(.)", r"\1", text)


def page(entries: Mapping[str, Entry]) -> str:
    """Return the page in Markdown. Only checks that are installed are named."""
    return "\n".join((_HEAD, *_texts(entries), *_codes(entries)))


def _texts(entries: Mapping[str, Entry]) -> Iterator[str]:
    yield from ("## Texts", "", "| You see | It means | Checks |", "|---|---|---|")
    for row in sorted(tables.SIGNATURES.rows(), key=lambda row: readable(row["pattern"]).casefold()):
        yield _line(readable(row["pattern"]), row, entries)
    yield ""


def _codes(entries: Mapping[str, Entry]) -> Iterator[str]:
    for family, name in _FAMILIES.items():
        yield from (f"## Codes of {name}", "", "| Code | It means | Checks |", "|---|---|---|")
        for row in tables.ERROR_CODES.rows():
            if row["family"] == family:
                yield _line(row["code"], row, entries)
        yield ""


def _line(seen: str, row: Row, entries: Mapping[str, Entry]) -> str:
    checks = " ".join(f"[`{check}`](checks/{check}.md)" for check in row.words("checks") if check in entries)
    shown = seen.replace("|", "\\|")
    return f"| `{shown}` | {row['meaning']} | {checks} |"


def main(arguments: Sequence[str]) -> int:
    """Write the page into the file that is named; 2 for any other call."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m ascend_doctor.report.symptoms FILE\n")
        return 2
    Path(arguments[0]).write_text(page(catalogue.load()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
