# What a person types. `make help` lists it; the work itself is in flyle-sf, tools/ and the tests.
# Kept to what GNU Make 3.81 (macOS) and a POSIX shell understand, and to relative paths, so that
# the checkout may stand anywhere, spaces included.

SHELL = /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

# Without bytecode every Dagster run costs twice the CPU; foreign paths would shadow the lock.
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH
export PIP_USER := 0

PYTHON ?=
export PYTHON
VENV = .venv
BIN = $(VENV)/bin
CHECKED = flyle_sf_assets flyle_sf_assets_tests tools
COMPILE = $(BIN)/python -m uv --quiet pip compile --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-strip-extras $(if $(UPGRADE),--upgrade)

# Tests take three processes on two cores, because a quarter of their time they wait for another
# process, a page or the database; those of the pure packages wait for nothing.
PYTEST = pytest --dist worksteal -n
# Measuring costs most of a test's time again, so only these packages are measured, by their own
# tests. The others are tested by whole syncs in processes of their own: make coverage.
PURE = check choosing companies enriched options raw settings
COVERED = 98
# What Hypothesis draws costs twice as much when measured, and nothing more is covered by it.
DRAWN = companies/test_convert_exactness.py companies/test_document.py options/test_catalog.py \
	settings/test_hostile_files.py
MEASURED = $(filter-out $(DRAWN:%=flyle_sf_assets_tests/%), \
	$(wildcard $(PURE:%=flyle_sf_assets_tests/%/test_*.py)))
COMMA = ,
SPACE = $(subst ,, )

.PHONY: help demo dev test thorough coverage lint format lock clean bench bench-profile bench-peers bench-fleet bench-console mutants soak fuzz crashes

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.runtime ## two tenants against a sandbox org; ONCE=1: check and stop; ENGINE=celery
	@$(BIN)/flyle-sf demo $(if $(filter-out 0,$(ONCE)),--once) $(if $(ENGINE),--engine $(ENGINE))

dev: $(VENV)/.runtime ## the Dagster UI and the console for the tenants in config/tenants
	@$(BIN)/flyle-sf dev

test: $(VENV)/.dev ## lint, types, import rules, tests of every kind; ARGS="-k name" chooses tests
ifeq ($(ARGS),)
	@$(MAKE) --no-print-directory --jobs 2 lint .pure
	@$(BIN)/python -m $(PYTEST) 3 --durations 10 --thorough=without $(MEASURED:%=--ignore=%)
else
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m $(PYTEST) 3 --durations 10 $(ARGS)
endif

thorough: $(VENV)/.dev ## every combination that `make test` leaves out
	$(BIN)/python -m $(PYTEST) 3 --durations 10 --thorough=only
	FLYLE_MODEL_RUNS=30 $(BIN)/python -m $(PYTEST) 3 flyle_sf_assets_tests/faults/test_model.py

# Beside lint, which keeps one core busy: mypy is most of it. At its end the test modules are
# compiled, which each process of the other tests would do by itself.
.pure: $(VENV)/.dev
	$(BIN)/coverage erase
	@$(BIN)/coverage run -m $(PYTEST) 2 $(MEASURED)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/python -m pytest -qq --collect-only flyle_sf_assets_tests >/dev/null
	@$(BIN)/coverage report --fail-under $(COVERED) --include "$(subst $(SPACE),$(COMMA),$(PURE:%=flyle_sf_assets/%/*))"

coverage: $(VENV)/.dev ## branch coverage of all tests, or of those in ARGS="flyle_sf_assets_tests/raw"
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(or $(ARGS),-n 2 --dist worksteal)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report $(if $(INCLUDE),--include "$(INCLUDE)")

bench: $(VENV)/.dev ## what refreshes cost; ROWS=20000 makes it short
	$(BIN)/python -m flyle_sf_assets_tests.bench.refresh_cost $(if $(ROWS),--rows $(ROWS)) $(if $(LOAD),--load $(LOAD)) $(if $(ACCOUNTS),--accounts $(ACCOUNTS))

mutants: $(VENV)/.dev ## plants bugs one at a time: the model test must catch each
	$(BIN)/python -m flyle_sf_assets_tests.faults.mutants $(ARGS)

soak: $(VENV)/.dev ## the model test for hours: RUNS=10000 runs, seeds from SEED=1000 on
	$(BIN)/python -m flyle_sf_assets_tests.faults.soak --runs $(or $(RUNS),10000) --seed $(or $(SEED),1000)

