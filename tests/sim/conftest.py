"""Scripts of ``sim/`` as modules: the folder is no package."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SIM = Path(__file__).parents[2] / "sim"


@pytest.fixture(scope="module")
def script(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """Load the script whose file name the test module gives as ``SCRIPT``."""
    path = SIM / request.module.SCRIPT
    spec = importlib.util.spec_from_file_location(f"sim_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]
