# Two commands: `make demo` and `make test`. `make help` lists the others.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# Without compiled modules every start of a process takes seconds longer.
unexport PYTHONDONTWRITEBYTECODE

# The first Python 3.11; otherwise whatever there is, which then says what is missing.
PYTHON ?= $(shell for name in python3.11 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	&& echo $$name && exit; done; echo python3)
BIN := .venv/bin
LOCAL := $(BIN)/python -m creditrisk.local
MANAGE := $(LOCAL) run demo -- $(BIN)/python manage.py
TEMPLATES = $(shell find templates apps -name '*.html' -not -path '*/vendor/*' -not -path '*/editions/*')
DATABASE ?= creditrisk
TAPE ?=
DATA ?=
ARGS ?=

.PHONY: demo
demo: install ## the whole system on this machine, with data to look at; Ctrl-C stops it
	@$(LOCAL) demo --database $(DATABASE)

.PHONY: run
run: demo ## the same as `make demo`

.PHONY: demo-real
demo-real: install ## import, train on and judge a real loan tape: make demo-real TAPE=path ARGS=--record
	@$(LOCAL) demo-real "$(TAPE)" -- $(ARGS)

.PHONY: demo-reset
demo-reset: install ## stop the demo and delete its data
	@$(LOCAL) demo-reset

.PHONY: stop
stop: install ## stop the demo and the services of this checkout, unless tests use them
	@$(LOCAL) stop

.PHONY: test
test: ## everything, browser included; ARGS="..." goes to pytest
	@$(PYTHON) creditrisk/local/install.py dev --browser
	@$(LOCAL) test -- $(BIN)/pytest -q -n 2 $(ARGS)

.PHONY: test-fast
test-fast: install-dev ## without slow and browser tests, under a minute
	@$(LOCAL) test -- $(BIN)/pytest -q -n 2 -m "not slow and not browser" $(ARGS)

# Every check runs, silent unless it fails; the last line says how it went.
.PHONY: lint
lint: install-dev ## style, types, layers, templates, migrations, production settings
	@failed=; \
	check() { said=$$("$$@" 2>&1) || { printf '%s\n' "$$said"; failed="$$failed $$(basename $$1)"; }; }; \
	manage() { check $(LOCAL) run $$1 -- $(BIN)/python manage.py $$2; }; \
	check $(BIN)/ruff check .; \
	check $(BIN)/ruff format --check .; \
	check $(BIN)/djade --check $(TEMPLATES); \
	check $(BIN)/djhtml --check $(TEMPLATES); \
	check $(BIN)/lint-imports --no-logo; \
	check $(BIN)/mypy; \
	manage test "makemigrations --check --dry-run"; \
	manage production "check --deploy --fail-level WARNING"; \
	if [ -n "$$failed" ]; then echo "lint: failed:$$failed"; exit 1; fi; \
	echo "lint: all clean"

.PHONY: format
format: install-dev ## put code and templates into the form that `make lint` wants
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
	@$(BIN)/djade $(TEMPLATES) ; $(BIN)/djhtml $(TEMPLATES)

.PHONY: shell
shell: install ## a Django shell on the demo's data
	@$(MANAGE) shell

.PHONY: manage
manage: install ## any management command on the demo's data: make manage ARGS="verify_audit"
	@$(MANAGE) $(ARGS)

.PHONY: bench
bench: install-dev ## all benchmarks but bench-credit, one line of JSON each; ARGS=--record into docs/benchmarks.md
	@for script in benchmarks/bench_*.py; do \
		$(LOCAL) run test -- $(BIN)/python -m benchmarks.$$(basename $$script .py) $(ARGS) \
			|| exit 1; done

.PHONY: bench-decide
bench-decide: install-dev ## deciding by API at 1, 8 and 32 clients, beside the bare limit; ARGS=--record
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_decide $(ARGS)

