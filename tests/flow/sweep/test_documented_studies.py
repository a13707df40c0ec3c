"""The studies shown in the documentation are studies."""

import re
from pathlib import Path

import pytest

from analogeq.flow.sweep import points, read_study

ROOT = Path(__file__).parents[3]
BLOCKS = [
    block
    for page in ("README.md", "docs/studies.md")
    for block in re.findall(r"```toml\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    if "[study]" in block
]


def test_there_is_one_on_each_page() -> None:
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_shown_study_can_be_planned_as_it_stands(block: str, tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    # What is shown behind a number sign has to work as well, but for a technology file that is not there.
    opened = re.sub(r"^# (?=[\"])", "", block, flags=re.MULTILINE)
    for text in (block, opened):
        file.write_text(text, encoding="utf-8")
        assert len(points(read_study(file), tmp_path)) >= 9
