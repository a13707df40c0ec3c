"""Options and markers every test shares."""

import os
import shutil

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("analogeq", deadline=None, print_blob=True)
settings.load_profile("analogeq")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests that take minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes; run with --slow"))


@pytest.fixture(autouse=True)
def _ngspice_or_skip(request: pytest.FixtureRequest) -> None:
    """A test that needs ngspice skips on a laptop without it; where CI is set its absence fails."""
    if request.node.get_closest_marker("ngspice") is None:
        return
    from analogeq.engines.ngspice.library import find_library
    from analogeq.errors import SimulatorMissingError

    try:
        find_library()
    except SimulatorMissingError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def ngspice_program() -> str:
    """Find the program, which some systems pack apart from the library; where CI is set its absence fails."""
    found = shutil.which("ngspice")
    if found is None:
        missing = "the program ngspice is not here, and this test runs a netlist with it"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found
