# Everything here works on a fresh clone: each target makes the environment it needs, and compiles the kernels once.
VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: demo test check lint types layers bench clean

demo: $(STAMP)
	$(BIN)/fmaudit demo --directory demo

test: $(STAMP)
	$(BIN)/python -m pytest -n auto

check: lint types layers test

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python benchmarks/read_speed.py
	$(BIN)/python benchmarks/coverage_of_intervals.py

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[datasets,models,dashboard,dev]'
	$(BIN)/fmaudit warmup
	touch $(STAMP)

clean:
	rm -rf $(VENV) demo runs build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
