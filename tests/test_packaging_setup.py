"""Set-up decides as it says, shown with a Python that only writes down what it is asked."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("sh", "cat", "cksum", "cut", "dirname", "head", "id", "mkdir", "rm", "sed", "tail", "uname", "cp", "chmod")

STUB = r"""#!/bin/sh
echo "$*" >>"$STUB_LOG"
case "$*" in
"-m venv --without-pip "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
"-m venv "*) [ -z "$STUB_NO_VENV" ] && mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip install"*) [ -z "$STUB_NO_PIP" ] || { echo "no matching distribution"; exit 1; } ;;
*"version_info < "*) [ "${STUB_VERSION#3.}" -ge 11 ] ;;
*"print("*"version_info[:2]"*) echo "$STUB_VERSION" ;;
*describe_library*) [ -z "$STUB_NO_NGSPICE" ] && printf '%s\n%s\n' "$0" "ngspice 99" ;;
"--version") echo "Python $STUB_VERSION.0" ;;
esac
"""


@dataclass
class Checkout:
    """A folder with the files that set-up reads, and a machine with nothing but a stub of Python."""

    folder: Path
    made_for: str

    def setup(self, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.folder / "bin"),
            "STUB_LOG": str(self.folder / "log"),
            "STUB_VERSION": self.made_for,
            "STUB_NO_VENV": "",
            "STUB_NO_PIP": "",
            "STUB_NO_NGSPICE": "",
            **variables,
        }
        script = str(self.folder / "scripts" / "setup.sh")
        return subprocess.run([script], env=environment, capture_output=True, text=True, check=False, timeout=60)

    @property
    def asked(self) -> str:
        log = self.folder / "log"
        return log.read_text() if log.exists() else ""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "bin").mkdir()
    (tmp_path / "scripts").mkdir()
    for name in ("pyproject.toml", "constraints.txt", "scripts/setup.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    stub = tmp_path / "bin" / "python3"
    stub.write_text(STUB)
    stub.chmod(0o755)
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    (made_for,) = (line.removeprefix("# python ") for line in lines if line.startswith("# python "))
    return Checkout(tmp_path, made_for)


def test_setup_installs_the_tested_versions_and_says_each_step_once(checkout: Checkout) -> None:
    done = checkout.setup()
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["python", "packages", "ngspice", "setup"]
    assert "-c constraints.txt -e .[dev]" in checkout.asked
    assert "found ngspice 99" in done.stdout


def test_a_second_setup_does_nothing(checkout: Checkout) -> None:
    checkout.setup()
    before = checkout.asked
    done = checkout.setup()
    assert done.stdout.split() == ["setup", "up", "to", "date", "(.venv)"]
    assert "pip" not in checkout.asked.removeprefix(before)


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_a_change_of_requirements_installs_again(checkout: Checkout, changed: str) -> None:
    checkout.setup()
    with (checkout.folder / changed).open("a") as stream:
        stream.write("# changed\n")
    before = checkout.asked
    checkout.setup()
    assert "-m pip install" in checkout.asked.removeprefix(before)


def test_a_checkout_that_was_moved_is_set_up_again(checkout: Checkout) -> None:
    checkout.setup()
    moved = Checkout(checkout.folder.with_name("elsewhere"), checkout.made_for)
    checkout.folder.rename(moved.folder)
    assert "packages" in moved.setup().stdout


def test_another_python_gets_current_versions_and_is_told_so(checkout: Checkout) -> None:
    done = checkout.setup(STUB_VERSION="3.19")
    assert done.returncode == 0
    assert "constraints.txt is for Python" in done.stdout
    assert "-c constraints.txt" not in checkout.asked


def test_an_old_python_is_refused_with_the_remedy(checkout: Checkout) -> None:
    done = checkout.setup(STUB_VERSION="3.9")
    assert done.returncode == 1
    assert "3.11 or newer is needed, found Python 3.9.0" in done.stderr
    assert "make setup PYTHON=" in done.stderr
    assert not (checkout.folder / ".venv").exists()


def test_a_python_that_was_named_is_the_one_used(checkout: Checkout) -> None:
    named = checkout.folder / "bin" / "my-python"
    shutil.copy(checkout.folder / "bin" / "python3", named)
    assert "my-python" in checkout.setup(PYTHON="my-python").stdout
    assert checkout.setup(PYTHON="no-such-python", ANALOGEQ_NGSPICE="skip").returncode == 1


def test_a_machine_that_cannot_make_environments_is_told_what_to_install(checkout: Checkout) -> None:
    done = checkout.setup(STUB_NO_VENV="yes")
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr


def test_when_pip_fails_its_last_words_are_shown(checkout: Checkout) -> None:
    done = checkout.setup(STUB_NO_PIP="yes")
    assert done.returncode == 1
    assert "no matching distribution" in done.stderr
    assert not (checkout.folder / ".venv" / "analogeq-setup.stamp").exists(), "the next set-up tries again"


def test_without_ngspice_setup_ends_well_and_says_what_to_install(checkout: Checkout) -> None:
    done = checkout.setup(STUB_NO_NGSPICE="yes")
    assert done.returncode == 0
    assert "apt-get install libngspice0" in done.stdout
    conda = checkout.setup(STUB_NO_NGSPICE="yes", CONDA_PREFIX="/conda")
    assert "conda install -c conda-forge" in conda.stdout
    assert "packages" not in conda.stdout, "only ngspice is looked for again"


def test_an_ngspice_wish_that_does_not_exist_is_refused(checkout: Checkout) -> None:
    done = checkout.setup(ANALOGEQ_NGSPICE="always")
    assert done.returncode == 1
    assert "none of auto, unpack, skip" in done.stderr


def test_make_names_every_target_with_what_it_does() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not on this machine")
    # Under `make test` the inner make would say which directory it enters.
    command = [make, "--no-print-directory", "help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = {line.split()[1] for line in shown.splitlines()}
    assert targets == {"help", "setup", "demo", "test", "lint", "lock", "clean"}


@pytest.mark.parametrize("script", ["scripts/setup.sh", "scripts/lock.sh", ".ci/run"])
def test_scripts_can_be_run_and_parse(script: str) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    shell = shutil.which("bash") if "bash" in path.read_text().splitlines()[0] else shutil.which("sh")
    assert shell is not None
    subprocess.run([shell, "-n", str(path)], check=True)
    shellcheck = shutil.which("shellcheck")
    if shellcheck is not None:
        subprocess.run([shellcheck, str(path)], check=True)
