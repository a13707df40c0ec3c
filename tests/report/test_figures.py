"""The figures show what they were given, in their own style and nobody else's."""

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from analogeq.errors import InputError
from analogeq.report import (
    DistanceCurve,
    LearningCurve,
    PhaseStory,
    PhaseVoltages,
    SettlingTrace,
    agreement_figure,
    confusion_figure,
    convergence_figure,
    flow_figure,
    learning_curve_figure,
    save_figure,
    settling_figure,
)

TAU = 1e-7


def settled(synthetic) -> Figure:
    return settling_figure(synthetic.traces, synthetic.network.outputs, TAU, 1.0, target=1, nudged_at=8 * TAU)


def story() -> PhaseStory:
    times = np.linspace(0.0, 12.0, 25)
    voltages = np.outer(1.0 - np.exp(-times), [0.2, 0.9, 0.4])
    return PhaseStory(times, voltages, np.array([2]), np.array([1.0]), 8.0)


@pytest.fixture(scope="module")
def every_figure(synthetic) -> dict[str, Figure]:
    return {
        "settling": settled(synthetic),
        "learning": learning_curve_figure(synthetic.curves),
        "convergence": convergence_figure(synthetic.distances),
        "agreement": agreement_figure(synthetic.phases, 1e-6),
        "confusion": confusion_figure(np.array([0, 1, 1]), np.array([0, 1, 0]), ("a", "b")),
        "flow": flow_figure((3, 4, 2), ("c0 n0 0 1e-12 ic=0.0",), story()),
    }


def texts(figure: Figure) -> list[str]:
    return [t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_text()]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_numbers_give_the_same_bytes(synthetic, tmp_path: Path, suffix: str) -> None:
    first = save_figure(settled(synthetic), tmp_path / f"one{suffix}")
    second = save_figure(settled(synthetic), tmp_path / f"two{suffix}")
    assert first.read_bytes() == second.read_bytes()
    assert len(first.read_bytes()) > 5_000, "a picture, not an empty page"
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"one{suffix}", f"two{suffix}"]


