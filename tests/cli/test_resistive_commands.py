"""Every command on circuits of the resistive family, chosen by the technology file."""

import json
from pathlib import Path

import numpy as np
import pytest

from analogeq.cli.app import run
from analogeq.network import LocalLayer, Maps, MapTopology, map_graph, write_graph

TOML = """
[chip]
family = "resistive"
name = "bench"

[inputs]
gain = 8
"""


@pytest.fixture(scope="module")
def technology(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("chips") / "resistive.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, technology: Path) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "iris"
    code = run(
        ["train", "--data", "iris", "--layers", "4,8,3", "--technology", str(technology), "--epochs", "4",
         "--batch", "4", "--output", str(folder), "--json"]
    )  # fmt: skip
    assert code == 0
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_run_keeps_its_family_and_is_evaluated_and_exported(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert json.loads((trained / "run.json").read_text())["family"] == "resistive"
    found = said(capsys, "evaluate", str(trained))
    assert found["settled_test_error"] < 40.0  # four short epochs; chance is 67
    assert found["copy_test_error"] < 40.0
    for suffix in (".npz", ".safetensors", ".onnx"):
        exported = said(capsys, "export", str(trained), str(tmp_path / f"copy{suffix}"))
        assert exported["metadata"]["gap"]["copy_test_error"] == pytest.approx(found["copy_test_error"])
        assert "each neuron with its own" in exported["metadata"]["activation"]


def test_an_exported_copy_predicts_what_the_run_does(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from analogeq.export import load_copy
    from analogeq.flow.runs import open_run

    opened = open_run(trained)
    x = opened.source.load().x_test
    for suffix, tolerance in ((".npz", 0.0), (".safetensors", 0.0), (".onnx", 1e-4)):  # .onnx is in float32
        path = tmp_path / f"copy{suffix}"
        said(capsys, "export", str(trained), str(path))
        assert load_copy(path)[0].outputs(x) == pytest.approx(opened.copy.outputs(x), abs=tolerance)


def test_resuming_adds_epochs(tmp_path: Path, technology: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = (
        "train", "--data", "iris", "--layers", "4,5,3", "--technology", str(technology), "--batch", "30", "--output",
        str(tmp_path / "run"), "--rule", "coupled-learning", "--beta", "0.2", "--nudging", "positive",
    )  # fmt: skip
    assert said(capsys, *common, "--epochs", "1")["epochs"] == 1
    assert said(capsys, *common, "--epochs", "2", "--resume")["epochs"] == 2


def test_settle_and_compile_take_the_file(technology: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--layers", "3,4,2", "--technology", str(technology), "--inputs", "0.1,-0.9,0.4")
    found = said(capsys, "settle", *arguments)
    assert found["kirchhoff_residual"] < 1e-9
    assert found["voltages"]["h1_0"] >= 0.0
    assert found["voltages"]["h1_3"] <= 0.0  # the diode is turned round
    assert found["one_operating_point"] is True
    assert 0.0 < found["certificate_margin"] <= 1.0
    compiled = said(capsys, "compile", *arguments, "--output", str(tmp_path / "chip.cir"))
    assert compiled["edges"] == 3 * 4 + 4 * 2
    assert "x2_minus" in (tmp_path / "chip.cir").read_text()


def test_amplifiers_that_leave_no_energy_are_remarked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chip = tmp_path / "uneven.toml"
    gains = "voltage_gain = [4.0, 4.0, 1.0, 8.0]\ncurrent_gain = 0.25\n"
    chip.write_text(TOML + "\n[amplifier]\n" + gains, encoding="utf-8")
    arguments = ("compile", "--layers", "3,2,2,2", "--technology", str(chip), "--output", str(tmp_path / "chip.cir"))
    assert "no function is minimised" in said(capsys, *arguments)["remark"]
    chip.write_text(TOML + "\n[amplifier]\nvoltage_gain = 4\ncurrent_gain = 0.25\n", encoding="utf-8")
    assert said(capsys, *arguments)["remark"] == ""


@pytest.mark.ngspice
def test_both_engines_settle_alike(technology: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("settle", "--layers", "3,4,2", "--technology", str(technology), "--inputs", "0.1,-0.9,0.4")
    native = said(capsys, *arguments)["voltages"]
    assert said(capsys, *arguments, "--engine", "ngspice")["voltages"] == pytest.approx(native, abs=1e-9)


def test_compare_counts_sweeps(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "compare", str(trained), "--samples", "5", "--horizon", "20", "--output", str(tmp_path))
    assert {row["unit"] for row in found["rows"]} == {"steps"}
    assert {row["start"] for row in found["rows"]} == {"zero", "copy"}
    by = {(row["start"], row["threshold"]): row["median"] for row in found["rows"]}
    assert by["zero", 1e-6] > by["zero", 1e-2] >= 1
    assert all(Path(file).stat().st_size > 0 for file in found["files"])


def test_gradient_check_takes_runs_and_files(
    trained: Path, technology: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = said(
        capsys, "gradient-check", "--layers", "4,5,2", "--technology", str(technology), "--output", str(tmp_path / "a")
    )
    assert fresh["remark"] == ""
    assert min(row["loss"] for row in fresh["proposals"]) < 1e-6
    of_run = said(capsys, "gradient-check", str(trained), "--betas", "0.01", "--output", str(tmp_path / "b"))
    assert of_run["samples"] == 20


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--tether", "0.1"], "--tether: belongs to circuits of the hopfield family"),
        (["--free-time", "3"], "--free-time: belongs to"),
        (["--cost", "hinge"], "cross-entropy"),
        (["--rates", "0.1,0.1,0.1"], "3 rates"),
        (["--nudging", "both"], "centred"),
    ],
)
def test_bad_options_return_2_and_say_why(
    more: list[str], named: str, technology: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "--data", "iris", "--layers", "4,8,3", "--technology", str(technology)]
    assert run([*arguments, "--output", str(tmp_path / "unused"), *more]) == 2
    assert named in " ".join(capsys.readouterr().err.split())


def test_an_option_of_resistive_circuits_is_refused_for_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "--data", "iris", "--layers", "4,8,3", "--sweeps", "4", "--output", str(tmp_path / "unused")]
    assert run(arguments) == 2
    assert "--sweeps: belongs to circuits of the resistive family" in " ".join(capsys.readouterr().err.split())


def test_an_unknown_family_of_the_demo_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--family", "digital", "--output", str(tmp_path)]) == 2
    assert "hopfield or resistive" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".graphml", ".csv"])
def test_a_convolution_in_a_graph_file_is_trained_resumed_and_evaluated(
    suffix: str, technology: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from analogeq.flow.runs import open_run

    topology = MapTopology(Maps(1, 2, 2), (LocalLayer(6, 2, 1, 1, shared=True),), (3,))
    drawing, folder = tmp_path / f"conv{suffix}", tmp_path / "run"
    write_graph(map_graph(topology), drawing)
    common = ("train", "--data", "iris", "--graph", str(drawing), "--technology", str(technology), "--batch", "4")
    said(capsys, *common, "--epochs", "1", "--output", str(folder))
    assert said(capsys, *common, "--epochs", "4", "--output", str(folder), "--resume")["epochs"] == 4
    assert said(capsys, "evaluate", str(folder))["settled_test_error"] < 40.0  # four short epochs; chance is 67
    run_again = open_run(folder)
    circuit, learned = run_again.circuit, run_again.parameters
    kernel = learned.weights[circuit.wiring.blocks[0].edges]
    assert len(kernel) == 2 * 6 * 16  # of nine positions four see one pixel, four two and one all: 16 edges a map
    assert len(np.unique(circuit.tied[0])) == 2 * 6 * 4
    assert len({(group, g) for group, g in zip(circuit.tied[0].tolist(), kernel.tolist(), strict=True)}) == 2 * 6 * 4
    assert [len(set(own.tolist())) for own in np.split(learned.biases[:54], 6)] == [1] * 6


def test_shared_kernels_are_refused_for_the_other_family(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawing = tmp_path / "conv.graphml"
    write_graph(map_graph(MapTopology(Maps(1, 2, 2), (LocalLayer(2, 2, 1, 1, shared=True),), (3,))), drawing)
    assert run(["train", "--data", "iris", "--graph", str(drawing), "--output", str(tmp_path / "unused")]) == 2
    assert "give a technology of family 'resistive'" in " ".join(capsys.readouterr().err.split())


@pytest.mark.ngspice
@pytest.mark.parametrize("kind", ["1n4148-pair", "double-shockley", "diode-pair"])
def test_a_network_without_hidden_nodes_has_no_bias_sources_and_settles_alike(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chip = tmp_path / "chip.toml"
    keys = 'saturation_current = "1 uA"\nthermal_voltage = "50 mV"\n' if "1n" not in kind else ""
    levels = 'offset = "0.5 V"\n' if kind == "double-shockley" else 'upper = "0.5 V"\nlower = "-0.5 V"\n'
    text = f'[chip]\nfamily = "resistive"\n[device]\nkind = "{kind}"\n'
    chip.write_text(text + keys + levels, encoding="utf-8")
    arguments = ("settle", "--layers", "4,3", "--technology", str(chip), "--inputs", "0.2,0.9,0.4,0")
    native = said(capsys, *arguments, "--json")["voltages"]
    spice = said(capsys, *arguments, "--engine", "ngspice", "--json")["voltages"]
    assert spice == pytest.approx(native, abs=1e-9)  # a linear circuit
    assert run(["compile", *arguments[1:], "--output", str(tmp_path / "net.cir")]) == 0
