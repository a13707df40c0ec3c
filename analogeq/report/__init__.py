"""Figures and tables from plain arrays; the only user of matplotlib."""

from matplotlib.figure import Figure

from analogeq.report.agreement import agreement_figure, confusion_figure
from analogeq.report.convergence import convergence_figure
from analogeq.report.flow import PhaseStory, flow_figure
from analogeq.report.lag import LagCurve, lag_figure
from analogeq.report.learning import learning_curve_figure
from analogeq.report.search import Tried, search_figure
from analogeq.report.series import DistanceCurve, LearningCurve, PhaseVoltages, SettlingTrace
from analogeq.report.settling import settling_figure
from analogeq.report.style import save_figure
from analogeq.report.tables import (
    save_agreement_csv,
    save_convergence_csv,
    save_learning_csv,
    save_settling_csv,
    save_table_csv,
)

__all__ = [
    "DistanceCurve",
    "Figure",
    "LagCurve",
    "LearningCurve",
    "PhaseStory",
    "PhaseVoltages",
    "SettlingTrace",
    "Tried",
    "agreement_figure",
    "confusion_figure",
    "convergence_figure",
    "flow_figure",
    "lag_figure",
    "learning_curve_figure",
    "save_agreement_csv",
    "save_convergence_csv",
    "save_figure",
    "save_learning_csv",
    "save_settling_csv",
    "save_table_csv",
    "search_figure",
    "settling_figure",
]
