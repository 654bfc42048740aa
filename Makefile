# Two commands are meant for people: `make demo` and `make test`. Each works alone on a fresh clone.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run.stamp
DEV := $(VENV)/.dev.stamp
EXTENSION := vscode-extension/node_modules/.stamp
SHOP := examples/gin-shop

.PHONY: demo test lint types layers unit editors extension format precision fixes bench clean

demo: $(RUN)
	@echo "== caulk check $(SHOP)"
	@$(BIN)/caulk check $(SHOP) || test $$? -eq 1
	@echo
	@echo "== caulk fix --diff $(SHOP)"
	@$(BIN)/caulk fix --diff $(SHOP) || test $$? -eq 1

# the fast checks first, then everything that needs no editor, then the real editors
test: lint types layers unit extension editors

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

layers: $(DEV)
	$(BIN)/lint-imports

unit: $(DEV)
	$(BIN)/pytest -q -n 2 -m "not editors"

editors: $(DEV)
	$(BIN)/pytest -q -m editors

extension: $(EXTENSION)
	cd vscode-extension && npm run --silent check && npm run --silent bundle

# what an analysis costs beside the parse: `make bench PATHS="path/to/module …"`
bench: $(DEV)
	$(BIN)/python -m benchmarks.pipeline $(or $(PATHS),$(SHOP))

# fetches real modules through the Go module proxy; `make precision ARGS="--module gin --fresh"` for some of them
precision: $(DEV)
	$(BIN)/python -m benchmarks.precision $(ARGS)

# repairs real modules in bulk, builds, vets and tests them: `make fixes ARGS="--module restic --changed-only"` for some of them
fixes: $(DEV)
	$(BIN)/python -m benchmarks.fixes $(ARGS)

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) vscode-extension/node_modules vscode-extension/out

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"

$(RUN): pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(DEV): pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . --group dev --group editors
	@touch $@ $(RUN)

$(EXTENSION): vscode-extension/package.json
	cd vscode-extension && npm install --silent --no-audit --no-fund --no-package-lock
	@touch $@
