PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-postgres docs release hooks fuzz lint format audit clean lock picture
.PHONY: bench bench-large bench-copy bench-cluster bench-anomaly faults faults-cluster soak
.DEFAULT_GOAL := demo

# The environment: pinned and hashed, made once, usable offline from then on.
.venv/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "epay-bot needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@echo "Making the environment in .venv (once, about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/.ready
	@$(BIN)/epay-bot demo

# Everything on SQLite; what every store promises on PostgreSQL too, where it is installed.
test: .venv/.ready
	@$(BIN)/python -m pytest -q

# Everything that opens a store, on a PostgreSQL server of its own. TESTS="tests/test_app.py" picks some.
test-postgres: .venv/.ready
	@EPAY_BOT_TEST_ENGINE=postgres EPAY_BOT_REQUIRE_POSTGRES=1 $(BIN)/python -m pytest -q $(TESTS)

# A hundred thousand forged presses, links and updates; some minutes.
fuzz: .venv/.ready
	@$(BIN)/python -m pytest -q tests/test_fuzz.py --fuzz 100000

lint: .venv/.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: .venv/.ready
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/.ready
	@PYTHONPATH=tests $(BIN)/python -m benchmarks

# Answers over three million operations in PostgreSQL and ten million in SQLite; half an hour, eight gigabytes of disk.
bench-large: .venv/.ready
	@PYTHONPATH=tests $(BIN)/python -m benchmarks large

# A bot with a million operations moves to PostgreSQL while payments flow; some minutes, needs a server's programs.
bench-copy: .venv/.ready
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.copying

# Replicas on PostgreSQL under the load of many merchants; some minutes. CLUSTER="--merchants 300 --seconds 600"
bench-cluster: .venv/.ready
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.cluster $(CLUSTER)

# The bot under every fault; some minutes. FAULTS="disk-full clock" picks rows, FAULTS=--short is quicker.
faults: .venv/.ready
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.faults $(FAULTS)

# Three replicas on one PostgreSQL under every fault; half an hour. FAULTS="kill network" picks rows, FAULTS=--short.
faults-cluster: .venv/.ready
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.replicas $(FAULTS)

# Twenty-five minutes of work without a pause: memory, descriptors, the write-ahead log.
soak: .venv/.ready
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.faults soak

# Needs the bench beside the project; some minutes. BENCH_ARGS="--suite real-public --seeds 3"
bench-anomaly: .venv/.ready
	@$(BIN)/python -m benchmarks.anomaly_table $(BENCH_ARGS)

# Needs Chromium; films the running demo for the top of the README.
picture: .venv/.ready
	@PYTHONPATH=tests $(BIN)/python docs/make_picture.py

# The tables in README and docs that come from the program.
docs: .venv/.ready
	@$(BIN)/python docs/make_tables.py

# make release VERSION=1.4.0; with DRY=--dry-run it is only tried, in a temporary clone.
release: .venv/.ready
	@$(BIN)/python .ci/release.py $(VERSION) $(DRY)

# Looks before each commit; needs pre-commit, and fetches nothing: its hooks are the targets here.
hooks:
	pre-commit install

# Needs uv and a network; writes the two lock files anew.
lock:
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		pyproject.toml --group dev -o requirements-dev.lock

# Needs uv and a network: what is known by now against the versions that are pinned.
audit:
	uvx pip-audit --disable-pip --require-hashes -r requirements.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
