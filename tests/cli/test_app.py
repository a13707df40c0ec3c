"""The command line as a user meets it: exit codes, help, JSON."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from analogeq.cli.app import app, run

COMMANDS = (
    *("demo", "doctor", "compile", "settle", "train", "evaluate", "compare", "export", "gradient-check"),
    *("sweep", "merge", "sensitivity", "report"),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "iris"
    code = run(
        [
            "train",
            "--data",
            "iris",
            "--layers",
            "4,6,3",
            "--epochs",
            "2",
            "--batch",
            "20",
            "--output",
            str(folder),
            "--json",
        ]
    )
    assert code == 0
    return folder


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert f"analogeq {command}" in capsys.readouterr().out.replace("\n", " ")


def test_paragraphs_of_the_help_are_one_line_each_for_the_terminal_to_break() -> None:
    for command in app.registered_commands:
        assert command.help
        assert all("\n" not in paragraph for paragraph in command.help.split("\n\n"))


def test_options_of_one_family_stand_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--help"]) == 0
    printed = capsys.readouterr().out
    _, resistive = printed.split("Circuits of the resistive family")
    assert "--sweeps" in resistive
    assert "--tether" not in resistive


def test_every_command_is_in_the_list_above() -> None:
    names = {c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands}
    assert names == set(COMMANDS)


def test_no_command_prints_the_help_and_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert "doctor" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["settle", "--layers", "4,x,2"], "64,100,10"),
        (["settle", "--layers", "4,0,2"], "layer 1"),
        (["settle"], "--layers"),
        (["train", "--layers", "4,6,3", "--data", "iris", "--copy-loss", "cubed", "--output", "x"], "matching"),
        (
            ["train", "--layers", "4,6,3", "--data", "iris", "--first-spread", "0.5", "--output", "x"],
            "resistive family",
        ),
        (["train", "--layers", "4,6,3", "--data", "iris", "--copy-activation", "soft", "--output", "x"], "knees"),
        (["settle", "--layers", "2,2", "--inputs", "0.5"], "2 inputs"),
        (["settle", "--layers", "2,2", "--inputs", "nan,0"], "finite"),
        (["settle", "--layers", "2,2", "--inputs", "0.5,7"], "signal 7"),
        (["settle", "--layers", "2,2", "--scale", "nan"], "--scale nan"),
        (["settle", "--layers", "2,2", "--scale", "-1"], "--scale -1"),
        (["compare", "--layers", "2,2", "--horizon", "1e9"], "100000"),
        (["compare", "--layers", "2,2", "--samples", "100000000"], "1 to 10,000"),
        (["gradient-check", "--layers", "2,2", "--betas", "1e300"], "1e-09 and 1e+09"),
        (["gradient-check", "--layers", "2,2", "--noise", "1e300"], "between 0 and 1e+09"),
        (["train", "--layers", "4,6,3", "--data", "iris", "--beta", "nan", "--output", "x"], "beta nan"),
        (["train", "--layers", "4,6,3", "--data", "iris", "--tether", "inf", "--output", "x"], "tether inf"),
        (["settle", "--layers", "2,2", "--waveform", "x.csv", "--duration", "-1"], "--duration -1"),
        (["settle", "--layers", "2,2", "--waveform", "x.txt"], "end the name in .csv"),
        (["settle", "--layers", "2,2", "--engine", "hspice"], "hspice"),
        (["settle", "--graph", "/nowhere.graphml"], "no such file"),
        (["train", "--layers", "4,6,3", "--data", "irs", "--output", "unused"], "iris"),
        (["train", "--layers", "5,6,3", "--data", "iris", "--output", "unused"], "4 inputs"),
        (["train", "--layers", "4,6,3", "--data", "iris", "--rates", "0.1,0.1,0.1", "--output", "unused"], "3 rates"),
        (["evaluate", "/nowhere"], "run.json"),
    ],
)
def test_bad_input_returns_2_and_names_what_is_wrong(
    arguments: list[str],
    named: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    shown = " ".join(capsys.readouterr().err.split())
    assert named in shown
    assert "Traceback" not in shown


def test_an_unknown_option_returns_2() -> None:
    assert run(["settle", "--lairs", "2,2"]) == 2


def test_settle_prints_every_node_to_full_precision(capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "settle", "--layers", "3,4,2", "--inputs", "0.1,0.9,0.4", "--seed", "1")
    assert list(found["voltages"]) == ["h1_0", "h1_1", "h1_2", "h1_3", "y0", "y1"]
    assert found["kirchhoff_residual"] < 1e-11  # a millionth of G0 times the rail
    assert run(["settle", "--layers", "3,4,2", "--inputs", "0.1,0.9,0.4", "--seed", "1"]) == 0
    assert f"{found['voltages']['y0']:.9f} V" in capsys.readouterr().out


@pytest.mark.ngspice
def test_both_engines_settle_alike(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("settle", "--layers", "3,4,2", "--inputs", "0.1,0.9,0.4", "--scale", "0.5")
    native = _json(capsys, *arguments)["voltages"]
    spice = _json(capsys, *arguments, "--engine", "ngspice")["voltages"]
    assert spice == pytest.approx(native, abs=1e-6)


@pytest.mark.ngspice
def test_a_compiled_netlist_runs_in_ngspice_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ngspice_program: str
) -> None:
    netlist = tmp_path / "toy.cir"
    found = _json(capsys, "compile", "--layers", "3,4,2", "--inputs", "0.1,0.9,0.4", "--output", str(netlist))
    assert found["nodes"] == 6
    command = [ngspice_program, "-b", str(netlist)]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert printed.returncode == 0
    assert "y1" in printed.stdout


@pytest.mark.ngspice
def test_the_doctor_is_content_and_says_with_what(capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "doctor")
    assert all(check["passed"] for check in found["checks"])
    assert {"native: divider", "ngspice: clamped node"} <= {check["name"] for check in found["checks"]}
    assert found["simulator"]["version"]


def test_the_doctor_says_what_to_install_where_there_is_no_simulator(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", "/nowhere/libngspice.so.0")
    assert run(["doctor"]) == 3
    assert "ngspice" in capsys.readouterr().out


def test_a_run_can_be_evaluated_and_exported(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "evaluate", str(trained))
    assert 0.0 <= found["copy_test_error"] <= 100.0
    assert found["samples"] > 0
    exported = _json(capsys, "export", str(trained), str(tmp_path / "copy.npz"))
    assert Path(exported["file"]).exists()
    assert exported["metadata"]["gap"]["copy_test_error"] == pytest.approx(found["copy_test_error"])


def test_a_run_is_priced_with_formulas_on_request(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["what"]: row for row in _json(capsys, "evaluate", str(trained), "--cost")["cost"]}
    assert rows["time constant"]["value"] == pytest.approx(1e-7)  # 1 pF over 10 uS
    assert all(row["formula"] and row["assumptions"] for row in rows.values())
    assert run(["evaluate", str(trained), "--cost"]) == 0
    printed = capsys.readouterr().out
    assert "C / G0" in printed
    assert "not stated" in printed
    assert "cost" not in _json(capsys, "evaluate", str(trained))


def test_a_folder_with_a_run_is_not_overwritten(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", "--data", "iris", "--layers", "4,6,3", "--epochs", "2", "--output", str(trained)]
    assert run(arguments) == 2
    assert "--resume" in capsys.readouterr().err


def test_resuming_adds_epochs_to_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ("train", "--data", "iris", "--layers", "4,5,3", "--batch", "30", "--output", str(tmp_path / "run"))
    assert _json(capsys, *common, "--epochs", "1")["epochs"] == 1
    assert _json(capsys, *common, "--epochs", "3", "--resume")["epochs"] == 3


def test_the_copy_s_loss_and_activation_are_the_run_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chip = tmp_path / "chip.toml"
    chip.write_text('[clamp]\nkind = "diode"\n')
    arguments = ["--layers", "4,6,3", "--epochs", "1", "--data", "iris", "--technology", str(chip)]
    _json(capsys, "train", *arguments, "--output", str(tmp_path / "hard"))
    options = ("--copy-loss", "matching", "--copy-activation", "knees")
    _json(capsys, "train", *arguments, *options, "--output", str(tmp_path / "knees"))
    written = json.loads((tmp_path / "knees" / "run.json").read_text())["training"]
    assert (written["copy_loss"], written["copy_activation"]) == ("matching", "knees")
    hard, knees = (_json(capsys, "evaluate", str(tmp_path / name))["gap"] for name in ("hard", "knees"))
    assert knees < hard  # signals beyond the rails can be reached


def test_compare_writes_table_and_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(
        capsys, "compare", "--layers", "3,5,2", "--samples", "2", "--engines", "native", "--output", str(tmp_path)
    )
    assert all(Path(f).stat().st_size > 0 for f in found["files"])
    by = {(r["method"], r["start"], r["threshold"]): r for r in found["rows"]}
    slow, fast = by["circuit (native)", "zero", 1e-6], by["circuit (native)", "zero", 1e-2]
    assert slow["median"] > fast["median"] > 0.0
    assert {r["unit"] for r in found["rows"]} == {"time constants", "steps"}


def test_ctrl_c_saves_and_prints_the_command_that_goes_on(tmp_path: Path) -> None:
    data = tmp_path / "much.npz"
    rng = np.random.default_rng(0)
    np.savez(data, x=rng.random((3000, 4)), y=np.arange(3000) % 3)
    command = [
        sys.executable, "-m", "analogeq", "train", "--data", str(data), "--layers", "4,20,3", "--epochs", "500",
        "--batch", "2", "--output", str(tmp_path / "run"),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "run.json").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.0)
    os.kill(process.pid, signal.SIGINT)
    shown, _ = process.communicate(timeout=60)
    assert process.returncode == 130, shown
    assert "--resume" in shown
    assert (tmp_path / "run" / "checkpoint.npz").exists()


def test_a_nudge_that_leaves_no_equilibrium_returns_4_and_says_what_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "--data", "iris", "--layers", "4,6,3", "--beta", "-5", "--nudging", "one-sided"]
    assert run([*arguments, "--nudged-time", "0", "--epochs", "1", "--output", str(tmp_path / "run")]) == 4
    assert "raise beta" in " ".join(capsys.readouterr().err.split())


DRAWN = "source,target,role,weight,bias\nx,,input,,\nh,,hidden,,0.25\ny,,output,,\nx,h,,0.5,\nh,y,,{weight},\n"


def _drawn(folder: Path, weight: str) -> str:
    file = folder / "net.csv"
    file.write_text(DRAWN.format(weight=weight), encoding="utf-8")
    return str(file)


def test_weights_and_biases_drawn_in_a_graph_are_those_that_settle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # one way round by hand: h = 0.25 + 0.5 * 0.6 + 0.4 y and y = 0.4 h
    found = _json(capsys, "settle", "--graph", _drawn(tmp_path, "0.4"), "--inputs", "0.6")
    h = 0.55 / (1.0 - 0.4**2)
    assert found["voltages"] == pytest.approx({"h": h, "y": 0.4 * h}, abs=1e-9)  # Newton's last step
    assert "net.csv" in found["weights"]


def test_weights_out_of_range_are_counted_when_they_settle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["settle", "--graph", _drawn(tmp_path, "40"), "--inputs", "0.6"]) == 0
    assert "1 of 2 weights are out of the range" in capsys.readouterr().out


@pytest.mark.parametrize("weight", ["nan", ""])
def test_a_graph_with_a_weight_that_is_none_is_refused(
    weight: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compile", "--graph", _drawn(tmp_path, weight), "--output", str(tmp_path / "net.cir")]) == 2
    assert "'h' to 'y': weight" in capsys.readouterr().err


def test_a_resistive_circuit_takes_drawn_weights_for_conductances_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph, chip = _drawn(tmp_path, "0.25"), tmp_path / "chip.toml"
    chip.write_text('[chip]\nfamily = "resistive"\n[biases]\ncurrents = "none"\n', encoding="utf-8")
    assert run(["settle", "--graph", graph, "--technology", str(chip), "--inputs", "0.6"]) == 2
    assert 'kind = "single"' in capsys.readouterr().err
    divider = "source,target,role,weight\nx,,input,\nz,,input,\nh,,hidden,\ny,,output,\nx,h,,0.5\nz,h,,0.25\nh,y,,1\n"
    Path(graph).write_text(divider, encoding="utf-8")
    chip.write_text(chip.read_text() + '[inputs]\nkind = "single"\n[device]\nkind = "none"\n', encoding="utf-8")
    found = _json(capsys, "settle", "--graph", graph, "--technology", str(chip), "--inputs", "0.6,0")
    assert found["voltages"] == pytest.approx({"h": 0.4, "y": 0.4}, abs=1e-12)  # a divider of 0.5 S and 0.25 S
    assert "net.csv" in found["weights"]


def test_training_says_that_it_leaves_drawn_weights_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "own.npz", x=np.linspace(0.0, 1.0, 24)[:, None], y=np.arange(24) // 12)
    graph = tmp_path / "net.csv"
    two = "y,,output,,\nz,,output,,\n"
    graph.write_text(DRAWN.format(weight="0.4").replace("y,,output,,\n", two) + "h,z,,0.1,\n", encoding="utf-8")
    arguments = ["--data", str(tmp_path / "own.npz"), "--epochs", "1", "--output", str(tmp_path / "run")]
    assert run(["train", "--graph", str(graph), *arguments]) == 0
    assert "starts from random ones" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("where", ["file.txt/net.cir", "."])
def test_a_place_that_cannot_be_written_is_named_as_it_was_given(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file.txt").write_text("a file", encoding="utf-8")
    assert run(["compile", "--layers", "2,2", "--output", str(tmp_path / where)]) == 1
    shown = capsys.readouterr().err
    assert f"error: {tmp_path / where}: " in shown
    assert "Errno" not in shown


def test_a_network_that_does_not_fit_into_memory_fails_with_advice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise MemoryError("Unable to allocate 74.5 GiB")

    monkeypatch.setattr("analogeq.cli.circuits.build_circuit", full)
    assert run(["compile", "--layers", "100000,100000,10", "--output", str(tmp_path / "net.cir")]) == 1
    assert "74.5 GiB" in capsys.readouterr().err


def test_a_technology_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    chip = tmp_path / "chip.toml"
    chip.write_bytes(b'\xef\xbb\xbf[chip]\nrail = "1 V"\n')
    assert run(["compile", "--layers", "2,2", "--technology", str(chip), "--output", str(tmp_path / "net.cir")]) == 0


def test_ctrl_c_in_a_study_says_that_what_is_finished_is_kept_and_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("analogeq.cli.sweep.sweep", interrupted)
    monkeypatch.setattr("sys.argv", ["analogeq", "sweep", "my study.toml"])
    assert run(["sweep", "my study.toml", "--output", str(tmp_path)]) == 130
    assert "go on with: analogeq sweep 'my study.toml'" in capsys.readouterr().err


def test_a_waveform_begins_at_zero_and_ends_where_the_circuit_settles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wave.csv"
    # One neuron of weight 0.5 charges as 0.3 V (1 - e^(-t/tau)), in closed form.
    (tmp_path / "net.csv").write_text("source,target,role,weight\nx,,input,\ny,,output,\nx,y,,0.5\n", encoding="utf-8")
    arguments = ("settle", "--graph", str(tmp_path / "net.csv"), "--inputs", "0.6", "--waveform", str(file))
    found = _json(capsys, *arguments, "--duration", "30")
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    times = np.array([float(row["time_s"]) for row in rows])
    volts = np.array([float(row["y_V"]) for row in rows])
    assert volts == pytest.approx(0.3 * (1.0 - np.exp(-times / 1e-7)), abs=1e-6)  # the engine's tolerance
    assert volts[-1] == pytest.approx(found["voltages"]["y"], abs=1e-6)
    assert [Path(name).suffix for name in found["files"]] == [".csv", ".png"]
    assert (tmp_path / "wave.png").stat().st_size > 0


@pytest.fixture
def broken(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "broken"))


@pytest.mark.parametrize(
    ("file", "text", "command", "said"),
    [
        ("run.json", "{}", "evaluate", "run.json: is not as train writes it"),
        ("run.json", '{"network": 3}', "evaluate", "run.json: is not as train writes it"),
        ("technology.toml", None, "evaluate", "technology.toml: is missing"),
        ("technology.toml", "[chip", "evaluate", "technology.toml: is not TOML"),
        ("checkpoint.npz", None, "evaluate", "left no checkpoint"),
        ("history.jsonl", "garbage\n", "report", "history.jsonl: damaged"),
        ("history.jsonl", None, "report", "holds no epoch"),
        ("study.json", "{}", "report", "study.json: is not as analogeq sweep writes it"),
        ("study.json", '{"study', "report", "study.json: is not as analogeq sweep writes it"),
    ],
)
def test_a_damaged_run_is_told_by_its_file(
    file: str, text: str | None, command: str, said: str, broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is None:
        (broken / file).unlink()
    else:
        (broken / file).write_text(text, encoding="utf-8")
    assert run([command, str(broken)]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_run_is_not_resumed_on_another_chip_or_network(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chip = broken.parent / "chip.toml"
    chip.write_text('[chip]\nrail = "2 V"\n', encoding="utf-8")
    before = {file.name: file.read_bytes() for file in broken.iterdir()}
    common = ["train", "--data", "iris", "--epochs", "3", "--batch", "20", "--output", str(broken), "--resume"]
    assert run([*common, "--layers", "4,6,3", "--technology", str(chip)]) == 2
    assert "another chip" in capsys.readouterr().err
    assert run([*common, "--layers", "4,7,3"]) == 2
    assert "another network" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in broken.iterdir()} == before
    assert run([*common, "--layers", "4,6,3"]) == 0


def test_prices_are_printed_on_request_only_however_wide_the_terminal(
    trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert run(["evaluate", str(trained)]) == 0
    assert "formula" not in capsys.readouterr().out
    assert run(["evaluate", str(trained), "--cost"]) == 0
    wide = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "70")
    assert run(["evaluate", str(trained), "--cost"]) == 0
    narrow = capsys.readouterr().out
    assert "takes as given" in wide.splitlines()[4]
    assert "time constant: 100" in narrow
    assert all("C / G0" in printed for printed in (wide, narrow))
