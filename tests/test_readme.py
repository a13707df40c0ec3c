"""What the README shows in Python runs as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_there_is_something_to_run() -> None:
    assert BLOCKS


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_runs_as_it_stands(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    exec(compile(block, str(README), "exec"), names)  # noqa: S102  the README's own text
    copy_error, settled_error = map(float, re.findall(r"([\d.]+) %", capsys.readouterr().out))
    # Ten classes by chance are 90 % wrong; three epochs get far below half of that.
    assert settled_error < 20.0
    assert 0.0 <= copy_error <= 100.0
    assert 0 <= int(names["digit"]) <= 9  # type: ignore[call-overload]  # numpy's integer


PAGES = (README, *sorted((README.parent / "docs").glob("*.md")))
LINKS = [(page, path) for page in PAGES for path in re.findall(r"\]\(([^)h][^)]*)\)", page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("page", "path"), LINKS, ids=[path for _, path in LINKS])
def test_a_link_leads_to_a_file(page: Path, path: str) -> None:
    assert (page.parent / path).exists()


def test_the_tables_are_what_the_records_say() -> None:
    checked = subprocess.run([sys.executable, "sim/readme.py", "--check"], cwd=README.parent, timeout=60)
    assert checked.returncode == 0, "run: python sim/readme.py"
