"""Sensitivities: closed forms of a known function, and a study from file to figure."""

from pathlib import Path

import numpy as np
import pytest

from analogeq.cli.app import run as command
from analogeq.errors import InputError
from analogeq.flow.sweep import sensitivity as module
from analogeq.flow.sweep.axes import Uniform
from analogeq.flow.sweep.running import Sweeping
from analogeq.flow.sweep.study import Sensitivity

TEXT = """[study]
name = "which"
data = "iris"
layers = [4, 5, 3]
train = 30
samples = 6
metrics = ["gradient_cosine"]
[training]
epochs = 1
[corners.tt]
"technology.crossbar.arrays" = "mirrored"
[sensitivity]
metric = "gradient_cosine"
[sensitivity.ranges]
"technology.crossbar.mirror_mismatch" = { low = 0.0, high = 0.5 }
"technology.neuron.node_capacitance" = { low = "0.5 pF", high = "2 pF" }
"""


def asked(count: int, samples: int) -> Sensitivity:
    return Sensitivity(
        metric="copy_error", samples=samples, ranges={f"p{k}": Uniform(low=0.0, high=1.0) for k in range(count)}
    )


def test_indices_of_the_ishigami_function_are_the_closed_ones() -> None:
    # Ishigami and Homma (1990), a = 7, b = 0.1: S1 = 0.3139, 0.4424, 0; ST = 0.5576, 0.4424, 0.2437.
    pytest.importorskip("SALib", reason="variance-based indices are the optional extra 'sensitivity'")
    request = asked(3, 2048)
    x = np.pi * (2.0 * module._shares(request) - 1.0)
    values = np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = {one.key: one for one in module.analyse(request, values).influences}
    # Sobol's estimates converge as 1/N and better; at N = 2048 within a few hundredths.
    assert [found[f"p{k}"].first for k in range(3)] == pytest.approx([0.3139, 0.4424, 0.0], abs=0.03)
    assert [found[f"p{k}"].total for k in range(3)] == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.03)


def test_one_at_a_time_reads_a_linear_function_off_and_sorts_by_swing() -> None:
    request = asked(3, 0)
    shares = module._shares(request)
    assert shares.shape == (7, 3)
    found = module.analyse(request, 10.0 + shares @ np.array([1.0, -5.0, 2.0]))
    assert [one.key for one in found.influences] == ["p1", "p2", "p0"]
    assert found.middle == 9.0
    assert (found.influences[0].at_low, found.influences[0].at_high) == (11.5, 6.5)
    assert found.influences[0].total is None


def test_mismatch_moves_the_gradient_and_the_capacitance_hardly_does(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(TEXT, encoding="utf-8")
    assert command(["sensitivity", str(file), "--output", str(tmp_path / "out")]) == 0
    found = module.sensitivity(file, tmp_path / "out", Sweeping())
    first, second = found.influences
    assert first.key == "technology.crossbar.mirror_mismatch"
    # Times count in C/G0, so the capacitance scales the clock and nothing else; rounding of the times is left.
    assert second.swing < 1e-6 < first.swing
    assert (tmp_path / "out" / "sensitivity.png").stat().st_size > 0


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(TEXT.split("[sensitivity]")[0], encoding="utf-8")
    with pytest.raises(InputError, match="no table"):
        module.sensitivity(file, tmp_path, Sweeping())
    file.write_text(TEXT.replace('metric = "gradient_cosine"\n[sens', 'metric = "gap"\n[sens'), encoding="utf-8")
    with pytest.raises(InputError, match="no measured metric"):
        module.sensitivity(file, tmp_path, Sweeping())
    with pytest.raises(ValueError, match="powers of 2"):
        asked(2, 12)
