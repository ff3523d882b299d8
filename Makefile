# Every target does its own set-up: scripts/set-up-python creates .venv if it is missing or out of date, with the packages
# of constraints.txt for demo, crawl and browse, and also with those of constraints-dev.txt for the others.
# PYTHON=python3.12 selects the interpreter. ARGS="..." is passed to the command of a target.

# Without the bytecode cache, every test process would compile all code again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
python := .venv/bin/python
caliber := .venv/bin/caliber
# Three workers for two processors, because tests wait for servers and crawls for a third of their time. Neighbouring tests
# stay on one worker: they share fixtures.
pytest := $(python) -m pytest -n 3 --dist worksteal
compile := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make constraints"

.PHONY: help datasette sbom demo crawl browse test check mutants docs reference format constraints wheel clean runtime python browser database r lint

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: runtime ## crawl the built-in demo site into a new archive and print the results
	@$(caliber) demo $(ARGS)

crawl: export CALIBER_CONTACT := $(or $(CONTACT),$(CALIBER_CONTACT))
crawl: runtime ## crawl the real site politely into data/archive.db; needs CONTACT=you@example.org
	@$(caliber) crawl $(ARGS)

browse: runtime ## open the archive in Datasette
	@$(caliber) browse $(ARGS)

test: lint browser database r ## check format, lint, types and import contracts, and run all tests
	@$(pytest) $(ARGS)

check: lint ## the same without the slow tests, in under a minute
	@$(pytest) -m "not slow" --hypothesis-profile quick $(ARGS)

datasette: python ## run the tests of the pages with the next version of Datasette, in an environment of its own
	@scripts/test-datasette-1 $(ARGS)

mutants: python ## change the code in sampled places and count how many changes the quick tests notice
	@$(python) scripts/mutants.py $(ARGS)

docs: python ## build the documentation site into build/docs; a broken link is an error
	@$(python) -m sphinx --fail-on-warning --keep-going --quiet --builder html docs build/docs $(ARGS)
	@echo "Open build/docs/index.html in a browser."

reference: python ## write the pages of the reference that are made from the code
	@$(python) -m docs.reference_pages

format: python ## format the code
	@$(python) -m ruff check --fix-only --quiet
	@$(python) -m ruff format

constraints: python ## pin the packages of pyproject.toml again; ARGS=--upgrade selects the newest versions
	@$(compile) --output-file constraints.txt pyproject.toml $(ARGS)
	@$(compile) --output-file constraints-dev.txt --constraints constraints.txt --group dev $(ARGS)
	@$(compile) --output-file constraints-docs.txt --constraints constraints.txt --constraints constraints-dev.txt \
		--group docs $(ARGS)

wheel: python ## build the wheel and the source archive into dist/; the same commit gives the same bytes
	@rm -rf build dist
	@$(python) scripts/build-packages . dist

sbom: python ## write dist/sbom.json: what is installed, with versions, licences and hashes (CycloneDX)
	@mkdir -p dist
	@$(python) scripts/write-sbom >dist/sbom.json

clean: ## remove everything that make created, except data/
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

runtime:
	@scripts/set-up-python runtime

python:
	@scripts/set-up-python

browser:
	@scripts/set-up-browser

database:
	@scripts/set-up-database

r:
	@scripts/set-up-r

lint: python
	@$(python) -m ruff format --check --quiet || { echo "The code is not formatted. Run: make format" >&2; exit 1; }
	@$(python) -m ruff check --quiet
	@$(python) -m mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo
