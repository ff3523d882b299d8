# Every target does its own set-up: scripts/set-up-python makes .venv when it is missing or out of date.
# PYTHON=python3.12 picks the interpreter, ARGS="..." is passed on to the command that a target runs.

# Without its cache of compiled code, every test process would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
python := .venv/bin/python
caliber := .venv/bin/caliber
# Two workers: the tests start servers and crawls of their own. Neighbours stay together: they share what they are set up with.
pytest := $(python) -m pytest -n 2 --dist worksteal
compile := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make constraints"

.PHONY: help demo crawl browse test check mutants format constraints wheel clean python browser database lint

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: python ## crawl the built-in demo site into a fresh archive and show what came of it
	@$(caliber) demo $(ARGS)

crawl: export CALIBER_CONTACT := $(or $(CONTACT),$(CALIBER_CONTACT))
crawl: python ## crawl the real site politely into data/archive.db; needs CONTACT=you@example.org
	@$(caliber) crawl $(ARGS)

browse: python ## open the archive in Datasette
	@$(caliber) browse $(ARGS)

test: lint browser database ## everything: format, lint, types, import contracts and all tests
	@$(pytest) $(ARGS)

check: lint ## the same without the slow tests, in under a minute
	@$(pytest) -m "not slow" $(ARGS)

mutants: python ## break the code in a sample of places and see whether the quick tests notice
	@$(python) scripts/mutants.py $(ARGS)

format: python ## put the code into the one format
	@$(python) -m ruff check --fix-only --quiet
	@$(python) -m ruff format

constraints: python ## pin what pyproject.toml asks for anew; ARGS=--upgrade takes the newest versions
	@$(compile) --output-file constraints.txt pyproject.toml $(ARGS)
	@$(compile) --output-file constraints-dev.txt --constraints constraints.txt --group dev $(ARGS)

wheel: python ## build the wheel and the source archive into dist/
	@rm -rf build dist
	@$(python) -m build --no-isolation --quiet

clean: ## remove all that make made; data/ stays
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@scripts/set-up-python

browser:
	@scripts/set-up-browser

database:
	@scripts/set-up-database

lint: python
	@$(python) -m ruff format --check --quiet || { echo "Not in format: make format mends it." >&2; exit 1; }
	@$(python) -m ruff check --quiet
	@$(python) -m mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo
