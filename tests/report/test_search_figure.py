import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report import LagCurve, Tried, search_figure

SEED = LagCurve("seed 0", np.array([1.0, 2.0]), np.array([5.0, 2.0]), np.array([4.0, 1.9]))


def test_settings_are_ranked_by_the_worse_of_their_errors_and_hopeless_ones_are_written_out() -> None:
    tried = [Tried("good", 2.0, 2.1), Tried("lost", 89.0, 90.0), Tried("fair", 2.3, 1.9)]
    settings, epochs = search_figure(tried, [SEED], goal=1.9).axes
    assert [label.get_text() for label in settings.get_yticklabels()] == ["lost", "fair", "good"]
    assert [text.get_text() for text in settings.texts] == ["copy 89 %, circuit 90 %"]
    copies = next(line for line in settings.get_lines() if line.get_label() == "copy")
    assert copies.get_xydata().tolist() == [[2.3, 1.0], [2.0, 2.0]]
    assert epochs.get_lines()[0].get_ydata().tolist() == [5.0, 2.0]


def test_nothing_chosen_is_refused() -> None:
    with pytest.raises(InputError, match="nothing chosen"):
        search_figure([Tried("good", 2.0, 2.1)], [], goal=1.9)
