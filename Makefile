# `make` lists the commands. Everything that the machine lacks is installed by `setup`.
.DEFAULT_GOAL := help
.PHONY: help setup engine run test check bench lock tools clean
MAKEFLAGS += --no-print-directory
# What Python compiles is kept: the tests start hundreds of processes, and each would compile this checkout anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
SETUP := infra/setup
# Tests that read the repository only: fast enough for every commit.
DOCS_TESTS := $(wildcard tests/test_repository.py tests/test_docs*.py)

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing; afterwards .venv/bin/postroom is ready
	@bash $(SETUP)/packages.sh $(SETUP)/packages-run
	@bash $(SETUP)/environment.sh
	@bash $(SETUP)/engine.sh

engine: ## build Tesseract for this machine's processor again (setup does it once)
	@rm -f .cache/engine/made-from
	@$(MAKE) setup

run: setup ## file a sample batch, then search it
	@$(BIN)/postroom demo

tools: setup
	@bash $(SETUP)/packages.sh $(SETUP)/packages-test $(SETUP)/packages-office
	@bash $(SETUP)/tools.sh

test: tools check ## every check and every test (PYTEST_ARGS="-k register" for some)
	@$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: setup ## what needs no servers: format, lint, types, layers, docs
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest $(DOCS_TESTS)

bench: setup ## what can be measured: postroom bench WHAT
	@$(BIN)/postroom bench --help

lock: setup ## compile requirements.txt anew from pyproject.toml (UPGRADE=--upgrade for newer versions)
	@UV_SYSTEM_CERTS=true $(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes \
		--no-header --no-annotate --quiet $(UPGRADE) -o requirements.txt

clean: ## remove .venv and every cache; never var/, where an instance lives
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