fuzz: $(VENV)/.dev ## every wrong answer of an org, and EXAMPLES=1000 combinations drawn from SEED=1
	$(BIN)/python -m flyle_sf_assets_tests.hostile.fuzz --examples $(or $(EXAMPLES),1000) --seed $(or $(SEED),1)

crashes: $(VENV)/.dev ## kills a process at every write, and at MOMENTS=200 random moments
	$(BIN)/python -m flyle_sf_assets_tests.crashes.every --moments $(or $(MOMENTS),200)

lint: $(VENV)/.dev ## ruff, mypy, import rules, unused dependencies and code, known vulnerabilities
	$(BIN)/ruff check --quiet $(CHECKED)
	$(BIN)/ruff format --quiet --check $(CHECKED)
	$(BIN)/mypy $(CHECKED)
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry flyle_sf_assets
	$(BIN)/vulture
	@$(BIN)/python tools/audit.py

format: $(VENV)/.dev ## formats the code as lint expects
	$(BIN)/ruff check --quiet --fix $(CHECKED)
	$(BIN)/ruff format --quiet $(CHECKED)

lock: $(VENV)/.dev ## makes the locks again from pyproject.toml; UPGRADE=1: newest versions
	$(COMPILE) --group build --extra celery --output-file requirements.lock pyproject.toml
	$(COMPILE) --group build --group dev --extra celery --constraint requirements.lock \
		--output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --group build --extra celery --extra k8s --constraint requirements.lock \
		--no-annotate --output-file requirements-k8s.lock pyproject.toml
	$(COMPILE) --no-annotate --output-file requirements-uv.lock --group uv

bench-profile: $(VENV)/.dev ## where the CPU of a refresh goes, by function and statement; ARGS=--plans
	@$(BIN)/python -m flyle_sf_assets_tests.bench.profiled $(if $(ROWS),--rows $(ROWS)) $(if $(LOAD),--load $(LOAD)) $(ARGS)

# Each connector gets an environment of its own in the user's cache folder, from the package index.
bench-peers: $(VENV)/.dev ## the same records by other connectors: dlt, Singer, Airbyte; ROWS=20000
	@$(BIN)/python -m flyle_sf_assets_tests.bench.peers $(if $(ROWS),--rows $(ROWS)) $(ARGS)

bench-fleet: $(VENV)/.dev ## ticks over TENANTS=1000, and 100 runs; WORKERS=2; or UI=5000: Dagster's pages
ifeq ($(UI),)
	@$(BIN)/python -m flyle_sf_assets_tests.bench.fleet $(if $(TENANTS),--tenants $(TENANTS)) \
		$(if $(DUE),--due $(DUE)) $(if $(CHANGED),--changed $(CHANGED)) $(if $(WORKERS),--workers $(WORKERS)) $(ARGS)
else
	@$(BIN)/python -m flyle_sf_assets_tests.bench.fleet_ui --tenants $(UI) $(ARGS)
endif

bench-console: $(VENV)/.dev ## the console with 50 people and 100,000 companies; takes 2 minutes
	@$(BIN)/python -m flyle_sf_assets_tests.bench.console $(ARGS)

clean: ## removes the environment and caches; keeps .flyle, where data lives
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find $(CHECKED) -name __pycache__ -type d -prune -exec rm -rf {} +

# One that was left half made, or that lost its Python, is made again.
$(VENV)/.made:
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		python=$$(sh tools/find-python.sh) && "$$python" -m venv --clear $(VENV); }
	@touch $@

# The development environment holds the runtime one; a new runtime lock takes the rest away again.
$(VENV)/.runtime: $(VENV)/.made requirements.lock requirements-uv.lock pyproject.toml tools/install.py
	@if [ $(VENV)/.dev -nt requirements.lock ] && [ $(VENV)/.dev -nt pyproject.toml ]; then :; else \
		rm -f $(VENV)/.dev && echo "Installing what requirements.lock names ..." && \
		$(BIN)/python tools/install.py requirements.lock; fi
	@touch $@

$(VENV)/.dev: $(VENV)/.made requirements-dev.lock requirements-uv.lock pyproject.toml tools/install.py
	@echo "Installing what requirements-dev.lock names ..."
	@$(BIN)/python tools/install.py requirements-dev.lock
	@touch $@ $(VENV)/.runtime
