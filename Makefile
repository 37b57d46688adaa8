# Two commands matter to a newcomer: `make demo` and `make test`. Both create .venv themselves.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test unit lint types index format bench clean

demo: .venv/.installed
	$(BIN)/lambdalint check fixtures/apps/storefront --exit-zero

test: lint types unit

unit: .venv/.installed-dev
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term:skip-covered --cov-fail-under=90 tests

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed-dev
	$(BIN)/mypy

# What is generated from the rules' own documentation.
index: .venv/.installed-dev
	$(BIN)/lambdalint rules --format markdown --output-file rules/README.md

format: .venv/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.installed-dev
	$(BIN)/python -m tests.bench

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/.installed-dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ .venv/.installed

clean:
	rm -rf .venv build dist *.egg-info .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
