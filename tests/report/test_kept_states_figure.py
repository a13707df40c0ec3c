import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.kept_states import KeptStatesPanel, PhaseRun, kept_states_figure


def test_every_network_has_its_errors_above_and_its_distances_below() -> None:
    steps, away = np.array([1, 2, 4]), np.array([0.3, 0.2, 0.02])
    runs = [
        PhaseRun("kept", np.array([5.0, 3.0]), steps, 0.1 * away, fresh=np.array([6.0, 3.5])),
        PhaseRun("zero", np.array([5.0, 4.0]), steps, away, dashed=True),
    ]
    panels = [KeptStatesPanel("one", runs), KeptStatesPanel("two", runs[1:])]
    figure = kept_states_figure(panels, published=(2.0, 3.0), title="Kept")
    errors, _, distances, _ = figure.axes
    assert [list(line.get_ydata()) for line in errors.get_lines()] == [[5.0, 3.0], [6.0, 3.5], [5.0, 4.0]]
    assert [list(line.get_ydata()) for line in distances.get_lines()] == [list(0.1 * away), list(away)]
    low, high = distances.get_ylim()
    assert low <= 0.002
    assert high >= 0.3
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == ["one", "two"]


def test_a_run_without_equilibrium_has_no_distances_and_no_runs_are_refused() -> None:
    run = PhaseRun("kept", np.array([5.0]), np.array([]), np.array([]))
    figure = kept_states_figure([KeptStatesPanel("one", [run])], published=(2.0, 3.0), title="Kept")
    assert list(figure.axes[1].get_lines()[0].get_ydata()) == []
    with pytest.raises(InputError, match="at least one run"):
        kept_states_figure([KeptStatesPanel("none", [])], published=(2.0, 3.0), title="Kept")
