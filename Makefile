# make demo: from nothing to a network that a simulated analog circuit has taught.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint lock clean

BIN := .venv/bin
ARGS ?=
# Two workers, one thread each, and every test file in one worker: the sums of a product do not
# depend on how many threads shared it, and two cores are kept busy.
PYTEST := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## Make the environment: .venv, the package, the ngspice library; quick when nothing changed
	@scripts/setup.sh

demo: setup  ## Train a network with a simulated circuit, into runs/demo; ARGS="--quick" takes a minute
	@$(BIN)/analogeq demo $(ARGS)

test: setup lint  ## Lint, types, import contract, and the whole test suite; ARGS="-k name" picks tests
	@$(PYTEST) $(ARGS)

lint: setup  ## Style, formatting, types and the import contract alone
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(if $(wildcard sim/*.py),,analogeq)  # sim/ joins with its first experiment
	@$(BIN)/lint-imports

lock:  ## Resolve the newest versions into constraints.txt and test with them
	@scripts/lock.sh
	@$(MAKE) test

clean:  ## Remove the environment, caches and builds; runs/ stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
