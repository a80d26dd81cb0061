# Dermalia. Two commands: make demo, make test. Everything else is for development.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Node of this machine, or the one that comes with its wheel.
NODE := $(shell command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && echo machine || echo wheel)
ifeq ($(NODE),machine)
NPM := npm
NODE_READY :=
else
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm
NODE_READY := .venv/.node
endif

.PHONY: demo up test unit lint fmt types bench clean lock messages sbom
.DEFAULT_GOAL := demo

demo: .venv/.base static/dist/.built static/sample/sample.json build/.messages
	@exec $(BIN)/python manage.py demo $(ARGS)

up: .venv/.base static/dist/.built static/sample/sample.json build/.messages
	@exec $(BIN)/python manage.py up $(ARGS)

test: lint static/sample/sample.json
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# What one runs again and again: no browser, no process of the application's own.
unit: .venv/.dev static/dist/.built static/sample/sample.json build/.messages
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "not processes and not browser" $(ARGS)

lint: .venv/.dev static/dist/.built build/.messages
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	DERMALIA_MODE=embedded DERMALIA_DATA=build/types $(BIN)/mypy .

fmt: .venv/.dev
	@$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev static/dist/.built build/.messages
	@test -n "$(NAME)" || { echo "Say which: make bench NAME=$$(ls benchmarks/bench_*.py | sed 's/.*bench_//; s/\.py//' | paste -sd'|')"; exit 2; }
	$(BIN)/python -m benchmarks.bench_$(NAME) $(ARGS)

# The synthetic report on the start page, made as any report is.
static/sample/sample.json: scripts/sample.py | .venv/.base static/dist/.built
	@$(BIN)/python -m scripts.sample

messages: .venv/.dev
	@$(BIN)/python -m scripts.messages

# Hash-checked pins for every platform; uv is a tool of ours here, not of users.
lock: .venv/.dev
	@command -v uv >/dev/null || { echo "make lock needs uv."; exit 2; }
	compile() { uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate "$$@"; }
	compile pyproject.toml -o requirements/base.txt
	compile pyproject.toml --group dev -o requirements/dev.txt
	compile --group node -o requirements/node.txt

# What is shipped, as CycloneDX, from the pins alone.
sbom: .venv/.base
	@mkdir -p build
	$(BIN)/python -m scripts.sbom > build/sbom.cdx.json
	echo "build/sbom.cdx.json"

clean:
	@rm -rf .venv node_modules static/dist build staticfiles

.venv/bin/python:
	@./scripts/ensure-debian python
	$(PYTHON) -m venv .venv

.venv/.base: requirements/base.txt | .venv/bin/python
	@./scripts/ensure-debian pdf
	echo "Installing Python packages …"
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements/base.txt
	touch $@

.venv/.dev: requirements/dev.txt | .venv/bin/python
	@./scripts/ensure-debian pdf browser proxy pooler
	echo "Installing Python packages …"
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements/dev.txt
	touch $@ .venv/.base

.venv/.node: requirements/node.txt | .venv/bin/python
	@echo "Installing Node.js …"
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements/node.txt
	touch $@

node_modules/.installed: package.json package-lock.json $(NODE_READY)
	@echo "Installing front-end packages …"
	$(NPM) ci --silent
	touch $@

static/dist/.built: node_modules/.installed $(shell find frontend -type f)
	@$(NPM) run --silent build
	touch $@

build/.messages: .venv/.base $(wildcard locale/*/LC_MESSAGES/django.po)
	@mkdir -p build
	for po in locale/*/LC_MESSAGES/django.po; do
		$(BIN)/pybabel --quiet compile -i $$po -o $${po%.po}.mo
	done
	touch $@
