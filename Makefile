# Everything runs in a local environment, .venv, made on first use with this machine's python3 (3.11 or newer).

PYTHON ?= python3
BIN := .venv/bin
, := ,
JOBS ?= auto

.DEFAULT_GOAL := help
.PHONY: help demo test lint types check bench notebooks picture clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# A python3 without ensurepip (Debian's, without python3-venv) still makes an environment; pip then comes from outside.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv || { rm -rf .venv && $(PYTHON) -m venv --without-pip .venv; }

define install
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then $(BIN)/python -m pip install --quiet --editable '.$(1)'; \
	else $(PYTHON) -m pip --python $(BIN)/python install --quiet --editable '.$(1)'; fi
	@touch $@
endef

.venv/demo: pyproject.toml | .venv/bin/python
	$(call install,)

.venv/dev: pyproject.toml | .venv/bin/python
	$(call install,[dev])

.venv/peers: pyproject.toml | .venv/dev
	$(call install,[dev$(,)peers])

demo: .venv/demo ## set everything up and train a net on handwritten digits; writes report.html
	$(BIN)/autograd-lite demo --output report.html

test: .venv/dev ## set everything up and pass the tests
	$(BIN)/python -m pytest --numprocesses $(JOBS)

lint: .venv/dev ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev ## types
	$(BIN)/mypy

check: lint types test ## all of the above

bench: .venv/peers ## speed beside micrograd, XAD, CasADi, NumPy by hand, JAX, and PyTorch if it is installed
	$(BIN)/python benchmarks/eager.py
	$(BIN)/python benchmarks/lift.py
	$(BIN)/python benchmarks/stepper.py

notebooks: .venv/dev ## execute the notebooks in place
	$(BIN)/python notebooks/execute.py

picture: .venv/dev ## take the README's picture of the stepper; needs a Chromium
	$(BIN)/python docs/picture.py

clean: ## remove the environment and what was built
	rm -rf .venv report.html
