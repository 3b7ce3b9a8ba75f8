# Everything sets itself up: Python 3.11 or later with pip, and make, are enough.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint requirements.lock

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test chromium check format clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

setup: .venv/ready-dev  ## make .venv with everything, from pinned versions

demo: .venv/ready  ## start the service, ask it for five pictures and a story, keep them in out/
	$(BIN)/python -m vivant.doors.demo out

serve: .venv/ready  ## serve both endpoints over HTTP
	$(BIN)/vivant serve

test: .venv/ready-dev chromium  ## run the tests
	$(BIN)/vivant weights pull blazepose
	$(BIN)/python -m pytest

# The studio is driven by the Chromium that VIVANT_CHROMIUM names, or else the one on the PATH.
chromium:
	@[ -n "$$VIVANT_CHROMIUM" ] || command -v chromium >/dev/null || ! command -v apt-get >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }

check: .venv/ready-dev  ## lint, formatting, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/ready-dev  ## format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove .venv, caches and out/
	rm -rf .venv out tests/server/node/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Vivant needs Python 3.11 or later; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# The build back end is pinned too, so it is installed first and used as it is.
.venv/ready: .venv/made pyproject.toml requirements.lock
	$(PIP) hatchling editables
	$(PIP) --no-build-isolation --editable .
	$(BIN)/vivant weights pull blazepose
	@touch $@

.venv/ready-dev: .venv/ready
	$(PIP) --no-build-isolation --editable '.[dev,train]'
	$(BIN)/npm ci --silent --no-audit --no-fund --prefix tests/server/node
	@touch $@
