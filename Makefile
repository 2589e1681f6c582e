# make run: everything from a bare checkout to a site to open. make test: everything that CI checks.
PYTHON ?= python3
WORKSPACE ?= examples/meridian
BIN := .venv/bin
LOCKED := --quiet --disable-pip-version-check --require-hashes

.PHONY: run test check bench lock clean

run: .venv/run.stamp
	@$(BIN)/riskreg run $(WORKSPACE)

test: .venv/test.stamp check
	@$(BIN)/pytest -n auto --dist loadfile

check: .venv/test.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/test.stamp
	@for suite in benchmarks/bench_*.py; do $(BIN)/python $$suite || exit 1; done

.venv/bin/python:
	@echo "Making the environment in .venv (once, about a minute)" >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "riskreg needs Python 3.11 or newer; name one with: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	@$(PYTHON) -m venv .venv

# The C rule engine needs a compiler and Python's headers; without them the reference evaluator decides alone, and says so.
define install
	@$(BIN)/pip install $(LOCKED) -r $(1)
	@$(BIN)/pip install $(LOCKED) -r requirements-engine.lock 2>.venv/engine.log \
		|| echo "durable_rules could not be built (a C compiler and Python's headers are needed; see .venv/engine.log). Going on with the reference evaluator alone." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
endef

.venv/run.stamp: .venv/bin/python requirements.lock requirements-engine.lock pyproject.toml
	$(call install,requirements.lock)

.venv/test.stamp: .venv/bin/python requirements-dev.lock requirements-engine.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch .venv/run.stamp

# Pins every version with its hashes, without naming a registry. The engine has a file of its own, because it may fail to build.
PIN = .venv/pin/bin/pip-compile --quiet --upgrade --no-header --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	--no-annotate --generate-hashes --unsafe-package durable-rules

lock:
	@$(PYTHON) -m venv .venv/pin && .venv/pin/bin/pip install --quiet pip-tools
	@printf 'hatchling\neditables\n' > .venv/build.in
	@printf "durable-rules>=2.0.28; python_version < '3.13'\n" > .venv/engine.in
	@$(PIN) --output-file requirements.lock pyproject.toml .venv/build.in
	@$(PIN) --extra dev --extra bench --output-file requirements-dev.lock pyproject.toml .venv/build.in
	@$(subst --unsafe-package durable-rules,,$(PIN)) --output-file requirements-engine.lock .venv/engine.in
	@sed -i -e '/^#/d' -e '/^$$/d' requirements.lock requirements-dev.lock requirements-engine.lock

clean:
	rm -rf .venv examples/*/public examples/*/.riskreg examples/*/register.db*
