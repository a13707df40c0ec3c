"""What is shipped is whole, and its versions are the ones that were tested."""

import email
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_every_module_and_no_test(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    modules = {str(p.relative_to(ROOT)) for p in (ROOT / "analogeq").rglob("*.py")}
    assert modules <= names
    assert "analogeq/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "sim/", "notebooks/"))]


def test_the_wheel_holds_the_subcircuit_library(wheel: zipfile.ZipFile) -> None:
    cells = [p for p in (ROOT / "netlists" / "lib").rglob("*") if p.is_file()]
    assert cells, "netlists/lib is empty"
    for cell in cells:
        shipped = f"analogeq/circuit/netlist/lib/{cell.relative_to(ROOT / 'netlists' / 'lib')}"
        assert wheel.read(shipped) == cell.read_bytes()


def test_the_wheel_says_its_licence_command_and_extras(wheel: zipfile.ZipFile) -> None:
    (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    said = email.message_from_bytes(wheel.read(metadata))
    assert said["License-Expression"] == "GPL-3.0-or-later"
    assert {"onnx", "fast", "cluster", "sensitivity", "dev"} == set(said.get_all("Provides-Extra", []))
    entry = wheel.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    assert "analogeq = analogeq.cli:main" in entry


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {
        canonicalize_name(name): version
        for name, version in (line.split("==") for line in lines if not line.startswith("#"))
    }


def test_constraints_pin_what_is_asked_for_and_within_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [Requirement(text) for text in project["dependencies"]]
    asked += [Requirement(text) for extra in project["optional-dependencies"].values() for text in extra]
    pinned = pins()
    for requirement in asked:
        name = canonicalize_name(requirement.name)
        if name == "analogeq":
            continue
        assert name in pinned, f"{name} is not in constraints.txt; run make lock"
        assert requirement.specifier.contains(pinned[name]), f"{name}: {pinned[name]} is not {requirement.specifier}"


def test_constraints_name_versions_and_one_python_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if re.fullmatch(r"# python 3\.\d+", line)], "set-up reads this line"
    for line in lines:
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line), line


def test_this_environment_is_the_one_the_constraints_name() -> None:
    """Where the constraints apply, what is tested here is what they promise."""
    made_for = re.search(r"# python (\S+)", (ROOT / "constraints.txt").read_text())
    assert made_for is not None
    if made_for[1] != f"{sys.version_info.major}.{sys.version_info.minor}":
        pytest.skip(f"constraints.txt is for Python {made_for[1]}")
    if Path(sys.prefix).resolve() != ROOT / ".venv":
        pytest.skip("not the environment that make setup made")
    from importlib.metadata import version

    assert {name: version(name) for name in ("numpy", "scipy", "pyspice", "matplotlib")} == {
        name: pins()[name] for name in ("numpy", "scipy", "pyspice", "matplotlib")
    }