def test_every_figure_can_be_saved_and_changes_nobody_elses_plots(every_figure, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    for name, figure in every_figure.items():
        head = save_figure(figure, tmp_path / f"{name}.png").read_bytes()[:8]
        assert head == b"\x89PNG\r\n\x1a\n"
    assert dict(mpl.rcParams) == before


def test_a_figure_of_another_format_is_refused(synthetic, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.png, \.svg, \.pdf"):
        save_figure(settled(synthetic), tmp_path / "figure.bmp")


def test_pyplot_is_never_imported() -> None:
    code = "import sys, analogeq.report; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_axes_carry_units(every_figure) -> None:
    expected = {
        "settling": {"time [τ]", "node voltage [V]", "time [µs]"},
        "learning": {"test error [%]", "epoch", "|copy − circuit|\n[fraction of rail]"},
        "convergence": {"time [τ]", "distance to the fixed point\n[fraction of rail]"},
        "agreement": {"ngspice [V]", "native [V]", "|native − ngspice| [V]"},
        "flow": {"time [τ]", "node voltage [V]"},
    }
    for name, labels in expected.items():
        assert labels <= set(texts(every_figure[name])), name


def test_settling_draws_lines_rings_and_dots_of_the_outputs(synthetic) -> None:
    axes = settled(synthetic).axes[0]
    n_hidden, n_outputs = synthetic.network.n_nodes - 4, 4
    drawn = [line for line in axes.lines if len(line.get_xdata()) > 2]
    marked = [line for line in drawn if line.get_marker() == "o"]
    assert len(drawn) - len(marked) == n_hidden + n_outputs, "the reference waveform of every node"
    assert len(marked) == 2 * n_outputs, "rings and dots of the outputs alone"
    dots = [line for line in marked if len(line.get_xdata()) == 21]
    np.testing.assert_allclose(dots[0].get_xdata(), 0.5 * np.arange(21), atol=1e-12)  # rounding of t·tau/tau
    np.testing.assert_array_equal(dots[2].get_ydata(), synthetic.traces[2].voltages[:, synthetic.network.outputs[2]])


def test_the_upper_axis_shows_the_same_time_in_seconds(synthetic) -> None:
    figure = settled(synthetic)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    upper = axes.child_axes[0]
    # 10 tau of 100 ns are 1 µs; rounding only
    np.testing.assert_allclose(np.array(axes.get_xlim()) * 0.1, upper.get_xlim(), rtol=1e-12)


def test_the_phases_are_named_where_the_nudge_begins(synthetic) -> None:
    assert {"free phase", "nudged phase"} <= set(texts(settled(synthetic)))


def test_learning_skips_epochs_that_were_not_measured(synthetic) -> None:
    figure = learning_curve_figure(synthetic.curves[:1])
    own, settled_line = figure.axes[0].lines
    assert len(own.get_xdata()) == 30
    np.testing.assert_array_equal(settled_line.get_xdata(), [5, 10, 15, 20, 25, 30])


def test_a_run_that_ends_without_errors_is_drawn_to_its_end() -> None:
    epochs = np.arange(1.0, 4.0)
    curve = LearningCurve("perfect", epochs, np.array([10.0, 1.0, 0.0]), np.full(3, np.nan), np.zeros(3))
    figure = learning_curve_figure([curve])
    low, high = figure.axes[0].get_ylim()
    assert low < 0.0 < 10.0 <= high, "an error of zero is on the axis, not beyond it"
    assert 0.0 in figure.axes[0].get_yticks()


def test_convergence_has_a_panel_for_each_start(synthetic) -> None:
    figure = convergence_figure(synthetic.distances)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["from zero", "from the copy"]
    assert {"1 %", "0.1 %", "10⁻⁶"} <= set(texts(figure))


def test_convergence_draws_the_median_of_the_samples() -> None:
    times = np.arange(3.0)
    distances = np.array([[1.0, 0.1, 0.01], [1.0, 0.3, 0.03], [1.0, 0.2, 0.02]])
    figure = convergence_figure([DistanceCurve("circuit", "from zero", times, distances)])
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [1.0, 0.2, 0.02])


def test_agreement_says_the_largest_difference(synthetic) -> None:
    second = np.zeros((2, 3))
    first = second.copy()
    first[1, 2] = 2.5e-9
    figure = agreement_figure([PhaseVoltages("free phase", first, second)], 1e-6)
    assert {"largest difference 2.5 nV", "6 node voltages", "tolerance 1 µV"} <= set(texts(figure))


def test_a_difference_beyond_the_tolerance_stays_in_sight() -> None:
    figure = agreement_figure([PhaseVoltages("free phase", np.ones((1, 2)), np.zeros((1, 2)))], 1e-6)
    assert figure.axes[1].get_ylim()[1] > 1.0


def test_engines_that_agree_exactly_can_be_drawn() -> None:
    figure = agreement_figure([PhaseVoltages("free phase", np.ones((1, 2)), np.ones((1, 2)))], 1e-6)
    assert "largest difference 0 V" in texts(figure)


def test_confusion_counts_what_was_misread() -> None:
    figure = confusion_figure(np.array([0, 1, 1, 1]), np.array([0, 1, 0, 0]), ("zero", "one"))
    assert "2 of 4 misread (50.0 %)" in texts(figure)
    assert texts(figure).count("1") == 2, "one zero and one one were read as such"
    assert texts(figure).count("2") == 1, "two ones were read as zero"


@pytest.mark.parametrize("draw", [learning_curve_figure, convergence_figure, lambda _: agreement_figure([], 1e-6)])
def test_nothing_to_draw_is_said(draw) -> None:
    with pytest.raises(InputError, match="pass at least one"):
        draw([])


def test_a_settling_without_traces_is_said() -> None:
    with pytest.raises(InputError, match="no trace"):
        settling_figure([], np.array([0]), TAU, 1.0)


def test_shapes_that_do_not_fit_are_said() -> None:
    with pytest.raises(InputError, match=r"trace native: 3 times.*\(1, 3, 2\)"):
        SettlingTrace("native", "line", np.zeros(3), np.zeros((1, 3, 2)))
    with pytest.raises(InputError, match="3 times"):
        DistanceCurve("Euler 0.5", "from zero", np.zeros(3), np.zeros((2, 4)))
    with pytest.raises(InputError, match="same samples"):
        PhaseVoltages("free phase", np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(InputError, match="at most 4"):
        flow_figure((2, 2, 1), ("a",) * 5, story())


def test_an_empty_history_is_said() -> None:
    with pytest.raises(InputError, match="history is empty"):
        LearningCurve.of("native engine", [])


def test_errors_that_lie_close_together_have_a_plain_axis_with_ticks() -> None:
    copy = np.array([78.0, 55.0, 33.3])
    figure = learning_curve_figure([LearningCurve("iris", np.arange(1.0, 4.0), copy, copy, np.zeros(3))])
    figure.draw_without_rendering()
    axes = figure.axes[0]
    low, high = axes.get_ylim()
    assert axes.get_yscale() == "linear"
    assert sum(low <= tick <= high for tick in axes.get_yticks()) >= 3
