# Two commands are meant for people: `make demo` and `make test`. Each works alone on a fresh clone.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run.stamp
DEV := $(VENV)/.dev.stamp
EXTENSION := vscode-extension/node_modules/.stamp
CODE_SERVER := tests/vscode/node_modules/.stamp
TARGET = $(shell $(BIN)/python -c "from caulk.dev.extension import this_target; print(this_target())")
VSIX = dist/caulk-$(TARGET).vsix
# Node comes as a wheel: VS Code and its packer need a newer one than most systems have
NODE := PATH="$(abspath $(BIN)):$$PATH"
NPM := $(NODE) npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts
SHOP := examples/gin-shop

.PHONY: demo test lint types layers unit editors extension vsix programs format precision fixes bench latency clean

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

editors: $(DEV) vsix $(CODE_SERVER) programs
	$(NODE) CAULK_VSIX="$(abspath $(VSIX))" $(BIN)/pytest -q -m editors

extension: $(EXTENSION)
	cd vscode-extension && $(NODE) npm run --silent check && $(NODE) npm run --silent bundle

# the extension with its server for one platform: `make vsix TARGET=darwin-arm64`
vsix: extension
	@mkdir -p dist
	$(BIN)/python -m caulk.dev extension --target $(TARGET) --out vscode-extension/build
	cd vscode-extension/build && $(NODE) npx --prefix .. vsce package --target $(TARGET) --no-dependencies --allow-missing-repository --no-rewrite-relative-links --out "$(abspath $(VSIX))" >/dev/null
	@ls -l $(VSIX)

# editors that come from Debian, where they can be had
programs:
	@tests/editors/programs install

# what an analysis costs beside the parse: `make bench PATHS="path/to/module …"`
bench: $(DEV)
	$(BIN)/python -m benchmarks.pipeline $(or $(PATHS),$(SHOP))

# keystroke to diagnostics in long files: `make latency ARGS="--gopls path/to/gopls"`
latency: $(DEV)
	$(BIN)/python -m benchmarks.latency $(ARGS)

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
	rm -rf $(VENV) dist vscode-extension/node_modules vscode-extension/out vscode-extension/build tests/vscode/node_modules

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"

$(RUN): pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(DEV): pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . --group dev --group editors
	@touch $@ $(RUN)

$(EXTENSION): vscode-extension/package.json $(DEV)
	cd vscode-extension && $(NPM)
	@touch $@

# VS Code as a server. Nothing is compiled: its native modules either come built or are not needed
$(CODE_SERVER): tests/vscode/package.json $(DEV)
	cd tests/vscode && $(NPM)
	cd tests/vscode/node_modules/code-server/lib/vscode && $(NPM) --omit=dev
	cd tests/vscode/node_modules/code-server/lib/vscode/extensions && $(NPM) --omit=dev
	@touch $@
