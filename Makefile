.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check test-rabbitmq4 test-compose fuzz faults soak upgrade golden bench lint lock clean

bin := .venv/bin

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## .venv with mih and its locked dependencies, and a RabbitMQ and Redis to start; the others do it first
	@scripts/setup

demo: setup ## the whole road in under a minute: real Moodle events delivered to services on this machine
	@$(bin)/mih demo

test: setup ## the tests, on the RabbitMQ and Redis of MIH_AMQP_URL and MIH_REDIS_URL or on private ones
	@$(bin)/pytest -n 4 --dist loadfile --no-loadscope-reorder

test-long: export MIH_TEST_LONG := 1
test-long: setup ## the tests that `make test` leaves out because they take minutes: an outage, least rights, the private brokers
	@$(bin)/pytest -n 2 --dist loadfile tests/integration/embedded tests/integration/dead_index/test_looks.py \
		tests/journey/test_up.py tests/journey/test_outage.py tests/journey/test_least_rights.py tests/faults

check: lint ## what needs no RabbitMQ: format, lint, types, the order of imports, unit tests
	$(bin)/pytest -n 2 tests/unit

lint: setup
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports

test-rabbitmq4: export MIH_TEST_DOCKER := 1
test-rabbitmq4: setup ## all that needs a broker on RabbitMQ 4 and Redis 8, in Docker
	@$(bin)/pytest tests/integration tests/journey

test-compose: export MIH_TEST_COMPOSE := 1
test-compose: setup ## docker-compose.yml for real, in Docker: crashes, three senders, down and up
	@$(bin)/pytest tests/containers

fuzz: SECONDS ?= 600
fuzz: setup ## break what properties promise, led by coverage: SECONDS (600) for each property; Linux only
	@$(bin)/pip install -q --require-hashes --upgrade --target .fuzz -r locks/fuzz.txt
	@PYTHONPATH=.fuzz $(bin)/python tests/fuzz/fuzz.py $(SECONDS)

faults: setup ## break all that the hub stands on and count what became of each event; ONLY=name, SEED=7, JOBS=2, PAGE=1 for the docs
	@PYTHONPATH=tests/integration:tests/journey $(bin)/python tests/faults/faults.py \
		$(if $(ONLY),--only "$(ONLY)") $(if $(SEED),--seed $(SEED)) $(if $(JOBS),--jobs $(JOBS)) $(if $(PAGE),--page) $(if $(JSON),--json)

soak: MINUTES ?= 30
soak: setup ## half load for MINUTES (30) with faults at random: nothing lost, nothing stalled, memory and descriptors flat; SEED=7
	@PYTHONPATH=tests/integration:tests/journey $(bin)/python tests/faults/soak.py \
		--minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

upgrade: setup ## two versions side by side under load, each role exchanged: FROM=commit, BACK=1, SEED=7
	@PYTHONPATH=tests/integration:tests/journey $(bin)/python tests/faults/upgrade.py \
		$(if $(FROM),--from '$(FROM)') $(if $(BACK),--back) $(if $(SEED),--seed $(SEED))

golden: setup ## keep what this release writes for all later ones to read: VERSION=1.2.3
	@$(bin)/python tests/golden/write_golden.py '$(VERSION)'

bench: setup ## how fast the road is; ONLY=scaling|neighbours|retries|recovery, AGAINST=main, WAITING=1000000, ROUNDS, JSON=file, PAGE=1
	@$(bin)/pip install -q --require-hashes --upgrade --target .bench -r locks/bench.txt
	@PYTHONPATH=tests/integration:tests/journey $(bin)/python tests/bench/bench.py $(if $(ONLY),--only '$(ONLY)') \
		$(if $(AGAINST),--against '$(AGAINST)') $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(WAITING),--waiting $(WAITING)) \
		$(if $(JSON),--json '$(JSON)') $(if $(PAGE),--page)

lock: ## work out locks/ anew from pyproject.toml; needs uv
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml -o locks/run.txt
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml \
		--group dev --extra docker -o locks/dev.txt
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header \
		--group pyproject.toml:fuzz -o locks/fuzz.txt
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header \
		-c locks/run.txt --group pyproject.toml:bench -o locks/bench.txt

clean: ## remove .venv and what tools left behind
	rm -rf .venv .fuzz .faults .bench dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
