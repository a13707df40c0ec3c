"""Studies: a technology's and a training's values varied, every point trained and measured."""

from analogeq.flow.sweep.design import points
from analogeq.flow.sweep.study import Study, read_study
from analogeq.flow.sweep.summary import Summary, summarise
from analogeq.flow.sweep.work import work

__all__ = ["Study", "Summary", "points", "read_study", "summarise", "work"]