.PHONY: bench-reasons
bench-reasons: install-dev ## how true the reasons of declines are; DATA=folder ARGS=--record
	@DATA="$(DATA)" $(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_reasons $(ARGS)

.PHONY: bench-recourse
bench-recourse: install-dev ## how long recourse is looked for, and whether it holds; ARGS=--record
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_recourse $(ARGS)

.PHONY: bench-bulk
bench-bulk: install-dev ## a file of 10,000 applications taken in, decided and lettered; ARGS=--record
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_bulk $(ARGS)

.PHONY: bench-day-end
bench-day-end: install-dev ## the day-end over 10,000 and 100,000 loans; ARGS="--loans 1000000 --record"
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_day_end $(ARGS)

.PHONY: kill-day-end
kill-day-end: install-dev ## kill the worker ten times in day-ends of 100,000 loans, compare with a quiet run; ARGS="--seed 9"
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.kill_day_end $(ARGS)

.PHONY: bench-desk
bench-desk: install-dev ## similar past cases and reviewer analytics beside 100,000 past cases; ARGS=--record
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_desk $(ARGS)

.PHONY: bench-laboratory
bench-laboratory: install-dev ## 100,000 past applications decided anew, beside the bare limit; ARGS=--record
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_laboratory $(ARGS)

.PHONY: bench-ledger
bench-ledger: install-dev ## posting singly and in bulk, and the proof over 100,000 loans; ARGS=--record
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_ledger $(ARGS)

.PHONY: bench-portfolio
bench-portfolio: install-dev ## the summary of 1,000 and 100,000 loans, and adding a day up; ARGS="--loans 1000000 --record"
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_portfolio $(ARGS)

.PHONY: bench-monitoring
bench-monitoring: install-dev ## a month of 100,000 scores watched, and how often it cries wolf; ARGS="--scores 1000000 --record"
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_monitoring $(ARGS)

.PHONY: bench-ecl
bench-ecl: install-dev ## measuring expected credit loss of 20,000 loans, beside the bare limit; ARGS="--loans 1000000 --record"
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_ecl $(ARGS)

.PHONY: bench-replay
bench-replay: install-dev ## past decisions derived again, beside the bare limit; ARGS=--record
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_replay $(ARGS)

.PHONY: bench-repayments
bench-repayments: install-dev ## payments posted singly and many at once, beside the bare limits; ARGS=--record
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_repayments $(ARGS)

.PHONY: load-repayments
load-repayments: install-dev ## 50 clients repay one loan, then 500 loans, by API; balances proved; ARGS="--seed 3"
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.load_repayments $(ARGS)

.PHONY: bench-accrual
bench-accrual: install-dev ## accruing a day of 10,000 and 100,000 loans beside a scan; ARGS="--record --loans 1000000"
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_accrual $(ARGS)

.PHONY: kill-repayments
kill-repayments: install-dev ## kill -9 of web or worker, ten times, while statements are posted; compared with twins; ARGS="--seed 3"
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.kill_repayments $(ARGS)

.PHONY: bench-schedules
bench-schedules: install-dev ## equal monthly schedules a second, beside one by one and the bare limit; ARGS=--record
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_schedules $(ARGS)

.PHONY: bench-ml
bench-ml: install-dev ## the scoring library beside its limits, six minutes; ARGS=--record as above
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_ml $(ARGS)

.PHONY: bench-behaviour
bench-behaviour: install-dev ## early warning by a model of behaviour beside the plain rule; DATA=folder ARGS=--record
	@DATA="$(DATA)" $(LOCAL) run test -- $(BIN)/python -m benchmarks.bench_behaviour $(ARGS)

.PHONY: bench-credit
bench-credit: challengers ## one pipeline on every public credit set; DATA=folder ARGS="--record --csv f --target y"
	@$(LOCAL) run test -- $(BIN)/python -m benchmarks.credit $(if $(DATA),--data "$(DATA)") $(ARGS)

# Finding the strings needs GNU gettext; compiling them does not.
.PHONY: messages
messages: install-dev ## refresh the translation catalogues from the sources, then compile them
	@$(BIN)/python manage.py makemessages --settings creditrisk.local.settings_for_types --all \
		--no-location --no-obsolete --no-wrap --ignore var --ignore static -v 0
	@$(BIN)/python -m creditrisk.local.catalogues

.PHONY: lock
lock: install-dev ## requirements*.in into locks with hashes; ARGS=--upgrade for newer releases
	@for name in requirements requirements-dev requirements-uv requirements-challengers; do \
		$(BIN)/uv pip compile --quiet $(ARGS) --python-version 3.11 --generate-hashes \
			$$name.in -o $$name.txt || exit 1; done

.PHONY: challengers
challengers: install-dev ## XGBoost, CatBoost and the oracle of binning, for their tests and the record
	@$(PYTHON) creditrisk/local/install.py challengers

.PHONY: install
install:
	@$(PYTHON) creditrisk/local/install.py demo

.PHONY: install-dev
install-dev:
	@$(PYTHON) creditrisk/local/install.py dev

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
