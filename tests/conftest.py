"""What all tests share: where the reference material is, when it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Optional

import pytest
from hypothesis import HealthCheck, settings

from certificates import Certificates
from golden import Golden
from postgres import NoServerError, Server

# The same examples in every run, however slow the machine: a landing fails for what it changes, and for nothing else.
# `pytest --hypothesis-profile=default` looks further.
settings.register_profile("landing", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("landing")

ROOT = Path(__file__).resolve().parent.parent


def _material(name: str) -> Optional[Path]:
    folder = ROOT.parent / "shared" / name
    return folder if folder.is_dir() else None


CORPUS = _material("corpus")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of recorded tool output; the test is skipped where it is not laid beside the checkout."""
    if CORPUS is None:
        pytest.skip("no ../shared/corpus beside this checkout: recorded tool output is not tested")
    return CORPUS


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites golden files."""
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


def pytest_configure(config: pytest.Config) -> None:
    """Let the loop be that pytest-asyncio leaves behind: `asyncio.run` in a test after it takes its place, unclosed."""
    config.addinivalue_line("filterwarnings", "ignore:unclosed event loop:ResourceWarning")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """The golden files of the test's own folder."""
    folder = Path(request.path).parent / "golden"
    return Golden(folder, bool(request.config.getoption("--update-golden")))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates of every kind, made once."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, started once."""
    try:
        server = Server()
    except NoServerError as error:
        pytest.skip(str(error))
    try:
        server.start()
        yield server
    finally:
        server.close()
