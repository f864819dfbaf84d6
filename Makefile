PYTHON ?= python3
PORT ?= 8000
VENV = .venv/bin

.PHONY: help run dev watch status servers test check audit pictures bench faults clean venv

help: ## This list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

venv:
	@$(PYTHON) deploy/local/bootstrap.py

run: ## The whole city on this machine; PORT=9000 moves all its ports
	@$(PYTHON) deploy/local/bootstrap.py up --port $(PORT)

dev: ## The same; a program is started again when its files change
	@$(PYTHON) deploy/local/bootstrap.py up --dev --port $(PORT)

watch: ## The same, with Prometheus, Alertmanager and dashboards beside it
	@$(PYTHON) deploy/local/bootstrap.py up --watch --port $(PORT)

status: venv ## How the running city fares: programs, what waits, what is wrong and where to read
	@$(VENV)/python -m deploy.status --port $(PORT)

servers: venv ## MongoDB and Kafka for tests, up until Ctrl-C: one test file then answers in seconds
	@$(VENV)/python -m deploy.local servers

test: venv ## All tests, on real MongoDB and Kafka
	@$(VENV)/python -m deploy.local tools chromium fonts-noto-cjk
	@$(VENV)/python -m deploy.local fetch kafka validator
	@$(VENV)/python -m pytest -q -n 2 --dist loadfile --durations=10 tests
	@$(VENV)/python -m pytest -q --rest --durations=10 tests

check: venv ## Format, lint, types, imports, contracts, fast tests
	@$(VENV)/ruff format --check --quiet .
	@$(VENV)/ruff check --quiet .
	@$(VENV)/mypy
	@$(VENV)/lint-imports --no-cache
	@$(VENV)/python -m services.kernel.contracts.schemas --check
	@$(VENV)/python -m deploy.problems --check
	@$(VENV)/python -m pytest -q -m "not servers" tests

audit: venv ## What strict tools that need Node find: Lighthouse, Spectral, AsyncAPI, a TypeScript client
	@$(VENV)/python -m deploy.local tools nodejs npm chromium fonts-noto-cjk
	@$(VENV)/python -m deploy.local fetch kafka
	@$(VENV)/python -m tests.audit

pictures: venv ## Every kind of page in every state, at 1280 and 390 px, to be looked at
	@$(VENV)/python -m deploy.local tools chromium fonts-noto-cjk
	@$(VENV)/python -m deploy.local fetch kafka
	@$(VENV)/python -m tests.pictures

faults: venv ## Everything that can be killed is killed, under load
	@$(VENV)/python -m deploy.local fetch kafka
	@$(VENV)/python -m pytest -q tests/faults --all-faults

bench: venv ## One table; each figure beside its own ceiling, measured in the same run
	@$(VENV)/python -m deploy.local tools nginx wrk
	@$(VENV)/python -m deploy.local fetch kafka
	@$(VENV)/python -m tests.bench

clean: ## Forget all data of local runs
	@test ! -x $(VENV)/python || $(VENV)/python -m deploy.local clean
