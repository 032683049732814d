"""Set up and run: `python3 tests/matrix.py test|lint|demo|run|newest ...`. Any Python 3.6 or newer starts it.

The tests run on the oldest and on the newest supported Python that the machine has; the static checks run on the
oldest, because its tools know what it lacks. Everything is installed below `.venv`, from requirements pinned by hash;
the index, or a mirror of it, is whatever pip is configured to use.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
SUPPORTED = [(3, minor) for minor in range(9, 14)]
PURE_TESTS = ["tests/model", "tests/knowledge", "tests/facts", "tests/checks", "tests/wire"]
SHORT_FORMS = "*/test_bench_*.py"
WORKERS = str(min(4, os.cpu_count() or 1))


def main(words):
    """Run one verb."""
    verb, rest = (words[0] if words else "test"), words[1:]
    try:
        if verb == "test":
            return test(rest)
        if verb == "lint":
            return lint(environment(oldest(), "test"))
        if verb == "demo":
            return run(environment(oldest(), "runtime"), "-m", "ascend_doctor.cli.main", "demo", *rest)
        if verb in ("run", "newest"):
            return run(environment(oldest() if verb == "run" else newest(), "test"), *rest)
    except StepError as failure:
        print(f"matrix: {failure}", file=sys.stderr)
        return 1
    print(f"matrix: no verb {verb!r}; there are test, lint, demo, run and newest", file=sys.stderr)
    return 2


class StepError(Exception):
    """A step of the set-up or of the static checks failed; the text says which and what to do."""


# --- which Pythons ---------------------------------------------------------------------------------------------------


def interpreters():
    """Return the supported interpreters of this machine, {(3, minor): path}, each tried out."""
    found = {}
    for candidate in _candidates():
        version = _version(candidate)
        if version in SUPPORTED and version not in found:
            found[version] = candidate
    if not found:
        bounds = f"3.{SUPPORTED[0][1]} to 3.{SUPPORTED[-1][1]}"
        raise StepError(f"no Python {bounds} with venv and ensurepip found; install one and start again")
    return found


def oldest():
    """Return the oldest interpreter as (version, path)."""
    return min(interpreters().items())


def newest():
    """Return the newest interpreter as (version, path)."""
    return max(interpreters().items())


def _candidates():
    names = [f"python3.{minor}" for _, minor in SUPPORTED] + ["python3"]
    for name in names:
        path = shutil.which(name)
        if path:
            yield path
    for home in (os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")):
        if home:
            yield from sorted(str(path) for path in Path(home).glob("versions/3.*/bin/python3"))
    yield sys.executable


def _version(path):
    """Return (major, minor) of an interpreter that works and can make environments, None of any other."""
    probe = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [path, "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(rb"(\d+)\.(\d+)$", done.stdout.strip()) if done.returncode == 0 else None
    return (int(match.group(1)), int(match.group(2))) if match else None


# --- environments ----------------------------------------------------------------------------------------------------


def environment(interpreter, kind):
    """Return the Python of an environment with the pinned requirements of a kind (`runtime`, `test`) and the product.

    The oldest interpreter's environment is `.venv` itself, any other is a folder in it. It is set up again only when
    the requirements changed.
    """
    version, path = interpreter
    name = "python{}.{}".format(*version)
    folder = VENV if interpreter == oldest() else VENV / name
    python = folder / "bin" / "python"
    if _version(str(python)) != version:
        step(f"making {folder.relative_to(ROOT)} with {name}")
        call([path, "-m", "venv", str(folder)])
    wanted = ROOT / "requirements" / f"{kind}.txt"
    mark = folder / f"installed-{kind}"
    state = hashlib.sha256(wanted.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not mark.exists() or mark.read_text() != state:
        step(f"installing requirements/{kind}.txt into {folder.relative_to(ROOT)}; the first time this takes a minute")
        pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        call([*pip, "--require-hashes", "--requirement", str(wanted)])
        call([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
        mark.write_text(state)
    return str(python)


# --- the verbs -------------------------------------------------------------------------------------------------------


def test(words):
    """Static checks, then all tests on the oldest Python with the coverage of the pure floors, then on the newest."""
    found = interpreters()
    first = environment(min(found.items()), "test")
    if words:
        return run(first, "-m", "pytest", *words)
    lint(first)
    title(first, "model, knowledge, facts, checks and wire, with branch coverage")
    call([first, "-m", "coverage", "erase"])
    call([first, "-m", "coverage", "run", "-m", "pytest", "-q", "-n", WORKERS, *PURE_TESTS])
    call([first, "-m", "coverage", "combine", "--quiet"])
    call([first, "-m", "coverage", "report", "--fail-under=100"])
    title(first, "everything else")
    call([first, "-m", "pytest", "-q", "-n", WORKERS, *(f"--ignore={folder}" for folder in PURE_TESTS)])
    if len(found) > 1:
        last = environment(max(found.items()), "test")
        title(last, "everything but the short forms of the benchmarks")
        call([last, "-m", "pytest", "-q", "-n", WORKERS, f"--ignore-glob={SHORT_FORMS}"])
    return 0


def lint(python):
    """Format, lint, types, floors, dependencies, and what is in the wheel. Every tool is pinned."""
    title(python, "static checks")
    call([python, "-m", "ruff", "format", "--check", "--quiet", "."])
    call([python, "-m", "ruff", "check", "--quiet", "."])
    call([python, "-m", "mypy"])
    call([str(Path(python).with_name("lint-imports"))])
    call([str(Path(python).with_name("deptry")), "agent", "checks", "collector", "protos"])
    with tempfile.TemporaryDirectory() as folder:
        call([python, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, str(ROOT)], quiet=True)
        call([str(Path(python).with_name("check-wheel-contents")), folder])
    return 0


def run(python, *words):
    """Run a program in an environment and return its exit status."""
    return subprocess.call([python, *words], cwd=str(ROOT), env=_variables(python))


def call(argv, quiet=False):
    """Run one step and raise `StepError` when it fails; with `quiet` its output is shown only then."""
    kept = subprocess.PIPE if quiet else None
    merged = subprocess.STDOUT if quiet else None
    done = subprocess.run(argv, cwd=str(ROOT), env=_variables(argv[0]), stdout=kept, stderr=merged, check=False)
    if done.returncode:
        if quiet:
            sys.stdout.buffer.write(done.stdout)
        raise StepError(f"exit status {done.returncode} from: {' '.join(map(str, argv))}")


def _variables(python):
    """The environment of a step: the tools of its own environment first on PATH, nothing of an activated one."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    }
    kept["PATH"] = os.pathsep.join([str(Path(python).parent), kept.get("PATH", os.defpath)])
    return kept


def step(text):
    """Say on standard error what is being done."""
    print(f"-- {text}", file=sys.stderr, flush=True)


def title(python, text):
    """Head a part of the output."""
    version = _version(python)
    print(f"\n== Python {version[0]}.{version[1]}: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
