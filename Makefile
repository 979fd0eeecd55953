# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo test test-all lint docs bench calibrate dist clean

help:
	@echo "make demo      train, compile, simulate and prove the digits SqueezeNet (first run: sets everything up)"
	@echo "make test      lint, types and the default tests"
	@echo "make test-all  the slow tests too"
	@echo "make docs      the documentation site, in site/; its links are checked"
	@echo "make bench     the benchmarks, with their figures, and how these went over time"
	@echo "make dist      the sdist and the wheel, in dist/, checked for a release"
	@echo "make calibrate fit the cost estimates to Yosys anew (half an hour)"
	@echo "make setup     only create $(VENV) and install the locked tools"

setup: $(READY)

# torch first and with its dependencies, then the lock without a resolver: finn-plus and brevitas pin versions
# of each other and of setuptools that no resolver can satisfy together, although they work.
$(READY): requirements/torch.txt requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hwcodesign needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.11 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module does not work: install it (Debian: python3-venv) and run make again"; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/torch.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/hwcodesign run digits-squeezenet

# Two workers: most of the time is other programs', g++ and Yosys; a file's tests stay together for their fixtures.
WORKERS ?= 2

test: setup lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

test-all: setup lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m ""

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --site-dir site

# Those that need a data set, or half an hour.
CALLED_BY_NAME := $(addprefix benchmarks/,history.py mutants.py calibrate.py short_trainings.py seeds.py kill.py door.py random_networks.py first_day.py emulated_calls.py)

bench: setup
	for script in $(filter-out $(CALLED_BY_NAME),$(wildcard benchmarks/*.py)); do $(BIN)/python $$script || exit 1; done
	$(BIN)/python benchmarks/history.py

calibrate: setup
	$(BIN)/python -m benchmarks.calibrate

# The wheel is built out of the sdist: what is missing there is noticed.
dist: setup
	rm -rf dist
	$(BIN)/python -m hatchling build --target sdist
	cd dist && tar -xzf *.tar.gz
	cd dist/hwcodesign-*/ && ../../$(BIN)/python -m hatchling build --target wheel --directory ..
	rm -rf dist/hwcodesign-*/
	@test -x .venv-release/bin/twine || { $(PYTHON) -m venv .venv-release && \
	  .venv-release/bin/python -m pip install --quiet --disable-pip-version-check twine; }
	.venv-release/bin/twine check --strict dist/*

clean:
	rm -rf runs build dist
