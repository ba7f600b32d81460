# Targets for people; `make help` lists them. Everything runs in .venv, made on first use.

VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LIGHTHOUSE := $(CURDIR)/.lighthouse
PYTHON ?= python3

# Settings of a real deployment, for the checks: only the secret is made up.
PRODUCTION = env ENV_FILE= DEBUG=false DATABASE_URL=postgresql://maitre@localhost/maitre \
	SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
	ALLOWED_HOSTS=maitre.example

# Python keeps what it compiled: each process of a run, and of those that tests start, would else compile it all anew,
# and pytest rewrite every assertion.
unexport PYTHONDONTWRITEBYTECODE

# Races and load want the machine to themselves: not more of them at once than there are cores, and nothing beside.
ALONE = tests/concurrency tests/load
SIDE_BY_SIDE = $(filter-out $(ALONE) tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))
# The tests in which `make coverage` counts: it slows threads down, and sees nothing of the processes that others start.
MEASURED = tests/bookings tests/capacity tests/config tests/demo tests/tables
PYTEST = $(BIN)/python -m pytest -m "not prometheus and not cluster and not browser"
# More than there are cores: many tests wait for a process to start or to end.
PROCESSES = --numprocesses 3 --dist worksteal
PAIR = --numprocesses 2 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help install demo test coverage lint format race rush fuzz verify-seating verify-rollout bench bench-seating bench-ledger bench-growth bench-screens house smoke check-alerts check-pooler check-screens check-lighthouse pictures check-failover requirements clean

help:  ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP)  ## Make .venv and install what is pinned

$(STAMP): requirements.txt requirements-dev.txt
	@echo "Installing what is pinned into .venv ..."
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements.txt -r requirements-dev.txt
	@touch $@

demo: install  ## Serve two restaurants on PORT (8000), with PostgreSQL; Ctrl-C stops everything
	@exec $(BIN)/python manage.py demo

test: install  ## Run all tests, races and load by themselves
ifdef COVERAGE
	$(PYTEST) $(PROCESSES) --cov --cov-report= $(MEASURED)
	$(PYTEST) $(PROCESSES) $(filter-out $(MEASURED),$(SIDE_BY_SIDE))
else
	$(PYTEST) $(PROCESSES) $(SIDE_BY_SIDE)
endif
	$(PYTEST) $(PAIR) $(ALONE)
	$(if $(COVERAGE),$(BIN)/coverage report --fail-under=80)

coverage:  ## Run all tests and count the branches that they cover; fail under 80 %
	@$(MAKE) test COVERAGE=1

lint: install  ## Check style, types, imports, migrations and production settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	ENV_FILE= $(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

format: install  ## Put the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

race: install  ## Run the race suite, twenty rounds of each race, and kill a worker under a thousand guests
	RACE_ROUNDS=$${RACE_ROUNDS:-20} RACE_GUESTS=$${RACE_GUESTS:-1000} \
		$(BIN)/python -m pytest -m "not cluster" $(PAIR) tests/concurrency tests/integration/test_killed_worker.py

rush: install  ## Let 100 guests ask at once for 40 covers, with the protections and without
	@exec $(BIN)/python manage.py rush

smoke: install  ## Check a running Maitre over HTTP: make smoke BASE=https://stage.example
	@test -n "$(BASE)" || { echo 'Say where it runs: make smoke BASE=https://stage.example' >&2; exit 2; }
	$(BIN)/python -m tests.smoke $(BASE) $(ARGS)

fuzz: install  ## Run the property tests with many more examples, and every time zone
	FUZZ=1 $(BIN)/python -m pytest -m "fuzz or hypothesis" $(PAIR)

verify-seating: install  ## Prove every refusal of 500 evenings on fifty tables, without a time limit
	SEATING_EVENINGS=$${SEATING_EVENINGS:-500} $(BIN)/python -m pytest $(PAIR) tests/seating/test_evenings.py

verify-rollout: install  ## Put 10,000 requests to both modes: alike, and every decision made again agrees
	ROLLOUT_REQUESTS=$${ROLLOUT_REQUESTS:-10000} $(BIN)/python -m pytest tests/rollout/test_shadow_and_enforce.py

bench: install  ## Measure bookings and availability over HTTP against PostgreSQL's limit; write docs/benchmarks.md
	@ENV_FILE= $(BIN)/python -m tests.load.benchmark $(ARGS)

bench-seating: install  ## Compare the planner with first-fit and best-fit on 200 evenings; write docs/benchmarks.md
	$(BIN)/python -m tests.seating.benchmark

bench-ledger: install  ## Measure what the ledger costs a booking, against it switched off in the same run
	$(BIN)/python -m tests.rollout.benchmark_ledger

bench-growth: install  ## Compare a small database with one of ARGS restaurants (1000): bookings, availability, the night, the audit
	$(BIN)/python -m tests.growth.benchmark $(ARGS)

bench-screens: install  ## Measure the screens of the console on an evening of 500 bookings, 100,000 in all
	@ENV_FILE= $(BIN)/python -m tests.load.screens

house: install  ## Count files, frames, types and statements of one booking, lines of code, and arrows that run upward
	$(BIN)/python -m tests.house $(ARGS)

check-alerts: install  ## Check and test alerts, dashboard and runbooks (with promtool and amtool)
	$(BIN)/python -m pytest tests/deploy tests/integration/test_alerts.py

check-pooler: install  ## Race through PgBouncer in transaction mode (with pgbouncer)
	$(BIN)/python -m pytest -m cluster tests/concurrency

check-screens: install  ## Drive the admin in a real browser (with Chromium)
	$(BIN)/python -m pytest -m browser tests/e2e

check-lighthouse: install  ## Let Lighthouse look at Today and the timeline (with Chromium and npm)
	@test -x $(LIGHTHOUSE)/node_modules/.bin/lighthouse || npm install --prefix $(LIGHTHOUSE) --no-save --no-package-lock \
		--no-audit --no-fund --silent lighthouse@13
	$(BIN)/python -m tests.e2e.lighthouse

pictures: install  ## Take the pictures of docs/console.md of a demo that runs: make pictures PASSWORD=... (with Chromium)
	$(BIN)/python -m tests.e2e.pictures --password "$(PASSWORD)" $(ARGS)

check-failover: install  ## Kill a primary under load and lose no booking (with Patroni and etcd)
	$(BIN)/python -m pytest -m cluster tests/integration

requirements: install  ## Pin the newest releases that requirements*.in allow
	$(BIN)/python -m pip install --disable-pip-version-check --quiet uv
	for name in requirements requirements-dev; do \
		$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
			--no-header --no-annotate --no-emit-index-url $$name.in --output-file $$name.txt || exit 1; \
	done

clean:  ## Remove the demo's data and what tests and checks leave behind (not .venv)
	test ! -x $(BIN)/python || $(BIN)/python -c "from config import embedded; embedded.remove(embedded.DEMO)"
	rm -rf .coverage .coverage.* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
