# Two commands do all the set-up: `make start` and `make test`. `make` alone lists the targets.
PYTHON ?= python3
DATA ?= data
BIN := .venv/bin
JAVA := $(if $(JAVA_HOME),$(JAVA_HOME)/bin/java,java)
CHROMIUMS := chromium chromium-browser google-chrome google-chrome-stable chrome msedge

.DEFAULT_GOAL := help
.PHONY: help start test check fix demo lab spark lock docs bench clean chromium spark-if-java

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

start: .venv/.installed ## Install, make the demonstration PCT if there are no data, open the dashboards
	@exec $(BIN)/pbc start --data "$(DATA)"

test: .venv/.installed chromium spark-if-java ## Install what tests need and run all of them
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/.installed ## Format, lint, types, import law, notebooks' contract
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/test_notebook_contract.py tests/test_environment.py

fix: .venv/.installed ## Mend format and what lint can mend; strip notebooks
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/nbstripout notebooks/*.ipynb

demo: .venv/.installed ## Write, load, price and publish the demonstration PCT
	@$(BIN)/pbc demo --data "$(DATA)"
	@$(BIN)/pbc load "$(DATA)/demo/landing" --data "$(DATA)"
	@$(BIN)/pbc build --data "$(DATA)"
	@$(BIN)/pbc publish --data "$(DATA)"

lab: .venv/.installed ## Open the notebooks in JupyterLab
	@PBC_DATA="$(abspath $(DATA))" exec $(BIN)/jupyter lab --notebook-dir=notebooks

spark: .venv/.spark ## Install Spark (0.5 GB) beside the rest, for pbc build --engine spark

docs: .venv/.installed ## Write the generated pages of docs/ anew
	@$(BIN)/python -m tests.generated

bench: .venv/.installed ## Measure, and print the tables of docs/performance.md
	@$(BIN)/python -m benchmarks.pages
	@$(BIN)/python -m benchmarks.steps
	@$(BIN)/python -m benchmarks.national

lock: .venv/.installed ## Resolve the dependencies of pyproject.toml anew into constraints*.txt
	@$(BIN)/uv pip compile pyproject.toml --extra test --extra setup --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -q \
	  -o constraints.txt
	@$(BIN)/python -c 'import tomllib; e = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]; \
	  print(*e["spark"], *e["setup-spark"], sep="\n")' | \
	  $(BIN)/uv pip compile - -c constraints.txt --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -q \
	  -o constraints-spark.txt

clean: ## Remove the installed environment; data are kept
	@rm -rf .venv

.venv/.installed: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "pbcanalytics needs Python 3.11 or newer. Name one: make start PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "Python cannot make an environment here; on Debian, install python3-venv."; exit 1; }
	@date +%s > .venv/.began
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv || true
	@if test -x $(BIN)/uv; then \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r constraints.txt && \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  $(BIN)/python -m pip install --quiet --require-hashes --no-deps -r constraints.txt && \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e . ; \
	fi
	@echo "Installing the packages: done in $$(($$(date +%s) - $$(cat .venv/.began))) s"
	@touch $@

# Spark comes as source, which setuptools of the same lock builds; pip fetches its own.
.venv/.spark: constraints-spark.txt .venv/.installed
	@date +%s > .venv/.began
	@if test -x $(BIN)/uv; then \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps \
	    --no-build-isolation -r constraints-spark.txt ; \
	else \
	  $(BIN)/python -m pip install --quiet --require-hashes --no-deps -r constraints-spark.txt ; \
	fi
	@echo "Installing Spark: done in $$(($$(date +%s) - $$(cat .venv/.began))) s"
	@touch $@

spark-if-java: .venv/.installed
	@if command -v $(JAVA) >/dev/null; then $(MAKE) --no-print-directory .venv/.spark; else \
	  echo "Java is not here, so Spark is not installed and the tests of it are skipped"; fi

chromium:
	@test -n "$(CHROMIUM)" || for name in $(CHROMIUMS); do \
	  command -v $$name >/dev/null && exit 0; done || \
	if command -v apt-get >/dev/null && test "$$(id -u)" = 0; then \
	  echo "Installing Chromium"; apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium fonts-dejavu-core >/dev/null; \
	else \
	  echo "The tests open pages in a browser: install Chromium or Chrome, or name it in CHROMIUM="; \
	  exit 1; \
	fi
