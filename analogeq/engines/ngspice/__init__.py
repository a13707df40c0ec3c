"""ngspice through PySpice's shared library, in worker processes."""
