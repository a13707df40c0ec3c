"""SPICE text of a circuit: readable, for simulation, and as a PySpice view."""
