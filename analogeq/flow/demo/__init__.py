"""The main job end to end: from a graph to a feedforward copy that a simulated circuit has taught."""

from analogeq.flow.demo.request import FAMILIES, DemoRequest
from analogeq.flow.demo.steps import run_demo

__all__ = ["FAMILIES", "DemoRequest", "run_demo"]
