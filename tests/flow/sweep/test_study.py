"""Study files: what they may say, and what is said of what they may not."""

from pathlib import Path

import pytest

from analogeq.errors import InputError
from analogeq.flow.sweep import points, read_study
from analogeq.hardware import technology_from_toml

HEAD = '[study]\nname = "s"\ndata = "iris"\nlayers = [4, 5, 3]\n'


def written(folder: Path, text: str) -> Path:
    (folder / "study.toml").write_text(HEAD + text, encoding="utf-8")
    return folder / "study.toml"


def test_every_combination_of_values_corners_draws_and_seeds_is_a_point(tmp_path: Path) -> None:
    text = """seeds = [0, 1]
    [vary]
    "technology.crossbar.conductance_high" = { from = "10 uS", to = "1000 uS", count = 3, spacing = "log" }
    "training.beta" = [0.1, 0.5]
    [corners.cold]
    "technology.chip.temperature" = "0 degC"
    [corners.hot]
    "technology.chip.temperature" = "85 degC"
    [draw]
    count = 2
    values = { "technology.neuron.node_capacitance" = { mean = "1 pF", sd = "0.1 pF" } }
    """
    every = points(read_study(written(tmp_path, text)), tmp_path)
    assert len(every) == 2 * 3 * 2 * 2 * 2
    chips = [technology_from_toml(one.settings["technology"]) for one in every]
    # A range in decades, read back from text: exact to the digits it is written with.
    assert sorted({round(chip.conductance_high * 1e6, 9) for chip in chips}) == [10.0, 100.0, 1000.0]
    assert {chip.temperature for chip in chips} == {0.0, 85.0}
    assert {one.settings["training"]["beta"] for one in every} == {0.1, 0.5}
    assert len({chip.node_capacitance for chip in chips}) == 2


def test_a_draw_does_not_depend_on_what_else_is_drawn(tmp_path: Path) -> None:
    one = '"technology.neuron.node_capacitance" = { mean = "1 pF", sd = "0.1 pF" }'
    two = one + '\n"technology.chip.temperature" = { low = "0 degC", high = "85 degC" }'
    seen = []
    for text in (one, two):
        every = points(read_study(written(tmp_path, f"[draw]\ncount = 3\n[draw.values]\n{text}\n")), tmp_path)
        seen.append([technology_from_toml(point.settings["technology"]).node_capacitance for point in every])
    assert seen[0] == seen[1]


def test_a_seed_of_the_chip_is_the_number_of_the_draw(tmp_path: Path) -> None:
    text = """[corners.c]
    "technology.crossbar.arrays" = "mirrored"
    [draw]
    count = 3
    values = { "technology.crossbar.mirror_seed" = "number" }
    """
    every = points(read_study(written(tmp_path, text)), tmp_path)
    assert [technology_from_toml(one.settings["technology"]).mirror_seed for one in every] == [0, 1, 2]


def test_points_hold_their_technology_whole_wherever_its_files_were(tmp_path: Path) -> None:
    (tmp_path / "chip.toml").write_text('[chip]\nfamily = "resistive"\n[inputs]\ngain = 7\n', encoding="utf-8")
    study = read_study(written(tmp_path, 'technology = "chip.toml"\n[vary]\n"network.layers" = [[4, 3], [4, 9, 3]]\n'))
    every = points(study, tmp_path)
    assert [one.settings["layers"] for one in every] == [[4, 3], [4, 9, 3]]
    assert technology_from_toml(every[0].settings["technology"]).input_gain == 7.0
    assert str(tmp_path) not in str(every[0].settings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('metrics = ["copy_eror"]\n', "did you mean 'copy_error'"),
        ("[vary]\n'technology.crossbar.levels_of' = [1]\n", "unknown key"),
        ("[vary]\n'crossbar.levels' = [1]\n", "'crossbar' is no beginning of a key"),
        ("[vary]\n'training.betta' = [1]\n", "did you mean 'beta'"),
        ("[vary]\n'technology.chip.rail' = []\n", "technology.chip.rail: '[]': give a list of values, or a range"),
        ("[vary]\n'technology.chip.rail' = '1 V'\n", "technology.chip.rail: '1 V': give a list of values, or a range"),
        ("[vary]\n'technology.dac.gain' = { from = 0, to = 1, count = 100000000 }\n", "at most 100,000"),
        ("[draw]\ncount = 1\nvalues = { 'technology.dac.seed' = 'nmber' }\n", "'nmber': give 'number', {"),
        ("seeds = [-1]\n", "greater than or equal to 0"),
        ("[corners.'../x']\n", "a corner's name"),
        ("[vary]\n'technology.chip.rail' = { from = '1 V', to = '2 mV', count = 3 }\n", "two units"),
        ("[specs.copy_error]\ntyp = 3\n", "give min, max or both"),
        ("[specs.gradient_cosine]\nmin = 0.5\n", "no measured metric"),
        ("[training]\nepoch = 3\n", "did you mean 'epochs'"),
        ("[studdy]\n", "did you mean 'study'"),
        ('technology = "../elsewhere.toml"\n', "outside the study's folder"),
        ("[vary]\n'technology.chip.rail' = ['-1 V']\n", "rail"),
        ("seeds = []\n", "at least 1 item"),
        ("not toml", "is not TOML"),
    ],
)
def test_what_no_study_can_say_is_refused_with_a_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        points(read_study(written(tmp_path, text)), tmp_path)
    assert said in str(refused.value)
