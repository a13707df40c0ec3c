import sys
from pathlib import Path

import pytest

from analogeq.engines.ngspice import library
from analogeq.errors import SimulatorMissingError


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variable, no system library, an empty environment; returns its prefix."""
    monkeypatch.delenv(library.VARIABLE, raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.setattr(library, "_FOLDERS", ())
    monkeypatch.setattr(library.ctypes.util, "find_library", lambda _name: None)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_the_variable_comes_first(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(bare_machine / "lib" / "libngspice.so.0")
    mine = touch(bare_machine / "mine" / "libngspice.so.7")
    monkeypatch.setenv(library.VARIABLE, str(mine))
    assert library.find_library() == mine


def test_a_variable_that_points_nowhere_is_named(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(library.VARIABLE, "/nowhere/libngspice.so")
    with pytest.raises(SimulatorMissingError, match="is not a file"):
        library.find_library()


def test_the_system_comes_before_what_set_up_unpacked(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked = touch(bare_machine / "lib/analogeq-ngspice/usr/lib/x86_64-linux-gnu/libngspice.so.0")
    assert library.find_library() == unpacked
    system = touch(bare_machine / "usr/lib/x86_64-linux-gnu/libngspice.so.0")
    monkeypatch.setattr(library, "_FOLDERS", (str(bare_machine / "usr/lib"),))
    assert library.find_library() == system


def test_conda_and_mac_names_are_known(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = touch(bare_machine / "conda" / "lib" / "libngspice.dylib")
    monkeypatch.setenv("CONDA_PREFIX", str(bare_machine / "conda"))
    assert library.find_library() == found


def test_a_machine_without_the_library_is_told_what_to_install(bare_machine: Path) -> None:
    with pytest.raises(SimulatorMissingError) as missing:
        library.find_library()
    for command in (
        "apt-get install libngspice0",
        "brew install libngspice",
        "conda install -c conda-forge ngspice-lib",
    ):
        assert command in str(missing.value)
    assert missing.value.exit_code == 3


@pytest.mark.ngspice
def test_the_library_tells_its_version_and_solver() -> None:
    found = library.describe_library()
    assert found.path == library.find_library()
    assert int(found.version.split(".")[0]) >= 30
    assert found.solver in ("Sparse 1.3", "KLU")
    assert found.version in found.summary


@pytest.mark.ngspice
def test_a_file_that_is_no_library_is_reported_with_its_path(tmp_path: Path) -> None:
    fake = tmp_path / "libngspice.so.0"
    fake.write_bytes(b"not a library")
    with pytest.raises(SimulatorMissingError, match=r"libngspice\.so\.0 could not be loaded"):
        library.describe_library(fake)
