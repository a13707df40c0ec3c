"""What a chip costs: time, energy, area, each number with its formula and what it takes as given."""

from analogeq.flow.cost.chips import costs
from analogeq.flow.cost.priced import Priced
from analogeq.flow.cost.rows import CostRow

__all__ = ["CostRow", "Priced", "costs"]
