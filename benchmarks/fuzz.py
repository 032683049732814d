"""Looks for an answer that a parser cannot take: `make fuzz` for half an hour, `fuzz.py --seconds 20` for the tests.

Every parser of the doctor gets whatever bytes the fuzzer comes up with, as the answer to its command. It has to return
facts that can be printed as JSON, or say why there are none, in a moment; an exception or a slow answer is a finding.
The seeds are answers of simulated machines of every product and the recorded answers below `tests/cases`.

With atheris (Linux on x86-64, Python 3.12 and newer) the fuzzer follows the branches that an input takes. Without it
the seeds are changed by chance, which finds less. The last line is `fuzz: figure, limit, holds|falls short`.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Iterator, List, Sequence, Tuple

ROOT = Path(__file__).resolve().parent.parent
HALF_AN_HOUR_S = 1800.0
SLOW_S = 2.0
MAX_BYTES = 16_384
HEAD = 3
"""An input starts with two bytes that choose the parser and one that chooses stream and exit code."""

Target = Callable[[bytes], None]


def sources() -> List[Any]:
    """Return the sources of all parsers, in an order that does not change from run to run."""
    from ascend_doctor.facts.catalogue import SOURCES  # noqa: PLC0415 - atheris has to be there before the parsers
    from ascend_doctor.facts.further import FURTHER  # noqa: PLC0415

    return sorted((*SOURCES, *FURTHER), key=lambda source: str(source.name))


class SlowError(Exception):
    """A parser took too long for an answer."""


def target() -> Target:
    """Return what is done with one input."""
    from ascend_doctor.facts.document import document, refusal  # noqa: PLC0415
    from ascend_doctor.model.evidence import Evidence  # noqa: PLC0415
    from ascend_doctor.model.reading import Missing  # noqa: PLC0415

    known = sources()

    def read(data: bytes) -> None:
        if len(data) < HEAD:
            return
        source = known[int.from_bytes(data[:2], "big") % len(known)]
        to_stderr, code = bool(data[2] & 1), data[2] >> 1
        said = data[HEAD:]
        out, err = (b"", said) if to_stderr else (said, b"")
        began = time.process_time()  # not the time that passes: the machine may stand still for a moment
        reading = source.read(Evidence("fuzz", source.argv, exit_code=code, stdout=out, stderr=err))
        shown = refusal(reading) if isinstance(reading, Missing) else document(reading)
        json.dumps(shown, allow_nan=False)
        took_s = time.process_time() - began
        if took_s > SLOW_S:
            raise SlowError(f"{source.name} took {took_s:.1f} s")

    return read


def seeds() -> Iterator[bytes]:
    """Yield inputs to start from: answers of healthy simulated machines, and what the cases of the checks hold."""
    from ascend_doctor.facts.catalogue import query_for_command  # noqa: PLC0415
    from ascend_doctor.probe import recording  # noqa: PLC0415
    from ascend_doctor.simulator import tools  # noqa: PLC0415
    from ascend_doctor.simulator.profiles import PRODUCTS  # noqa: PLC0415

    places = {source.name: number for number, source in enumerate(sources())}
    for product in PRODUCTS.values():
        machine = product.machine("fuzz")
        for source in sources():
            words = [_filled(word) for word in source.argv]
            answer = tools.answer(machine, words, 1_767_225_600.0)
            yield _packed(places[source.name], answer.stdout or answer.stderr, bool(not answer.stdout))
    for folder in sorted(path.parent for path in (ROOT / "tests" / "cases").glob("*/*/recording.yaml")):
        for recorded in recording.read(folder):
            for evidence in recorded.evidence.values():
                query = query_for_command(evidence.argv)
                if query is not None:
                    yield _packed(places[query.source.name], evidence.stdout or evidence.stderr, not evidence.stdout)


def _filled(word: str) -> str:
    return "10.0.0.2" if word == "{address}" else re.sub(r"\{\w+\}", "0", word)


def _packed(place: int, said: bytes, to_stderr: bool) -> bytes:
    return place.to_bytes(2, "big") + bytes([int(to_stderr)]) + said[:MAX_BYTES]


def follow_branches(seconds: float, seed: int, folder: str) -> None:
    """Let atheris look, in a process of its own that it ends itself."""
    import atheris  # noqa: PLC0415 - not on every machine

    with atheris.instrument_imports(include=["ascend_doctor.facts"]):
        sources()
    options = [
        f"-max_total_time={seconds:.0f}",
        f"-seed={seed}",
        f"-max_len={MAX_BYTES + HEAD}",
        f"-artifact_prefix={folder}/finding-",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, f"{folder}/seeds"], target())
    atheris.Fuzz()


def by_chance(seconds: float, seed: int, folder: str) -> None:
    """Change the seeds at random, and keep the first input that is a finding."""
    read, found = target(), [path.read_bytes() for path in sorted(Path(folder, "seeds").iterdir())]
    chance = random.Random(seed or None)
    until = time.monotonic() + seconds
    for count in itertools.count():
        if time.monotonic() > until:
            print(f"Done {count} runs")
            return
        data = changed(chance.choice(found), chance)
        try:
            read(data)
        except Exception:  # whatever it is, it is what we are looking for
            Path(folder, "finding-0").write_bytes(data)
            raise


def changed(data: bytes, chance: random.Random) -> bytes:
    """Return an input with a few changes: bytes replaced, parts cut out, doubled or swapped."""
    body = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, end = sorted(chance.randrange(HEAD, len(body) + HEAD + 1) for _ in range(2))
        kind = chance.randrange(4)
        if kind == 0 and at < len(body):
            body[at] = chance.choice(b"\n\t :|=+-[]0129NA,.%\xff\x00")
        elif kind == 1:
            del body[at:end]
        elif kind == 2:
            body[at:at] = body[at:end]
        else:
            body[at:end] = body[at:end][::-1]
    return bytes(body[: MAX_BYTES + HEAD])


def look(seconds: float, seed: int) -> Tuple[int, int, str]:
    """Fuzz in a child process. Return how many inputs were tried, how many findings there are, and what it said."""
    with tempfile.TemporaryDirectory(prefix="ascend-doctor-fuzz-") as folder:
        place = Path(folder, "seeds")
        place.mkdir()
        for number, given in enumerate(sorted(set(seeds()))):
            place.joinpath(f"{number:05d}").write_bytes(given)
        print(f"{len(sources())} parsers, {len(list(place.iterdir()))} seeds, {seconds:g} s, {_way()}", flush=True)
        words = [sys.executable, __file__, "--child", folder, "--seconds", str(seconds), "--seed", str(seed)]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")  # noqa: PLW1510
        kept = sorted(Path(folder).glob("finding-*"))
        for path in kept:
            print(f"finding: {path.read_bytes()!r}")
        tried = re.search(r"(?:Done |number_of_executed_units: )(\d+)", done.stdout)
        findings = max(len(kept), int(done.returncode != 0))
        return int(tried[1]) if tried else 0, findings, done.stdout


def _way() -> str:
    return "following branches" if importlib.util.find_spec("atheris") else "by chance, because atheris is not here"


def main(words: Sequence[str]) -> int:
    """Look, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=HALF_AN_HOUR_S, help="how long to look")
    parser.add_argument("--seed", type=int, default=0, help="look in the same order again; 0 is by chance")
    parser.add_argument("--child", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.child:
        way = follow_branches if importlib.util.find_spec("atheris") else by_chance
        way(options.seconds, options.seed, options.child)
        return 0
    tried, findings, said = look(options.seconds, options.seed)
    if findings or not tried:
        print(said[-5000:])
    print(f"{tried} inputs tried")
    holds = findings == 0 and tried > 0
    print(f"fuzz: {findings} findings, at most 0 findings, {'holds' if holds else 'falls short'}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
