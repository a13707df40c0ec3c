"""What a chip costs: time, energy, area, each number with its formula and what it takes as given."""

from analogeq.flow.cost.hopfield import Priced, costs
from analogeq.flow.cost.resistive import PricedResistive, resistive_costs
from analogeq.flow.cost.rows import CostRow

__all__ = ["CostRow", "Priced", "PricedResistive", "costs", "resistive_costs"]
