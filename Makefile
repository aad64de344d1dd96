# Targets that people, CI and other programs rely on. Places and ports: ASMOSIS_HOME, PREFECT_HOME, PREFECT_API_URL, EMULATOR_PORT.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := .venv-bench

# The suite starts a hundred processes from the same code: each would compile it anew where this is set.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-fast night chaos fuzz check audit format docs bench lock up env down clean

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "asmosis needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) --version). Use: make PYTHON=python3.12" >&2; exit 1; }
	@echo "· setting up $(VENV) from requirements.lock" >&2
	@$(PYTHON) -m venv $(VENV)
	@# The lock is complete; without --no-deps pip would look for versions that it does not name.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

## demo: migrate several units of the sample estate, end to end (KEEP=1 leaves everything up; SEED=FOLDER uses your documents)
demo: $(READY)
	@$(BIN)/python -m deployments.demo

## test: the whole suite
test: $(READY)
	@$(BIN)/python -m pytest -n 2 -m "not slow"
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m slow

## test-fast: without what starts a Prefect server or waits
test-fast: $(READY)
	@$(BIN)/python -m pytest -n 2 -m "not slow"

## night: sixty units of three subscriptions with faults, kills and approvals; minutes (NIGHT_SEED chooses the faults, KEEP=1)
night: $(READY)
	@$(BIN)/python -m tests.night

## chaos: a hundred seeds of kills, outages and clocks over waves of forty units; hours (SEEDS, CHAOS_SEED, PROFILE=scale, WORLDS=2)
chaos: $(READY)
	@$(BIN)/python -m tests.chaos

## fuzz: a million inputs for whatever reads what comes from elsewhere (INPUTS, FUZZ_SEED); failures are kept in .fuzz
fuzz: $(READY)
	@$(BIN)/python -m tests.fuzz --inputs $(or $(INPUTS),1000000) --seed $(or $(FUZZ_SEED),0)

## check: format, lint, types, import contracts, generated docs, what the project is built of
check: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.audit

## audit: the same for dependencies alone, and strict: exit 1 for a vulnerability that tests/audit.yaml does not accept
audit: $(READY)
	@$(BIN)/python -m tests.audit --strict

## format: what check would complain about and a program can mend
format: $(READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

## docs: regenerate the generated pages
docs: $(READY)
	@$(BIN)/python -m asmosis.cli rules --markdown > docs/rules.md
	@$(BIN)/python -m asmosis.cli fates --markdown > docs/fates.md
	@$(BIN)/python -m emulator.evidence > docs/emulator.md
	@$(BIN)/python -m asmosis.cli names --schema > docs/schemas/names.json
	@$(BIN)/python -m asmosis.cli plan --schema > docs/schemas/plan.json
	@$(BIN)/python -m asmosis.facts > docs/schemas/facts.json
	@$(BIN)/python -m asmosis.readiness.waivers > docs/schemas/waivers.json

$(BENCH)/.ready: bench/requirements.lock $(READY)
	@echo "· setting up $(BENCH) from bench/requirements.lock" >&2
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r bench/requirements.lock
	@touch $@

## bench: everything against a peer in the same run; figures and a plot in bench/results (WAVES=long: hundreds of units, most of an hour; ONLY="waving assessing": not the others)
bench: $(BENCH)/.ready
	@$(BENCH)/bin/python -m bench --python $(BIN)/python --waves $(or $(WAVES),short) $(if $(ONLY),--only $(ONLY))

## lock: resolve requirements.lock and bench/requirements.lock anew (needs uv)
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet -o requirements.lock
	uv pip compile bench/requirements.in --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet -o bench/requirements.lock

## up: server, emulator and worker in the background
up: $(READY)
	@$(BIN)/python -m deployments.local up

## env: what a shell needs to talk to the local copy: eval "$(make -s env)"
env: $(READY)
	@$(BIN)/python -m deployments.shell

## down: stops exactly these
down: $(READY)
	@$(BIN)/python -m deployments.local down

clean:
	rm -rf $(VENV) $(BENCH) .asmosis .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz
